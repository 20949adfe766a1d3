"""Activations over the channels of each position: `softmax`, `softmin` and `logsoftmax`."""

from __future__ import annotations

import dataclasses
from math import prod
from typing import TYPE_CHECKING, ClassVar

from convcalc.layers.activations import Unweighted
from convcalc.layers.base import Costs, ElementOps

if TYPE_CHECKING:
    from convcalc.layers.base import Shape
    from convcalc.layers.operations import A, Operations


@dataclasses.dataclass(frozen=True)
class Softmax(Unweighted):
    """exp(x) / sum exp(x) over the channels at each position, the largest taken off x first."""

    kind: ClassVar[str] = "softmax"
    in_place: ClassVar[bool] = False

    def costs(self, shape: Shape) -> Costs:
        """Per position, C channels: C-1 comparisons, 2C-1 additions, C exponents, C divisions."""
        channels, positions = shape[0], prod(shape[1:])
        position = ElementOps(0, 2 * channels - 1, channels - 1, channels, channels)
        return Costs(elements=position.times(positions))

    def _function(self, ops: Operations[A], x: A) -> A:
        """The activation of an array; no power overflows, as the largest is exp(0)."""
        powers = ops.apply("exp", x - ops.reduce(x, (1,), "max"))
        return powers / ops.reduce(powers, (1,), "sum")


@dataclasses.dataclass(frozen=True)
class Softmin(Softmax):
    """exp(-x) / sum exp(-x) over the channels at each position, as exp(min - x) like `softmax`."""

    kind: ClassVar[str] = "softmin"

    def _function(self, ops: Operations[A], x: A) -> A:
        return super()._function(ops, -x)


@dataclasses.dataclass(frozen=True)
class LogSoftmax(Unweighted):
    """x - log sum exp(x) over the channels at each position, the largest taken off x first."""

    kind: ClassVar[str] = "logsoftmax"
    in_place: ClassVar[bool] = False

    def costs(self, shape: Shape) -> Costs:
        """Per position, C channels: C-1 comparisons, 3C-1 additions, C exponents, a logarithm.

        The largest is taken off C times, C powers are added up, and their logarithm is taken off.
        """
        channels, positions = shape[0], prod(shape[1:])
        position = ElementOps(add=3 * channels - 1, compare=channels - 1, exponent=channels + 1)
        return Costs(elements=position.times(positions))

    def _function(self, ops: Operations[A], x: A) -> A:
        """The activation of an array; log1p leaves out the 1 that one of the largest makes.

        So the result of a channel far above the others, nearly 0, keeps its digits.
        """
        below = x - ops.reduce(x, (1,), "max")
        powers = ops.apply("exp", below)
        ones = ops.reduce(ops.where(below >= 0, powers, 0), (1,), "sum")
        others = ops.reduce(ops.where(below >= 0, 0, powers), (1,), "sum")
        return below - ops.apply("log1p", ones - 1 + others)
