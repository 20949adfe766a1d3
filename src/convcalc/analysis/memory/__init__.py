"""The memory that a network needs, and the bytes that it moves."""
