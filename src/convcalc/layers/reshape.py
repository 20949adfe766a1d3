"""`reshape` and `unflatten`: the elements of a sample in their order, on other axes."""

from __future__ import annotations

import dataclasses
import functools
from math import prod
from typing import TYPE_CHECKING, ClassVar

from convcalc.errors import ParameterError, ShapeError
from convcalc.layers.base import Rearrangement, format_shape
from convcalc.layers.flatten import Flatten
from convcalc.layers.parameters import count, param, sizes
from convcalc.layers.resampling import through_nearest, through_sections
from convcalc.receptive import IDENTITY

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcalc.layers.base import Fields, Shape
    from convcalc.layers.operations import A, Operations
    from convcalc.receptive import Field


class Regrouping(Rearrangement):
    """Other axes for the same elements, channels first and row after row, as they lie in memory."""

    view: ClassVar[bool] = True

    def field(self, fields: Sequence[Fields], shapes: Sequence[Shape]) -> Fields:
        """The fields of the axes at the end that stay; of others the whole axis, or a copy of one.

        A new position holds what lay at several positions, so that it sees the whole axis, as after
        `flatten`. Where there was one position (features, C x 1 x 1) all new ones see what it saw.
        An axis that the input has not is one element.
        """
        before, after = shapes[0][1:], self.out_shape(shapes[0])[1:]
        if not after:
            return Flatten().field(fields, shapes)
        before = before or (1,) * len(fields[0])
        kept = _alike_at_the_end(before, after)
        first, last = len(before) - kept, len(after) - kept
        moved, new = fields[0][:first], after[:last]
        if first == last:
            axes = zip(moved, before[:first], new, strict=True)
            changed = tuple(_regrouped(*axis) for axis in axes)
        else:
            changed = tuple(_copied(out, whole=bool(moved)) for out in new)
        return changed + fields[0][first:]

    def run(self, ops: Operations[A], arrays: Sequence[A], weights: Mapping[str, A]) -> A:
        """The array with its batch and the axes of the result."""
        (array,) = arrays
        number, *shape = array.shape
        return array.reshape(number, *self.out_shape(tuple(shape)))


@dataclasses.dataclass(frozen=True)
class Reshape(Regrouping):
    """The elements of a sample in their order as (C, *sizes), as PyTorch's `view`."""

    kind: ClassVar[str] = "reshape"
    positional: ClassVar[str | None] = "sizes"

    sizes: tuple[int, ...] = param(sizes(), "sizes", "channels and sizes; -1 is what is left")

    def out_shape(self, shape: Shape) -> Shape:
        """The sizes, -1 worked out.

        Raises:
            ShapeError: they do not hold as many elements as the input has.
        """
        return _filled(self.sizes, prod(shape), f"the input {format_shape(shape)}")


@dataclasses.dataclass(frozen=True)
class Unflatten(Regrouping):
    """One axis as several, the channels unless `dim` says another."""

    kind: ClassVar[str] = "unflatten"
    positional: ClassVar[str | None] = "unflattened_size"

    unflattened_size: tuple[int, ...] = param(
        sizes(), "sizes", "sizes of the axes in its place; -1 is what is left"
    )
    dim: int = param(count(-4), "dim", "the axis: 1 are the channels, -1 is the last", default=1)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.dim == 0:
            raise ParameterError("dim", "0 is the batch; 1 are the channels")

    def out_shape(self, shape: Shape) -> Shape:
        """The shape with the sizes in place of one axis.

        Raises:
            ShapeError: there is no such axis, or the sizes do not hold as many elements as it has.
        """
        place = self.dim - 1 if self.dim > 0 else len(shape) + self.dim
        if not 0 <= place < len(shape):
            raise ShapeError(f"dim={self.dim} is no axis of {format_shape(shape)}")
        whole = f"axis {self.dim} of {format_shape(shape)}"
        parts = _filled(self.unflattened_size, shape[place], whole)
        return (*shape[:place], *parts, *shape[place + 1 :])


def _filled(wanted: tuple[int, ...], elements: int, whole: str) -> Shape:
    """The wanted sizes with -1 worked out from all elements.

    Raises:
        ShapeError: the sizes do not hold that many.
    """
    known = prod(size for size in wanted if size > 0)
    filled = tuple(elements // known if size < 0 else size for size in wanted)
    if prod(filled) != elements or not elements:
        part = "a multiple of " if -1 in wanted else ""
        raise ShapeError(
            f"{format_shape(wanted)} holds {part}{known} elements, {whole} has {elements}"
        )
    return filled


def _alike_at_the_end(one: Shape, other: Shape) -> int:
    """How many axes at the end of both have the same sizes."""
    pairs = zip(reversed(one), reversed(other), strict=False)
    return next((place for place, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


@functools.lru_cache(maxsize=128)
def _copied(out: int, *, whole: bool) -> Field:
    """The field of one element that is there `out` times; a network asks for few, and often."""
    start = IDENTITY.seeing_all() if whole else IDENTITY
    return through_nearest(start, 1, out)


def _regrouped(field: Field, size: int, out: int) -> Field:
    """The field of one axis of `out` positions that holds the elements of `size` positions."""
    if size == 1:
        return through_nearest(field, 1, out)
    return through_sections(field, size, out).seeing_all()
