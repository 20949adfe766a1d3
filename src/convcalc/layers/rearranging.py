"""`permute` and `view`: the elements of a sample in another order, or some of them."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, ClassVar

from convcalc.errors import ParameterError, ShapeError, UsageError
from convcalc.layers.base import Rearrangement, SeveralInputs, format_shape
from convcalc.layers.broadcasting import is_unseen, whole, whole_unless_unseen
from convcalc.layers.parameters import axes, name, param, whole_shape
from convcalc.receptive import UNSEEN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcalc.layers.base import Fields, Shape
    from convcalc.layers.operations import A, Operations


@dataclasses.dataclass(frozen=True)
class Permute(Rearrangement):
    """The axes of a sample in another order, as `numpy.transpose`: `permute:1x2x0`."""

    kind: ClassVar[str] = "permute"
    view: ClassVar[bool] = True
    positional: ClassVar[str | None] = "order"

    order: tuple[int, ...] = param(axes(), "order", "for each axis the one that it was, from 0 on")

    def __post_init__(self) -> None:
        super().__post_init__()
        if sorted(self.order) != list(range(len(self.order))):
            shown = format_shape(self.order)
            raise ParameterError("order", f"expected each axis from 0 on once, as 1x2x0: {shown}")

    def out_shape(self, shape: Shape) -> Shape:
        """The sizes in their new order.

        Raises:
            ShapeError: the input has another number of axes.
        """
        if len(shape) != len(self.order):
            raise ShapeError(
                f"puts {len(self.order)} axes in another order, the input {format_shape(shape)} "
                f"has {len(shape)}"
            )
        return tuple(shape[axis] for axis in self.order)

    def field(self, fields: Sequence[Fields], shapes: Sequence[Shape]) -> Fields:
        """Each axis sees what it saw before; where the channels move, axes see the whole input."""
        (own,) = fields
        if is_unseen(own):
            return (UNSEEN,) * max(1, len(self.order) - 1)
        if self.order[0] or len(own) != len(self.order) - 1:
            return whole(len(self.order) - 1)
        return tuple(own[axis - 1] for axis in self.order[1:])

    def scatters(self, shape: Shape) -> bool:
        """Whether the elements no longer lie in their order: axes of one element do not count."""
        moved = [axis for axis in self.order if shape[axis] > 1]
        return moved != sorted(moved)

    def run(self, ops: Operations[A], arrays: Sequence[A], weights: Mapping[str, A]) -> A:
        """The array with its axes in the order, behind the batch."""
        (array,) = arrays
        return ops.permute(array, (0, *(axis + 1 for axis in self.order)))


@dataclasses.dataclass(frozen=True)
class View(SeveralInputs):
    """Elements moved, repeated or left out in a way that is known by its name alone."""

    kind: ClassVar[str] = "view"
    computable: ClassVar[bool] = False
    no_arithmetic: ClassVar[bool] = True

    name: str = param(name(), "name", "what is done with them, as roll")
    out: Shape = param(whole_shape(), "out", "the shape that leaves it")

    @property
    def called(self) -> str:
        """Its name."""
        return self.name

    def out_shape(self, *shapes: Shape) -> Shape:
        """The shape that is said."""
        return self.out

    def field(self, fields: Sequence[Fields], shapes: Sequence[Shape]) -> Fields:
        """The whole input: it is not known which elements are where."""
        return whole_unless_unseen(fields, self.out)

    def run(self, ops: Operations[A], arrays: Sequence[A], weights: Mapping[str, A]) -> A:
        """Refuses: where the elements go is not known.

        Raises:
            UsageError: always.
        """
        raise UsageError(f"{self.spec()} cannot be run: where its elements go is not known")
