"""Activations that take small values away: the shrinkages, and `threshold`."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, ClassVar

from convcalc.layers.activations import Unweighted
from convcalc.layers.base import ElementOps
from convcalc.layers.parameters import param, real

if TYPE_CHECKING:
    from convcalc.layers.operations import A, Operations


@dataclasses.dataclass(frozen=True)
class Hardshrink(Unweighted):
    """x for x > lambd and for x < -lambd, else 0: two comparisons."""

    kind: ClassVar[str] = "hardshrink"
    positional: ClassVar[str | None] = "lambd"
    each = ElementOps(compare=2)

    lambd: float = param(real(), "lambd", "the largest magnitude that becomes 0", default=0.5)

    def _function(self, ops: Operations[A], x: A) -> A:
        return ops.where(ops.apply("abs", x) <= self.lambd, 0, x)


@dataclasses.dataclass(frozen=True)
class Softshrink(Unweighted):
    """x - lambd for x > lambd, x + lambd for x < -lambd, else 0: x - min(max(x, -lambd), lambd)."""

    kind: ClassVar[str] = "softshrink"
    positional: ClassVar[str | None] = "lambd"
    each = ElementOps(add=1, compare=2)

    lambd: float = param(real(0), "lambd", "how far every value moves towards 0", default=0.5)

    def _function(self, ops: Operations[A], x: A) -> A:
        return x - ops.clip(x, -self.lambd, self.lambd)


@dataclasses.dataclass(frozen=True)
class Tanhshrink(Unweighted):
    """x - tanh(x)."""

    kind: ClassVar[str] = "tanhshrink"
    each = ElementOps(add=1, exponent=1)

    def _function(self, ops: Operations[A], x: A) -> A:
        """The difference; up to 1, where it would cancel, by Lambert's continued fraction.

        tanh(x) = x / (1 + x^2 / b), b = 3 + x^2 / (5 + x^2 / (7 + ...)), so that the difference is
        x * x^2 / (b + x^2), of positive terms only. Up to 17 it is off by 1e-16 at 1.
        """
        near = ops.clip(x, -1, 1)
        square = near * near
        below = square / 17 + 15
        for odd in (13, 11, 9, 7, 5, 3):
            below = square / below + odd
        return ops.where(
            ops.apply("abs", x) <= 1, near * square / (below + square), x - ops.apply("tanh", x)
        )


@dataclasses.dataclass(frozen=True)
class Threshold(Unweighted):
    """x for x > threshold, else value."""

    kind: ClassVar[str] = "threshold"
    positional: ClassVar[str | None] = "threshold"
    each = ElementOps(compare=1)

    threshold: float = param(real(), "threshold", "up to which x is replaced")
    value: float = param(real(), "value", "what it is replaced by")

    def _function(self, ops: Operations[A], x: A) -> A:
        return ops.where(x <= self.threshold, self.value, x)
