"""Layers that share weights with others, or are given arrays that are no parameters."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, ClassVar

from convcalc.layers.opaque import Opaque

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from convcalc.layers import Layer, Shape
    from convcalc.layers.operations import A, Operations


class Shared(Opaque):
    """A layer some of whose weights are counted elsewhere, or are no parameters; it can be run.

    It is `opaque` by its kind, as in a text nothing could say whose weights it has.
    """

    computable: ClassVar[bool] = True
    like: Layer
    counted: frozenset[str]
    own: Mapping[str, Shape]

    def __init__(
        self, name: str, layer: Layer, out: Shape, counted: Mapping[str, Shape], macs: int
    ) -> None:
        """Makes it of a layer and the shapes of those of its weights that are counted with it."""
        super().__init__(name, out, sum(map(prod, counted.values())), macs, like=layer)
        object.__setattr__(self, "counted", frozenset(counted))
        object.__setattr__(self, "own", dict(counted))

    def __eq__(self, other: object) -> bool:
        """Whether another is the same as a text."""
        return isinstance(other, Opaque) and self.spec() == other.spec()

    def __hash__(self) -> int:
        """That of its text."""
        return hash(self.spec())

    def weight_shapes(self, *shapes: Shape) -> dict[str, Shape]:
        """The weights that are counted here."""
        return _some(self.like.weight_shapes(*shapes), self.counted)

    def buffer_shapes(self, *shapes: Shape) -> dict[str, Shape]:
        """Those that are not, and what the layer stores beside its weights."""
        weights = self.like.weight_shapes(*shapes)
        others = _some(weights, weights.keys() - self.counted)
        return {**others, **self.like.buffer_shapes(*shapes)}

    @property
    def needs_floats(self) -> bool:
        """Whether whole numbers cannot pass."""
        return self.like.needs_floats

    def run(self, ops: Operations[A], arrays: Sequence[A], weights: Mapping[str, A]) -> A:
        """What the layer computes."""
        return self.like.run(ops, arrays, weights)


def _some(weights: Mapping[str, Shape], names: Collection[str]) -> dict[str, Shape]:
    return {name: shape for name, shape in weights.items() if name in names}
