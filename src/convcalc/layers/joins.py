"""`residual`, `concat` and `scale`: several branches made one."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from functools import reduce
from math import prod
from typing import TYPE_CHECKING, ClassVar

from convcalc.errors import ShapeError
from convcalc.layers.base import Costs, ElementOps, SeveralInputs, format_shape
from convcalc.layers.dims import along, dim_of_channels, place_of
from convcalc.receptive import united

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcalc.layers.base import Fields, Shape
    from convcalc.layers.operations import A, Operations


class Join(SeveralInputs, ABC):
    """A layer of several inputs, each the result of a branch."""

    joins: ClassVar[bool] = True
    branches: ClassVar[str] = "two branches or more"

    @abstractmethod
    def out_shape(self, *shapes: Shape) -> Shape:
        """The shape of the branches together."""

    def field(self, fields: Sequence[Fields], shapes: Sequence[Shape]) -> Fields:
        """The elements of each axis that any branch sees; of features from different axes, all."""
        longest = max(fields, key=len)
        if any(len(axes) < len(longest) for axes in fields):
            return tuple(field.seeing_all() for field in longest)
        sizes = self.out_shape(*shapes)[1:] or (1,) * len(fields[0])
        return tuple(united(axis, size) for *axis, size in zip(*fields, sizes, strict=True))


@dataclasses.dataclass(frozen=True)
class Residual(Join):
    """The sum of the branches (He et al., "Deep Residual Learning", 2016)."""

    kind: ClassVar[str] = "residual"
    in_place: ClassVar[bool] = True
    commutative: ClassVar[bool] = True
    branches: ClassVar[str] = "one branch or more"

    @classmethod
    def branch_inputs(cls, source: int, ends: Sequence[int]) -> tuple[int, ...]:
        """The branches, or a single one and the input itself."""
        return (ends[0], source) if len(ends) == 1 else tuple(ends)

    def out_shape(self, *shapes: Shape) -> Shape:
        """The shape of every branch.

        Raises:
            ShapeError: two branches differ.
        """
        for index, shape in enumerate(shapes):
            if shape != shapes[0]:
                raise ShapeError(
                    f"{_given(shapes, index)}: a sum needs equal shapes; "
                    f"{_wanted(shapes[0], shape, index)}"
                )
        return shapes[0]

    def costs(self, *shapes: Shape) -> Costs:
        """One addition per element for each branch after the first."""
        return Costs(elements=ElementOps(add=(len(shapes) - 1) * prod(shapes[0])))

    def run(self, ops: Operations[A], arrays: Sequence[A], weights: Mapping[str, A]) -> A:
        """The sum of the branches, from the first on."""
        return reduce(ops.add, arrays)


@dataclasses.dataclass(frozen=True)
class Concat(Join):
    """The channels of all branches one after the other."""

    kind: ClassVar[str] = "concat"
    no_arithmetic: ClassVar[bool] = True

    dim: int = dim_of_channels()

    def out_shape(self, *shapes: Shape) -> Shape:
        """(sum of the channels, *spatial).

        Raises:
            ShapeError: the spatial sizes of two branches differ.
        """
        place = place_of(self.dim, shapes[0])
        if place:
            return self._along(place, shapes)
        for index, shape in enumerate(shapes):
            if shape[1:] != shapes[0][1:]:
                raise ShapeError(
                    f"{_given(shapes, index)}: a concatenation needs equal spatial sizes; "
                    f"{_wanted((shape[0], *shapes[0][1:]), shape, index)}"
                )
        return (sum(shape[0] for shape in shapes), *shapes[0][1:])

    def _along(self, place: int, shapes: Sequence[Shape]) -> Shape:
        """The shape of branches that are put together along another axis than the channels."""
        first = shapes[0]
        others = {(len(shape), shape[:place], shape[place + 1 :]) for shape in shapes}
        if len(others) > 1:
            shown = ", ".join(map(format_shape, shapes))
            raise ShapeError(
                f"the branches give {shown}: all axes but dim={self.dim} must be equal"
            )
        return (*first[:place], sum(shape[place] for shape in shapes), *first[place + 1 :])

    def field(self, fields: Sequence[Fields], shapes: Sequence[Shape]) -> Fields:
        """The elements that any branch sees; along a spatial axis that is put together, all."""
        place = place_of(self.dim, shapes[0])
        return along(super().field(fields, shapes), place, shapes[0])

    def run(self, ops: Operations[A], arrays: Sequence[A], weights: Mapping[str, A]) -> A:
        """The branches side by side along the channels, or another axis."""
        return ops.concat(arrays, 1 + place_of(self.dim, tuple(arrays[0].shape[1:])))


@dataclasses.dataclass(frozen=True)
class Scale(Join):
    """The first input times a gate, whose axes of size 1 serve all positions of the first.

    Source: Hu et al., "Squeeze-and-Excitation Networks" (2018), relation 4, for a gate (C, 1, 1).
    """

    kind: ClassVar[str] = "scale"
    in_place: ClassVar[bool] = True
    branches: ClassVar[str] = "one branch, the gate"

    @classmethod
    def branch_inputs(cls, source: int, ends: Sequence[int]) -> tuple[int, ...] | None:
        """The input itself, then the gate."""
        return (source, *ends) if len(ends) == 1 else None

    def out_shape(self, *shapes: Shape) -> Shape:
        """The shape of the first input.

        Raises:
            ShapeError: there is no gate, or more than one, or it does not fit.
        """
        if len(shapes) != 2:
            raise ShapeError(f"needs an input and one gate, got {len(shapes)} inputs")
        scaled, gate = shapes
        fits = len(scaled) == len(gate) and all(
            own in (1, size) for own, size in zip(gate, scaled, strict=True)
        )
        if not fits:
            forms = dict.fromkeys(
                format_shape(form)
                for form in ((scaled[0], *(1,) * (len(scaled) - 1)), scaled, (1, *scaled[1:]))
            )
            raise ShapeError(
                f"the input is {format_shape(scaled)}, the gate gives {format_shape(gate)}: a gate "
                "has the "
                f"input's size or 1 along each axis; it would have to give {' or '.join(forms)}"
            )
        return scaled

    def costs(self, *shapes: Shape) -> Costs:
        """One multiplication per element."""
        return Costs(elements=ElementOps(multiply=prod(shapes[0])))

    def field(self, fields: Sequence[Fields], shapes: Sequence[Shape]) -> Fields:
        """What the input and the gate see; along an axis that the gate has once, the whole axis."""
        scaled, gate = shapes
        joined = super().field(fields, shapes)
        if len(scaled) == 1:
            return joined
        broadcast = [size > own for size, own in zip(scaled[1:], gate[1:], strict=True)]
        return tuple(
            own.seeing_all() if wide else both
            for own, both, wide in zip(fields[0], joined, broadcast, strict=True)
        )

    def run(self, ops: Operations[A], arrays: Sequence[A], weights: Mapping[str, A]) -> A:
        """The product."""
        scaled, gate = arrays
        return ops.multiply(scaled, gate)


def _given(shapes: Sequence[Shape], index: int) -> str:
    return (
        f"branch 0 gives {format_shape(shapes[0])}, branch {index} gives "
        f"{format_shape(shapes[index])}"
    )


def _wanted(wanted: Shape, shape: Shape, index: int) -> str:
    """What would have to change in the branch for its shape to become the wanted one."""
    change = _nearest_change(wanted, shape)
    advice = f"; {change} at the end of branch {index} would" if change else ""
    empty = " (an empty branch is the input)" if change else ""
    return f"branch {index} would have to give {format_shape(wanted)}{advice}{empty}"


def _nearest_change(wanted: Shape, shape: Shape) -> str:
    """The layer that makes the one shape of the other, if one convolution does."""
    if len(wanted) != len(shape) or len(shape) < 2:
        return ""
    strides = {-(-have // want) for have, want in zip(shape[1:], wanted[1:], strict=True)}
    stride = strides.pop()
    if strides or any(
        -(-have // stride) != want for have, want in zip(shape[1:], wanted[1:], strict=True)
    ):
        return ""
    return f"pw:{wanted[0]},s{stride}" if stride > 1 else f"pw:{wanted[0]}"
