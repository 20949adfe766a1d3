"""A row as a plane of many short rows, each with the elements that its outputs read.

OpenCV works along rows in steps that do not stay in the caches if a row has a million elements:
three taps on that many take half the time in short rows, and from 200,000 on they take less.
"""

from __future__ import annotations

import numpy as np

from convcalc.execute.algorithms.opencv.correlate import correlate

Array = np.ndarray

ROW = 4096
"""Outputs of a short row."""

MOST_ELEMENTS = 2**16
"""Outputs that are worked on together, few enough to stay in the caches."""


def correlate_row(row: Array, kernel: Array, before: int, out: Array, first: int) -> None:
    """The outputs `first` ... of the cross-correlation of a row (L), put into `out`.

    Args:
        row: Of float32 or float64; zeros surround it.
        kernel: (k) of the same dtype, all finite.
        before: Zeros before the first element.
        out: Of the same dtype, contiguous.
        first: The output that `out` begins with.
    """
    for start in range(0, len(out), MOST_ELEMENTS):
        target = out[start : start + MOST_ELEMENTS]
        begin = first + start - before
        elements = _between(row, begin, begin + len(target) + len(kernel) - 1)
        whole = len(target) // ROW
        if whole:
            rows = _overlapping(elements, whole, ROW + len(kernel) - 1)
            correlate(rows, kernel[None], (0, 0), target[: whole * ROW].reshape(whole, ROW))
        if len(target) > whole * ROW:
            rest = elements[whole * ROW :]
            correlate(rest[None], kernel[None], (0, 0), target[whole * ROW :][None])


def _between(row: Array, begin: int, end: int) -> Array:
    """The elements `begin` ... `end` - 1, zeros where the row has none."""
    if begin >= 0 and end <= len(row):
        return row[begin:end]
    elements = np.zeros(end - begin, row.dtype)
    low, high = max(0, begin), max(0, min(len(row), end))
    if low < high:
        elements[low - begin : high - begin] = row[low:high]
    return elements


def _overlapping(elements: Array, count: int, length: int) -> Array:
    """Rows of `length` elements, `ROW` from each other."""
    step = elements.strides[0]
    return np.lib.stride_tricks.as_strided(elements, (count, length), (ROW * step, step)).copy()
