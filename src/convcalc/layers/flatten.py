"""`flatten`: all elements of a sample as one axis of features."""

from __future__ import annotations

import dataclasses
from math import prod
from typing import TYPE_CHECKING, ClassVar

from convcalc.layers.base import Rearrangement

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcalc.layers.base import Fields, Shape
    from convcalc.layers.operations import A, Operations


@dataclasses.dataclass(frozen=True)
class Flatten(Rearrangement):
    """(C, *spatial) as (C * prod(spatial)), channel after channel."""

    kind: ClassVar[str] = "flatten"
    view: ClassVar[bool] = True

    def out_shape(self, shape: Shape) -> Shape:
        """(features)."""
        return (prod(shape),)

    def field(self, fields: Sequence[Fields], shapes: Sequence[Shape]) -> Fields:
        """The whole axis for features of several positions; of one position, what that one sees."""
        sizes = shapes[0][1:]
        if len(sizes) != len(fields[0]):
            return fields[0]
        return tuple(
            field.seeing_all() if size > 1 else field
            for field, size in zip(fields[0], sizes, strict=True)
        )

    def run(self, ops: Operations[A], arrays: Sequence[A], weights: Mapping[str, A]) -> A:
        """The array as (N, features)."""
        (array,) = arrays
        return array.reshape(array.shape[0], -1)
