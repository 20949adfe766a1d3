"""Activations: one function of each element, with its formula and what an element costs.

`exponent` counts every function that is no ordinary arithmetic: exp, log, tanh and erf. Formulas
and defaults are PyTorch's.
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from math import pi, prod
from typing import TYPE_CHECKING, ClassVar

from convcalc.errors import ParameterError, ShapeError
from convcalc.layers.base import Costs, ElementOps, Layer, format_shape
from convcalc.layers.parameters import count, one_of, param, real

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcalc.layers.base import Shape
    from convcalc.layers.operations import A, Operations


class Activation(Layer):
    """A function of each element by itself, or of the channels at each position."""

    in_place: ClassVar[bool] = True
    each: ClassVar[ElementOps]
    """The operations of one element."""

    @property
    def needs_floats(self) -> bool:
        """True: most activations make fractions of whole numbers."""
        return True

    def costs(self, shape: Shape) -> Costs:
        """The operations of one element, times the elements."""
        return Costs(elements=self.each.times(prod(shape)))


class Unweighted(Activation, ABC):
    """An activation that is the same function everywhere."""

    def run(self, ops: Operations[A], arrays: Sequence[A], weights: Mapping[str, A]) -> A:
        """The activation of every element."""
        (array,) = arrays
        return self._function(ops, array)

    @abstractmethod
    def _function(self, ops: Operations[A], x: A) -> A:
        """The activation of an array."""


@dataclasses.dataclass(frozen=True)
class ReLU(Unweighted):
    """max(x, 0)."""

    kind: ClassVar[str] = "relu"
    each = ElementOps(compare=1)

    @property
    def needs_floats(self) -> bool:
        """False: whole numbers stay whole."""
        return False

    def _function(self, ops: Operations[A], x: A) -> A:
        return ops.clip(x, 0, None)


@dataclasses.dataclass(frozen=True)
class ReLU6(Unweighted):
    """min(max(x, 0), 6)."""

    kind: ClassVar[str] = "relu6"
    each = ElementOps(compare=2)

    @property
    def needs_floats(self) -> bool:
        """False: whole numbers stay whole."""
        return False

    def _function(self, ops: Operations[A], x: A) -> A:
        return ops.clip(x, 0, 6)


@dataclasses.dataclass(frozen=True)
class Hardtanh(Unweighted):
    """min(max(x, min_val), max_val)."""

    kind: ClassVar[str] = "hardtanh"
    each = ElementOps(compare=2)

    min_val: float = param(real(), "min", "the least value of the result", default=-1.0)
    max_val: float = param(real(), "max", "the largest value of the result", default=1.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.max_val <= self.min_val:
            raise ParameterError(
                "max_val", f"must be above min_val={self.min_val:g}, got {self.max_val:g}"
            )

    def _function(self, ops: Operations[A], x: A) -> A:
        return ops.clip(x, self.min_val, self.max_val)


@dataclasses.dataclass(frozen=True)
class LeakyReLU(Unweighted):
    """x for x > 0, else negative_slope * x."""

    kind: ClassVar[str] = "leakyrelu"
    positional: ClassVar[str | None] = "negative_slope"
    each = ElementOps(multiply=1, compare=1)

    negative_slope: float = param(real(), "slope", "the slope below 0", default=0.01)

    def _function(self, ops: Operations[A], x: A) -> A:
        return ops.where(x > 0, x, x * self.negative_slope)


@dataclasses.dataclass(frozen=True)
class RReLU(Unweighted):
    """x for x > 0, else (lower + upper) / 2 * x: at inference; training draws the slope."""

    kind: ClassVar[str] = "rrelu"
    each = ElementOps(multiply=1, compare=1)

    lower: float = param(real(), "lower", "the least slope below 0", default=1 / 8)
    upper: float = param(real(), "upper", "the largest slope below 0", default=1 / 3)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.upper < self.lower:
            raise ParameterError(
                "upper", f"must not be below lower={self.lower:g}, got {self.upper:g}"
            )

    @property
    def negative_slope(self) -> float:
        """The mean of the slopes that training draws from."""
        return (self.lower + self.upper) / 2

    def _function(self, ops: Operations[A], x: A) -> A:
        return ops.where(x > 0, x, x * self.negative_slope)


@dataclasses.dataclass(frozen=True)
class Sigmoid(Unweighted):
    """1 / (1 + exp(-x))."""

    kind: ClassVar[str] = "sigmoid"
    each = ElementOps(add=1, divide=1, exponent=1)

    def _function(self, ops: Operations[A], x: A) -> A:
        return 1 / (ops.apply("exp", -x) + 1)


@dataclasses.dataclass(frozen=True)
class SiLU(Unweighted):
    """x * sigmoid(x) = x / (1 + exp(-x)), also called swish."""

    kind: ClassVar[str] = "silu"
    each = ElementOps(add=1, divide=1, exponent=1)

    def _function(self, ops: Operations[A], x: A) -> A:
        return x / (ops.apply("exp", -x) + 1)


@dataclasses.dataclass(frozen=True)
class GELU(Unweighted):
    """x * P(normal <= x) = x/2 * erfc(-x / sqrt(2)); by tanh x/2 * (1 + tanh(x * (a + b * x*x))).

    The approximation has a = sqrt(2 / pi) and b = 0.044715 * a (Hendrycks and Gimpel, 2016).
    """

    kind: ClassVar[str] = "gelu"
    each = ElementOps(multiply=3, exponent=1)

    approximate: str = param(
        one_of("none", "tanh"), "approximate", "by which function", default="none"
    )

    def costs(self, shape: Shape) -> Costs:
        """Per element 3 multiplications and 1 exponent; by tanh 5, 2 additions, 1 exponent."""
        more = ElementOps(multiply=2, add=2) if self.approximate == "tanh" else ElementOps()
        return super().costs(shape) + Costs(elements=more.times(prod(shape)))

    def _function(self, ops: Operations[A], x: A) -> A:
        """The product; (1 + tanh(u)) / 2 = 1 / (1 + exp(-2u)) keeps its digits far below 0."""
        if self.approximate == "none":
            return x * 0.5 * ops.apply("erfc", x * -(0.5**0.5))
        factor = -2 * (2 / pi) ** 0.5
        return x / (ops.apply("exp", x * (x * x * (0.044715 * factor) + factor)) + 1)


@dataclasses.dataclass(frozen=True)
class Softsign(Unweighted):
    """x / (1 + |x|); the magnitude |x| = max(x, -x) is a comparison."""

    kind: ClassVar[str] = "softsign"
    each = ElementOps(add=1, compare=1, divide=1)

    def _function(self, ops: Operations[A], x: A) -> A:
        return x / (ops.apply("abs", x) + 1)


@dataclasses.dataclass(frozen=True)
class Tanh(Unweighted):
    """tanh(x)."""

    kind: ClassVar[str] = "tanh"
    each = ElementOps(exponent=1)

    def _function(self, ops: Operations[A], x: A) -> A:
        return ops.apply("tanh", x)


@dataclasses.dataclass(frozen=True)
class Hardsigmoid(Unweighted):
    """min(max(x + 3, 0), 6) / 6."""

    kind: ClassVar[str] = "hardsigmoid"
    each = ElementOps(add=1, compare=2, divide=1)

    def _function(self, ops: Operations[A], x: A) -> A:
        return ops.clip(x + 3, 0, 6) / 6


@dataclasses.dataclass(frozen=True)
class Hardswish(Unweighted):
    """x * min(max(x + 3, 0), 6) / 6."""

    kind: ClassVar[str] = "hardswish"
    each = ElementOps(multiply=1, add=1, compare=2, divide=1)

    def _function(self, ops: Operations[A], x: A) -> A:
        return x * ops.clip(x + 3, 0, 6) / 6


@dataclasses.dataclass(frozen=True)
class PReLU(Activation):
    """x for x > 0, else weight * x, with one learned weight or one for each channel."""

    kind: ClassVar[str] = "prelu"
    positional: ClassVar[str | None] = "num_parameters"
    each = ElementOps(multiply=1, compare=1)

    num_parameters: int = param(count(1), "n", "weights: 1, or one per channel", default=1)

    def costs(self, shape: Shape) -> Costs:
        """Per element 1 comparison and 1 multiplication."""
        return super().costs(shape)

    def out_shape(self, shape: Shape) -> Shape:
        """The shape of the input.

        Raises:
            ShapeError: there is neither one weight nor one for each channel.
        """
        if self.num_parameters not in (1, shape[0]):
            raise ShapeError(
                f"num_parameters={self.num_parameters} on {format_shape(shape)}; 1 or {shape[0]} "
                "fit"
            )
        return shape

    def weight_shapes(self, shape: Shape) -> dict[str, Shape]:
        """The weight (num_parameters)."""
        return {"weight": (self.num_parameters,)}

    def run(self, ops: Operations[A], arrays: Sequence[A], weights: Mapping[str, A]) -> A:
        """The function of every element, with the learned slopes below 0."""
        (x,) = arrays
        slope = weights["weight"].reshape(1, -1, *(1,) * (len(x.shape) - 2))
        return ops.where(x > 0, x, x * slope)
