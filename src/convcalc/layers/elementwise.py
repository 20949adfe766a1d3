"""`elementwise`: one named operation on each element of inputs that serve each other."""

from __future__ import annotations

import dataclasses
from math import prod
from typing import TYPE_CHECKING, ClassVar

from convcalc.errors import ParameterError, ShapeError, UsageError, nearest
from convcalc.layers.base import Costs
from convcalc.layers.broadcasting import aligned_array, broadcast_fields, broadcast_shape
from convcalc.layers.joins import Join
from convcalc.layers.named_operations import ELEMENTWISE
from convcalc.layers.parameters import name, optional, param, real

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcalc.layers.base import Fields, Shape
    from convcalc.layers.operations import A, Operations


@dataclasses.dataclass(frozen=True)
class Elementwise(Join):
    """An operation by its name on each element of one to three inputs, spread as numpy has it.

    A second operand that is a number is its `value`; one that is neither a number nor an input, as
    a constant array, is not known, so that the layer cannot be run.
    """

    kind: ClassVar[str] = "elementwise"
    in_place: ClassVar[bool] = True
    branches: ClassVar[str] = "none, or one to three branches"
    stands_alone: ClassVar[bool] = True

    name: str = param(name(), "name", "the operation, as sub, exp or where")
    value: float | None = param(
        optional(real()), "value", "the second operand, where it is a number", default=None
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.name not in ELEMENTWISE:
            hint = nearest(self.name, ELEMENTWISE) or "; opaque:name=... is any other"
            raise ParameterError("name", f"no operation is called '{self.name}'{hint}")

    @property
    def called(self) -> str:
        """Its name."""
        return self.name

    @classmethod
    def branch_inputs(
        cls,
        source: int,  # noqa: ARG003 - for kinds that read it beside their branches
        ends: Sequence[int],
    ) -> tuple[int, ...] | None:
        """The branches, up to three."""
        return tuple(ends) if len(ends) <= 3 else None

    @property
    def needs_floats(self) -> bool:
        """True: whole numbers may leave the range of their dtype."""
        return True

    @property
    def refusal(self) -> str | None:
        """What it lacks to be computed."""
        if ELEMENTWISE[self.name].run is None:
            return f"'{self.name}' is known by its cost alone, and cannot be run"
        return None

    def out_shape(self, *shapes: Shape) -> Shape:
        """The shape that all inputs are spread to.

        Raises:
            ShapeError: there are more inputs than operands, or they do not fit.
        """
        most = ELEMENTWISE[self.name].operands - (self.value is not None)
        if len(shapes) > most:
            raise ShapeError(f"'{self.name}' takes {most} inputs, got {len(shapes)}")
        return broadcast_shape(shapes)

    def costs(self, *shapes: Shape) -> Costs:
        """The operations of one element, times the elements of the result."""
        each = ELEMENTWISE[self.name].each
        return Costs(elements=each.times(prod(self.out_shape(*shapes))))

    def field(self, fields: Sequence[Fields], shapes: Sequence[Shape]) -> Fields:
        """What the inputs see at each element; along an axis that one has once, the whole axis."""
        return broadcast_fields(fields, shapes, self.out_shape(*shapes))

    def run(self, ops: Operations[A], arrays: Sequence[A], weights: Mapping[str, A]) -> A:
        """The operation.

        Raises:
            UsageError: an operand is neither a number nor an input.
        """
        found = ELEMENTWISE[self.name]
        axes = max(len(array.shape) for array in arrays) - 1
        operands: list[A | float] = [aligned_array(array, axes) for array in arrays]
        operands += [self.value] if self.value is not None else []
        if found.run is None or len(operands) != found.operands:
            missing = self.refusal or "an operand is neither a number nor an input"
            raise UsageError(f"{self.spec()} cannot be run: {missing}")
        result: A = found.run(ops, *operands)
        return result
