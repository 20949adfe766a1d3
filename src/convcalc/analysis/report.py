"""One pass over a network: shape, parameters, costs and receptive field of every layer."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

from convcalc.errors import LayerError
from convcalc.layers.base import spatial_rank
from convcalc.layers.parameters import count
from convcalc.network import INPUT
from convcalc.receptive import IDENTITY

if TYPE_CHECKING:
    from collections.abc import Iterable

    from convcalc.layers import Fields, Shape
    from convcalc.network import Network, Node

CONVENTION_NAME = "macs"
CONVENTION_TEXT = "1 MAC = one multiply and one add; FLOPs = 2 x MACs; bias adds counted apart"


@dataclass(frozen=True)
class Totals:
    """Exact whole numbers over all layers and samples; `params` are counted once."""

    params: int
    macs: int
    flops: int
    bias_adds: int
    element_ops: int
    activations: int


@dataclass(frozen=True)
class LayerReport:
    """Everything that is known of one layer in its place.

    Attributes:
        index: Place in the network, from 0.
        label: The name that its weights begin with.
        kind: Its kind in the spec language.
        spec: The layer in the spec language.
        inputs: Indices of the layers it reads; -1 is the network's input.
        input_shape: (channels, *spatial) that arrives, of one sample.
        output_shape: (channels, *spatial) that leaves, of one sample.
        weights: Shape of each weight by its name.
        params: Numbers in all weights.
        macs: Multiply-accumulates of the whole batch.
        flops: 2 * macs.
        bias_adds: Additions of the bias, of the whole batch.
        element_ops: Operations of normalisation, activation, pooling, merges; of the whole batch.
        activations: Numbers that leave the layer, of the whole batch.
        receptive_field: The field of each spatial axis.
        unread: Cells at the end of each spatial axis that no window reaches.
    """

    index: int
    label: str
    kind: str
    spec: str
    inputs: tuple[int, ...]
    input_shape: Shape
    output_shape: Shape
    weights: dict[str, Shape]
    params: int
    macs: int
    flops: int
    bias_adds: int
    element_ops: int
    activations: int
    receptive_field: Fields
    unread: tuple[int, ...]


@dataclass(frozen=True)
class Report:
    """The layers of one network on one input, and their totals."""

    input: Shape
    batch: int
    layers: tuple[LayerReport, ...]
    totals: Totals


def analyze(network: Network, input_shape: Shape, batch: int = 1) -> Report:
    """The report of a network on one input shape.

    Args:
        network: The layers, as `convcalc.parse` gives them.
        input_shape: (channels, *spatial sizes) of one sample.
        batch: Samples; it multiplies costs and activations, not parameters.

    Raises:
        ShapeError: a layer does not fit the shape that arrives at it.
        SpecError: the same, for a network that was read from a text.
        ParameterError: the batch or a size of the input is not a whole number of at least 1.
    """
    batch = count(1).normalise("batch", batch)
    input_shape = tuple(count(1).normalise("input", size) for size in input_shape)
    start = (IDENTITY,) * spatial_rank(input_shape)
    layers: list[LayerReport] = []
    for node, arriving, leaving in network.walk(input_shape):
        (source,) = node.inputs
        fields = start if source == INPUT else layers[source].receptive_field
        layers.append(_layer_report(len(layers), node, arriving, leaving, fields, batch))
    return Report(input_shape, batch, tuple(layers), _totals(layers))


def _layer_report(
    index: int, node: Node, arriving: Shape, leaving: Shape, fields: Fields, batch: int
) -> LayerReport:
    layer = node.layer
    try:
        costs = layer.costs(arriving)
        fields = layer.field(fields, arriving)
        weights = layer.weight_shapes(arriving)
    except LayerError as error:
        raise node.error(error) from None
    return LayerReport(
        index=index,
        label=node.label,
        kind=layer.kind,
        spec=layer.spec(),
        inputs=node.inputs,
        input_shape=arriving,
        output_shape=leaving,
        weights=weights,
        params=sum(prod(shape) for shape in weights.values()),
        macs=batch * costs.macs,
        flops=batch * 2 * costs.macs,
        bias_adds=batch * costs.bias_adds,
        element_ops=batch * costs.element_ops,
        activations=batch * prod(leaving),
        receptive_field=fields,
        unread=layer.unread(arriving),
    )


def _totals(layers: Iterable[LayerReport]) -> Totals:
    rows = tuple(layers)
    return Totals(
        params=sum(row.params for row in rows),
        macs=sum(row.macs for row in rows),
        flops=sum(row.flops for row in rows),
        bias_adds=sum(row.bias_adds for row in rows),
        element_ops=sum(row.element_ops for row in rows),
        activations=sum(row.activations for row in rows),
    )
