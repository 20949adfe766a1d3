"""Activations in which some channels are the gates of others."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, ClassVar

from convcalc.errors import ShapeError
from convcalc.layers.activations import Activation
from convcalc.layers.base import ElementOps, format_shape

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcalc.layers.base import Costs, Shape
    from convcalc.layers.operations import A, Operations


@dataclasses.dataclass(frozen=True)
class GLU(Activation):
    """The first half of the channels times the sigmoid of the second (Dauphin et al., 2017)."""

    kind: ClassVar[str] = "glu"
    in_place: ClassVar[bool] = False
    each = ElementOps(add=1, divide=1, exponent=1)

    def out_shape(self, shape: Shape) -> Shape:
        """(C/2, *spatial): half of the channels.

        Raises:
            ShapeError: their number is odd.
        """
        if shape[0] % 2:
            near = " or ".join(str(shape[0] + step) for step in (-1, 1) if shape[0] + step)
            raise ShapeError(
                f"halves the channels, whose number is odd in {format_shape(shape)}; {near} fit"
            )
        return (shape[0] // 2, *shape[1:])

    def costs(self, shape: Shape) -> Costs:
        """Per element of the result 1 addition, 1 exponent and 1 division.

        They are a / (1 + exp(-b)).
        """
        return super().costs(self.out_shape(shape))

    def run(self, ops: Operations[A], arrays: Sequence[A], weights: Mapping[str, A]) -> A:
        """The channels a by their gates b: a / (1 + exp(-b))."""
        (x,) = arrays
        half = x.shape[1] // 2
        return x[:, :half] / (ops.apply("exp", -x[:, half:]) + 1)
