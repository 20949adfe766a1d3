"""How many bytes elements take in each dtype."""

from __future__ import annotations

BITS = {"float32": 32, "float16": 16, "bfloat16": 16, "int8": 8, "int4": 4}
"""Bits of one number, by the name of its dtype."""


def size_in_bytes(elements: int, dtype: str) -> int:
    """The bytes of an array of so many elements; two int4 share a byte, the last may be alone.

    Example:
        >>> size_in_bytes(3, "float32"), size_in_bytes(3, "int4")
        (12, 2)
    """
    return -(-elements * BITS[dtype] // 8)
