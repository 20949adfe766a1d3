"""A walk as panels: grids of spots with what each of them is, for any picture to draw."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from convcalc.explain.walk.data import (
    Copied,
    Mapped,
    Pooled,
    Shared,
    Stages,
    Sum,
    number_text,
)
from convcalc.explain.walk.views import element_axes, layer_axes, planes
from convcalc.layers.adaptive import Adaptive
from convcalc.layers.convt import ConvTranspose
from convcalc.layers.linear import Linear
from convcalc.layers.upsample import Upsample
from convcalc.render.walk_sums import short_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.explain.walk.data import Part, Place, Values
    from convcalc.explain.walk.network import WalkedLayer
    from convcalc.explain.walk.views import Axis, Plane, Spot

Square: TypeAlias = tuple[str, str]
"""A text, and what it is: read, read-zero, read-copy, hole, zero, copy, plain, weight or result."""

ROOM = (9, 9)
"""Rows and columns of a grid: so many are legible in a picture of 600 pixels."""

MOST_CHANNELS = 3
MOST_PLANES = 2


class Panel(NamedTuple):
    """A grid under its title.

    Attributes:
        title: What it is.
        rows: Its squares, row by row.
    """

    title: str
    rows: tuple[tuple[Square, ...], ...]


class Line(NamedTuple):
    """Panels side by side: an input channel, its kernel, and what they come to.

    Attributes:
        panels: The grids, from left to right.
        total: What stands behind the last one; empty for nothing.
    """

    panels: tuple[Panel, ...]
    total: str


class Block(NamedTuple):
    """One layer: its channels below each other, and the plane of its result beside them."""

    lines: tuple[Line, ...]
    result: Panel | None


def block_of(one: WalkedLayer) -> Block:
    """The panels of a layer; those that have no window have their result alone."""
    return Block(tuple(_lines(one)), _result(one))


def _lines(one: WalkedLayer) -> list[Line]:
    """A line for each input channel that is shown."""
    if isinstance(one.layer, Adaptive | Linear):
        return []
    values = one.inputs[0]
    axes = layer_axes(one.layer, values.shape, one.walk.place[1:])
    turned = isinstance(one.layer, ConvTranspose)
    match one.walk:
        case Sum():
            parts = one.walk.parts[:MOST_CHANNELS]
        case Stages():
            parts = tuple(own.parts[0] for own in one.walk.first[:MOST_CHANNELS])
        case Pooled():
            blank = one.walk.how == "max"
            shown = _inputs(values, one.walk.place[0], axes, blank=blank)
            return [Line(tuple(shown), number_text(one.walk.result))]
        case Mapped() | Shared():
            return _element_lines(one, one.walk.place)
        case Copied():
            return _element_lines(one, one.walk.source)
        case _:
            return []
    name = "shares" if isinstance(one.layer, Upsample) else "kernel"
    return [_line(values, part, axes, f"{name}, turned" if turned else name) for part in parts]


def _element_lines(one: WalkedLayer, place: Place | None) -> list[Line]:
    """The input with the one element that is read, if there is one and it has a plane."""
    values = one.inputs[0]
    if place is None or len(values.shape) < 2:
        return []
    axes = element_axes(values.shape[1:], place[1:])
    return [Line(tuple(_inputs(values, place[0], axes)), number_text(one.walk.result))]


def _line(values: Values, part: Part, axes: Sequence[Axis], name: str) -> Line:
    panels = [*_inputs(values, part.channel, axes), *_kernels(part, len(axes), name)]
    return Line(tuple(panels), number_text(part.sum))


def _inputs(
    values: Values, channel: int, axes: Sequence[Axis], *, blank: bool = False
) -> list[Panel]:
    """The planes of a channel; `blank` leaves out the zeros of a padding that is no number."""
    shown = list(planes(values, channel, axes, ROOM))[:MOST_PLANES]
    return [_input(plane, blank=blank) for plane in shown]


def _input(plane: Plane, *, blank: bool) -> Panel:
    where = "" if plane.whole else f", from {plane.rows[0]},{plane.columns[0]}"
    leading = f", plane {','.join(map(str, plane.leading))}" if plane.leading else ""
    rows = tuple(tuple(_square(spot, blank=blank) for spot in row) for row in plane.spots)
    return Panel(f"input {plane.channel}{leading}{where}", rows)


def _square(spot: Spot, *, blank: bool) -> Square:
    """A spot of the input: what is read stands out, and padding among it has its own colour."""
    text = "" if blank and spot.made == "zero" else short_number(spot.value)
    if spot.read:
        return text, f"read-{spot.made}" if spot.made else "read"
    return text, "hole" if spot.hole else spot.made or "plain"


def _kernels(part: Part, axes: int, name: str) -> list[Panel]:
    """The weights as they lie on the input."""
    taps = {factor.tap: factor.weight for factor in part.factors}
    *leading, columns = [list(dict.fromkeys(tap[axis] for tap in taps)) for axis in range(axes)]
    rows = [(row,) for row in leading.pop()] if leading else [()]
    panels = []
    for before in list(product(*leading))[:MOST_PLANES]:
        grid = tuple(
            tuple((short_number(taps[*before, *row, column]), "weight") for column in columns)
            for row in rows
        )
        panels.append(Panel(name, grid))
    return panels


def _result(one: WalkedLayer) -> Panel | None:
    """The plane of the result with the output marked, as far as there is room for it."""
    shape, place = one.output.shape, one.walk.place
    if len(shape) < 2:
        return Panel("result", (((number_text(one.walk.result), "result"),),))
    *leading, columns = shape[1:]
    rows = leading.pop() if leading else 1
    at = place[-2] if len(shape) > 2 else 0
    shown = [_around(at, rows, ROOM[0]), _around(place[-1], columns, ROOM[1])]
    grid = tuple(tuple(_output(one, row, column) for column in shown[1]) for row in shown[0])
    return Panel(f"result {place[0]}", grid)


def _around(at: int, size: int, room: int) -> range:
    """The places of an axis that are shown, one of them as near to the middle as may be."""
    first = min(max(0, at - room // 2), max(0, size - room))
    return range(first, min(size, first + room))


def _output(one: WalkedLayer, row: int, column: int) -> Square:
    place = one.walk.place
    flat = len(place) == 2
    at: Place = (place[0], column) if flat else (*place[:-2], row, column)
    return short_number(one.output[at]), "result" if at == place else "plain"
