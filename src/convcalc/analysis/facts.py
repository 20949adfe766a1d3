"""What a layer answers about shapes, whatever its place in the network."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from convcalc.analysis.conventions.base import Convention, Term
    from convcalc.layers import Costs, Layer, Shape
    from convcalc.network.graph import Step
    from convcalc.network.measured import Measured


class Facts(NamedTuple):
    """The answers of one layer on the shapes that arrive at it."""

    layer: Layer
    spec: str
    weights: dict[str, Shape]
    params: int
    costs: Costs | None
    macs: int
    unread: tuple[int, ...]
    repeats: bool
    terms: tuple[Term, ...] | None


def facts_of(
    step: Step,
    batch: int,
    convention: Convention | None,
    *,
    function: bool,
    measured: Measured | None,
) -> Facts:
    """What the layer of a step answers, for a batch and in a way of counting.

    Args:
        step: The layer with the shapes that arrive and leave.
        batch: Samples, which multiply multiply-accumulates.
        convention: Whose way of counting `terms` follows; None for our own.
        function: Whether the layer is a call in the model's own code, not a module.
        measured: What running the model has counted, in place of the layer's own formula.
    """
    layer, arriving = step.layer, step.arriving
    weights = layer.weight_shapes(*arriving)
    costs = layer.costs(*arriving)
    macs = batch * costs.macs if costs else 0
    terms: tuple[Term, ...] | None = ()
    if measured is not None and costs is not None:
        macs = measured.macs
    if convention is not None and costs is not None:
        from convcalc.analysis.conventions.base import CountedLayer

        call = CountedLayer(layer, arriving, step.leaving, batch, costs, function)
        terms = convention.terms(call, measured)
    return Facts(
        layer=layer,
        spec=layer.spec(),
        weights=weights,
        params=sum(prod(shape) for shape in weights.values()),
        costs=costs,
        macs=macs,
        unread=layer.dropped_input(arriving[0]),
        repeats=layer.repeats_elements(arriving[0]),
        terms=terms if costs else None,
    )
