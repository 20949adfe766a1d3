"""Values put where windows have their maxima, tap by tap; the arrays are numpy's or torch's alike.

A window has its maximum at the first of several equal ones, at the last NaN if it holds any, and at
no element of the padding. Where windows share an element, the value of the last of them stays, in
the order of the axes.

Source: PyTorch, `cpu_max_pool` in aten/src/ATen/native/cpu/MaxPoolKernel.cpp and `cpu_max_unpool`
in MaxUnpoolKernel.cpp beside it, for one thread.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, TypeAlias

from convcalc.execute.backends.tap_by_tap import overlap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from convcalc.execute.arrays.array import Own
    from convcalc.window import Window

    Zeros: TypeAlias = Callable[..., Own]
    Where: TypeAlias = Callable[[Own, Own | int, Own], Own]
    Parts: TypeAlias = tuple[slice, ...]


def unpooled(
    array: Own, pooled: Own, windows: Sequence[Window], zeros: Zeros[Own], where: Where[Own]
) -> Own:
    """The elements of `array` where the windows of `pooled` have their maxima, zeros elsewhere.

    Args:
        array: (N, channels, *positions), a value for each window.
        pooled: (N, channels, *sizes).
        windows: One per spatial axis.
        zeros: An array of a shape, like another one, and of a named dtype if it is another.
        where: Of two arrays, or numbers, the one or the other by a condition.
    """
    taps = list(_taps(windows, array.shape[2:], pooled.shape[2:]))
    at = _maxima(pooled, taps, array.shape, zeros, where)
    out = zeros(pooled.shape, array)
    # Of the windows that share an element, the last one reads it by its first tap.
    for tap, here, there in reversed(taps):
        out[there] = where(at[here] == tap, array[here], out[there])
    return out


def _maxima(
    pooled: Own,
    taps: Sequence[tuple[int, Parts, Parts]],
    shape: Sequence[int],
    zeros: Zeros[Own],
    where: Where[Own],
) -> Own:
    """The tap at which each window has its maximum, counted from 1; 0 where it has none."""
    at, highest = zeros(shape, pooled, "int32"), zeros(shape, pooled)
    for tap, here, there in taps:
        values = pooled[there]
        is_nan = values != values  # noqa: PLR0124 - what a NaN is, in either library
        higher = (values > highest[here]) | is_nan | (at[here] == 0)
        at[here] = where(higher, tap, at[here])
        highest[here] = where(higher, values, highest[here])
    return at


def _taps(
    windows: Sequence[Window], positions: Sequence[int], sizes: Sequence[int]
) -> Iterator[tuple[int, Parts, Parts]]:
    """Each tap that lies on any element: its number from 1, the windows, and their elements."""
    whole = (slice(None), slice(None))
    for number, tap in enumerate(product(*(range(w.kernel) for w in windows)), start=1):
        boxes = [overlap(*axis) for axis in zip(windows, tap, positions, sizes, strict=True)]
        found = [box for box in boxes if box is not None]
        if len(found) == len(windows):
            here, there = zip(*found, strict=True)
            yield number, (*whole, *here), (*whole, *there)
