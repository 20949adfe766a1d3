"""`opaque`: a layer that is known by its name, and by what is said of it."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, ClassVar

from convcalc.errors import UsageError
from convcalc.layers.base import Costs, Layer
from convcalc.layers.parameters import LARGEST_COUNT, count, name, param, whole_shape

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcalc.layers.base import Fields, Shape
    from convcalc.layers.operations import A, Operations


@dataclasses.dataclass(frozen=True)
class Opaque(Layer):
    """A layer of which nothing is known but what is said; it cannot be run."""

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

    def out_shape(self, shape: Shape) -> Shape:
        """The shape that is said, or that of the input."""
        return shape if self.out is None else self.out

    def weight_shapes(self, shape: Shape) -> dict[str, Shape]:
        """The parameters as one vector, if there are any."""
        return {"weight": (self.params,)} if self.params else {}

    def costs(self, shape: Shape) -> Costs | None:
        """The multiply-accumulates that are said; without them not known, which is not zero."""
        return None if self.macs is None else Costs(self.macs)

    def field(self, fields: Sequence[Fields], shapes: Sequence[Shape]) -> Fields:
        """The field of the input, element by element; where a shape is said, the whole input."""
        return fields[0] if self.out is None else tuple(one.seeing_all() for one in fields[0])

    def run(self, ops: Operations[A], arrays: Sequence[A], weights: Mapping[str, A]) -> A:
        """Refuses: what it computes is not known.

        Raises:
            UsageError: always.
        """
        raise UsageError(f"{self.spec()} cannot be run: what it computes is not known")
