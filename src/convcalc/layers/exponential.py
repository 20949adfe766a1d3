"""Activations that bend to a constant below 0 by an exponential: `elu` and its relatives."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, ClassVar

from convcalc.errors import ParameterError
from convcalc.layers.activations import Unweighted
from convcalc.layers.base import ElementOps
from convcalc.layers.parameters import param, real

if TYPE_CHECKING:
    from convcalc.layers.operations import A, Operations

SELU_ALPHA = 1.6732632423543772848170429916717
SELU_SCALE = 1.0507009873554804934193349852946
"""Klambauer et al., "Self-Normalizing Neural Networks" (2017), relation 14: with them a mean of
0 and a variance of 1 stay as they are.
"""


@dataclasses.dataclass(frozen=True)
class ELU(Unweighted):
    """x for x > 0, else alpha * (exp(x) - 1)."""

    kind: ClassVar[str] = "elu"
    positional: ClassVar[str | None] = "alpha"
    each = ElementOps(multiply=1, add=1, compare=1, exponent=1)

    alpha: float = param(real(), "alpha", "minus the value far below 0", default=1.0)

    def _function(self, ops: Operations[A], x: A) -> A:
        return ops.where(x > 0, x, ops.apply("expm1", ops.clip(x, None, 0)) * self.alpha)


@dataclasses.dataclass(frozen=True)
class SELU(Unweighted):
    """scale * x for x > 0, else scale * alpha * (exp(x) - 1): 1.0507 and 1.6733 (Klambauer, 2017).

    The product scale * alpha is one number, so that an element takes one multiplication.
    """

    kind: ClassVar[str] = "selu"
    each = ElementOps(multiply=1, add=1, compare=1, exponent=1)

    def _function(self, ops: Operations[A], x: A) -> A:
        below = ops.apply("expm1", ops.clip(x, None, 0)) * (SELU_SCALE * SELU_ALPHA)
        return ops.where(x > 0, x * SELU_SCALE, below)


@dataclasses.dataclass(frozen=True)
class CELU(Unweighted):
    """x for x > 0, else alpha * (exp(x / alpha) - 1), of slope 1 at 0 (Barron, 2017)."""

    kind: ClassVar[str] = "celu"
    positional: ClassVar[str | None] = "alpha"
    each = ElementOps(multiply=1, add=1, compare=1, divide=1, exponent=1)

    alpha: float = param(real(), "alpha", "minus the value far below 0", default=1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.alpha:
            raise ParameterError("alpha", "must not be 0, by which x is divided")

    def _function(self, ops: Operations[A], x: A) -> A:
        below = ops.apply("expm1", ops.clip(x, None, 0) / self.alpha) * self.alpha
        return ops.where(x > 0, x, below)
