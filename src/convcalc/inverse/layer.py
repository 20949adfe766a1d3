"""The layer that makes a wanted output of an input: every one within ranges, the usual first."""

from __future__ import annotations

from itertools import islice, product
from math import prod
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from convcalc.errors import UsageError
from convcalc.inverse.axis import Ranges, Search
from convcalc.inverse.conventional import order, reason
from convcalc.layers import AvgPool, Conv, ConvTranspose, Depthwise, LPPool, MaxPool
from convcalc.layers.base import format_shape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.inverse.axis import Family, Setting
    from convcalc.layers import Layer, Shape
    from convcalc.layers.parameters import Padding

T = TypeVar("T")

FAMILIES: dict[str, Family] = {
    "conv": "conv",
    "dw": "conv",
    "convt": "convt",
    "maxpool": "pool",
    "avgpool": "pool",
    "lppool": "pool",
}
"""The kinds of layers that are looked for."""

MOST_SOLUTIONS = 200_000
"""Layers that one search may find."""

MOST_NEAREST = 5


class Solution(NamedTuple):
    """A layer within the ranges.

    Attributes:
        layer: The layer.
        output: What it gives, (channels, *sizes).
        why: What is usual about it.
        unused: Elements of each spatial axis of the input that no output depends on.
    """

    layer: Layer
    output: Shape
    why: str
    unused: tuple[int, ...]


class Solved(NamedTuple):
    """What a search for a layer came to.

    Attributes:
        solutions: Every layer within the ranges that gives the output, the usual ones first.
        nearest: Where there is none, the layers that come nearest.
        why_none: Where there is none, why.
        looked: The kernels that were tried on each axis.
        alike: Whether all axes of each layer are alike; otherwise each axis has its own numbers.
    """

    solutions: tuple[Solution, ...]
    nearest: tuple[Solution, ...]
    why_none: str
    looked: tuple[tuple[int, ...], ...]
    alike: bool


class _Axis:
    """The settings of one axis, sorted, found once for axes that are alike."""

    def __init__(self, family: Family, size: int, wanted: int, ranges: Ranges) -> None:
        self.search = Search(family, size, wanted, ranges)
        found = list(islice(self.search.settings(), MOST_SOLUTIONS + 1))
        if len(found) > MOST_SOLUTIONS:
            raise UsageError(
                f"more than {MOST_SOLUTIONS:,} layers give that; narrow the ranges, as -k 3 -s 1,2"
            )
        self.found = sorted(found, key=lambda setting: order(setting, family, size))


def solve_layer(
    kind: str,
    input_shape: Shape,
    output_shape: Shape,
    ranges: Sequence[Ranges],
    unused: int | None = None,
) -> Solved:
    """Every layer of a kind within ranges that makes an output of an input.

    Axes that are asked for the same have the same numbers. Where no layer whose axes are all alike
    gives the output, layers with numbers of their own for each axis are looked for.

    Args:
        kind: A name in `FAMILIES`.
        input_shape: (channels, *sizes) of one sample.
        output_shape: The wanted one.
        ranges: What the parameters may be, for each spatial axis.
        unused: Only layers that leave at most so many elements of each axis unused; None is all.

    Raises:
        UsageError: the shapes have different axes, the channels do not go with the kind, or there
            are too many candidates.
    """
    _check(kind, input_shape, output_shape)
    family = FAMILIES[kind]
    axes: dict[tuple[int, int, int], _Axis] = {}
    own = []
    for size, wanted, one in zip(input_shape[1:], output_shape[1:], ranges, strict=True):
        key = (size, wanted, id(one))
        if key not in axes:
            axes[key] = _Axis(family, size, wanted, one)
        own.append(axes[key])
    found = _common(list(axes.values()))
    alike = bool(found) or len(axes) == 1
    whole = [(setting,) * len(own) for setting in found] if alike else _products(own)
    made = [_solution(kind, input_shape, output_shape[0], settings) for settings in whole]
    kept = tuple(one for one in made if unused is None or max(one.unused) <= unused)
    looked = tuple(tuple(axis.search.kernels) for axis in own)
    if kept:
        return Solved(kept, (), "", looked, alike)
    if made:
        least = min(max(one.unused) for one in made)
        why = f"every layer that gives it leaves {least} or more elements of an axis unused"
        return Solved((), (), why, looked, alike)
    failing = next(axis for axis in own if not axis.found)
    nearest = _nearest(kind, input_shape, output_shape, own)
    return Solved((), nearest, why_none(failing.search), looked, alike)


def _common(axes: Sequence[_Axis]) -> list[Setting]:
    """The settings that every one of some axes has, in the order of the first."""
    others = [set(axis.found) for axis in axes[1:]]
    return [setting for setting in axes[0].found if all(setting in one for one in others)]


def _check(kind: str, input_shape: Shape, output_shape: Shape) -> None:
    """Refuses shapes that no layer of the kind has.

    Raises:
        UsageError: they are such.
    """
    if len(input_shape) < 2:
        raise UsageError(
            "a layer is solved for its spatial sizes, and there are none: give channels and sizes, "
            f"as 3x224x224; got {format_shape(input_shape)}"
        )
    if len(input_shape) != len(output_shape):
        raise UsageError(
            f"the output needs as many axes as the input: {format_shape(input_shape)} has "
            f"{len(input_shape)}, {format_shape(output_shape)} has {len(output_shape)}"
        )
    channels, wanted = input_shape[0], output_shape[0]
    if FAMILIES[kind] == "pool" and channels != wanted:
        raise UsageError(f"{kind} keeps its {channels} channels; the wanted output has {wanted}")
    if kind == "dw" and wanted % channels:
        raise UsageError(
            f"dw gives a multiple of its {channels} channels; the wanted output has {wanted}"
        )


def _products(own: Sequence[_Axis]) -> list[tuple[Setting, ...]]:
    """Every setting of one axis with every one of the others, one kernel for all first.

    In ceil mode a pooling rounds up on all axes or on none.
    """
    count = prod(len(axis.found) for axis in own)
    if count > MOST_SOLUTIONS:
        raise UsageError(
            f"{count:,} layers with numbers for each axis give that; narrow the ranges, as "
            f"-k 3 -s 1,2"
        )
    places = [{setting: place for place, setting in enumerate(axis.found)} for axis in own]
    whole = [
        settings
        for settings in product(*(axis.found for axis in own))
        if len({setting.ceil for setting in settings}) == 1
    ]
    return sorted(
        whole,
        key=lambda settings: (
            len({(one.kernel, one.dilation) for one in settings}),
            sum(place[one] for place, one in zip(places, settings, strict=True)),
        ),
    )


def _solution(
    kind: str, input_shape: Shape, channels: int, settings: Sequence[Setting]
) -> Solution:
    family, sizes = FAMILIES[kind], input_shape[1:]
    pairs = list(zip(settings, sizes, strict=True))
    reasons = dict.fromkeys(reason(setting, family, size).text for setting, size in pairs)
    output = tuple(setting.out_size(family, size) for setting, size in pairs)
    known: dict[tuple[Setting, int], int] = {}
    for setting, size in pairs:
        if (setting, size) not in known:
            known[setting, size] = setting.unused(family, size)
    return Solution(
        layer_of(kind, input_shape[0], channels, settings),
        (channels, *output),
        "; ".join(reasons),
        tuple(known[pair] for pair in pairs),
    )


def layer_of(kind: str, arriving: int, leaving: int, settings: Sequence[Setting]) -> Layer:
    """The layer of a kind whose axes have these settings.

    Args:
        kind: A name in `FAMILIES`.
        arriving: Channels of its input.
        leaving: Channels of its output.
        settings: One for each spatial axis.
    """
    kernel, stride, dilation, extra = (
        _alike([getattr(one, name) for one in settings])
        for name in ("kernel", "stride", "dilation", "extra")
    )
    ends = [(one.before, one.after) for one in settings]
    padding: Padding = tuple(ends)
    if len(set(ends)) == 1:
        before, after = ends[0]
        padding = before if before == after else (ends[0],)
    if kind == "conv":
        return Conv(leaving, kernel, stride, padding, dilation)
    if kind == "dw":
        return Depthwise(kernel, stride, padding, dilation, leaving // arriving)
    if kind == "convt":
        return ConvTranspose(leaving, kernel, stride, padding, dilation, output_padding=extra)
    step = None if stride == kernel else stride
    ceil = settings[0].ceil
    if kind == "maxpool":
        return MaxPool(kernel, step, padding, ceil, dilation)
    return {"avgpool": AvgPool, "lppool": LPPool}[kind](kernel, step, padding, ceil)


def _alike(values: Sequence[T]) -> T | tuple[T, ...]:
    """One value where all axes agree, else one for each."""
    return values[0] if len(set(values)) == 1 else tuple(values)


def _nearest(
    kind: str, input_shape: Shape, output_shape: Shape, own: Sequence[_Axis]
) -> tuple[Solution, ...]:
    """The layers whose output comes nearest, one for each output; all axes alike."""
    family, sizes, wanted = FAMILIES[kind], input_shape[1:], output_shape[1:]
    best: dict[Shape, tuple[tuple[int, tuple[object, ...]], Setting]] = {}
    for setting in own[0].search.candidates():
        output = tuple(setting.out_size(family, size) for size in sizes)
        if min(output) < 1:
            continue
        far = max(abs(one - other) for one, other in zip(output, wanted, strict=True))
        key = (far, order(setting, family, sizes[0]))
        if output not in best or key < best[output][0]:
            best[output] = (key, setting)
    nearest = sorted(best.values())[:MOST_NEAREST]
    return tuple(
        _solution(kind, input_shape, output_shape[0], (setting,) * len(own))
        for _, setting in nearest
    )


def why_none(search: Search) -> str:
    """Why no setting within the ranges gives the wanted size of an axis."""
    spans: dict[int, tuple[int, int]] = {}
    for setting in search.candidates():
        out = setting.out_size(search.family, search.size)
        if out > 0:
            low, high = spans.get(setting.stride, (out, out))
            spans[setting.stride] = (min(low, out), max(high, out))
    if not spans:
        return f"no kernel of these fits on {search.size} elements; more padding would help"
    wanted = search.wanted
    smallest = min(low for low, _ in spans.values())
    largest = max(high for _, high in spans.values())
    if wanted > largest:
        hint = ""
        if search.family != "convt" and wanted > search.size:
            hint = "; a transposed convolution enlarges: --kind convt"
        return f"{search.size} elements give at most {largest}, not {wanted}{hint}"
    if wanted < smallest:
        return f"{search.size} elements give at least {smallest}, not {wanted}"
    above = max((stride for stride, (low, _) in spans.items() if low > wanted), default=None)
    below = min((stride for stride, (_, high) in spans.items() if high < wanted), default=None)
    if search.family == "convt":
        above, below = (
            min((stride for stride, (low, _) in spans.items() if low > wanted), default=None),
            max((stride for stride, (_, high) in spans.items() if high < wanted), default=None),
        )
    told = [
        f"stride {stride} gives {_span(*spans[stride])}"
        for stride in (above, below)
        if stride is not None
    ]
    if len(told) < 2:
        return f"no layer within these ranges makes {wanted} of {search.size}"
    return f"no stride makes {wanted} of {search.size}: {', '.join(told)}"


def _span(low: int, high: int) -> str:
    return str(low) if low == high else f"{low} to {high}"
