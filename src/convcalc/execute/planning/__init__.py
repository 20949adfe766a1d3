"""Which algorithm computes a convolution, and what it is expected to cost."""
