"""`opaque`: a layer that is known by its name, and by what is said of it."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, ClassVar

from convcalc.errors import UsageError
from convcalc.layers.base import Costs, SeveralInputs
from convcalc.layers.parameters import LARGEST_COUNT, count, name, param, whole_shape
from convcalc.receptive import IDENTITY, united

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcalc.layers.base import Fields, Shape
    from convcalc.layers.operations import A, Operations


@dataclasses.dataclass(frozen=True)
class Opaque(SeveralInputs):
    """A layer of which nothing is known but what is said; it cannot be run.

    In a text it reads what is before it; one of a model that was run may read several arrays.
    """

    kind: ClassVar[str] = "opaque"
    computable: ClassVar[bool] = False

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
        """The multiply-accumulates that are said; without them not known, which is not zero."""
        return None if self.macs is None else Costs(self.macs)

    def real_macs(self, *shapes: Shape) -> int | None:
        """The multiply-accumulates that are said: of zero padding nothing is known."""
        return self.macs

    def field(self, fields: Sequence[Fields], shapes: Sequence[Shape]) -> Fields:
        """The fields of the inputs, element by element; where a shape is said, the whole input."""
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
