"""`matmul` and `attention`: products of matrices that are both computed, not learned."""

from __future__ import annotations

import dataclasses
from math import inf, prod
from typing import TYPE_CHECKING, ClassVar

from convcalc.errors import ShapeError
from convcalc.layers.base import Costs, ElementOps, format_shape
from convcalc.layers.broadcasting import aligned_array, broadcast_shape, whole_unless_unseen
from convcalc.layers.joins import Join
from convcalc.layers.parameters import optional, param, real, switch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcalc.layers.base import Fields, Shape
    from convcalc.layers.operations import A, Operations


class Product(Join):
    """A product of matrices, each the result of a branch."""

    @property
    def needs_floats(self) -> bool:
        """True: sums of products of whole numbers may leave the range of their dtype."""
        return True

    def field(self, fields: Sequence[Fields], shapes: Sequence[Shape]) -> Fields:
        """The whole input: each output is a sum over an axis of both."""
        return whole_unless_unseen(fields, self.out_shape(*shapes))

    def real_macs(self, *shapes: Shape) -> int | None:
        """All of them: there is no padding."""
        costs = self.costs(*shapes)
        return None if costs is None else costs.macs


@dataclasses.dataclass(frozen=True)
class MatMul(Product):
    """The matrix product of two inputs over the last and the last but one axis.

    It is `numpy.matmul` of one sample: leading axes serve each other where one has 1 element, and a
    vector is a matrix of one row before the product, of one column behind it.
    """

    kind: ClassVar[str] = "matmul"
    branches: ClassVar[str] = "two branches"

    @classmethod
    def branch_inputs(
        cls,
        source: int,  # noqa: ARG003 - for kinds that read it beside their branches
        ends: Sequence[int],
    ) -> tuple[int, ...] | None:
        """The two branches."""
        return tuple(ends) if len(ends) == 2 else None

    def out_shape(self, *shapes: Shape) -> Shape:
        """(..., rows, columns), without those of vectors.

        Raises:
            ShapeError: there are not two inputs, or their axes do not fit.
        """
        if len(shapes) != 2:
            raise ShapeError(f"needs two inputs, got {len(shapes)}")
        one, other = matrices(*shapes)
        if one[-1] != other[-2]:
            raise ShapeError(
                f"the inputs are {format_shape(shapes[0])} and {format_shape(shapes[1])}: a "
                f"product sums over {one[-1]} elements of the first and {other[-2]} of the second"
            )
        rows = (one[-2],) * (len(shapes[0]) > 1)
        columns = (other[-1],) * (len(shapes[1]) > 1)
        return (*_leading(one, other), *rows, *columns) or (1,)

    def costs(self, *shapes: Shape) -> Costs:
        """Multiply-accumulates: prod(out) * K, the elements that each output sums over.

        Source: derived.
        """
        return Costs(prod(self.out_shape(*shapes)) * shapes[0][-1])

    def run(self, ops: Operations[A], arrays: Sequence[A], weights: Mapping[str, A]) -> A:
        """The product of each sample."""
        shapes = [tuple(array.shape[1:]) for array in arrays]
        one, other = (
            array.reshape(array.shape[0], *matrix)
            for array, matrix in zip(arrays, matrices(*shapes), strict=True)
        )
        axes = max(len(one.shape), len(other.shape)) - 1
        product = aligned_array(one, axes) @ aligned_array(other, axes)
        return product.reshape(product.shape[0], *self.out_shape(*shapes))


@dataclasses.dataclass(frozen=True)
class Attention(Product):
    """softmax(Q K^T * scale) V of queries (..., L, E), keys (..., S, E) and values (..., S, Ev).

    Axes in front of these are heads and the like. Keys and values may have fewer heads, each of
    which then serves as many heads of the queries in a row. A fourth input is added to the scores.

    Source: Vaswani et al., "Attention Is All You Need" (2017), section 3.2.1; as PyTorch's
    scaled_dot_product_attention.
    """

    kind: ClassVar[str] = "attention"
    branches: ClassVar[str] = "three branches, with a mask four"

    scale: float | None = param(
        optional(real()),
        "scale",
        "what scores are multiplied by; 1/sqrt(E) by default",
        default=None,
    )
    causal: bool = param(
        switch(),
        "causal",
        "query i sees the keys up to i alone; costs stay the same",
        default=False,
    )

    @classmethod
    def branch_inputs(
        cls,
        source: int,  # noqa: ARG003 - for kinds that read it beside their branches
        ends: Sequence[int],
    ) -> tuple[int, ...] | None:
        """Queries, keys, values, and a mask if there is one."""
        return tuple(ends) if len(ends) in (3, 4) else None

    def out_shape(self, *shapes: Shape) -> Shape:
        """(..., L, Ev).

        Raises:
            ShapeError: there are not three or four inputs, or they do not fit.
        """
        if len(shapes) not in (3, 4):
            raise ShapeError(f"needs queries, keys and values, got {len(shapes)} inputs")
        query, key, value, *mask = shapes
        axes = len(query)
        if axes < 2 or any(len(shape) != axes for shape in (key, value)):
            raise ShapeError(_misfit(shapes, "all three have as many axes, two at least"))
        if key[-1] != query[-1] or value[-2] != key[-2] or key[:-2] != value[:-2]:
            raise ShapeError(_misfit(shapes, "E, S and the axes in front must be equal"))
        heads = axes - 3
        for axis, (size, own) in enumerate(zip(query[:-2], key[:-2], strict=True)):
            if size != own and (axis != heads or size % own):
                raise ShapeError(_misfit(shapes, "heads of keys must divide those of queries"))
        scores = (*query[:-1], key[-2])
        if mask and not _serves(mask[0], scores):
            raise ShapeError(f"a mask {format_shape(mask[0])} on scores {format_shape(scores)}")
        return (*query[:-1], value[-1])

    def costs(self, *shapes: Shape) -> Costs:
        """Multiply-accumulates: H*L*S*(E + Ev), causal or not: both products are dense.

        Source: derived; each of the H*L*S scores is a sum of E products and is multiplied with Ev
        elements of a value. Element operations: a product for the scale of each element of Q, and
        the `softmax` of each row of S scores; a mask is one addition per score.
        """
        query, key, value, *mask = shapes
        rows, size = prod(query[:-1]), key[-2]
        row = ElementOps(0, 2 * size - 1 + len(mask) * size, size - 1, size, size)
        scaled = ElementOps(multiply=0 if self.scale == 1 else prod(query))
        macs = rows * size * (query[-1] + value[-1])
        return Costs(macs, 0, row.times(rows)) + Costs(elements=scaled)

    def between(self, *shapes: Shape) -> int:
        """Elements of the scores."""
        return prod(shapes[0][:-1]) * shapes[1][-2]

    def run(self, ops: Operations[A], arrays: Sequence[A], weights: Mapping[str, A]) -> A:
        """The means of the values, head by head."""
        query, key, value, *mask = arrays
        out = self.out_shape(*(tuple(array.shape[1:]) for array in arrays))
        scale = query.shape[-1] ** -0.5 if self.scale is None else self.scale
        query, key, value = _by_heads(query, key, value)
        scores = (query * scale) @ key.swapaxes(-1, -2)
        number, *sizes = scores.shape
        scores = scores.reshape(number, *out[:-1], sizes[-1])
        if mask:
            scores = ops.add(scores, aligned_array(mask[0], len(out)))
        if self.causal:
            rows, columns = (ops.vector(range(size), scores) for size in scores.shape[-2:])
            later = columns.reshape(1, -1) > rows.reshape(-1, 1)
            scores = ops.where(later, -inf, scores)
        axis = (len(out),)
        powers = ops.apply("exp", scores - ops.reduce(scores, axis, "max"))
        shares = (powers / ops.reduce(powers, axis, "sum")).reshape(number, *sizes)
        return (shares @ value).reshape(number, *out)


def matrices(one: Shape, other: Shape) -> tuple[Shape, Shape]:
    """Vectors as matrices, of one row and of one column."""
    return (one if len(one) > 1 else (1, *one)), (other if len(other) > 1 else (*other, 1))


def _leading(one: Shape, other: Shape) -> Shape:
    """The axes in front of two matrices, spread to each other."""
    return broadcast_shape((one[:-2], other[:-2])) if len(one) > 2 or len(other) > 2 else ()


def _misfit(shapes: Sequence[Shape], rule: str) -> str:
    shown = ", ".join(map(format_shape, shapes[:3]))
    return f"queries, keys and values are {shown}; {rule}, as HxLxE, HxSxE and HxSxEv"


def _serves(mask: Shape, scores: Shape) -> bool:
    """Whether a mask has the sizes of the scores, or 1 in their place, from the last axis on."""
    pairs = zip(reversed(mask), reversed(scores), strict=False)
    return len(mask) <= len(scores) and all(own in (1, size) for own, size in pairs)


def _by_heads(query: A, key: A, value: A) -> tuple[A, A, A]:
    """Queries with an axis for those that share a head of keys and values, if any do."""
    heads = key.shape[-3]
    if len(query.shape) < 4 or query.shape[-3] == heads:
        return query, key, value
    number, *leading, _, steps, size = query.shape
    query = query.reshape(number, *leading, heads, -1, steps, size)
    key, value = (one.reshape(number, *leading, heads, 1, *one.shape[-2:]) for one in (key, value))
    return query, key, value
