"""Rows of one layer whose parameters have choices, quickly: window arithmetic without objects.

A layer object checks every parameter and answers any question, which takes some 100 microseconds
with a report around it. Here each value is checked once, by the rule of its parameter; what depends
on geometry alone (kernel, stride, padding, dilation) is worked out once for each geometry; and only
the products with channels are left for each row. Tests hold the rows against reports.
"""

from __future__ import annotations

from fractions import Fraction
from math import gcd, prod
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from convcalc.errors import LayerError, SpecError
from convcalc.inverse.values import is_figure
from convcalc.language import Call, read_tree
from convcalc.language.bind import named_value
from convcalc.layers import KINDS
from convcalc.layers.base import format_shape
from convcalc.layers.parameters import LARGEST
from convcalc.layers.placing import placed_windows, spread
from convcalc.window import Window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from convcalc.inverse.grid import Template
    from convcalc.inverse.values import Figure
    from convcalc.layers import Shape

T = TypeVar("T")

MOST_GEOMETRIES = 100_000
"""Geometries that are remembered."""

FIGURES = (
    *("input", "output", "channels", "out", "params", "macs", "flops", "activations"),
    *("field", "stride", "unused"),
)
"""What a row has behind its text and its choices, in this order."""

PARAMETERS = {
    "conv": (*("out_channels", "kernel_size", "stride", "padding", "dilation", "groups", "bias"),),
    "dw": ("multiplier", "kernel_size", "stride", "padding", "dilation", "bias"),
    "convt": (
        *("out_channels", "kernel_size", "stride", "padding", "dilation", "groups", "bias"),
        "output_padding",
    ),
    "maxpool": ("kernel_size", "stride", "padding", "dilation", "ceil_mode"),
    "avgpool": ("kernel_size", "stride", "padding", "ceil_mode"),
}
"""The kinds that have a quick way, and the parameters that it knows; others have none."""

GEOMETRY = {
    "kernel_size": None,
    "stride": None,
    "padding": 0,
    "dilation": 1,
    "output_padding": 0,
    "ceil_mode": False,
}
"""The parameters that windows come from, and what they are for kinds that have none of them."""

POOLINGS = ("maxpool", "avgpool")
"""Kinds whose padding is at most half the kernel."""


class Geometry(NamedTuple):
    """What the windows of a layer come to, whatever its channels.

    Attributes:
        out: The output size, if it is the same on every axis; else all of them.
        positions: Output positions.
        taps: Taps of one kernel.
        field: The receptive field: of each axis where they differ.
        stride: The effective stride likewise.
        unused: The most elements of an axis that no window reaches at its end.
        text: The sizes as text: x56x56.
    """

    out: int | tuple[int, ...]
    positions: int
    taps: int
    field: int | tuple[int, ...]
    stride: Fraction | int | tuple[Fraction | int, ...]
    unused: int
    text: str


class LayerRows:
    """The rows of one layer with choices, on inputs of one shape."""

    def __init__(self, kind: str, names: Sequence[str], constants: dict[str, object]) -> None:
        self._kind = kind
        self._names = tuple(names)
        self._constants = constants
        self._slots = [
            (self._names.index(name), None)
            if name in self._names
            else (-1, constants.get(name, usual))
            for name, usual in GEOMETRY.items()
        ]
        self._free = [(name, place) for place, name in enumerate(names) if name not in GEOMETRY]

    def rows(
        self, shape: Shape, chosen: Iterator[tuple[Figure, ...]]
    ) -> Iterator[tuple[Figure, ...] | None]:
        """The figures of each combination of values; None where the layer does not fit.

        Args:
            shape: (channels, *sizes) of the input.
            chosen: The values of the parameters that have choices, in the order of their names.
        """
        own, slots, free = dict(self._constants), self._slots, self._free
        count, kind = _COUNTS[self._kind], self._kind
        channels, inside, text = shape[0], prod(shape), format_shape(shape)
        square = len(set(shape[1:])) == 1
        known: dict[tuple[object, ...], Geometry | None] = {}
        for values in chosen:
            key = tuple([values[place] if place >= 0 else one for place, one in slots])
            if key not in known:
                if len(known) >= MOST_GEOMETRIES:
                    known.clear()
                alike = square and all(map(_is_whole, (key[0], key[1] or 1, *key[2:5])))
                known[key] = _geometry(kind, shape, key, alike=alike)
            geometry = known[key]
            if geometry is None:
                yield None
                continue
            for name, place in free:
                own[name] = values[place]
            counted = count(own, channels, inside, geometry)
            if counted is None:
                yield None
                continue
            leaving, params, macs = counted
            yield (
                text,
                f"{leaving}{geometry.text}",
                leaving,
                geometry.out,
                params,
                macs,
                2 * macs,
                leaving * geometry.positions,
                geometry.field,
                geometry.stride,
                geometry.unused,
            )


def _is_whole(value: object) -> bool:
    return type(value) is int


def _geometry(kind: str, shape: Shape, values: tuple[Any, ...], *, alike: bool) -> Geometry | None:
    """What windows come to on an input; None where they do not fit.

    Args:
        kind: The kind of the layer.
        shape: The input.
        values: Those of `GEOMETRY`.
        alike: Whether all axes are, and all values but the last whole numbers.
    """
    if not alike:
        try:
            return _geometry_of_axes(kind, shape, values)
        except LayerError:
            return None
    kernel, stride, padding, dilation, extra, ceil = values
    stride = stride or kernel  # a pooling's own
    if padding > kernel // 2 and kind in POOLINGS:
        return None
    axes = len(shape) - 1
    window = Window(kernel, stride, padding, padding, dilation)
    answer = _backward if kind == "convt" else _forward
    found = answer(window.ceiled(shape[1]) if ceil else window, shape[1], extra)
    if found is None:
        return None
    out, field, step, dropped = found
    return Geometry(out, out**axes, kernel**axes, field, step, dropped, f"x{out}" * axes)


def _geometry_of_axes(kind: str, shape: Shape, values: tuple[Any, ...]) -> Geometry | None:
    """What windows come to where axes have numbers of their own, or padding has a word.

    Raises:
        ParameterError: a value has another number of axes.
    """
    axes = len(shape) - 1
    kernel, stride, padding, dilation, extra, ceil = values
    each = [
        spread(name, value, axes)
        for name, value in (
            ("kernel_size", kernel),
            ("stride", kernel if stride is None else stride),
            ("dilation", dilation),
            ("output_padding", extra),
        )
    ]
    if padding == "same" and max(each[1]) > 1:
        return None
    windows = placed_windows(padding, list(zip(*each[:3], strict=True)), shape)
    bounded = kind in POOLINGS and not isinstance(padding, str)
    if bounded and any(max(w.before, w.after) > w.kernel // 2 for w in windows):
        return None
    answer = _backward if kind == "convt" else _forward
    found = [
        answer(window.ceiled(size) if ceil else window, size, more)
        for window, size, more in zip(windows, shape[1:], each[3], strict=True)
    ]
    fitting = [one for one in found if one is not None]
    if len(fitting) < axes:
        return None
    sizes, fields, steps, drops = (tuple(column) for column in zip(*fitting, strict=True))
    return Geometry(
        _alike(sizes),
        prod(sizes),
        prod(each[0]),
        _alike(fields),
        _alike(steps),
        max(drops),
        "".join(f"x{size}" for size in sizes),
    )


def _forward(window: Window, size: int, _more: int) -> tuple[int, int, int, int] | None:
    """Output size, field, effective stride and unread elements of one axis; None if none fits."""
    out = window.out_size(size)
    if not 0 < out <= LARGEST:
        return None
    dropped = window.dropped_input(size) if window.stride > 1 else 0
    return out, window.extent, window.stride, dropped


def _backward(window: Window, size: int, more: int) -> tuple[int, int, Fraction | int, int] | None:
    """Output size, field, effective stride and unread elements of a transposed convolution.

    Output u reads element (u + pb - d*t) / s for each tap t that makes it whole. With g = gcd(s, d)
    such taps lie s/g apart and their elements d/g apart; at most ceil(k*g / s) taps are among them,
    so that the field is (ceil(k*g / s) - 1)*d/g + 1.

    Source: derived, from the relation of `Field.through_transposed`.
    """
    if more >= max(window.stride, window.dilation):
        return None
    out = window.transposed_size(size, more)
    if not 0 < out <= LARGEST:
        return None
    common = gcd(window.stride, window.dilation)
    taps = -(-window.kernel * common // window.stride)
    field = (taps - 1) * window.dilation // common + 1
    return out, field, 1 if window.stride == 1 else Fraction(1, window.stride), 0


def _alike(values: Sequence[T]) -> T | tuple[T, ...]:
    return values[0] if len(set(values)) == 1 else tuple(values)


def _conv(
    own: dict[str, Any], channels: int, _inside: int, geometry: Geometry
) -> tuple[int, int, int] | None:
    """Channels, parameters and multiply-accumulates of a convolution, as `Conv` has them."""
    leaving, groups = own["out_channels"], own["groups"]
    if channels % groups or leaving % groups:
        return None
    weights = leaving * (channels // groups) * geometry.taps
    return leaving, weights + leaving * own["bias"], weights * geometry.positions


def _depthwise(
    own: dict[str, Any], channels: int, _inside: int, geometry: Geometry
) -> tuple[int, int, int]:
    """Channels, parameters and multiply-accumulates of one kernel for each output channel."""
    leaving = channels * own["multiplier"]
    weights = leaving * geometry.taps
    return leaving, weights + leaving * own["bias"], weights * geometry.positions


def _transposed(
    own: dict[str, Any], channels: int, inside: int, geometry: Geometry
) -> tuple[int, int, int] | None:
    """Channels, parameters and products of a layer that multiplies at input positions."""
    leaving, groups = own["out_channels"], own["groups"]
    if channels % groups or leaving % groups:
        return None
    each = leaving // groups * geometry.taps
    return leaving, channels * each + leaving * own["bias"], inside * each


def _pooling(
    _own: dict[str, Any], channels: int, _inside: int, _geometry: Geometry
) -> tuple[int, int, int]:
    """Channels, parameters and products of a pooling, which multiplies nothing."""
    return channels, 0, 0


_COUNTS: dict[str, Callable[[dict[str, Any], int, int, Geometry], tuple[int, int, int] | None]] = {
    "conv": _conv,
    "dw": _depthwise,
    "convt": _transposed,
    "maxpool": _pooling,
    "avgpool": _pooling,
}


def layer_rows(template: Template) -> tuple[LayerRows, list[Sequence[Figure]]] | None:
    """The quick way for a template of one layer, and the values of its choices, checked.

    Returns:
        None where there is no quick way: it is several layers, of another kind, or has a parameter
        that only the layer itself knows. Values that are impossible by themselves are told by the
        ordinary way, too.
    """
    whole = template.text([choice.values[0] for choice in template.choices])
    if any(sign in whole for sign in " \t\n{}()$@|"):
        return None
    kind, _, _ = whole.partition(":")
    if kind not in PARAMETERS:
        return None
    try:
        return _read(kind, template)
    except (ValueError, SpecError):
        return None


def _read(kind: str, template: Template) -> tuple[LayerRows, list[Sequence[Figure]]] | None:
    """Reads a template of a kind that has a quick way, as `layer_rows` does.

    Raises:
        ValueError: a value is impossible.
    """
    constants: dict[str, object] = {}
    names: list[str] = []
    values: list[Sequence[Figure]] = []
    hole = "\0"
    whole = template.text([hole] * len(template.choices))
    choices = iter(template.choices)
    for index, argument in enumerate(whole.partition(":")[2].split(",")):
        if argument.count(hole) > 1 or (hole in argument and not argument.endswith(hole)):
            return None
        if hole not in argument:
            name, value = _value(kind, argument, first=index == 0)
            constants[name] = value
            continue
        choice = next(choices)
        found = [
            _value(kind, argument.replace(hole, str(one)), first=index == 0)
            for one in _few(choice.values)
        ]
        if len({name for name, _ in found}) > 1:
            return None
        names.append(found[0][0])
        long = isinstance(choice.values, range) and all(
            value == one for (_, value), one in zip(found, _few(choice.values), strict=True)
        )
        if not long and len(found) < len(choice.values):
            return None
        values.append(choice.values if long else [value for _, value in found])
    taken = [*names, *constants]
    if len(set(taken)) < len(taken) or set(taken) - set(PARAMETERS[kind]):
        return None
    paddings = values[names.index("padding")] if "padding" in names else [constants.get("padding")]
    if kind == "convt" and any(isinstance(padding, str) for padding in paddings):
        return None  # how a word crops only the layer knows
    for name, field in KINDS[kind].__dataclass_fields__.items():
        if name in PARAMETERS[kind] and name not in taken:
            constants[name] = field.metadata["rule"].normalise(name, field.default)
    return LayerRows(kind, names, constants), values


def _few(values: Sequence[T]) -> Sequence[T]:
    """The values to check: of a range both ends, which bound all others."""
    ends = values[0], values[-1]
    return ends if isinstance(values, range) else values


def _value(kind: str, argument: str, *, first: bool) -> tuple[str, Figure]:
    """The parameter that an argument sets, and what it sets it to."""
    items, problems = read_tree(f"{kind}:{argument}")
    if problems or len(items) != 1 or not isinstance(items[0], Call):
        raise ValueError("no argument of a layer")
    name, value = named_value(kind, items[0].arguments[0], first=first)
    if not is_figure(value):
        raise ValueError("a value that no row holds")
    return name, value
