"""The algorithms of a convolution, a file each: why one does not apply, its memory, and itself."""

ALGORITHMS = ("direct", "im2col", "fft", "lowrank")
"""The names of the algorithms that can be asked for."""
