"""A volume as one tall plane, its slices below each other with zeros between them.

The sums over a kernel of kd slices are kd sums over planes, added at their distances:

    y[z] = sum over t of T_t[z - before + t],    T_t = plane sums with slice t of the kernel.

All slices of a band are one plane for OpenCV, because many small calls would cost more than the
sums themselves. Between two slices lie as many rows of zeros as their padding needs, not more: what
one slice reads below its end is what the next reads above its beginning.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from convcalc.execute.algorithms.opencv.correlate import correlate

if TYPE_CHECKING:
    from collections.abc import Sequence

Array = np.ndarray

MOST_ELEMENTS = 2**17
"""Elements of a tall plane that stay in the caches between two slices of the kernel."""


def slices_at_once(sizes: Sequence[int], kernel: Sequence[int]) -> int:
    """Slices of outputs of `sizes` that are worked on together, for a kernel (kd, kh, kw)."""
    return max(1, MOST_ELEMENTS // ((sizes[0] + kernel[1]) * (sizes[1] + kernel[2])))


def correlate_volume(
    volume: Array, kernel: Array, before: tuple[int, ...], out: Array, first: int
) -> None:
    """The slices `first` ... of the cross-correlation of a volume (D, H, W), put into `out`.

    Args:
        volume: Of float32 or float64; zeros surround it.
        kernel: (kd, kh, kw) of the same dtype, all finite; slices of zeros alone cost nothing.
        before: Zeros before the first element of each axis.
        out: (slices, rows, columns), of the same dtype.
        first: The slice of the result that `out` begins with.
    """
    around = before[1], before[2]
    low = max(0, first - before[0])
    high = max(low, min(len(volume), first + len(out) - before[0] + len(kernel) - 1))
    beyond = out.shape[1] - volume.shape[1]
    gap = max(around[0], beyond, beyond + kernel.shape[1] - 1 - around[0])
    tall = _tall(volume[low:high], gap)
    begun = False
    for tap, own in enumerate(kernel):
        step = _step(tap + first - before[0], low, high, len(out))
        if step.reach <= 0 or not own.any():
            continue
        elements = tall[step.element : step.element + step.reach]
        made = _sums(elements, own, around, out.shape[1:])
        target = out[step.output : step.output + step.reach]
        if not begun and step.reach < len(out):
            out[...] = 0
        if begun or step.reach < len(out):
            np.add(target, made, out=target)
        else:
            target[...] = made
        begun = True
    if not begun:
        out[...] = 0


class _Step(NamedTuple):
    """What one slice of a kernel reaches: how many outputs, from which, and from which elements."""

    reach: int
    output: int
    element: int


def _step(shift: int, low: int, high: int, outputs: int) -> _Step:
    """The step whose output z reads the slice z + shift, of those from `low` to `high` - 1."""
    begin, end = max(0, low - shift), min(outputs, high - shift)
    return _Step(end - begin, begin, begin + shift - low)


def _tall(slices: Array, gap: int) -> Array:
    """The slices (D, H, W) with rows of zeros below each, (D, H + gap, W)."""
    count, rows, columns = slices.shape
    tall = np.empty((count, rows + gap, columns), slices.dtype)
    tall[:, :rows] = slices
    tall[:, rows:] = 0
    return tall


def _sums(tall: Array, kernel: Array, before: tuple[int, int], sizes: Sequence[int]) -> Array:
    """What one slice of a kernel gives, (slices, rows, columns), of slices with zeros below."""
    count, pitch, columns = tall.shape
    made = np.empty((count, pitch, sizes[1]), tall.dtype)
    correlate(
        tall.reshape(count * pitch, columns), kernel, before, made.reshape(count * pitch, sizes[1])
    )
    return made[:, : sizes[0]]
