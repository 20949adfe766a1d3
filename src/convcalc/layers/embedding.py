"""`embedding`: each whole number as a row of a learned table."""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from typing import TYPE_CHECKING, ClassVar

from convcalc.errors import ShapeError
from convcalc.layers.base import Costs, Layer, format_shape
from convcalc.layers.parameters import count, param
from convcalc.receptive import Field

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcalc.layers.base import Fields, Shape
    from convcalc.layers.operations import A, Operations

ONE_INDEX = Field(Fraction(0), Fraction(0), Fraction(0), (((0, 0),),))
"""The field of the features of one index: each sees it, and there is none beside it."""


@dataclasses.dataclass(frozen=True)
class Embedding(Layer):
    """Each of (steps) whole numbers as a row of a table: (steps, embedding_dim)."""

    kind: ClassVar[str] = "embedding"
    positional: ClassVar[str | None] = "num_embeddings"
    spatial_axes: ClassVar[int | None] = 0

    num_embeddings: int = param(count(1), "n", "rows of the table")
    embedding_dim: int = param(count(1), "d", "features of a row")

    def out_shape(self, shape: Shape) -> Shape:
        """(steps, embedding_dim).

        Raises:
            ShapeError: the input is not (steps).
        """
        if len(shape) != 1:
            raise ShapeError(f"needs an input of indices alone, as 128; got {format_shape(shape)}")
        return (*shape, self.embedding_dim)

    def weight_shapes(self, shape: Shape) -> dict[str, Shape]:
        """The weight (num_embeddings, embedding_dim)."""
        return {"weight": (self.num_embeddings, self.embedding_dim)}

    def costs(self, shape: Shape) -> Costs:
        """No operations: rows are looked up."""
        return Costs()

    def field(self, fields: Sequence[Fields], shapes: Sequence[Shape]) -> Fields:
        """The one index of a step, along the axis of the features, which begins here."""
        return fields[0] or (ONE_INDEX,)

    def run(self, ops: Operations[A], arrays: Sequence[A], weights: Mapping[str, A]) -> A:
        """The rows.

        Raises:
            DataError: a number is not that of a row.
        """
        (array,) = arrays
        return ops.lookup(weights["weight"], array)
