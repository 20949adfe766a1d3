"""Activations over the channels, or along another axis: `softmax`, `softmin`, `logsoftmax`."""

from __future__ import annotations

import dataclasses
from math import prod
from typing import TYPE_CHECKING, ClassVar

from convcalc.layers.activations import Unweighted
from convcalc.layers.base import Costs, ElementOps
from convcalc.layers.dims import along, dim_of_channels, place_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.layers.base import Fields, Shape
    from convcalc.layers.operations import A, Operations


@dataclasses.dataclass(frozen=True)
class Shares(Unweighted):
    """An activation whose results along one axis depend on each other."""

    in_place: ClassVar[bool] = False

    dim: int = dim_of_channels()

    def out_shape(self, shape: Shape) -> Shape:
        """The shape of the input.

        Raises:
            ShapeError: it has no such axis.
        """
        place_of(self.dim, shape)
        return shape

    def positions(self, shape: Shape) -> tuple[int, int]:
        """Elements along the axis, and positions beside it."""
        channels = shape[place_of(self.dim, shape)]
        return channels, prod(shape) // channels

    def field(self, fields: Sequence[Fields], shapes: Sequence[Shape]) -> Fields:
        """What the input sees, of a spatial axis that it works along all."""
        return along(fields[0], place_of(self.dim, shapes[0]), shapes[0])

    def axis(self, x: A) -> tuple[int]:
        """The axis of an array, with its batch."""
        return (1 + place_of(self.dim, tuple(x.shape[1:])),)


@dataclasses.dataclass(frozen=True)
class Softmax(Shares):
    """exp(x) / sum exp(x) over the channels at each position, the largest taken off x first."""

    kind: ClassVar[str] = "softmax"

    def costs(self, shape: Shape) -> Costs:
        """Per position, C channels: C-1 comparisons, 2C-1 additions, C exponents, C divisions."""
        channels, positions = self.positions(shape)
        position = ElementOps(0, 2 * channels - 1, channels - 1, channels, channels)
        return Costs(elements=position.times(positions))

    def _function(self, ops: Operations[A], x: A) -> A:
        """The activation of an array; no power overflows, as the largest is exp(0)."""
        powers = ops.apply("exp", x - ops.reduce(x, self.axis(x), "max"))
        return powers / ops.reduce(powers, self.axis(x), "sum")


@dataclasses.dataclass(frozen=True)
class Softmin(Softmax):
    """exp(-x) / sum exp(-x) over the channels at each position, as exp(min - x) like `softmax`."""

    kind: ClassVar[str] = "softmin"

    def _function(self, ops: Operations[A], x: A) -> A:
        return super()._function(ops, -x)


@dataclasses.dataclass(frozen=True)
class LogSoftmax(Shares):
    """x - log sum exp(x) over the channels at each position, the largest taken off x first."""

    kind: ClassVar[str] = "logsoftmax"

    def costs(self, shape: Shape) -> Costs:
        """Per position, C channels: C-1 comparisons, 3C-1 additions, C exponents, a logarithm.

        The largest is taken off C times, C powers are added up, and their logarithm is taken off.
        """
        channels, positions = self.positions(shape)
        position = ElementOps(add=3 * channels - 1, compare=channels - 1, exponent=channels + 1)
        return Costs(elements=position.times(positions))

    def _function(self, ops: Operations[A], x: A) -> A:
        """The activation of an array; log1p leaves out the 1 that one of the largest makes.

        So the result of a channel far above the others, nearly 0, keeps its digits.
        """
        below = x - ops.reduce(x, self.axis(x), "max")
        powers = ops.apply("exp", below)
        ones = ops.reduce(ops.where(below >= 0, powers, 0), self.axis(x), "sum")
        others = ops.reduce(ops.where(below >= 0, 0, powers), self.axis(x), "sum")
        return below - ops.apply("log1p", ones - 1 + others)
