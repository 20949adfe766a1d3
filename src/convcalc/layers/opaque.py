"""`opaque`: a layer that is known by its name, and by what is said of it.

It may be said to compute what a layer of a known kind does, with weights that are not its own:
those of a layer before it, or made of other parameters. Its field and its operations are then
known, too.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, ClassVar

from convcalc.errors import ParameterError, ShapeError, UsageError, described
from convcalc.layers.base import Costs, Layer, SeveralInputs, format_shape
from convcalc.layers.broadcasting import broadcast_fields, broadcast_shape
from convcalc.layers.parameters import (
    LARGEST_COUNT,
    Rule,
    count,
    name,
    optional,
    param,
    switch,
    whole_shape,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcalc.layers.base import Fields, Shape
    from convcalc.layers.operations import A, Operations


def _layer() -> Rule[Layer | None]:
    """A layer of any kind, which a text writes in brackets; None where there is none."""

    def normalise(name: str, value: object) -> Layer | None:
        if value is None or isinstance(value, Layer):
            return value
        got = described(value)
        raise ParameterError(name, f"expected a layer in brackets, as (conv:8,k3), got {got}")

    return Rule("a layer in brackets, as (conv:8,k3)", normalise, example="=(conv:8,k3)")


@dataclasses.dataclass(frozen=True)
class Opaque(SeveralInputs):
    """A layer of which nothing is known but what is said; it cannot be run.

    With branches it reads what they give, in any number: `opaque:name=stack{@a | @b}`. Which
    elements it reads is not known, and its receptive field neither, unless it is said to work on
    each element by itself, or to be like a layer.
    """

    kind: ClassVar[str] = "opaque"
    computable: ClassVar[bool] = False
    joins: ClassVar[bool] = True
    stands_alone: ClassVar[bool] = True
    branches: ClassVar[str] = "one branch or more"

    name: str = param(name(), "name", "what it is called")
    out: Shape | None = param(
        optional(whole_shape()),
        "out",
        "the shape that leaves it; by default its input's",
        default=None,
    )
    params: int = param(count(0, LARGEST_COUNT), "params", "the parameters it holds", default=0)
    macs: int | None = param(
        optional(count(0, LARGEST_COUNT)),
        "macs",
        "its multiply-accumulates of one sample; not known by default",
        default=None,
    )
    like: Layer | None = param(
        _layer(),
        "like",
        "the layer that does the same with weights of its own, as like=(conv:8,k3)",
        default=None,
    )

    elementwise: bool = param(
        switch(),
        "elementwise",
        "each element of the result is made of those at its own place, and of no others",
        default=False,
    )

    @classmethod
    def branch_inputs(
        cls,
        source: int,  # noqa: ARG003 - for kinds that read it beside their branches
        ends: Sequence[int],
    ) -> tuple[int, ...]:
        """The branches alone."""
        return tuple(ends)

    @property
    def called(self) -> str:
        """Its name."""
        return self.name

    def out_shape(self, *shapes: Shape) -> Shape:
        """The shape that is said, or that of the first input; of elements that of all together.

        Raises:
            ShapeError: it works on single elements, and the inputs do not give that shape.
        """
        if not self.elementwise:
            return shapes[0] if self.out is None else self.out
        given = broadcast_shape(shapes)
        if self.out not in (None, given):
            raise ShapeError(
                f"element by element {format_shape(given)} leaves {self.name}, not "
                f"{format_shape(self.out or ())}"
            )
        return given

    def weight_shapes(self, *shapes: Shape) -> dict[str, Shape]:
        """The parameters as one vector, if there are any."""
        return {"weight": (self.params,)} if self.params else {}

    def costs(self, *shapes: Shape) -> Costs | None:
        """The multiply-accumulates that are said; without them not known, which is not zero.

        Beside them the operations of the layer that it is like. What are more of them than that
        layer has were spent on making its weights.
        """
        if self.macs is None:
            return None
        known = None if self.like is None else self.like.costs(*shapes)
        return Costs(self.macs) if known is None else known._replace(macs=self.macs)

    def real_macs(self, *shapes: Shape) -> int | None:
        """The multiply-accumulates that are said, without those on zero padding where known."""
        if self.like is None or self.macs is None:
            return self.macs
        known, real = self.like.costs(*shapes), self.like.real_macs(*shapes)
        return None if known is None or real is None else self.macs - known.macs + real

    def repeats_elements(self, *shapes: Shape) -> bool:
        """Whether the layer that it is like reads copies of elements beyond a border."""
        return self.like is not None and self.like.repeats_elements(*shapes)

    def dropped_input(self, *shapes: Shape) -> tuple[int, ...]:
        """The elements that no window of the layer that it is like reaches."""
        if self.like is None:
            return super().dropped_input(*shapes)
        return self.like.dropped_input(*shapes)

    def field(self, fields: Sequence[Fields], shapes: Sequence[Shape]) -> Fields | None:
        """Those of the inputs, element by element, or that of the layer that it is like.

        None, and not a guess, of any other.
        """
        if self.like is not None:
            return self.like.field(fields, shapes)
        return (
            broadcast_fields(fields, shapes, self.out_shape(*shapes)) if self.elementwise else None
        )

    def run(self, ops: Operations[A], arrays: Sequence[A], weights: Mapping[str, A]) -> A:
        """Refuses: what it computes is not known.

        Raises:
            UsageError: always.
        """
        raise UsageError(f"{self.spec()} cannot be run: what it computes is not known")
