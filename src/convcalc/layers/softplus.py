"""Activations made of log(1 + exp(x)): `softplus`, `logsigmoid` and `mish`."""

from __future__ import annotations

import dataclasses
from math import prod
from typing import TYPE_CHECKING, ClassVar

from convcalc.errors import ParameterError
from convcalc.layers.activations import Unweighted
from convcalc.layers.base import Costs, ElementOps
from convcalc.layers.parameters import param, real

if TYPE_CHECKING:
    from convcalc.layers.base import Shape
    from convcalc.layers.operations import A, Operations


@dataclasses.dataclass(frozen=True)
class Softplus(Unweighted):
    """log(1 + exp(beta * x)) / beta, and x itself where beta * x is above the threshold.

    From 20 on the two are equal in float32.
    """

    kind: ClassVar[str] = "softplus"
    positional: ClassVar[str | None] = "beta"
    each = ElementOps(add=1, compare=1, exponent=2)

    beta: float = param(real(), "beta", "how sharply it bends", default=1.0)
    threshold: float = param(real(), "threshold", "beta * x above which x is kept", default=20.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.beta:
            raise ParameterError("beta", "must not be 0, by which the logarithm is divided")

    def costs(self, shape: Shape) -> Costs:
        """Per element 1 addition, 1 comparison, 2 exponents; times beta a product, a division."""
        scaled = ElementOps(multiply=1, divide=1) if self.beta != 1 else ElementOps()
        return super().costs(shape) + Costs(elements=scaled.times(prod(shape)))

    def _function(self, ops: Operations[A], x: A) -> A:
        scaled = x * self.beta
        return ops.where(scaled > self.threshold, x, softplus(ops, scaled) / self.beta)


@dataclasses.dataclass(frozen=True)
class LogSigmoid(Unweighted):
    """log(1 / (1 + exp(-x))) = min(x, 0) - log(1 + exp(-|x|)).

    The magnitude |x| = max(x, -x) is a comparison, too.
    """

    kind: ClassVar[str] = "logsigmoid"
    each = ElementOps(add=2, compare=2, exponent=2)

    def _function(self, ops: Operations[A], x: A) -> A:
        return -softplus(ops, -x)


@dataclasses.dataclass(frozen=True)
class Mish(Unweighted):
    """x * tanh(softplus(x))."""

    kind: ClassVar[str] = "mish"
    each = ElementOps(multiply=1, add=1, compare=1, exponent=3)

    def _function(self, ops: Operations[A], x: A) -> A:
        return x * ops.apply("tanh", softplus(ops, x))


def softplus(ops: Operations[A], x: A) -> A:
    """log(1 + exp(x)) = max(x, 0) + log(1 + exp(-|x|)), in which no power overflows."""
    return ops.clip(x, 0, None) + ops.apply("log1p", ops.apply("exp", -ops.apply("abs", x)))
