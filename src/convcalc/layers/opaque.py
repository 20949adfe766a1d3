"""`opaque`: a layer that is known by its name, and by what is said of it.

It may be said to compute what a layer of a known kind does, with weights that are not its own:
those of a layer before it, or made of other parameters. Its field and its operations are then
known, too.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, ClassVar

from convcalc.errors import UsageError
from convcalc.layers.base import Costs, Layer, SeveralInputs
from convcalc.layers.parameters import LARGEST_COUNT, count, layer, name, param, whole_shape
from convcalc.receptive import IDENTITY, united

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcalc.layers.base import Fields, Shape
    from convcalc.layers.operations import A, Operations


@dataclasses.dataclass(frozen=True)
class Opaque(SeveralInputs):
    """A layer of which nothing is known but what is said; it cannot be run.

    With branches it reads what they give, in any number: `opaque:name=stack{@a | @b}`.
    """

    kind: ClassVar[str] = "opaque"
    computable: ClassVar[bool] = False
    joins: ClassVar[bool] = True
    stands_alone: ClassVar[bool] = True
    branches: ClassVar[str] = "one branch or more"

    name: str = param(name(), "name", "what it is called")
    out: Shape | None = param(
        whole_shape(optional=True),
        "out",
        "the shape that leaves it; by default its input's",
        default=None,
    )
    params: int = param(count(0, LARGEST_COUNT), "params", "the parameters it holds", default=0)
    macs: int | None = param(
        count(0, LARGEST_COUNT, optional=True),
        "macs",
        "its multiply-accumulates of one sample; not known by default",
        default=None,
    )
    like: Layer | None = param(
        layer(),
        "like",
        "the layer that does the same with weights of its own, as like=(conv:8,k3)",
        default=None,
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
        """The shape that is said, or that of the first input."""
        return shapes[0] if self.out is None else self.out

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

    def field(self, fields: Sequence[Fields], shapes: Sequence[Shape]) -> Fields:
        """The fields of the inputs, element by element; where a shape is said, the whole input.

        That of the layer that it is like, if there is one.
        """
        if self.like is not None:
            return self.like.field(fields, shapes)
        if self.out is None and len(fields) == 1:
            return fields[0]
        axes = len(self.out_shape(*shapes)) - 1 or max(map(len, fields))
        if self.out is None and all(len(one) == axes for one in fields):
            sizes = shapes[0][1:] or (1,) * axes
            return tuple(united(each, size) for *each, size in zip(*fields, sizes, strict=True))
        known = fields[0] if len(fields[0]) == axes else (IDENTITY,) * axes
        return tuple(one.seeing_all() for one in known)

    def run(self, ops: Operations[A], arrays: Sequence[A], weights: Mapping[str, A]) -> A:
        """Refuses: what it computes is not known.

        Raises:
            UsageError: always.
        """
        raise UsageError(f"{self.spec()} cannot be run: what it computes is not known")
