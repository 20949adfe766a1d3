"""A walk through a network: one output of the last layer, and of each layer one that it reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, cast

from convcalc.explain.walk.copies import copied, copies
from convcalc.explain.walk.data import Copied, Joined, Passed, Pooled, Stages, Sum, added
from convcalc.explain.walk.functions import mapped, pieces_of
from convcalc.explain.walk.normalised import normalised
from convcalc.explain.walk.pooled import adaptive, pooled
from convcalc.explain.walk.shares import SHARES, shared
from convcalc.explain.walk.sums import (
    conv_sum,
    linear_sum,
    resized_sum,
    staged_walk,
    transposed_sum,
)
from convcalc.layers.adaptive import Adaptive
from convcalc.layers.conv import Conv
from convcalc.layers.convt import ConvTranspose
from convcalc.layers.dims import place_of
from convcalc.layers.joins import Concat, Residual, Scale
from convcalc.layers.linear import Linear
from convcalc.layers.pooling import Pool
from convcalc.layers.stages import Staged
from convcalc.layers.upsample import Upsample
from convcalc.network.graph import INPUT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from convcalc.explain.walk.data import Place, Values, Walk
    from convcalc.layers import Layer, Shape
    from convcalc.network.graph import Network, Step


class WalkedLayer(NamedTuple):
    """A layer with one of its outputs computed step by step.

    Attributes:
        number: Its place in the network.
        label: Its name.
        layer: The layer.
        sources: The nodes that it reads, -1 for the network's input.
        inputs: What arrives.
        weights: Its weights by name.
        output: Its result.
        walk: The output that is looked at.
    """

    number: int
    label: str
    layer: Layer
    sources: tuple[int, ...]
    inputs: tuple[Values, ...]
    weights: Mapping[str, Values]
    output: Values
    walk: Walk


def walk_network(
    network: Network,
    values: Values,
    weights: Mapping[str, Values],
    results: Sequence[Values],
    place: Place,
) -> list[WalkedLayer]:
    """One output of a network, with one of each layer that it depends on.

    Args:
        network: The layers.
        values: The input of one sample, (channels, *spatial).
        weights: All weights by name, LABEL.NAME.
        results: The result of each layer.
        place: (channel, *position) of the output that is looked at.
    """
    looked_at = {network.output: place}
    walked = []
    for index, step in reversed(list(enumerate(network.walk(values.shape)))):
        if index not in looked_at:
            continue
        one = _walked(index, step, values, weights, results, looked_at[index])
        walked.append(one)
        for source, read in zip(one.sources, places_read(one), strict=True):
            looked_at.setdefault(source, read)
    return walked[::-1]


def _walked(
    index: int,
    step: Step,
    values: Values,
    weights: Mapping[str, Values],
    results: Sequence[Values],
    place: Place,
) -> WalkedLayer:
    sources = step.node.inputs
    arrays = tuple(values if source == INPUT else results[source] for source in sources)
    label = step.node.label
    own = {name: weights[f"{label}.{name}"] for name in step.layer.tensor_shapes(*step.arriving)}
    walk = walk_layer(step.layer, arrays, own, results[index], place)
    return WalkedLayer(index, label, step.layer, sources, arrays, own, results[index], walk)


def walk_layer(
    layer: Layer,
    inputs: Sequence[Values],
    weights: Mapping[str, Values],
    output: Values,
    place: Place,
) -> Walk:
    """One output of a layer, computed step by step as far as its kind is followed."""
    if pieces_of(layer):
        return mapped(layer, inputs, weights, place, output[place])
    if layer.kind in SHARES:
        return shared(layer, inputs, place, output[place])
    if copies(layer):
        return copied(layer, inputs[0].shape, place, output[place])
    for kind, follow in FOLLOWED.items():
        if isinstance(layer, kind):
            return follow(layer, inputs, weights, place)
    first = inputs[0]
    if first.shape != output.shape or layer.no_arithmetic:
        return Passed(place, None, None, output[place])
    result = output[place]
    steps = normalised(layer, first, weights, place, result)
    return Passed(place, place, first[place], result, steps)


def _added(inputs: Sequence[Values], place: Place) -> Joined:
    values = tuple(own[place] for own in inputs)
    return Joined(place, "sum", (place,) * len(inputs), values, added(values))


def _scaled(inputs: Sequence[Values], place: Place) -> Joined:
    scaled, gate = inputs
    read = (place, _broadcast(place, gate.shape))
    values = scaled[place], gate[read[1]]
    return Joined(place, "product", read, values, values[0] * values[1])


def _broadcast(place: Place, shape: tuple[int, ...]) -> Place:
    """A place as it is, but 0 along an axis of one element, which serves all."""
    return tuple(at if size > 1 else 0 for at, size in zip(place, shape, strict=True))


def _chosen(layer: Concat, inputs: Sequence[Values], place: Place) -> Joined:
    """The branch that a place of a concatenation comes from, and the place there."""
    axis = place_of(layer.dim, inputs[0].shape)
    at_axis = place[axis]
    read: list[Place | None] = []
    for own in inputs:
        inside = 0 <= at_axis < own.shape[axis]
        read.append((*place[:axis], at_axis, *place[axis + 1 :]) if inside else None)
        at_axis -= own.shape[axis]
    values = [own[at] if at else None for own, at in zip(inputs, read, strict=True)]
    result = next(value for value in values if value is not None)
    return Joined(place, "choice", tuple(read), tuple(values), result)


Follow: TypeAlias = "Callable[[Any, Sequence[Values], Mapping[str, Values], Place], Walk]"

FOLLOWED: dict[type, Follow] = {
    Conv: lambda layer, arrays, weights, place: conv_sum(layer, arrays[0], weights, place),
    ConvTranspose: lambda layer, arrays, weights, place: transposed_sum(
        layer, arrays[0], weights, place
    ),
    Staged: lambda layer, arrays, weights, place: staged_walk(layer, arrays[0], weights, place),
    Linear: lambda layer, arrays, weights, place: linear_sum(layer, arrays[0], weights, place),
    Upsample: lambda layer, arrays, _, place: resized_sum(layer, arrays[0], place),
    Pool: lambda layer, arrays, _, place: pooled(layer, arrays[0], place),
    Adaptive: lambda layer, arrays, _, place: adaptive(layer, arrays[0], place),
    Residual: lambda _layer, arrays, _, place: _added(arrays, place),
    Scale: lambda _layer, arrays, _, place: _scaled(arrays, place),
    Concat: lambda layer, arrays, _, place: _chosen(layer, arrays, place),
}
"""How an output of each kind is computed step by step; of others only the result is told."""


def places_read(one: WalkedLayer) -> list[Place]:
    """An element of each input that the output depends on: the first, or the largest."""
    shapes = [own.shape for own in one.inputs]
    match one.walk:
        case Joined():
            pairs = zip(one.walk.read, shapes, strict=True)
            return [_nearest(one.walk.place, shape) if at is None else at for at, shape in pairs]
        case Passed():
            at = one.walk.read
            return [at if at and len(at) == len(own) else (0,) * len(own) for own in shapes]
    return [_place_read(one, shapes[0])]


def _place_read(one: WalkedLayer, shape: Shape) -> Place:
    """The element of its one input that a layer is looked at for."""
    place = one.walk.place
    match one.walk:
        case Sum() if isinstance(one.layer, Linear):
            place = (*place[:-1], 0)
        case Sum():
            place = _first_read(one.walk, shape)
        case Stages():
            place = _first_read(one.walk.first[0], shape)
        case Pooled():
            place = _pooled_from(one.walk)
        case Copied():
            place = one.walk.source or (*place[:1], *(0,) * (len(shape) - 1))
    return place


def _nearest(place: Place, shape: tuple[int, ...]) -> Place:
    """A place in a branch that a result does not come from: as near as there is one."""
    return tuple(min(at, size - 1) for at, size in zip(place, shape, strict=True))


def _first_read(walk: Sum, shape: tuple[int, ...]) -> Place:
    for part in walk.parts:
        for factor in part.factors:
            if factor.source is not None:
                return (part.channel, *factor.source)
    return (walk.parts[0].channel, *(0,) * (len(shape) - 1))


def _pooled_from(walk: Pooled) -> Place:
    """The largest element of a maximum, else the first real one."""
    real = [one for one in walk.elements if one.source is not None]
    if walk.how == "max":
        real.sort(key=lambda one: one.value != walk.result)
    source = cast("Place", real[0].source) if real else (0,) * (len(walk.place) - 1)
    return (walk.place[0], *source)
