"""Convolutions of arrays that do not fit into memory."""
