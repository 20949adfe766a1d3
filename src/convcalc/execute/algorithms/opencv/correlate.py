"""The cross-correlation of one plane with a kernel of any size, by OpenCV's sums alone.

out[u, v] = sum over t, r of plane[u - before[0] + t, v - before[1] + r] * kernel[t, r],

elements outside the plane being 0. OpenCV transforms large kernels in float32; so a kernel goes in
parts of which none is transformed. A part is a kernel that lies elsewhere: its first row has other
elements before it. OpenCV gives one output per element of the plane for any tap, the anchor, that
lies on that element; what a part is shifted by beyond its own taps, its result is shifted by.
"""

from __future__ import annotations

import threading
from functools import lru_cache
from itertools import product
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from convcalc.execute.backends import opencv

if TYPE_CHECKING:
    from collections.abc import Sequence

Array = np.ndarray
Pair = tuple[int, int]

MOST_KEPT = 2**18
"""Outputs up to which what is between the steps stays in the caches."""

LARGEST_CALL = 2**25
"""Outputs up to which one call of OpenCV is short enough not to keep an interrupt waiting."""

MOST_SCRATCH = 2**19
"""Elements of the memory that each thread keeps for the next call."""

_kept = threading.local()


@lru_cache(maxsize=256)
def parts(rows: int, columns: int, itemsize: int) -> tuple[tuple[slice, slice], ...]:
    """A kernel of so many elements in parts that are not transformed, of whole rows if possible."""
    most = opencv.most_taps(itemsize)
    width = min(columns, most)
    height = max(1, most // width)
    return tuple(
        (slice(top, min(top + height, rows)), slice(left, min(left + width, columns)))
        for top, left in product(range(0, rows, height), range(0, columns, width))
    )


def is_aligned(
    plane: Sequence[int], kernel: Sequence[int], before: Sequence[int], sizes: Sequence[int]
) -> bool:
    """Whether there is an output for every element of the plane, under which one of the taps lies.

    A plane so large that it is cut all the same is not.
    """
    same = all(out == size for out, size in zip(sizes, plane, strict=True))
    short = prod(sizes) <= LARGEST_CALL
    return short and same and all(0 <= b < k for b, k in zip(before, kernel, strict=True))


def correlate(plane: Array, kernel: Array, before: Pair, out: Array) -> None:
    """The cross-correlation of a plane (H, W) with a kernel (kh, kw), put into `out`.

    Args:
        plane: Of float32 or float64.
        kernel: Of the same dtype, all finite.
        before: Zeros before the first row and column.
        out: (rows, columns), of the same dtype.
    """
    aligned = is_aligned(plane.shape, kernel.shape, before, out.shape)
    if not aligned and out.size > MOST_KEPT:
        # The longer axis, in kernels, is halved: scratch memory then stays in the caches.
        axis = int(out.shape[0] // kernel.shape[0] < out.shape[1] // kernel.shape[1])
        if out.shape[axis] > kernel.shape[axis]:
            middle = out.shape[axis] // 2
            one, other = (
                (out[:, :middle], out[:, middle:]) if axis else (out[:middle], out[middle:])
            )
            correlate_run(plane, kernel, before, one, axis, 0)
            correlate_run(plane, kernel, before, other, axis, middle)
            return
    if not _is_covered(plane.shape, kernel.shape, before, out.shape):
        plane, before = _padded(plane, kernel.shape, before, out.shape), (0, 0)
    for rows, columns in parts(*kernel.shape, kernel.itemsize):
        own = kernel[rows, columns]
        lead = before[0] - rows.start, before[1] - columns.start
        _part(plane, own, lead, out, adding=bool(rows.start or columns.start))


def correlate_run(
    plane: Array, kernel: Array, before: Pair, out: Array, axis: int, begin: int
) -> None:
    """`correlate` for outputs along one axis, from `begin` on, by the elements they read.

    Args:
        out: Of that run alone.
    """
    first = max(0, begin - before[axis])
    last = begin + out.shape[axis] - before[axis] + kernel.shape[axis] - 1
    lead = before[axis] + first - begin
    if axis:
        seen, around = plane[:, first : max(first, last)], (before[0], lead)
    else:
        seen, around = plane[first : max(first, last)], (lead, before[1])
    if seen.shape[axis]:
        correlate(seen, kernel, around, out)
    else:
        out[...] = 0


def _is_covered(
    plane: Sequence[int], kernel: Sequence[int], before: Sequence[int], sizes: Sequence[int]
) -> bool:
    """Whether all outputs that see an element are among those that OpenCV gives.

    Output u is that of element u - before + anchor. Before the first element nothing is seen,
    because there the anchor is the last tap; behind the last element nothing is if it is
    the first tap.
    """
    return all(
        b <= 0 or out - max(0, b - k + 1) <= size
        for size, k, b, out in zip(plane, kernel, before, sizes, strict=True)
    )


def _part(plane: Array, kernel: Array, before: Pair, out: Array, *, adding: bool) -> None:
    """The sum over one part, put into `out` or added to it."""
    anchor = _anchor(before[0], kernel.shape[0]), _anchor(before[1], kernel.shape[1])
    if not adding and before == anchor and out.shape == plane.shape and out.flags.c_contiguous:
        opencv.filtered(plane, kernel, anchor, out)
        return
    made = opencv.filtered(plane, kernel, anchor, _scratch(plane))
    shifts = before[0] - anchor[0], before[1] - anchor[1]
    rows, columns = (
        _shared(shift, *sizes) for shift, *sizes in zip(shifts, out.shape, made.shape, strict=True)
    )
    target, found = out[rows[0], columns[0]], made[rows[1], columns[1]]
    if adding:
        np.add(target, found, out=target)
        return
    if target.shape != out.shape:
        out[...] = 0
    target[...] = found


def _scratch(plane: Array) -> Array | None:
    """Memory for as many elements as a plane has, which the next call of this thread uses again."""
    if plane.size > MOST_SCRATCH:
        return None
    ready: dict[str, Array] = _kept.__dict__.setdefault("ready", {})
    memory = ready.get(plane.dtype.str)
    if memory is None or memory.size < plane.size:
        memory = ready[plane.dtype.str] = np.empty(plane.size, plane.dtype)
    return memory[: plane.size].reshape(plane.shape)


def _shared(shift: int, outputs: int, given: int) -> tuple[slice, slice]:
    """The outputs that are given, and where: output u is number u - shift."""
    begin = max(0, shift)
    end = max(begin, min(outputs, given + shift))
    return slice(begin, end), slice(begin - shift, end - shift)


def _anchor(before: int, kernel: int) -> int:
    """The tap that lies on the element of its output, or the nearest one there is."""
    return max(0, min(before, kernel - 1))


def _padded(plane: Array, kernel: Sequence[int], before: Pair, sizes: Sequence[int]) -> Array:
    """The elements that the outputs read, zeros where the plane has none."""
    needed = tuple(o + k - 1 for o, k in zip(sizes, kernel, strict=True))
    padded = np.zeros(needed, plane.dtype)
    kept = tuple(max(0, min(n, o - b)) for n, o, b in zip(plane.shape, needed, before, strict=True))
    inside = tuple(slice(b, b + n) for b, n in zip(before, kept, strict=True))
    padded[inside] = plane[: kept[0], : kept[1]]
    return padded
