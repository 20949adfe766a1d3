"""The convolution itself."""
