"""A walk in text: the input with the window marked, the kernel, the products and their sums.

Marks: [4] is read, (4) lies in a hole between taps, . is padding, ~4 is a copy that
the padding made. Everything fits into the width that is given; a colour says what the marks do.
"""

from __future__ import annotations

import textwrap
from itertools import product
from math import prod
from typing import TYPE_CHECKING

from convcalc.explain.walk.data import (
    Copied,
    Joined,
    Mapped,
    Passed,
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
from convcalc.render.walk_grid import Row, Square, columns_of, grid, plain_lines
from convcalc.render.walk_sums import (
    MOST_CHANNELS,
    MOST_ROWS,
    Room,
    element_lines,
    factor_text,
    joined_lines,
    made_of_lines,
    place_text,
    short_number,
    totals_lines,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from convcalc.explain.walk.data import Part, Place, Values
    from convcalc.explain.walk.network import WalkedLayer
    from convcalc.explain.walk.views import Axis, Plane, Spot
    from convcalc.render.walk_grid import Line

MOST_COLUMNS = 32
MOST_PLANES = 3
"""Planes of a volume that are shown."""


def walk_text(walked: Sequence[WalkedLayer], width: int, channels: int = MOST_CHANNELS) -> str:
    """The lines of a walk without colours."""
    return plain_lines(walk_lines(walked, Room(width, channels)))


def walk_lines(walked: Sequence[WalkedLayer], room: Room) -> list[Line]:
    """Every layer of a walk, the input first and the output that was asked for last.

    Args:
        walked: The layers, each with the output that is looked at.
        room: How much may be shown. What channels beyond it add is told together, and of grids
            the part around the window is shown, never less than the window.
    """
    lines: list[Line] = []
    for one in walked:
        lines += [*([""] if lines else []), *_folded(_layer(one, walked, room), room.width)]
    return lines


def _folded(lines: Sequence[Line], width: int) -> Iterator[Line]:
    """The lines, of which those that say where something is may be too long."""
    for line in lines:
        if isinstance(line, Row) or len(line) <= width:
            yield line
        else:
            yield from textwrap.wrap(line, width)


def _layer(one: WalkedLayer, walked: Sequence[WalkedLayer], room: Room) -> list[Line]:
    name = f"{one.label} {one.layer.spec()}, output {place_text(one.walk.place)}"
    lines: list[Line] = [*textwrap.wrap(name, room.width)]
    match one.walk:
        case Sum() if isinstance(one.layer, Linear):
            lines += totals_lines(one.walk, room)
        case Sum():
            lines += _convolution(one, one.walk, room)
        case Stages():
            lines += _stages(one, one.walk, room)
        case Pooled():
            lines += _pooled(one, one.walk, room)
        case Joined():
            lines += joined_lines(one, one.walk, walked, room)
        case Copied():
            lines += [*_element(one, one.walk.source, room), *element_lines(one.walk, room)]
        case Mapped() | Shared() | Passed():
            lines += element_lines(one.walk, room)
    return [*lines, *_output(one, room)]


def _convolution(one: WalkedLayer, walk: Sum, room: Room) -> list[Line]:
    if isinstance(one.layer, ConvTranspose):
        return _transposed(one, walk, room)
    axes = _axes(one)
    if isinstance(one.layer, Upsample):
        drawn = _planes(one.inputs[0], walk.place[0], axes, room)
        return [*drawn, *totals_lines(walk, room)]
    return [*_parts(one.inputs[0], walk, axes, room), *totals_lines(walk, room)]


def _element(one: WalkedLayer, place: Place | None, room: Room) -> list[Line]:
    """The input with one element marked; nothing where there is none, or where it stays."""
    values = one.inputs[0]
    if place is None or place == one.walk.place or len(values.shape) < 2:
        return []
    return _planes(values, place[0], element_axes(values.shape[1:], place[1:]), room)


def _axes(one: WalkedLayer) -> list[Axis]:
    """The axes of the input with the window of the output on them."""
    return layer_axes(one.layer, one.inputs[0].shape, one.walk.place[1:])


def _parts(
    values: Values, walk: Sum, axes: Sequence[Axis], room: Room, how: str = ""
) -> list[Line]:
    """The input and the kernel of the first channels."""
    lines: list[Line] = []
    for part in walk.parts[: room.channels]:
        lines += _planes(values, part.channel, axes, room)
        lines += _kernel(part, len(axes), room, how)
    return lines


def _planes(values: Values, channel: int, axes: Sequence[Axis], room: Room) -> list[Line]:
    """The planes of a channel with the window marked, as wide as there is room for."""
    *_, row_axis = axes[:-1] or axes
    rows = min(MOST_ROWS, max(room.rows, row_axis.read[-1] - row_axis.read[0] + 1))
    for columns in range(MOST_COLUMNS, 0, -1):
        shown = list(planes(values, channel, axes, (rows, columns)))[:MOST_PLANES]
        drawn = [_plane(plane) for plane in shown]
        if columns == 1 or all(columns_of(line) <= room.width for own in drawn for line in own[1:]):
            return [line for own in drawn for line in own]
    return []


def _plane(plane: Plane) -> list[Line]:
    where = f"input channel {plane.channel}"
    if plane.leading:
        where += f", plane {place_text(plane.leading)}"
    if not plane.whole:
        where += f", from row {plane.rows[0]}, column {plane.columns[0]}"
    return [where, *grid([[_spot(spot) for spot in row] for row in plane.spots])]


def _spot(spot: Spot) -> Square:
    """What stands at a place between its marks, as wide as any other mark."""
    shown = {"": short_number(spot.value), "copy": f"~{short_number(spot.value)}", "zero": "."}[
        spot.made
    ]
    if spot.read:
        return Square(f"[{shown}]", "read")
    return Square(f"({shown})", "hole") if spot.hole else Square(f" {shown} ", spot.made)


def _kernel(part: Part, axes: int, room: Room, how: str = "") -> list[Line]:
    """The weights of one input channel, in the order in which they lie on the input."""
    taps = {factor.tap: factor.weight for factor in part.factors}
    sizes = [list(dict.fromkeys(tap[axis] for tap in taps)) for axis in range(axes)]
    *leading, columns = sizes
    rows = [(row,) for row in leading.pop()] if leading else [()]
    lines: list[Line] = []
    for before in list(product(*leading))[:MOST_PLANES]:
        squares = [
            [Square(short_number(taps[*before, *row, column]), "weight") for column in columns]
            for row in rows
        ]
        where = f", plane {place_text(before)}" if before else ""
        lines += [f"kernel for channel {part.channel}{where}{how}", *grid(squares)]
    fits = all(columns_of(line) <= room.width for line in lines if isinstance(line, Row))
    return lines if fits else [f"kernel of {len(taps)} taps"]


def _transposed(one: WalkedLayer, walk: Sum, room: Room) -> list[Line]:
    """Both ways to see it: over the input with zeros put in, and each element spread by itself."""
    values, axes = one.inputs[0], _axes(one)
    told = "as a convolution: zeros between the elements of the input, the kernel turned round"
    lines: list[Line] = [*textwrap.wrap(told, room.width)]
    lines += [*_parts(values, walk, axes, room, ", turned round"), *totals_lines(walk, room)]
    lines += textwrap.wrap(
        "as spreading: every element times the whole kernel, laid where it belongs; here meet",
        room.width,
    )
    met = [
        (part.channel, factor) for part in walk.parts for factor in part.factors if factor.source
    ]
    for channel, factor in met[: 4 * room.channels]:
        at = place_text((channel, *factor.source)) if factor.source else ""
        product_of = f"{factor_text(factor.value, factor.weight)} = {number_text(factor.product)}"
        lines.append(f"  element {at}, tap {place_text(factor.tap)}: {product_of}")
    if len(met) > 4 * room.channels:
        lines.append(f"  and {len(met) - 4 * room.channels} more")
    if not met:
        lines.append("  no element: only the bias, or 0")
    return lines


def _stages(one: WalkedLayer, walk: Stages, room: Room) -> list[Line]:
    """Each channel by itself, then the sum over them."""
    values, axes = one.inputs[0], _axes(one)
    lines: list[Line] = ["first stage, each channel by itself:"]
    for depthwise in walk.first[: room.channels]:
        lines += [f"output {place_text(depthwise.place)} of the first stage"]
        lines += [*_parts(values, depthwise, axes, room), *totals_lines(depthwise, room)]
    more = len(walk.first) - room.channels
    if more > 0:
        lines.append(f"and {more} more {'channel' if more == 1 else 'channels'} in the same way")
    return [*lines, "second stage, the channels mixed:", *totals_lines(walk.last, room)]


def _pooled(one: WalkedLayer, walk: Pooled, room: Room) -> list[Line]:
    lines: list[Line] = []
    if isinstance(one.layer, Adaptive):
        told = [place_text(walk.elements[end].place) for end in (0, -1)]
        lines.append(f"window from {told[0]} to {told[1]} of channel {walk.place[0]}")
    else:
        lines += _planes(one.inputs[0], walk.place[0], _axes(one), room)
    return [*lines, *made_of_lines(walk, room)]


def _output(one: WalkedLayer, room: Room) -> Iterator[Line]:
    """The plane of the result that the output is in, where it is small enough to show."""
    shape, place = one.output.shape, one.walk.place
    if len(shape) < 2 or prod(shape[1:]) == 1:
        return
    rows, columns = (1, shape[1]) if len(shape) == 2 else shape[-2:]
    if rows > MOST_ROWS or columns > MOST_COLUMNS:
        return
    flat = len(shape) == 2
    first = 0 if flat else min(max(place[-2] - room.rows // 2, 0), max(rows - room.rows, 0))
    squares = [
        [
            _marked(
                one.output, (*place[: 1 if flat else -2], *([] if flat else [row]), column), place
            )
            for column in range(columns)
        ]
        for row in range(first, min(rows, first + room.rows))
    ]
    lines = grid(squares)
    if max(map(columns_of, lines)) <= room.width:
        yield f"output channel {place[0]}" + (f", from row {first}" if rows > room.rows else "")
        yield from lines


def _marked(values: Values, at: Place, place: Place) -> Square:
    text = short_number(values[at])
    return Square(f"[{text}]", "result") if at == place else Square(f" {text} ")
