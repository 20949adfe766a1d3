"""The arithmetic of a walk in lines: products, sums, the bias, and what branches come to."""

from __future__ import annotations

import textwrap
from math import exp, inf
from typing import TYPE_CHECKING, NamedTuple

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
from convcalc.explain.walk.functions import put_in
from convcalc.explain.walk.shares import SHARES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.explain.walk.data import Number, Place, Read
    from convcalc.explain.walk.network import WalkedLayer

MOST_CHANNELS = 3
"""Input channels that are shown one by one; what the others add is told in one number."""

MOST_TERMS = 100
"""Terms of a sum that are written out; what the others come to is its last term."""


MOST_ROWS = 12
"""Rows of a grid."""


class Room(NamedTuple):
    """How much may be shown: columns of text, input channels one by one, and rows of a grid."""

    width: int
    channels: int = MOST_CHANNELS
    rows: int = MOST_ROWS


def place_text(place: Place) -> str:
    """A place as it is typed: 0,2,3."""
    return ",".join(map(str, place))


def short_number(value: Number) -> str:
    """A number of a grid: whole ones with all digits, others with five."""
    return str(value) if isinstance(value, int) else f"{value + 0:.5g}"


def totals_lines(walk: Sum, room: Room) -> list[str]:
    """The products of each channel, the sum over the channels, the bias and the result."""
    lines = []
    for part in walk.parts[: room.channels]:
        name = f"channel {part.channel}" if len(walk.place) > 1 else "features"
        shown, rest = part.factors[:MOST_TERMS], part.factors[MOST_TERMS:]
        terms = [factor_text(factor.value, factor.weight) for factor in shown]
        if rest:
            lines.append(f"{name}: {_rest(rest)}")
            terms.append(number_text(sum(factor.product for factor in rest)))
        lines += _equation(f"{name}:", " + ".join(terms), part.sum, room)
    if len(walk.parts) > 1:
        sums = [number_text(part.sum) for part in walk.parts[: room.channels]]
        hidden = walk.parts[room.channels :]
        if hidden:
            others = sum(part.sum for part in hidden)
            told = f"channels {hidden[0].channel} to {hidden[-1].channel} together"
            if len(hidden) == 1:
                told = f"channel {hidden[0].channel}"
            lines.append(f"{told}: {number_text(others)}")
            sums.append(number_text(others))
        lines += _equation("sum over channels:", " + ".join(sums), walk.total, room)
    if walk.bias is not None:
        biased = f"{number_text(walk.total)} + {number_text(walk.bias)}"
        lines += _equation("with the bias:", biased, walk.result, room)
    return [*lines, f"result: {number_text(walk.result)}"]


def _rest(others: Sequence[object]) -> str:
    return f"the last term is what {len(others):,} more come to"


def factor_text(value: Number, weight: Number) -> str:
    """A product: 4*-1."""
    return f"{number_text(value)}*{number_text(weight)}"


def _equation(name: str, expression: str, value: Number, room: Room) -> list[str]:
    """A line with its result at the end, folded between terms where it is too long."""
    text = f"{name} {expression} = {number_text(value)}"
    return textwrap.wrap(text, room.width, subsequent_indent="  ", break_long_words=False)


def made_of_lines(walk: Pooled, room: Room) -> list[str]:
    """The elements of a window, and what they come to."""
    return [*_pooling_lines(walk, room), f"result: {number_text(walk.result)}"]


def _counted(walk: Pooled) -> list[Read]:
    """The elements of a window; of a mean as many as it is divided by, without the last padding."""
    found = list(walk.elements)
    if walk.how == "mean":
        surplus = max(0, len(found) - int(walk.divisor))
        outside = [place for place, one in enumerate(found) if one.source is None]
        for place in outside[::-1][:surplus]:
            del found[place]
    return found


def _pooling_lines(walk: Pooled, room: Room) -> list[str]:
    values = [one.value for one in _counted(walk)]
    rest = values[MOST_TERMS:]
    more = [_rest(rest)] if rest else []
    shown = [number_text(value) for value in values[:MOST_TERMS]]
    if walk.how == "max" and not values:
        return ["the window lies on padding alone, which is below every value"]
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


def joined_lines(
    one: WalkedLayer, walk: Joined, walked: Sequence[WalkedLayer], room: Room
) -> list[str]:
    """The value of each branch, and what they come to."""
    names = {other.number: f"{other.label} {other.layer.kind}" for other in walked}
    lines = []
    for branch, (source, at, value) in enumerate(
        zip(one.sources, walk.read, walk.values, strict=True)
    ):
        name = names.get(source, "the input")
        told = "is not read here"
        if at is not None and value is not None:
            told = f"at {place_text(at)}: {number_text(value)}"
        lines.append(f"branch {branch} ({name}) {told}")
    values = [number_text(value) for value in walk.values if value is not None]
    sign = {"sum": " + ", "product": " * "}.get(walk.how)
    if sign is not None:
        lines += _equation(f"{walk.how}:", sign.join(values), walk.result, room)
    return [*lines, f"result: {number_text(walk.result)}"]


def element_lines(walk: Mapped | Copied | Shared | Passed, room: Room) -> list[str]:
    """What came of the one element that is read, where there is one."""
    match walk:
        case Mapped():
            return _mapped_lines(walk, room)
        case Shared():
            return _shared_lines(walk, room)
        case Copied():
            return _copied_lines(walk)
        case Passed():
            return _passed_lines(walk, room)


def _mapped_lines(walk: Mapped, room: Room) -> list[str]:
    """What arrives, the function in letters and with the number put in, and the result."""
    case = f", {walk.case}" if walk.case else ""
    lines = [f"arrives: {number_text(walk.value)}", f"formula{case}: {walk.formula}"]
    if walk.formula != "x":
        lines += _equation("function:", walk.expression, walk.result, room)
    return [*lines, f"result: {number_text(walk.result)}"]


def _shared_lines(walk: Shared, room: Room) -> list[str]:
    """What arrives, the formula, and all elements put into it; the rest of many in one term."""
    formula, text, term = SHARES[walk.how]
    values = [one.value for one in walk.elements]
    terms = [put_in(term, {"x": value}) for value in values[:MOST_TERMS]]
    rest = values[MOST_TERMS:]
    if rest:
        terms.append(number_text(sum(_power(value, walk.how) for value in rest)))
    told = put_in(text, {"x": walk.value}).replace("{sum}", " + ".join(terms))
    return [
        *([_rest(rest)] if rest else []),
        f"arrives: {number_text(walk.value)}",
        f"formula: {formula}",
        *_equation("function:", told, walk.result, room),
        f"result: {number_text(walk.result)}",
    ]


def _power(value: Number, how: str) -> float:
    """exp(value), of softmin exp(-value); infinite where no float holds it."""
    try:
        return exp(-value if how == "softmin" else value)
    except OverflowError:
        return inf


def _copied_lines(walk: Copied) -> list[str]:
    """Which element stands at the place of the output, or that it is added, and the result."""
    told = "added by the padding"
    if walk.source is not None:
        told = f"the element at {place_text(walk.source)} of the input"
    return [told, f"result: {number_text(walk.result)}"]


def _passed_lines(walk: Passed, room: Room) -> list[str]:
    """What arrives, where it is one number, how the result comes of it, and the result."""
    lines = [] if walk.value is None else [f"arrives: {number_text(walk.value)}"]
    for step in walk.steps:
        if step.expression:
            lines += _equation(f"{step.name}:", step.expression, step.value, room)
        else:
            lines.append(f"{step.name}: {number_text(step.value)}")
    return [*lines, f"result: {number_text(walk.result)}"]


def _between_lines(walk: Stages, room: Room) -> list[str]:
    """What the biases of the first stage make of the sums of its channels."""
    return [
        f"first stage, channel {own.place[0]}: {number_text(own.total)} + "
        f"{number_text(own.bias)} = {number_text(own.result)}"
        for own in walk.first[: room.channels]
        if own.bias is not None
    ]


def sum_lines(one: WalkedLayer, walked: Sequence[WalkedLayer], room: Room) -> list[str]:
    """The arithmetic of a layer's output; of two stages the last, and the biases before it."""
    match one.walk:
        case Sum():
            return totals_lines(one.walk, room)
        case Stages():
            return [*_between_lines(one.walk, room), *totals_lines(one.walk.last, room)]
        case Pooled():
            return made_of_lines(one.walk, room)
        case Joined():
            return joined_lines(one, one.walk, walked, room)
        case _:
            return element_lines(one.walk, room)
