"""Where the size, stride and start of a receptive field come from, one axis at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from convcalc.explain.equation import Equation, Rule, Said, number
from convcalc.explain.windows import extent

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from convcalc.receptive import Field
    from convcalc.window import Window

RULES = (
    Rule("size", "size before + (e - 1) * stride before"),
    Rule("effective stride", "stride before * s"),
    Rule("start", "start before - pb * stride before"),
)

MOST_PHASES = 6
"""Outputs that see different sizes, and are listed."""


class Passed(NamedTuple):
    """One axis before and after a layer.

    Attributes:
        axis: What it is called.
        before: The fields of the axis that each input brings.
        after: The field behind the layer.
        window: The window that it goes through, if there is one.
    """

    axis: str
    before: Sequence[Field]
    after: Field
    window: Window | None


def field_equations(passed: Passed) -> list[Equation]:
    """Where the three numbers of one axis come from."""
    after = passed.after
    said = _kept(passed) or _slid(passed) or _looked_up(after)
    values = (after.size, _whole(after.effective_stride), _whole(after.start))
    names = ("size", "stride", "start")
    return [
        Equation(name, passed.axis, value, own)
        for name, value, own in zip(names, values, said, strict=True)
    ]


def _whole(value: Fraction) -> int | Fraction:
    return value.numerator if value.denominator == 1 else value


def _kept(passed: Passed) -> tuple[Said, ...] | None:
    """Nothing to say where a layer changes nothing that it reads."""
    first = passed.before[0] if passed.before else None
    if first is None or any(field != first for field in passed.before):
        return None
    same = (first.size, first.effective_stride, first.start)
    after = passed.after
    if same != (after.size, after.effective_stride, after.start):
        return None
    seen = "as it arrives" + ("; the whole axis is seen" if after.whole and not first.whole else "")
    return (Said("", seen), Said("", "as it arrives"), Said("", "as it arrives"))


def _slid(passed: Passed) -> tuple[Said, ...] | None:
    """The relations of a sliding window, where each output before it sees alike."""
    window = passed.window
    if window is None or len(passed.before) != 1:
        return None
    (field,) = passed.before
    if field.longest is not None or field.phases is None or len(field.phases) > 1:
        return None
    stride = number(field.effective_stride)
    size = f"{field.size} + ({extent(window)} - 1) * {stride}"
    start = f"{number(field.start)} - {number(window.before)} * {stride}"
    return Said(size), Said(f"{stride} * {window.stride}"), Said(start)


def _looked_up(after: Field) -> tuple[Said, ...]:
    """What the outputs see one by one: of several that differ, the most and the first."""
    stride = Said("", "input elements from one output to the next")
    if not after.aligned:
        apart = "the union of branches that drift apart"
        return (Said("", apart), Said("", "that of the first branch"), Said("", apart))
    if after.phases is None:
        size = f"floor({number(after.end)} - {number(after.start)}) + 1"
        return (Said(size, "the last element less the first"), stride, Said("", "followed alone"))
    whole = "the whole axis is seen" if after.whole else ""
    if not any(after.phases):
        return (Said("", "nothing is seen"), stride, Said("", "nothing is seen"))
    return _of_phases(after, whole), stride, _first_of(after)


def _of_phases(after: Field, whole: str) -> Said:
    """The sizes of what outputs see in turn, the largest of which counts."""
    spans = [runs[-1][1] - runs[0][0] + 1 if runs else 0 for runs in after.phases or ()]
    if len(spans) == 1:
        ((first, last),) = [(runs[0][0], runs[-1][1]) for runs in after.phases or ()]
        return Said(f"{last} - {number(first)} + 1", whole or "the last element less the first")
    different = sorted(set(spans))
    shown = different if len(different) <= MOST_PHASES else [different[0], different[-1]]
    if len(shown) == 1:
        return Said("", whole or "alike for all outputs")
    return Said(f"max({', '.join(map(str, shown))})", whole or "outputs see these in turn")


def _first_of(after: Field) -> Said:
    """The output that looks furthest back, measured from where the stride would put it."""
    stride = after.effective_stride
    phases = enumerate(after.phases or ())
    starts = [(runs[0][0] - place * stride, place, runs[0][0]) for place, runs in phases if runs]
    _, place, first = min(starts)
    if not place:
        return Said("", "the first element that output 0 sees")
    expression = f"{number(first)} - {place} * {number(stride)}"
    return Said(expression, f"output {place} looks furthest back")
