"""Kinds that are ordinary convolutions under a shorter name: they answer through their stages."""

from __future__ import annotations

from abc import ABC, abstractmethod
from math import prod
from typing import TYPE_CHECKING

from convcalc.layers.base import Costs, Layer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from convcalc.layers.base import Fields, Shape
    from convcalc.layers.conv import Conv
    from convcalc.layers.operations import A, Operations


class Staged(Layer, ABC):
    """A layer that is one or more convolutions, known once its input channels are."""

    @abstractmethod
    def stages(self, channels: int) -> dict[str, Conv]:
        """The convolutions in order, by the prefix of their weights' names."""

    def out_shape(self, shape: Shape) -> Shape:
        """The shape that leaves the last of its convolutions."""
        for _, stage, arriving in self.walk(shape):
            shape = stage.out_shape(arriving)
        return shape

    def weight_shapes(self, shape: Shape) -> dict[str, Shape]:
        """The weights of every stage."""
        return {
            prefix + name: weight
            for prefix, stage, arriving in self.walk(shape)
            for name, weight in stage.weight_shapes(arriving).items()
        }

    def costs(self, shape: Shape) -> Costs:
        """The sum over its convolutions."""
        return sum((stage.costs(arriving) for _, stage, arriving in self.walk(shape)), Costs())

    def between(self, shape: Shape) -> int:
        """Elements of the results of all stages but the last."""
        arriving = [prod(shape) for _, _, shape in self.walk(shape)]
        return sum(arriving[1:])

    def real_macs(self, shape: Shape) -> int:
        """The sum over its convolutions."""
        return sum(stage.real_macs(arriving) for _, stage, arriving in self.walk(shape))

    def field(self, fields: Sequence[Fields], shapes: Sequence[Shape]) -> Fields:
        """The fields through every stage in turn."""
        (own,) = fields
        for _, stage, arriving in self.walk(shapes[0]):
            own = stage.field((own,), (arriving,))
        return own

    def repeats_elements(self, shape: Shape) -> bool:
        """Whether any stage reads copies of its own input's elements."""
        return any(stage.repeats_elements(arriving) for _, stage, arriving in self.walk(shape))

    def padded_ends(self, *shapes: Shape) -> tuple[tuple[int, int], ...]:
        """Elements added for the first stage, the one that slides over the input."""
        _, stage, arriving = next(self.walk(shapes[0]))
        return stage.padded_ends(arriving)

    def dropped_input(self, shape: Shape) -> tuple[int, ...]:
        """What the first stage drops, the one that reads the input."""
        _, stage, arriving = next(self.walk(shape))
        return stage.dropped_input(arriving)

    def run(self, ops: Operations[A], arrays: Sequence[A], weights: Mapping[str, A]) -> A:
        """The result of every stage in turn, each with its own weights."""
        (array,) = arrays
        for prefix, stage, _ in self.walk(tuple(array.shape[1:])):
            own = {
                name.removeprefix(prefix): weight
                for name, weight in weights.items()
                if name.startswith(prefix)
            }
            array = stage.run(ops, (array,), own)
        return array

    def walk(self, shape: Shape) -> Iterator[tuple[str, Conv, Shape]]:
        """(prefix, stage, the shape that arrives at it)."""
        for prefix, stage in self.stages(shape[0]).items():
            yield prefix, stage, shape
            shape = stage.out_shape(shape)
