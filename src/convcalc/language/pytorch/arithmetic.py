"""What source text calculates with whole numbers, as `64 * 4 * 4` or `2**5`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

LARGEST = 10**18
"""Whole numbers that are worked out are smaller."""

_OPERATIONS: dict[str, Callable[[int, int], int]] = {
    "+": int.__add__,
    "-": int.__sub__,
    "*": int.__mul__,
    "/": int.__floordiv__,
    "//": int.__floordiv__,
    "%": int.__mod__,
    "**": int.__pow__,
}


def calculated(sign: str, one: int, other: int) -> int | None:
    """What an operation gives; None if that is no whole number, or too large a one.

    Example:
        >>> calculated("/", 64, 2), calculated("/", 10, 4)
        (32, None)
    """
    if max(abs(one), abs(other)) >= LARGEST or not _is_whole(sign, one, other):
        return None
    result = _OPERATIONS[sign](one, other)
    return result if abs(result) < LARGEST else None


def _is_whole(sign: str, one: int, other: int) -> bool:
    """Whether an operation gives a whole number, and can be worked out at once."""
    if sign == "**":
        return 0 <= other < 60
    if sign in ("/", "//", "%"):
        return bool(other) and (sign != "/" or one % other == 0)
    return True
