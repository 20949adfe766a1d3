"""The part of an input that a window is looked at on, with what stands at each place."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from convcalc.borders import element_at
from convcalc.explain.walk.sums import axis_shares
from convcalc.layers.conv import Conv
from convcalc.layers.convt import ConvTranspose
from convcalc.layers.pooling import Pool
from convcalc.layers.stages import Staged
from convcalc.layers.upsample import Upsample

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from convcalc.explain.walk.data import Number, Place, Values
    from convcalc.layers import Layer, Shape
    from convcalc.window import Window


class Axis(NamedTuple):
    """One axis with a window on it.

    Attributes:
        places: The places that it has, padding below 0 and from `size` on.
        read: Those that a tap lies on.
        element: The element that stands at a place; None for a zero.
        size: Where its end is; beyond it lies padding.
    """

    places: range
    read: tuple[int, ...]
    element: Callable[[int], int | None]
    size: int


class Spot(NamedTuple):
    """What stands at one place.

    Attributes:
        value: The element, or 0.
        read: Whether a tap lies on it.
        hole: Whether the window spans it, and no tap lies on it.
        made: How it came there: "" for an element of the input, "zero" or "copy".
    """

    value: Number
    read: bool
    hole: bool
    made: str


class Plane(NamedTuple):
    """Rows and columns of one channel.

    Attributes:
        channel: The input channel.
        leading: The place along axes before the rows, as the depth of a volume.
        rows: The places of the rows, from 0.
        columns: The places of the columns.
        spots: What stands there, row by row.
        whole: Whether nothing of the plane is left out.
    """

    channel: int
    leading: Place
    rows: range
    columns: range
    spots: tuple[tuple[Spot, ...], ...]
    whole: bool


Room: TypeAlias = tuple[int, int]
"""Rows and columns that may be shown at most."""


def window_axes(
    windows: Sequence[Window], sizes: Shape, position: Place, mode: str = "zeros"
) -> list[Axis]:
    """The padded axes of a convolution or pooling, with the window of one output."""
    return [
        Axis(
            range(-w.before, size + w.after),
            tuple(u * w.stride - w.before + t * w.dilation for t in range(w.kernel)),
            _standing(size, mode),
            size,
        )
        for w, size, u in zip(windows, sizes, position, strict=True)
    ]


def _standing(size: int, mode: str) -> Callable[[int], int | None]:
    return lambda place: element_at(place, size, mode)


def spread_axes(windows: Sequence[Window], sizes: Shape, position: Place) -> list[Axis]:
    """The axes of a transposed convolution, s - 1 zeros put between neighbours."""
    axes = []
    for w, size, u in zip(windows, sizes, position, strict=True):
        read = tuple(u + w.before - t * w.dilation for t in range(w.kernel - 1, -1, -1))
        length = (size - 1) * w.stride + 1
        first, last = min(w.before - w.extent + 1, read[0], 0), max(length - 1, read[-1])
        axes.append(Axis(range(first, last + 1), read, _spread(size, w.stride), length))
    return axes


def _spread(size: int, stride: int) -> Callable[[int], int | None]:
    def standing(place: int) -> int | None:
        element, rest = divmod(place, stride)
        return None if rest or not 0 <= element < size else element

    return standing


def resized_axes(layer: Upsample, shape: Shape, position: Place) -> list[Axis]:
    """The axes of a linear resizing, with the elements that an output is made of."""
    sizes = zip(shape[1:], layer.out_shape(shape)[1:], position, strict=True)
    return [
        Axis(range(size), tuple(axis_shares(layer, size, out, at)), _standing(size, "zeros"), size)
        for size, out, at in sizes
    ]


def element_axes(sizes: Shape, position: Place) -> list[Axis]:
    """The axes of an input of which one element is read."""
    pairs = zip(sizes, position, strict=True)
    return [Axis(range(size), (at,), _standing(size, "zeros"), size) for size, at in pairs]


def layer_axes(layer: Layer, shape: Shape, position: Place) -> list[Axis]:
    """The axes that the window of one output of a layer lies on; none for layers without windows.

    Args:
        layer: A convolution, one that is made of one or two, a transposed one, a pooling, or a
            linear resizing.
        shape: (channels, *spatial) of its input.
        position: The place of the output along the spatial axes.
    """
    if isinstance(layer, Staged):
        layer = next(iter(layer.walk(shape)))[1]
    if isinstance(layer, Upsample):
        return resized_axes(layer, shape, position)
    if isinstance(layer, ConvTranspose):
        return spread_axes(layer.windows(shape), shape[1:], position)
    if isinstance(layer, Conv):
        return window_axes(layer.windows(shape), shape[1:], position, layer.padding_mode)
    return window_axes(layer.windows(shape), shape[1:], position) if isinstance(layer, Pool) else []


def planes(values: Values, channel: int, axes: Sequence[Axis], room: Room) -> Iterator[Plane]:
    """The planes of a channel that the window lies on: one, or in a volume one for each tap."""
    flat = len(axes) == 1
    one_row = Axis(range(1), (0,), lambda place: place, 1)
    *leading, rows, columns = [one_row, *axes] if flat else axes
    shown = _near(rows, room[0]), _near(columns, room[1])
    whole = shown == (rows.places, columns.places)
    for place in product(*(axis.read for axis in leading)):
        before = [axis.element(at) for axis, at in zip(leading, place, strict=True)]

        def spot(row: int, column: int, before: Sequence[int | None] = before) -> Spot:
            found = [*before, *([] if flat else [rows.element(row)]), columns.element(column)]
            at = tuple(element for element in found if element is not None)
            standing = len(at) == len(found)
            value = values[channel, *at] if standing else 0
            read = row in rows.read and column in columns.read
            spanned = _spans(rows, row) and _spans(columns, column)
            inside = 0 <= row < rows.size and 0 <= column < columns.size
            made = "" if standing and inside else "copy" if standing else "zero"
            return Spot(value, read, spanned and not read, made)

        spots = tuple(tuple(spot(row, column) for column in shown[1]) for row in shown[0])
        yield Plane(channel, place, *shown, spots, whole)


def _spans(axis: Axis, place: int) -> bool:
    return axis.read[0] <= place <= axis.read[-1]


def _near(axis: Axis, room: int) -> range:
    """The part of an axis that there is room for, the window in its middle."""
    places = axis.places
    if len(places) <= room:
        return places
    middle = (axis.read[0] + axis.read[-1] + 1) // 2
    first = min(max(places.start, middle - room // 2), places.stop - room)
    return range(first, first + room)
