"""Depthwise convolution tap by tap, in bands that stay in the caches.

One pass over a whole image per tap would read and write main memory every time; here all taps are
added to a few rows before the next rows are begun. Only products of the definition are formed, in
the order of the taps, so that NaN, infinity and integers behave as in the definition.
"""

from __future__ import annotations

from itertools import product
from math import prod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.execute.arrays.array import A
    from convcalc.execute.backends.protocol import ArrayBackend
    from convcalc.window import Window

BAND = 65_536
"""Outputs of a band: with the input and a product they fill about 750 kB of a cache."""


def passes(
    ops: ArrayBackend[A], array: A, weight: A, windows: Sequence[Window], sizes: Sequence[int]
) -> A:
    """The result (N, C, *sizes) of a padded `array` (N, C, *sizes) and a weight (C, 1, *k)."""
    samples, channels = array.shape[:2]
    out = ops.empty((samples, channels, *sizes), array)
    taps = list(product(*(range(w.kernel) for w in windows)))
    factors = [ops.factors(weight[(slice(None), 0, *tap)], len(windows)) for tap in taps]
    row = prod(sizes[1:])
    planes = max(1, BAND // (row * sizes[0]))
    rows = max(1, BAND // row)
    for sample in range(samples):
        for channel in range(0, channels, planes):
            own = slice(channel, channel + planes)
            for first in range(0, sizes[0], rows):
                band = out[sample, own, first : first + rows]
                for tap, factor in zip(taps, factors, strict=True):
                    elements = _elements(tap, windows, first, band.shape[1:])
                    ops.accumulate(
                        band, array[(sample, own, *elements)], factor, own, tap == taps[0]
                    )
    return out


def _elements(
    tap: tuple[int, ...], windows: Sequence[Window], first: int, sizes: Sequence[int]
) -> tuple[slice, ...]:
    """The elements that one tap reads for the outputs of a band that begins at row `first`."""
    starts = (first, *(0,) * (len(windows) - 1))
    slices = []
    for t, w, start, size in zip(tap, windows, starts, sizes, strict=True):
        begin = start * w.stride + t * w.dilation
        slices.append(slice(begin, begin + (size - 1) * w.stride + 1, w.stride))
    return tuple(slices)
