"""A row as a plane of many short rows, each with the cells that its outputs read.

OpenCV works along rows in steps that do not stay in the caches if a row has a million cells.
"""

from __future__ import annotations

import numpy as np

from convcalc.execute.algorithms.opencv.correlate import correlate

Array = np.ndarray

ROW = 4096
"""Outputs of a short row."""

MOST_CELLS = 2**16
"""Outputs that are worked on together, few enough to stay in the caches."""


def correlate_row(row: Array, kernel: Array, before: int, out: Array, first: int) -> None:
    """The outputs `first` ... of the cross-correlation of a row (L), put into `out`.

    Args:
        row: Of float32 or float64; zeros surround it.
        kernel: (k) of the same dtype, all finite.
        before: Zeros before the first cell.
        out: Of the same dtype, contiguous.
        first: The output that `out` begins with.
    """
    for start in range(0, len(out), MOST_CELLS):
        target = out[start : start + MOST_CELLS]
        begin = first + start - before
        cells = _between(row, begin, begin + len(target) + len(kernel) - 1)
        whole = len(target) // ROW
        if whole:
            rows = _overlapping(cells, whole, ROW + len(kernel) - 1)
            correlate(rows, kernel[None], (0, 0), target[: whole * ROW].reshape(whole, ROW))
        if len(target) > whole * ROW:
            rest = cells[whole * ROW :]
            correlate(rest[None], kernel[None], (0, 0), target[whole * ROW :][None])


def _between(row: Array, begin: int, end: int) -> Array:
    """The cells `begin` ... `end` - 1, zeros where the row has none."""
    if begin >= 0 and end <= len(row):
        return row[begin:end]
    cells = np.zeros(end - begin, row.dtype)
    low, high = max(0, begin), max(0, min(len(row), end))
    if low < high:
        cells[low - begin : high - begin] = row[low:high]
    return cells


def _overlapping(cells: Array, count: int, length: int) -> Array:
    """Rows of `length` cells, `ROW` from each other."""
    step = cells.strides[0]
    return np.lib.stride_tricks.as_strided(cells, (count, length), (ROW * step, step)).copy()
