"""Totals of many variants of a network: what a layer comes to on a shape is worked out once."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from convcalc.analysis.fields import field_of
from convcalc.layers.base import format_shape
from convcalc.receptive import IDENTITY

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from convcalc.inverse.values import Figure
    from convcalc.layers import Fields, Layer, Shape
    from convcalc.network.graph import Network, Step

T = TypeVar("T")

MOST_FACTS = 200_000
"""Layers on shapes that are remembered."""


class Facts(NamedTuple):
    """What a layer comes to on a shape: parameters, multiply-accumulates, elements it drops."""

    params: int
    macs: int | None
    unused: int


class NetworkRows:
    """Figures of networks, one after the other.

    Args:
        names: The figures that are asked for; a receptive field takes half of the time.
    """

    def __init__(self, names: Collection[str]) -> None:
        self._fields = bool({"field", "stride"} & set(names))
        self._known: dict[tuple[Layer, tuple[Shape, ...]], Facts] = {}

    def figures(self, network: Network, shape: Shape) -> tuple[Figure, ...]:
        """The figures of `layer_rows.FIGURES` of a network.

        Raises:
            ShapeError, SpecError: a layer does not fit.
        """
        params = macs = activations = unused = 0
        known = True
        start = (IDENTITY,) * (len(shape) - 1)
        output = shape
        seen: Fields | None = start
        fields: list[Fields | None] = []
        for place, step in enumerate(network.walk(shape)):
            facts = self._facts(step)
            params += facts.params
            macs += facts.macs or 0
            known = known and facts.macs is not None
            unused = max(unused, facts.unused)
            activations += prod(step.leaving) if step.layer.reads else 0
            if self._fields:
                fields.append(field_of(step, fields, start))
            if place == network.output:
                output, seen = step.leaving, fields[-1] if fields else start
        return (
            format_shape(shape),
            format_shape(output),
            output[0],
            _alike(output[1:]),
            params,
            macs if known else None,
            2 * macs if known else None,
            activations,
            *(_sizes_and_strides(seen) if self._fields else (None, None)),
            unused,
        )

    def _facts(self, step: Step) -> Facts:
        key = (step.layer, step.arriving)
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= MOST_FACTS:
                self._known.clear()
            layer, arriving = key
            costs = layer.costs(*arriving)
            found = self._known[key] = Facts(
                sum(map(prod, layer.weight_shapes(*arriving).values())),
                None if costs is None else costs.macs,
                max(layer.dropped_input(arriving[0]), default=0),
            )
        return found


def _sizes_and_strides(fields: Fields | None) -> tuple[Figure, Figure]:
    """The receptive field and the effective stride, of each axis where they differ."""
    if fields is None:
        return None, None
    strides = (field.effective_stride for field in fields)
    whole = [stride.numerator if stride.denominator == 1 else stride for stride in strides]
    return _alike([field.size for field in fields]), _alike(whole)


def _alike(values: Sequence[T]) -> T | tuple[T, ...] | None:
    """One value where all are the same, else all of them; None where there are none."""
    if not values:
        return None
    return values[0] if len(set(values)) == 1 else tuple(values)
