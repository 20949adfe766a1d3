"""`multiheadattention`: every step a mean of all steps, weighted by how alike they are."""

from __future__ import annotations

import dataclasses
from math import prod
from typing import TYPE_CHECKING, ClassVar

from convcalc.errors import ParameterError, ShapeError
from convcalc.layers.base import Costs, ElementOps, Layer, format_shape
from convcalc.layers.linear import through_last_axis
from convcalc.layers.parameters import count, param, switch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcalc.layers.base import Fields, Shape
    from convcalc.layers.operations import A, Operations


@dataclasses.dataclass(frozen=True)
class MultiheadAttention(Layer):
    """softmax(Q K^T / sqrt(d)) V for each head; Q, K, V are matrices times (steps, features).

    Source: Vaswani et al., "Attention Is All You Need" (2017), section 3.2.2; weights as PyTorch's.
    """

    kind: ClassVar[str] = "multiheadattention"
    positional: ClassVar[str | None] = "embed_dim"
    spatial_axes: ClassVar[int | None] = 1

    embed_dim: int = param(count(1), "n", "features that arrive and leave")
    num_heads: int = param(count(1), "heads", "parts of the features, each by itself", default=1)
    bias: bool = param(switch(), "bias", "add a number to each product of a matrix", default=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.embed_dim % self.num_heads:
            raise ParameterError(
                "num_heads", f"must divide embed_dim={self.embed_dim}, got {self.num_heads}"
            )

    def out_shape(self, shape: Shape) -> Shape:
        """(steps, embed_dim).

        Raises:
            ShapeError: the input is not that.
        """
        if len(shape) != 2 or shape[1] != self.embed_dim:
            raise ShapeError(
                f"needs an input of steps and {self.embed_dim} features, as "
                f"100x{self.embed_dim}; got {format_shape(shape)}"
            )
        return shape

    def weight_shapes(self, shape: Shape) -> dict[str, Shape]:
        """The matrices of Q, K and V upon each other, and that of the heads' results."""
        size = self.embed_dim
        weights: dict[str, Shape] = {"in_proj_weight": (3 * size, size)}
        weights |= {"in_proj_bias": (3 * size,)} if self.bias else {}
        weights |= {"out_proj.weight": (size, size)}
        return weights | ({"out_proj.bias": (size,)} if self.bias else {})

    def costs(self, shape: Shape) -> Costs:
        """Multiply-accumulates: T * 3E*E + 2 * T*T*E + T * E*E for T steps of E features.

        Source: derived; each score is a sum of E/heads products, each result of a head one of T.
        Element operations: a softmax of T scores for each step and head, and E products for the
        scale of each Q.
        """
        steps, size = shape
        scores = steps * self.num_heads  # rows of them
        elements = ElementOps(
            multiply=steps * size,
            add=scores * (2 * steps - 1),
            compare=scores * (steps - 1),
            divide=scores * steps,
            exponent=scores * steps,
        )
        adds = 4 * steps * size if self.bias else 0
        return Costs(4 * steps * size**2 + 2 * steps**2 * size, adds, elements)

    def between(self, shape: Shape) -> int:
        """Elements of Q, K, V, the scores and the heads' results."""
        return 4 * prod(shape) + self.num_heads * shape[0] ** 2

    def field(self, fields: Sequence[Fields], shapes: Sequence[Shape]) -> Fields:
        """All features; along the steps, which are no spatial axis, nothing is said."""
        return through_last_axis(fields[0], shapes[0])

    def run(self, ops: Operations[A], arrays: Sequence[A], weights: Mapping[str, A]) -> A:
        """The results of all heads side by side, times the last matrix."""
        (array,) = arrays
        samples, steps, size = array.shape
        one = size // self.num_heads
        made = ops.linear(array, weights["in_proj_weight"], weights.get("in_proj_bias"))
        query, key, value = (
            made[:, :, begin : begin + size]
            .reshape(samples, steps, self.num_heads, one)
            .swapaxes(1, 2)
            for begin in (0, size, 2 * size)
        )
        scores = (query * one**-0.5) @ key.swapaxes(2, 3)
        powers = ops.apply("exp", scores - ops.reduce(scores, (3,), "max"))
        means = (powers / ops.reduce(powers, (3,), "sum")) @ value
        joined = means.swapaxes(1, 2).reshape(samples, steps, size)
        return ops.linear(joined, weights["out_proj.weight"], weights.get("out_proj.bias"))

    @property
    def needs_floats(self) -> bool:
        """True: shares are fractions."""
        return True
