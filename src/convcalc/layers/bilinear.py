"""`bilinear`: the products of the features of two branches, mixed by a matrix."""

from __future__ import annotations

import dataclasses
from math import prod
from typing import TYPE_CHECKING, ClassVar

from convcalc.errors import ShapeError
from convcalc.layers.base import Costs, ElementOps, format_shape
from convcalc.layers.joins import Join
from convcalc.layers.linear import through_last_axis
from convcalc.layers.parameters import count, param, switch
from convcalc.receptive import united

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcalc.layers.base import Fields, Shape
    from convcalc.layers.operations import A, Operations


@dataclasses.dataclass(frozen=True)
class Bilinear(Join):
    """x^T A y + b for each output, over the last axes x and y of two branches, as nn.Bilinear."""

    kind: ClassVar[str] = "bilinear"
    positional: ClassVar[str | None] = "out_features"
    branches: ClassVar[str] = "two branches"

    out_features: int = param(count(1), "n", "features of the result")
    bias: bool = param(switch(), "bias", "add a number per output feature", default=True)

    @classmethod
    def branch_inputs(cls, source: int, ends: Sequence[int]) -> tuple[int, ...] | None:  # noqa: ARG003
        """Both branches; None if there are not two."""
        return tuple(ends) if len(ends) == 2 else None

    def out_shape(self, *shapes: Shape) -> Shape:
        """(*leading, out_features).

        Raises:
            ShapeError: the branches differ in another axis than the last, or are not two.
        """
        if len(shapes) != 2:
            raise ShapeError(f"needs two inputs, got {len(shapes)}")
        one, other = shapes
        if one[:-1] != other[:-1]:
            raise ShapeError(
                f"branch 0 gives {format_shape(one)}, branch 1 gives {format_shape(other)}: all "
                "axes but the last must be equal"
            )
        return (*one[:-1], self.out_features)

    def weight_shapes(self, *shapes: Shape) -> dict[str, Shape]:
        """The weight (out_features, last axis of each branch) and bias (out_features)."""
        weights: dict[str, Shape] = {"weight": (self.out_features, *(s[-1] for s in shapes))}
        return weights | ({"bias": (self.out_features,)} if self.bias else {})

    def costs(self, *shapes: Shape) -> Costs:
        """Multiply-accumulates: leading axes * out * in1 * in2, beside in1 * in2 products.

        Source: derived; x^T A y is the sum of A_ij (x_i y_j), and x_i y_j serves all outputs.
        """
        out = self.out_shape(*shapes)
        pairs = shapes[0][-1] * shapes[1][-1]
        products = ElementOps(multiply=prod(out[:-1]) * pairs)
        return Costs(prod(out) * pairs, prod(out) if self.bias else 0, products)

    def real_macs(self, *shapes: Shape) -> int:
        """All of them: nothing is padded."""
        return self.costs(*shapes).macs

    def field(self, fields: Sequence[Fields], shapes: Sequence[Shape]) -> Fields:
        """What both branches see, of the last axis all."""
        pairs = zip(fields, shapes, strict=True)
        seen = [through_last_axis(own, shape) for own, shape in pairs]
        sizes = self.out_shape(*shapes)[1:] or (1,) * len(seen[0])
        return tuple(united(axis, size) for *axis, size in zip(*seen, sizes, strict=True))

    def run(self, ops: Operations[A], arrays: Sequence[A], weights: Mapping[str, A]) -> A:
        """The products of all pairs of features, mixed; integers stay exact."""
        one, other = arrays
        weight = weights["weight"]
        leading, rows, columns = one.shape[:-1], one.shape[-1], other.shape[-1]
        pairs = ops.multiply(one.reshape(*leading, rows, 1), other.reshape(*leading, 1, columns))
        mixing = weight.reshape(weight.shape[0], rows * columns)
        return ops.linear(pairs.reshape(*leading, rows * columns), mixing, weights.get("bias"))
