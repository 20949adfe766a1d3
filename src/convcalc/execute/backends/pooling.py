"""Pooling one axis after the other: sums and maxima over a box are those over its sides in turn.

A box of 3 x 3 elements so costs 6 passes instead of 9. Only elements that exist are read, so that
padding adds nothing to a sum and is below everything in a maximum; a window without any element
keeps the value it started from. The arrays are numpy's or torch's alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.execute.backends.tap_by_tap import overlap

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from convcalc.execute.arrays.array import A
    from convcalc.window import Window


def pooled(
    array: A,
    windows: Sequence[Window],
    start: Callable[[tuple[int, ...]], A],
    join: Callable[[A, A], A],
) -> A:
    """The elements of each window joined into one.

    Args:
        array: (N, channels, *sizes).
        windows: One per spatial axis.
        start: An array of a shape, filled with what joining changes nothing with.
        join: The sum or maximum of two arrays.
    """
    for axis, window in enumerate(windows, start=2):
        if window.kernel == window.stride == 1 and window.before == window.after == 0:
            continue
        size = array.shape[axis]
        positions = window.out_size(size)
        out = start((*array.shape[:axis], positions, *array.shape[axis + 1 :]))
        before = (slice(None),) * axis
        for tap in range(window.kernel):
            box = overlap(window, tap, positions, size)
            if box is not None:
                here, there = (*before, box[0]), (*before, box[1])
                out[here] = join(out[here], array[there])
        array = out
    return array
