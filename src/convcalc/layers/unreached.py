"""`unreached`: what a model owns and its output never asks for."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, ClassVar

from convcalc.errors import UsageError
from convcalc.layers.base import Costs, Layer
from convcalc.layers.parameters import LARGEST_COUNT, count, param
from convcalc.receptive import UNSEEN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcalc.layers.base import Fields, Shape
    from convcalc.layers.operations import A, Operations


@dataclasses.dataclass(frozen=True)
class Unreached(Layer):
    """Parameters that are stored and that nothing reads; what is before it is not read.

    They count as parameters and as bytes of weights. Nothing is kept for them while the network
    runs, and a network is run without them.
    """

    kind: ClassVar[str] = "unreached"
    positional: ClassVar[str | None] = "params"
    computable: ClassVar[bool] = False
    reads: ClassVar[bool] = False
    view: ClassVar[bool] = True

    params: int = param(count(0, LARGEST_COUNT), "params", "the parameters that nothing reads")
    macs: int = param(
        count(0, LARGEST_COUNT),
        "macs",
        "multiply-accumulates of one sample that are spent on them and lead to no output",
        default=0,
    )

    def out_shape(self, shape: Shape) -> Shape:
        """One element, as nothing leaves it."""
        return (1,)

    def weight_shapes(self, shape: Shape) -> dict[str, Shape]:
        """The parameters as one vector, if there are any."""
        return {"weight": (self.params,)} if self.params else {}

    def costs(self, shape: Shape) -> Costs:
        """The multiply-accumulates that are said."""
        return Costs(self.macs)

    def field(self, fields: Sequence[Fields], shapes: Sequence[Shape]) -> Fields:
        """It sees nothing of the input."""
        return (UNSEEN,)

    def run(self, ops: Operations[A], arrays: Sequence[A], weights: Mapping[str, A]) -> A:
        """Refuses: nothing reads what it holds.

        Raises:
            UsageError: always.
        """
        raise UsageError(f"{self.spec()} cannot be run: nothing reads what it holds")
