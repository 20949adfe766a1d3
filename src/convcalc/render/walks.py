"""A walk in text: the input with the window marked, the kernel, the products and their sums.

Marks: [4] is read, (4) lies in a hole between taps, . is a zero of the padding, ~4 is a copy that
the padding made. Everything fits into the width that is given, and nothing needs a colour.
"""

from __future__ import annotations

import textwrap
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

from convcalc.explain.walk.data import Joined, Passed, Pooled, Stages, Sum
from convcalc.explain.walk.views import planes, spread_axes, window_axes
from convcalc.layers.adaptive import Adaptive
from convcalc.layers.convt import ConvTranspose
from convcalc.layers.linear import Linear
from convcalc.layers.stages import Staged

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from convcalc.explain.walk.data import Number, Part, Place, Values
    from convcalc.explain.walk.network import WalkedLayer
    from convcalc.explain.walk.views import Axis, Plane, Spot

MOST_CHANNELS = 3
"""Input channels that are shown one by one; what the others add is told in one number."""

MOST_TERMS = 100
"""Terms of a sum that are written out; what the others come to is its last term."""

MOST_ROWS = 12
MOST_COLUMNS = 32
MOST_PLANES = 3
"""Planes of a volume that are shown."""


class Room(NamedTuple):
    """How much may be shown: columns of text, and input channels one by one."""

    width: int
    channels: int = MOST_CHANNELS


def walk_text(walked: Sequence[WalkedLayer], width: int, channels: int = MOST_CHANNELS) -> str:
    """Every layer of a walk, the input first and the output that was asked for last.

    Args:
        walked: The layers, each with the output that is looked at.
        width: Columns of the text.
        channels: Input channels that are shown one by one; what others add is told together.
    """
    room = Room(width, channels)
    return "\n\n".join("\n".join(_folded(_layer(one, walked, room), width)) for one in walked)


def _folded(lines: Sequence[str], width: int) -> Iterator[str]:
    """The lines, of which those that say where something is may be too long."""
    for line in lines:
        yield from textwrap.wrap(line, width) if len(line) > width else [line]


def number_text(value: Number) -> str:
    """A number for a reader: whole ones with all digits, others with seven."""
    return str(value) if isinstance(value, int) else f"{value:.7g}"


def place_text(place: Place) -> str:
    """A place as it is typed: 0,2,3."""
    return ",".join(map(str, place))


def _layer(one: WalkedLayer, walked: Sequence[WalkedLayer], room: Room) -> list[str]:
    name = f"{one.label} {one.layer.spec()}, output {place_text(one.walk.place)}"
    lines = [*textwrap.wrap(name, room.width)]
    match one.walk:
        case Sum() if isinstance(one.layer, Linear):
            lines += _totals(one.walk, room)
        case Sum():
            lines += _convolution(one, one.walk, room)
        case Stages():
            lines += _stages(one, one.walk, room)
        case Pooled():
            lines += _pooled(one, one.walk, room)
        case Joined():
            lines += _joined(one, one.walk, walked, room)
        case Passed():
            lines += _passed(one.walk)
    return [*lines, *_output(one, room)]


def _convolution(one: WalkedLayer, walk: Sum, room: Room) -> list[str]:
    if isinstance(one.layer, ConvTranspose):
        return _transposed(one, walk, room)
    values = one.inputs[0]
    conv: Any = one.layer
    if isinstance(one.layer, Staged):
        ((_, conv, _),) = one.layer.walk(values.shape)
    axes = window_axes(
        conv.windows(values.shape), values.shape[1:], walk.place[1:], conv.padding_mode
    )
    return [*_parts(values, walk, axes, room), *_totals(walk, room)]


def _parts(values: Values, walk: Sum, axes: Sequence[Axis], room: Room, how: str = "") -> list[str]:
    """The input and the kernel of the first channels."""
    lines = []
    for part in walk.parts[: room.channels]:
        lines += _planes(values, part.channel, axes, room)
        lines += _kernel(part, len(axes), room, how)
    return lines


def _planes(values: Values, channel: int, axes: Sequence[Axis], room: Room) -> list[str]:
    """The planes of a channel with the window marked, as wide as there is room for."""
    for columns in range(MOST_COLUMNS, 0, -1):
        shown = list(planes(values, channel, axes, (MOST_ROWS, columns)))[:MOST_PLANES]
        drawn = [_plane(plane) for plane in shown]
        if columns == 1 or all(len(line) <= room.width for own in drawn for line in own[1:]):
            return [line for own in drawn for line in own]
    return []


def _plane(plane: Plane) -> list[str]:
    where = f"input channel {plane.channel}"
    if plane.leading:
        where += f", plane {place_text(plane.leading)}"
    if not plane.whole:
        where += f", from row {plane.rows[0]}, column {plane.columns[0]}"
    texts = [[_spot(spot) for spot in row] for row in plane.spots]
    return [where, *_grid(texts)]


def _spot(spot: Spot) -> str:
    """What stands at a place between its marks, as wide as any other mark."""
    shown = {"": _short(spot.value), "copy": f"~{_short(spot.value)}", "zero": "."}[spot.made]
    if spot.read:
        return f"[{shown}]"
    return f"({shown})" if spot.hole else f" {shown} "


def _short(value: Number) -> str:
    return str(value) if isinstance(value, int) else f"{value:.5g}"


def _grid(texts: Sequence[Sequence[str]]) -> list[str]:
    width = max(len(text) for row in texts for text in row)
    return ["  " + " ".join(text.rjust(width) for text in row).rstrip() for row in texts]


def _kernel(part: Part, axes: int, room: Room, how: str = "") -> list[str]:
    """The weights of one input channel, in the order in which they lie on the input."""
    taps = {factor.tap: factor.weight for factor in part.factors}
    sizes = [list(dict.fromkeys(tap[axis] for tap in taps)) for axis in range(axes)]
    *leading, columns = sizes
    rows = [(row,) for row in leading.pop()] if leading else [()]
    lines = []
    for before in list(product(*leading))[:MOST_PLANES]:
        texts = [[_short(taps[*before, *row, column]) for column in columns] for row in rows]
        where = f", plane {place_text(before)}" if before else ""
        lines += [f"kernel for channel {part.channel}{where}{how}", *_grid(texts)]
    fits = all(len(line) <= room.width for line in lines if line.startswith("  "))
    return lines if fits else [f"kernel of {len(taps)} taps"]


def _totals(walk: Sum, room: Room) -> list[str]:
    """The products of each channel, the sum over the channels, the bias and the result."""
    lines = []
    for part in walk.parts[: room.channels]:
        shown, rest = part.factors[:MOST_TERMS], part.factors[MOST_TERMS:]
        terms = [_factor(factor.value, factor.weight) for factor in shown]
        if rest:
            lines.append(f"channel {part.channel}: {_rest(rest)}")
            terms.append(number_text(sum(factor.product for factor in rest)))
        lines += _equation(f"channel {part.channel}:", " + ".join(terms), part.sum, room)
    if len(walk.parts) > 1:
        sums = [number_text(part.sum) for part in walk.parts[: room.channels]]
        hidden = walk.parts[room.channels :]
        if hidden:
            others = sum(part.sum for part in hidden)
            told = f"channels {hidden[0].channel} to {hidden[-1].channel}:"
            lines.append(f"{told} {number_text(others)} together")
            sums.append(number_text(others))
        lines += _equation("sum over channels:", " + ".join(sums), walk.total, room)
    if walk.bias is not None:
        biased = f"{number_text(walk.total)} + {number_text(walk.bias)}"
        lines += _equation("with the bias:", biased, walk.result, room)
    return [*lines, f"result: {number_text(walk.result)}"]


def _rest(others: Sequence[object]) -> str:
    return f"the last term is what {len(others):,} more come to"


def _factor(value: Number, weight: Number) -> str:
    return f"{number_text(value)}*{number_text(weight)}"


def _equation(name: str, expression: str, value: Number, room: Room) -> list[str]:
    """A line with its result at the end, folded between terms where it is too long."""
    text = f"{name} {expression} = {number_text(value)}"
    return textwrap.wrap(text, room.width, subsequent_indent="  ", break_long_words=False)


def _transposed(one: WalkedLayer, walk: Sum, room: Room) -> list[str]:
    """Both ways to see it: over the input with zeros put in, and each element spread by itself."""
    layer: Any = one.layer
    values = one.inputs[0]
    axes = spread_axes(layer.windows(values.shape), values.shape[1:], walk.place[1:])
    lines = textwrap.wrap(
        "as a convolution: zeros between the elements of the input, the kernel turned round",
        room.width,
    )
    lines += [*_parts(values, walk, axes, room, ", turned round"), *_totals(walk, room)]
    lines += textwrap.wrap(
        "as spreading: every element times the whole kernel, laid where it belongs; here meet",
        room.width,
    )
    met = [
        (part.channel, factor) for part in walk.parts for factor in part.factors if factor.source
    ]
    for channel, factor in met[: 4 * room.channels]:
        at = place_text((channel, *factor.source)) if factor.source else ""
        product_of = f"{_factor(factor.value, factor.weight)} = {number_text(factor.product)}"
        lines.append(f"  element {at}, tap {place_text(factor.tap)}: {product_of}")
    if len(met) > 4 * room.channels:
        lines.append(f"  and {len(met) - 4 * room.channels} more")
    if not met:
        lines.append("  no element: only the bias, or 0")
    return lines


def _stages(one: WalkedLayer, walk: Stages, room: Room) -> list[str]:
    """Each channel by itself, then the sum over them."""
    values = one.inputs[0]
    staged: Any = one.layer
    conv = next(iter(staged.walk(values.shape)))[1]
    windows = conv.windows(values.shape)
    lines = ["first stage, each channel by itself:"]
    for depthwise in walk.first[: room.channels]:
        axes = window_axes(windows, values.shape[1:], walk.place[1:], conv.padding_mode)
        lines += [f"output {place_text(depthwise.place)} of the first stage"]
        lines += [*_parts(values, depthwise, axes, room), *_totals(depthwise, room)]
    more = len(walk.first) - room.channels
    if more > 0:
        lines.append(f"and {more} more channels in the same way")
    return [*lines, "second stage, the channels mixed:", *_totals(walk.last, room)]


def _pooled(one: WalkedLayer, walk: Pooled, room: Room) -> list[str]:
    values = one.inputs[0]
    layer: Any = one.layer
    lines = []
    if isinstance(one.layer, Adaptive):
        told = [place_text(walk.elements[end].place) for end in (0, -1)]
        lines.append(f"window from {told[0]} to {told[1]} of channel {walk.place[0]}")
    else:
        axes = window_axes(layer.windows(values.shape), values.shape[1:], walk.place[1:])
        lines += _planes(values, walk.place[0], axes, room)
    return [*lines, *_made_of(walk, room), f"result: {number_text(walk.result)}"]


def _made_of(walk: Pooled, room: Room) -> list[str]:
    values = [one.value for one in walk.elements]
    rest = values[MOST_TERMS:]
    more = [_rest(rest)] if rest else []
    shown = [number_text(value) for value in values[:MOST_TERMS]]
    if walk.how == "max":
        shown += [number_text(max(rest))] if rest else []
        return [*more, *_equation("largest:", f"max({', '.join(shown)})", walk.result, room)]
    divisor = number_text(walk.divisor)
    if walk.how == "mean":
        shown += [number_text(sum(rest))] if rest else []
        mean = f"({' + '.join(shown)}) / {divisor}"
        return [*more, *_equation("mean:", mean, walk.result, room)]
    terms = [f"{value}^{divisor}" for value in shown]
    terms += [number_text(sum(value**walk.divisor for value in rest))] if rest else []
    powers = " + ".join(terms)
    if walk.counted != len(walk.elements):
        powers = f"({powers}) * {len(walk.elements)}/{walk.counted}"
    return [*more, *_equation("norm:", f"({powers})^(1/{divisor})", walk.result, room)]


def _joined(one: WalkedLayer, walk: Joined, walked: Sequence[WalkedLayer], room: Room) -> list[str]:
    names = {other.number: other.label for other in walked}
    lines = []
    for branch, (source, at, value) in enumerate(
        zip(one.sources, walk.read, walk.values, strict=True)
    ):
        name = names.get(source, "the input")
        if at is not None and value is not None:
            told = f"at {place_text(at)}: {number_text(value)}"
            lines.append(f"branch {branch} ({name}) {told}")
    values = [number_text(value) for value in walk.values if value is not None]
    sign = {"sum": " + ", "product": " * "}.get(walk.how)
    if sign is not None:
        lines += _equation(f"{walk.how}:", sign.join(values), walk.result, room)
    return [*lines, f"result: {number_text(walk.result)}"]


def _passed(walk: Passed) -> list[str]:
    lines = [] if walk.value is None else [f"arrives: {number_text(walk.value)}"]
    return [*lines, f"result: {number_text(walk.result)}"]


def _output(one: WalkedLayer, room: Room) -> Iterator[str]:
    """The plane of the result that the output is in, where it is small enough to show."""
    shape, place = one.output.shape, one.walk.place
    if len(shape) < 2 or prod(shape[1:]) == 1:
        return
    rows, columns = (1, shape[1]) if len(shape) == 2 else shape[-2:]
    if rows > MOST_ROWS or columns > MOST_COLUMNS:
        return
    flat = len(shape) == 2
    texts = [
        [
            _marked(
                one.output, (*place[: 1 if flat else -2], *([] if flat else [row]), column), place
            )
            for column in range(columns)
        ]
        for row in range(rows)
    ]
    lines = _grid(texts)
    if max(map(len, lines)) <= room.width:
        yield from (f"output channel {place[0]}", *lines)


def _marked(values: Values, at: Place, place: Place) -> str:
    text = _short(values[at])
    return f"[{text}]" if at == place else f" {text} "
