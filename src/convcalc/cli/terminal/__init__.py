"""The streams that the command line writes to."""
