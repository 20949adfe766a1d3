"""One pass over a network: shape, parameters, costs and receptive field of every layer."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, NamedTuple

from convcalc.collecting import uncollected
from convcalc.errors import LayerError
from convcalc.layers.parameters import count
from convcalc.network import INPUT
from convcalc.receptive import IDENTITY

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from convcalc.layers import Costs, Fields, Layer, Shape
    from convcalc.network import Network, Step

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
        input_shapes: (channels, *spatial) of each input, of one sample.
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
    input_shapes: tuple[Shape, ...]
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
    with uncollected():
        layers = tuple(layer_reports(network, input_shape, batch))
    return Report(tuple(input_shape), batch, layers, totals_of(layers))


def layer_reports(network: Network, input_shape: Shape, batch: int = 1) -> Iterator[LayerReport]:
    """The reports of the layers one by one, up to the first that does not fit.

    Raises:
        ShapeError, SpecError, ParameterError: as `analyze`, when the layer is reached.
    """
    batch = count(1).normalise("batch", batch)
    input_shape = tuple(count(1).normalise("input", size) for size in input_shape)
    start = (IDENTITY,) * (len(input_shape) - 1)
    fields_of: list[Fields] = []
    known: dict[tuple[int, tuple[Shape, ...]], _Facts] = {}
    for step in network.walk(input_shape):
        fields = tuple(
            start if source == INPUT else fields_of[source] for source in step.node.inputs
        )
        # Networks repeat themselves: the same layer on the same shapes is asked once.
        key = (id(step.layer), step.arriving)
        try:
            facts = known.get(key) or known.setdefault(key, _facts(step))
            field = step.layer.field(fields, step.arriving)
        except LayerError as error:
            raise step.node.error(error) from None
        yield _layer_report(len(fields_of), step, facts, field, batch)
        fields_of.append(field)


class _Facts(NamedTuple):
    """What a layer answers about shapes, whatever its place in the network."""

    layer: Layer
    spec: str
    weights: dict[str, Shape]
    params: int
    costs: Costs
    unread: tuple[int, ...]


def _facts(step: Step) -> _Facts:
    layer, arriving = step.layer, step.arriving
    weights = layer.weight_shapes(*arriving)
    return _Facts(
        layer=layer,
        spec=layer.spec(),
        weights=weights,
        params=sum(prod(shape) for shape in weights.values()),
        costs=layer.costs(*arriving),
        unread=layer.unread(arriving[0]),
    )


def _layer_report(index: int, step: Step, facts: _Facts, field: Fields, batch: int) -> LayerReport:
    costs = facts.costs
    return LayerReport(
        index=index,
        label=step.node.label,
        kind=step.layer.kind,
        spec=facts.spec,
        inputs=step.node.inputs,
        input_shapes=step.arriving,
        output_shape=step.leaving,
        weights=facts.weights,
        params=facts.params,
        macs=batch * costs.macs,
        flops=batch * 2 * costs.macs,
        bias_adds=batch * costs.bias_adds,
        element_ops=batch * costs.elements.total,
        activations=batch * prod(step.leaving),
        receptive_field=field,
        unread=facts.unread,
    )


def totals_of(rows: Sequence[LayerReport]) -> Totals:
    """The sums over some layers."""
    return Totals(
        params=sum(row.params for row in rows),
        macs=sum(row.macs for row in rows),
        flops=sum(row.flops for row in rows),
        bias_adds=sum(row.bias_adds for row in rows),
        element_ops=sum(row.element_ops for row in rows),
        activations=sum(row.activations for row in rows),
    )
