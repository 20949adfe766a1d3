"""Boxes that cover the outputs which a mask marks: few, and not much larger than need be.

A convolution of a box reads the kernel's extent around it and costs some calls, so that many small
boxes are as bad as a large one. The mask is reduced to a coarse grid, and neighbours are joined:
along the last axis first, then along the others as long as the whole side is marked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Box = tuple[slice, ...]

GRID = 256
"""Elements of the grid that a mask is reduced to, at most, over all axes."""


def covering(mask: np.ndarray, extents: Sequence[int]) -> Iterator[Box]:
    """Boxes that hold every true element of a mask (*outputs); a single one if most of it is true.

    Args:
        extents: The kernel's extents, per axis; a step of the grid is no smaller than half of it.
    """
    if not mask.any():
        return
    parts = round(GRID ** (1 / mask.ndim))
    steps = [
        max(-(-extent // 2), -(-size // parts))
        for extent, size in zip(extents, mask.shape, strict=True)
    ]
    coarse = mask
    for axis, step in enumerate(steps):
        coarse = np.logical_or.reduceat(coarse, range(0, mask.shape[axis], step), axis)
    if 2 * np.count_nonzero(coarse) > coarse.size:
        yield tuple(slice(0, size) for size in mask.shape)
        return
    for ends in _rectangles(coarse):
        yield tuple(
            slice(begin * step, min(end * step, size))
            for (begin, end), step, size in zip(ends, steps, mask.shape, strict=True)
        )


def _rectangles(grid: np.ndarray) -> Iterator[list[tuple[int, int]]]:
    """The true elements of a grid as boxes (begin, end) per axis; the grid is used up."""
    while grid.any():
        ends = [(int(i), int(i) + 1) for i in np.unravel_index(np.argmax(grid), grid.shape)]
        for axis in reversed(range(grid.ndim)):
            begin, end = ends[axis]
            while end < grid.shape[axis] and _is_full(grid, ends, axis, end):
                end += 1
            ends[axis] = begin, end
        grid[tuple(slice(*pair) for pair in ends)] = False
        yield ends


def _is_full(grid: np.ndarray, ends: list[tuple[int, int]], axis: int, place: int) -> bool:
    """Whether the side of a box at `place` of an axis is true all over."""
    box = [*ends[:axis], (place, place + 1), *ends[axis + 1 :]]
    return bool(grid[tuple(slice(*pair) for pair in box)].all())
