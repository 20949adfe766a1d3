"""Outputs of convolutions, plain and transposed, and of matrices: each a sum of products."""

from __future__ import annotations

from itertools import product
from math import prod
from typing import TYPE_CHECKING

from convcalc.borders import element_at
from convcalc.explain.walk.data import Factor, Part, Stages, Sum
from convcalc.layers.upsample import linear_places

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcalc.explain.walk.data import Number, Place, Values
    from convcalc.layers import Shape
    from convcalc.layers.conv import Conv
    from convcalc.layers.convt import ConvTranspose
    from convcalc.layers.linear import Linear
    from convcalc.layers.stages import Staged
    from convcalc.layers.upsample import Upsample


def conv_sum(layer: Conv, values: Values, weights: Mapping[str, Values], place: Place) -> Sum:
    """An output of a convolution: tap t of output u lies on the padded element u*s - pb + t*d."""
    out, *position = place
    depth = values.shape[0] // layer.groups
    first = out // (layer.out_channels // layer.groups) * depth
    windows = layer.windows(values.shape)
    taps = list(product(*(range(window.kernel) for window in windows)))
    parts = []
    for channel in range(depth):
        factors = []
        for tap in taps:
            axes = zip(position, tap, windows, strict=True)
            at = tuple(u * w.stride - w.before + t * w.dilation for u, t, w in axes)
            source = _source(at, values.shape[1:], layer.padding_mode)
            value = _value(values, first + channel, source)
            weight = weights["weight"][out, channel, *tap]
            factors.append(Factor(tap, at, source, value, weight))
        parts.append(Part(first + channel, tuple(factors)))
    return Sum(place, tuple(parts), _bias(weights, out))


def transposed_sum(
    layer: ConvTranspose, values: Values, weights: Mapping[str, Values], place: Place
) -> Sum:
    """An output of a transposed convolution, seen as one over the input with zeros put in.

    Input element j is spread over the outputs j*s - pb + t*d, so that tap t of output u lies at
    z = u + pb - t*d of the input in which element j stands at j*s. Places are counted there; the
    kernel is gone through from its last tap to its first, which is how it lies on that input.
    """
    out, *position = place
    depth = layer.out_channels // layer.groups
    channels = values.shape[0] // layer.groups
    first = out // depth * channels
    windows = layer.windows(values.shape)
    taps = list(product(*(range(window.kernel - 1, -1, -1) for window in windows)))
    parts = []
    for channel in range(first, first + channels):
        factors = []
        for tap in taps:
            axes = zip(position, tap, windows, strict=True)
            at = tuple(u + w.before - t * w.dilation for u, t, w in axes)
            strides = tuple(window.stride for window in windows)
            source = spread_source(at, values.shape[1:], strides)
            value = _value(values, channel, source)
            weight = weights["weight"][channel, out % depth, *tap]
            factors.append(Factor(tap, at, source, value, weight))
        parts.append(Part(channel, tuple(factors)))
    return Sum(place, tuple(parts), _bias(weights, out))


def staged_walk(
    layer: Staged, values: Values, weights: Mapping[str, Values], place: Place
) -> Sum | Stages:
    """An output of `dw`, `pw` or `sep`: that of its one convolution, or of both in turn."""
    stages = list(layer.walk(values.shape))
    prefix, first, _ = stages[0]
    own = _of_stage(prefix, weights)
    if len(stages) == 1:
        return conv_sum(first, values, own, place)
    (_, (prefix, last, arriving)) = stages
    sums = tuple(
        conv_sum(first, values, own, (channel, *place[1:])) for channel in range(arriving[0])
    )
    between = Column(arriving, place[1:], tuple(one.result for one in sums))
    return Stages(sums, conv_sum(last, between, _of_stage(prefix, weights), place))


class Column:
    """The channels of one position, which is all that a pointwise convolution asks for."""

    def __init__(self, shape: Shape, position: Place, values: tuple[Number, ...]) -> None:
        self.shape, self._position, self._values = shape, position, values

    def __getitem__(self, place: Place) -> Number:
        assert place[1:] == self._position
        return self._values[place[0]]


def linear_sum(layer: Linear, values: Values, weights: Mapping[str, Values], place: Place) -> Sum:
    """An output of a matrix: the features times a row of it."""
    *leading, out = place
    features = range(values.shape[-1])
    factors = tuple(
        Factor((n,), (n,), (n,), values[*leading, n], weights["weight"][out, n]) for n in features
    )
    bias = weights["bias"][out,] if layer.bias else None
    return Sum(place, (Part(leading[0] if leading else 0, factors),), bias)


def resized_sum(layer: Upsample, values: Values, place: Place) -> Sum:
    """An output of a linear resizing: each element around it times its share along every axis.

    A tap counts the elements that have a share, one or two along an axis.
    """
    channel, *position = place
    shape = values.shape
    axes = [
        axis_shares(layer, size, out, at)
        for size, out, at in zip(shape[1:], layer.out_shape(shape)[1:], position, strict=True)
    ]
    factors = []
    for found in product(*(enumerate(own.items()) for own in axes)):
        tap = tuple(number for number, _ in found)
        at = tuple(element for _, (element, _) in found)
        weight = prod(share for _, (_, share) in found)
        factors.append(Factor(tap, at, at, values[channel, *at], weight))
    return Sum(place, (Part(channel, tuple(factors)),), None)


def axis_shares(layer: Upsample, size: int, out: int, at: int) -> dict[int, float]:
    """The elements of an axis that an output of a linear resizing is made of, with their shares."""
    places, parts = linear_places(size, out, layer.align_corners)
    if size == out:
        return {at: 1}
    low, rest = divmod(places[at], parts)
    high = min(low + 1, size - 1)
    if not rest or high == low:
        return {low: 1}
    return {low: 1 - rest / parts, high: rest / parts}


def spread_source(at: Place, sizes: Shape, strides: Shape) -> Place | None:
    """The element that stands at a place of the input with zeros put in; None for a zero."""
    axes = list(zip(at, sizes, strides, strict=True))
    if any(z % stride or not 0 <= z < size * stride for z, size, stride in axes):
        return None
    return tuple(z // stride for z, _, stride in axes)


def _source(at: Place, sizes: Shape, mode: str) -> Place | None:
    found = [element_at(place, size, mode) for place, size in zip(at, sizes, strict=True)]
    known = tuple(element for element in found if element is not None)
    return known if len(known) == len(found) else None


def _value(values: Values, channel: int, source: Place | None) -> Number:
    return 0 if source is None else values[channel, *source]


def _bias(weights: Mapping[str, Values], out: int) -> Number | None:
    return weights["bias"][out,] if "bias" in weights else None


def _of_stage(prefix: str, weights: Mapping[str, Values]) -> dict[str, Values]:
    return {
        name.removeprefix(prefix): own for name, own in weights.items() if name.startswith(prefix)
    }
