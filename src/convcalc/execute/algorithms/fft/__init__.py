"""Convolution by FFT, and the proofs that its results stay within the tolerance."""
