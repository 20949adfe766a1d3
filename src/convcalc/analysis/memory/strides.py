"""How far apart the elements of an array lie along each axis, and what is possible without a copy.

Sizes and strides have the batch first; strides count elements of the storage.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

Strides: TypeAlias = tuple[int, ...]


def packed(sizes: Sequence[int]) -> Strides:
    """The strides of an array in one piece, row after row.

    Example:
        >>> packed((2, 3, 4))
        (12, 4, 1)
    """
    strides, elements = [], 1
    for size in reversed(sizes):
        strides.append(elements)
        elements *= size
    return tuple(reversed(strides))


def regrouped(sizes: Sequence[int], strides: Strides, new: Sequence[int]) -> Strides | None:
    """The strides of the same elements on axes of `new` sizes; None where that takes a copy.

    Source: PyTorch, `computeStride` in aten/src/ATen/TensorUtils.cpp.

    Example:
        >>> regrouped((2, 3, 4), (60, 20, 1), (6, 2, 2))  # 4 of 20 elements of each row
        (20, 2, 1)
        >>> regrouped((2, 3, 4), (60, 20, 1), (2, 12))
    """
    runs = _runs(sizes, strides)
    left, stride = runs.pop()
    found = []
    for size in reversed(new):
        if left == 1 < size:
            left, stride = runs.pop()
        if left % size:
            return None
        found.append(stride)
        left, stride = left // size, stride * size
    return tuple(reversed(found))


def lie_as_one(sizes: Sequence[int], strides: Strides, axes: int) -> bool:
    """Whether the first axes can be made one without a copy; of all of them, without gaps too."""
    runs = _runs(sizes[:axes], strides[:axes])
    return len(runs) == 1 and (axes < len(sizes) or runs[0][1] == 1)


def _runs(sizes: Sequence[int], strides: Strides) -> list[tuple[int, int]]:
    """(elements, stride) of neighbouring axes that lie as one; there is at least one."""
    runs: list[tuple[int, int]] = []
    for size, stride in zip(sizes, strides, strict=True):
        if size == 1:
            continue
        if runs and runs[-1][1] == size * stride:
            runs[-1] = (runs[-1][0] * size, stride)
        else:
            runs.append((size, stride))
    return runs or [(1, 1)]
