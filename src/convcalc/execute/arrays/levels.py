"""Results as the levels of a picture: what is black, what is white, and what is cut off."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from convcalc.errors import DataError, UsageError, printable
from convcalc.layers.base import format_shape

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_CHANNELS = 4

_ENDS = re.compile(r"([-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?):([-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?)")


class Levels(NamedTuple):
    """A picture made of a result.

    Attributes:
        array: (H, W) or (C, H, W), uint8 or uint16.
        low: The value that became black.
        high: The value that became white.
        cut: How many values lay beyond them by more than rounding, or were no numbers.
    """

    array: np.ndarray
    low: float
    high: float
    cut: int


Mapping = tuple[float, float] | str
"""What --range asks for: two values, or "clip" or "stretch"."""


def range_of(text: str | None) -> Mapping:
    """How values become levels: clip (the default), stretch, or LO:HI.

    Raises:
        UsageError: it is something else.
    """
    word = "clip" if text is None else text.strip().lower()
    if word in ("clip", "stretch"):
        return word
    found = _ENDS.fullmatch(word)
    try:
        low, high = (float(end) for end in found.groups()) if found else (0.0, 0.0)
    except ValueError:
        low = high = 0.0
    if not low < high or not np.isfinite(high - low):
        raise UsageError(
            f"--range: expected clip, stretch or LO:HI with LO below HI, as -255:255; "
            f"got '{printable(text or '')}'"
        )
    return low, high


def levels_of(result: np.ndarray, mapping: Mapping, largest: int = 255) -> Levels:
    """A result as a picture, each value rounded to the nearest level.

    Args:
        result: (H, W) or (C, H, W); axes of one sample in front are passed over.
        mapping: "clip" takes values as levels, "stretch" lays the least and the largest finite
            value on black and white, and two values are laid there themselves. What lies beyond is
            cut off; what is no number becomes black.
        largest: The level that is white, 255 or 65,535.

    Raises:
        DataError: it is no picture: too many samples, channels or axes.
    """
    planes = _planes(result).astype(np.float64)
    finite = planes[np.isfinite(planes)]
    if mapping == "stretch":
        low, high = (float(pick(finite)) if finite.size else 0.0 for pick in _ENDS_OF)
    elif isinstance(mapping, tuple):
        low, high = mapping
    else:
        low, high = 0.0, float(largest)
    span = high - low if high > low else 1.0
    nearest = np.rint((planes - low) * (largest / span))
    cut = int(planes.size - np.count_nonzero((nearest >= 0) & (nearest <= largest)))
    levels = np.clip(np.nan_to_num(nearest, posinf=largest, neginf=0), 0, largest)
    return Levels(levels.astype(np.uint16 if largest > 255 else np.uint8), low, high, cut)


_ENDS_OF: tuple[Callable[[np.ndarray], float], ...] = (np.min, np.max)


def _planes(result: np.ndarray) -> np.ndarray:
    """The result as (H, W) or (C, H, W)."""
    planes = result
    while planes.ndim > 3 and len(planes) == 1:
        planes = planes[0]
    if planes.ndim == 3 and len(planes) == 1:
        planes = planes[0]
    if planes.ndim not in (2, 3) or (planes.ndim == 3 and len(planes) > MOST_CHANNELS):
        raise DataError(
            f"the result is {format_shape(result.shape)}, which is no picture: a picture has rows, "
            f"columns and up to {MOST_CHANNELS} channels; -o with .npy holds all of it"
        )
    return planes
