"""Single planes by OpenCV, where it is installed: sums of few taps, and transforms.

`filter2D` adds the products of the taps in the dtype of the plane, several cells at a time, as long
as a kernel has few cells. Beyond that it takes a transform in float32, whose errors nothing bounds
beside large values: so a larger kernel is cut into parts of which none is transformed, and their
results are added. Taps of weight 0 are left out of the sums, although 0 times NaN is NaN: a kernel
that has such taps is for planes of finite numbers only.

`dft` is the transform of one block, in float64 here. A row is summed as a plane of one row.

Source: OpenCV, modules/imgproc/src/filter.dispatch.cpp: from which size `dftFilter2D` transforms.
"""

from __future__ import annotations

import os
import platform
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import lru_cache
from importlib.util import find_spec
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

Array = np.ndarray

WORTH_A_THREAD = 4e-4
"""Seconds of work below which handing it to another thread costs more than it saves."""


MOST_KEPT = 2**18
"""Outputs up to which memory between the steps is small enough to be kept and used again."""


LONGEST_RUN = 0.1
"""Seconds of work that are handed to a thread at a time."""


@lru_cache(maxsize=1)
def is_installed() -> bool:
    """Whether OpenCV can be imported; it is not imported to find out."""
    return find_spec("cv2") is not None


def versions() -> dict[str, str]:
    """The version of OpenCV by its name, where it has been used."""
    used = sys.modules.get("cv2")
    return {"opencv": str(used.__version__)} if used is not None else {}


@lru_cache(maxsize=1)
def _cv2() -> Any:
    import cv2

    return cv2


def most_cells(itemsize: int) -> int:
    """Cells up to which OpenCV never transforms a kernel: more for float32 on x86."""
    return 129 if itemsize == 4 and platform.machine() in ("x86_64", "AMD64") else 49


@lru_cache(maxsize=256)
def parts(rows: int, columns: int, itemsize: int) -> tuple[tuple[slice, slice], ...]:
    """A kernel of so many cells in parts that are not transformed, of whole rows if possible."""
    most = most_cells(itemsize)
    width = min(columns, most)
    height = max(1, most // width)
    return tuple(
        (slice(top, min(top + height, rows)), slice(left, min(left + width, columns)))
        for top, left in product(range(0, rows, height), range(0, columns, width))
    )


def correlate(plane: Array, kernel: Array, before: tuple[int, int], out: Array) -> None:
    """The cross-correlation of a plane (H, W) with a kernel (kh, kw), put into `out`.

    out[u, v] = sum over t, r of plane[u - before[0] + t, v - before[1] + r] * kernel[t, r],
    cells outside the plane being 0.

    Args:
        plane: Of float32 or float64.
        kernel: Of the same dtype, all finite.
        before: Zeros before the first row and column.
        out: (rows, columns), of the same dtype.
    """
    cut = parts(*kernel.shape, kernel.itemsize)
    straight = len(cut) == 1 and _is_straight(plane, kernel, before, out)
    if not straight and out.size > MOST_KEPT:
        # The longer axis, in kernels, is halved: scratch memory then stays in the caches.
        axis = int(out.shape[0] // kernel.shape[0] < out.shape[1] // kernel.shape[1])
        if out.shape[axis] > kernel.shape[axis]:
            middle = out.shape[axis] // 2
            correlate_run(plane, kernel, before, out, axis, (0, middle))
            correlate_run(plane, kernel, before, out, axis, (middle, out.shape[axis]))
            return
    if len(cut) == 1 and _fits(plane.shape, kernel.shape, before, out.shape):
        _filtered(plane, kernel, before, out)
    else:
        _in_parts(plane, kernel, before, out, cut)


def correlate_run(
    plane: Array,
    kernel: Array,
    before: tuple[int, int],
    out: Array,
    axis: int,
    ends: tuple[int, int],
) -> None:
    """`correlate` for the outputs `begin` ... `end` - 1 of one axis, from the cells they read."""
    begin, end = ends
    first = max(0, begin - before[axis])
    last = min(plane.shape[axis], end - before[axis] + kernel.shape[axis] - 1)
    lead = before[axis] + first - begin
    if axis:
        target, seen, around = out[:, begin:end], plane[:, first:last], (before[0], lead)
    else:
        target, seen, around = out[begin:end], plane[first:last], (lead, before[1])
    if first < last:
        correlate(seen, kernel, around, target)
    else:
        target[...] = 0


def _in_parts(
    plane: Array,
    kernel: Array,
    before: tuple[int, int],
    out: Array,
    cut: Sequence[tuple[slice, slice]],
) -> None:
    """The sum of what the parts of a kernel give, on a padded plane."""
    padded = _padded(plane, kernel.shape, before, out.shape)
    piece = out
    for rows, columns in cut:
        own = kernel[rows, columns]
        seen = padded[
            rows.start : rows.start + out.shape[0] + own.shape[0] - 1,
            columns.start : columns.start + out.shape[1] + own.shape[1] - 1,
        ]
        _filtered(seen, own, (0, 0), piece)
        if piece is not out:
            np.add(out, piece, out=out)
        elif len(cut) > 1:
            piece = np.empty_like(out)


def _is_straight(plane: Array, kernel: Array, before: tuple[int, int], out: Array) -> bool:
    """Whether the outputs are just what OpenCV gives, and can be put where they belong."""
    middle = (kernel.shape[0] // 2, kernel.shape[1] // 2)
    return before == middle and out.shape == plane.shape and out.flags.c_contiguous


def _fits(plane: Any, kernel: Any, before: tuple[int, int], out: Any) -> bool:
    """Whether all outputs are among those that OpenCV gives: one per cell of the plane."""
    up, left = kernel[0] // 2 - before[0], kernel[1] // 2 - before[1]
    return bool(up >= 0 and left >= 0 and out[0] + up <= plane[0] and out[1] + left <= plane[1])


def _filtered(plane: Array, kernel: Array, before: tuple[int, int], out: Array) -> None:
    """`filter2D` about the middle of the kernel, its fastest way; `out` is part of its result."""
    cv2 = _cv2()
    up, left = kernel.shape[0] // 2 - before[0], kernel.shape[1] // 2 - before[1]
    if _is_straight(plane, kernel, before, out):
        cv2.filter2D(plane, -1, kernel, out, (-1, -1), 0.0, cv2.BORDER_CONSTANT)
        return
    whole = cv2.filter2D(plane, -1, kernel, None, (-1, -1), 0.0, cv2.BORDER_CONSTANT)
    out[...] = whole[up : up + out.shape[0], left : left + out.shape[1]]


def _padded(
    plane: Array, kernel: Sequence[int], before: tuple[int, int], sizes: Sequence[int]
) -> Array:
    """The cells that the outputs read, zeros where the plane has none."""
    needed = tuple(o + k - 1 for o, k in zip(sizes, kernel, strict=True))
    if before == (0, 0) and all(n >= o for n, o in zip(plane.shape, needed, strict=True)):
        return plane
    padded = np.zeros(needed, plane.dtype)
    kept = tuple(max(0, min(n, o - b)) for n, o, b in zip(plane.shape, needed, before, strict=True))
    inside = tuple(slice(b, b + n) for b, n in zip(before, kept, strict=True))
    padded[inside] = plane[: kept[0], : kept[1]]
    return padded


class Transform:
    """The transforms of blocks of one size, in float64.

    Its memory serves every block: what a method gives is good until its next call.

    Args:
        sizes: Rows and columns of a block.
    """

    def __init__(self, sizes: tuple[int, int]) -> None:
        self.sizes = sizes
        self._block = np.zeros(sizes)
        self._spectrum = np.empty(sizes)
        self._product = np.empty(sizes)

    def spectrum(
        self, cells: Array, before: tuple[int, int] = (0, 0), out: Array | None = None
    ) -> Array:
        """The spectrum of cells (H, W), zeros around them up to the size of a block.

        It is packed as OpenCV packs the spectrum of real numbers: as many numbers as cells.

        Args:
            before: Zeros before the first row and column.
            out: Where to put it.
        """
        top, left = before
        bottom, right = top + cells.shape[0], left + cells.shape[1]
        block = self._block
        block[:top] = 0
        block[top:bottom, :left] = 0
        block[top:bottom, left:right] = cells
        block[top:bottom, right:] = 0
        block[bottom:] = 0
        target = self._spectrum if out is None else out
        found: Array = _cv2().dft(block, target, 0, max(bottom, 1))
        return found

    def correlated(self, spectrum: Array, kernel: Array, rows: int) -> Array:
        """The first rows of what one spectrum's cells give, correlated with another's.

        Correlated round the block: beyond its end follows its beginning.
        """
        cv2 = _cv2()
        cv2.mulSpectrums(spectrum, kernel, 0, self._product, True)
        flags = cv2.DFT_INVERSE | cv2.DFT_SCALE | cv2.DFT_REAL_OUTPUT
        result: Array = cv2.dft(self._product, self._block, flags, rows)
        return result[:rows]


@contextmanager
def transforming(sizes: tuple[int, int]) -> Iterator[Transform]:
    """A transform of blocks of that size, with the memory of an earlier one if there is any.

    No two that are at work share any: one is taken from those that lie ready, and put back.
    """
    try:
        transform = _ready.pop()
    except IndexError:
        transform = Transform(sizes)
    if transform.sizes != sizes:
        transform = Transform(sizes)
    yield transform
    if len(_ready) < MOST_READY and sizes[0] * sizes[1] <= MOST_READY_CELLS:
        _ready.append(transform)


_ready: list[Transform] = []

MOST_READY = 4
"""Transforms whose memory is kept for the next call."""

MOST_READY_CELLS = 2**19
"""Cells of a block up to which it is kept: 12 MiB."""


def processors() -> int:
    """Processors that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def shared(work: Callable[[int, int], None], count: int, workers: int, seconds: float) -> None:
    """Calls `work(begin, end)` on runs of `count` things, several at a time where that pays.

    Args:
        work: Handles the things `begin` ... `end` - 1.
        count: Things in all.
        workers: The most threads.
        seconds: What all of them should take on one thread.
    """
    hands = min(workers, count, int(seconds / WORTH_A_THREAD))
    if hands <= 1:
        work(0, count)
        return
    # Short runs: those that have not begun when the user interrupts are never begun.
    runs = min(count, hands * max(1, int(seconds / hands / LONGEST_RUN)))
    ends = [count * i // runs for i in range(runs + 1)]
    list(_pool(hands).map(work, ends[:-1], ends[1:]))


@lru_cache(maxsize=8)
def _pool(hands: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(hands, thread_name_prefix="convcalc")
