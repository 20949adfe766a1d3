"""Shapes that look like a picture, by which an unusual order of axes is noticed."""

from __future__ import annotations

COLOURS = (1, 3, 4)
"""Channels that a picture has: gray, red with green and blue, and these with a mask."""

SMALLEST_SIDE = 16
LONGEST_SIDES = 4
"""Two sizes look like a picture from 16 elements on, no side more than 4 times the other."""


def looks_like_picture(high: int, wide: int) -> bool:
    """Whether two sizes may be those of a picture."""
    low, top = sorted((high, wide))
    return low >= SMALLEST_SIDE and top <= LONGEST_SIDES * low
