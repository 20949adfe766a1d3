"""Which element of the input each element of a padded axis copies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from convcalc.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.window import Window

EXACT = 2**53
"""Up to here a whole number that was read as a float is the one that was written."""


def source_indices(size: int, window: Window, mode: str) -> np.ndarray:
    """Indices (before + size + after) into an axis of `size` elements, for a mode other than zeros.

    - replicate: a a [a b c d] d d
    - reflect:   c b [a b c d] c b, the edge itself not repeated
    - symmetric: b a [a b c d] d c
    - circular:  c d [a b c d] a b

    Padding below 0 cuts elements off. What is left continues a circle; other modes know them all.

    Source: PyTorch, `torch.nn.functional.pad`, and for symmetric NumPy, `numpy.pad`.
    """
    indices = np.arange(-window.before, size + window.after)
    if mode == "replicate":
        return np.clip(indices, 0, size - 1)
    if mode == "circular":
        first = max(0, -window.before)
        return (indices - first) % window.real_size(size) + first
    twice = 1 if mode == "symmetric" else 0  # how often more the edge itself comes
    folded = np.where(indices < 0, -indices - twice, indices)
    return np.where(folded < size, folded, 2 * (size - 1) - folded + twice)


def unpadded(windows: tuple[Window, ...]) -> tuple[Window, ...]:
    """The windows without padding, for an input that has been padded already."""
    return tuple(window._replace(before=0, after=0) for window in windows)


def cropped(array: np.ndarray, windows: Sequence[Window]) -> np.ndarray:
    """The array (N, C, *sizes) without the elements that padding below 0 cuts off, a view."""
    if all(w.before >= 0 <= w.after for w in windows):
        return array
    for axis, w in enumerate(windows, start=2):
        kept = slice(max(0, -w.before), array.shape[axis] - max(0, -w.after))
        array = array[(slice(None),) * axis + (kept,)]
    return array


def filling(value: float, dtype: str) -> float:
    """The number to pad with, as one of the dtype.

    Raises:
        DataError: the dtype does not have it.
    """
    if not value:
        return 0
    if dtype.startswith("float"):
        if abs(value) > np.finfo(dtype).max:
            raise DataError(f"padding with {value:g} leaves the range of {dtype}")
        return value
    if value != int(value) or abs(value) > EXACT:
        raise DataError(f"padding with {value:g} is not exact in {dtype}")
    return int(value)
