"""Direct convolution, one kernel tap at a time: exact for every dtype, on arrays of any library.

For each tap the outputs that it reaches form a box, and so do the inputs it reads; the channels are
mixed by one matrix product per tap. Only elements that exist are read: zero padding takes part in
no product, so that an infinite weight beside the border does not make a NaN out of nothing, and
nothing is copied to make room for it.

The arrays are numpy's or torch's alike: only slicing, reshaping, products and sums are used.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.execute.arrays.array import A
    from convcalc.layers.operations import Part
    from convcalc.window import Window


def add_taps(out: A, array: A, weight: A, windows: Sequence[Window], *, transposed: bool) -> None:
    """Adds the convolution of `array` with `weight` to `out`, in place.

    Args:
        out: (N, groups, O/groups, *out sizes).
        array: (N, groups, C/groups, *sizes).
        weight: (groups, O/groups, C/groups, *kernel).
        windows: One per spatial axis.
        transposed: Whether the windows lie on `out` and move with `array`, instead of the reverse.
    """
    fixed, moving = (out, array) if transposed else (array, out)
    for tap in product(*(range(window.kernel) for window in windows)):
        boxes = [
            overlap(window, place, moves, stays)
            for window, place, moves, stays in zip(
                windows, tap, moving.shape[3:], fixed.shape[3:], strict=True
            )
        ]
        if any(box is None for box in boxes):
            continue
        moved: tuple[Part, ...] = (..., *(box[0] for box in boxes if box))
        still: tuple[Part, ...] = (..., *(box[1] for box in boxes if box))
        here, there = (still, moved) if transposed else (moved, still)
        out[here] += _mixed(weight[(..., *tap)], array[there])


def overlap(window: Window, tap: int, moves: int, stays: int) -> tuple[slice, slice] | None:
    """The positions u and the elements u*s - pb + d*t that both exist, or None.

    `u` runs over 0 ... moves - 1, the elements over 0 ... stays - 1.
    """
    shift = window.dilation * tap - window.before
    first = max(0, -(shift // window.stride))
    last = min(moves - 1, (stays - 1 - shift) // window.stride)
    if first > last:
        return None
    elements = slice(first * window.stride + shift, last * window.stride + shift + 1, window.stride)
    return slice(first, last + 1), elements


def _mixed(weight: A, piece: A) -> A:
    """Channels mixed by one tap: (groups, O/g, C/g) times (N, groups, C/g, *box)."""
    if weight.shape[2] == 1:
        # One input channel per group, as in a depthwise convolution: a product is enough.
        product: A = weight.reshape(*weight.shape, *(1,) * (piece.ndim - 4)) * piece
        return product
    flat: A = weight @ piece.reshape(*piece.shape[:3], -1)
    return flat.reshape(*piece.shape[:2], weight.shape[1], *piece.shape[3:])


def grouped_weight(weight: A, groups: int, *, transposed: bool) -> A:
    """A weight as (groups, O/groups, C/groups, *kernel)."""
    blocks = weight.reshape(groups, weight.shape[0] // groups, *weight.shape[1:])
    return blocks.swapaxes(1, 2) if transposed else blocks


def split_channels(array: A, groups: int) -> A:
    """(N, channels, *spatial) as (N, groups, channels/groups, *spatial)."""
    return array.reshape(array.shape[0], groups, array.shape[1] // groups, *array.shape[2:])


def join_channels(array: A) -> A:
    """(N, groups, channels/groups, *spatial) as (N, channels, *spatial)."""
    return array.reshape(array.shape[0], array.shape[1] * array.shape[2], *array.shape[3:])


def per_channel(bias: A, spatial_dims: int) -> A:
    """A bias (channels) shaped to be added to (N, channels, *spatial) of `spatial_dims` axes."""
    return bias.reshape(1, -1, *(1,) * spatial_dims)
