"""`linear`: a fully connected layer over the last axis."""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from fractions import Fraction
from math import prod
from typing import TYPE_CHECKING, ClassVar

from convcalc.errors import ShapeError
from convcalc.layers.base import Costs, Layer
from convcalc.layers.moved import replaced
from convcalc.layers.parameters import count, param, switch
from convcalc.window import Window

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcalc.layers.base import Fields, Shape
    from convcalc.layers.operations import A, Operations


@dataclasses.dataclass(frozen=True)
class Linear(Layer):
    """Each output is a weighted sum over the last axis, plus a bias; other axes stay apart."""

    kind: ClassVar[str] = "linear"
    positional: ClassVar[str | None] = "out_features"

    out_features: int = param(count(1), "n", "features of the result")
    bias: bool = param(switch(), "bias", "add a number per output feature", default=True)

    def out_shape(self, shape: Shape) -> Shape:
        """(*leading, out_features)."""
        if not shape:
            raise ShapeError("needs an input of at least one axis, got no axes")
        return (*shape[:-1], self.out_features)

    def weight_shapes(self, shape: Shape) -> dict[str, Shape]:
        """The weight (out_features, last axis) and bias (out_features)."""
        weights: dict[str, Shape] = {"weight": (self.out_features, shape[-1])}
        return weights | ({"bias": (self.out_features,)} if self.bias else {})

    def costs(self, shape: Shape) -> Costs:
        """Multiply-accumulates: leading axes * features that arrive * out_features.

        Source: derived; each of the prod(out) outputs is a sum of `in` products.
        """
        out = prod(self.out_shape(shape))
        return Costs(out * shape[-1], out if self.bias else 0)

    def field(self, fields: Sequence[Fields], shapes: Sequence[Shape]) -> Fields:
        """The whole input for features; the last axis alone as a whole for (C, *spatial)."""
        return through_last_axis(fields[0], shapes[0])

    def run(self, ops: Operations[A], arrays: Sequence[A], weights: Mapping[str, A]) -> A:
        """The backend's `linear`."""
        (array,) = arrays
        return ops.linear(array, weights["weight"], weights.get("bias"))


def through_last_axis(fields: Fields, shape: Shape) -> Fields:
    """The field of an output that reads all of the last axis of `shape`, as all others on it do.

    They see the same, so that the way from one to the next is 0, in further layers too.
    """
    if len(shape) == 1:
        return tuple(field.seeing_all() for field in fields)
    first = fields[-1].through(Window(shape[-1], shape[-1])).seeing_all()
    same = replace(first, effective_stride=Fraction(0), phases=first.phases and first.phases[:1])
    return replaced(fields, len(fields), same)
