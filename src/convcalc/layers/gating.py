"""Activations in which some channels are the gates of others."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, ClassVar

from convcalc.errors import ShapeError
from convcalc.layers.activations import Activation
from convcalc.layers.base import ElementOps, format_shape
from convcalc.layers.dims import along, dim_of_channels, place_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcalc.layers.base import Costs, Fields, Shape
    from convcalc.layers.operations import A, Operations


@dataclasses.dataclass(frozen=True)
class GLU(Activation):
    """The first half of the channels times the sigmoid of the second (Dauphin et al., 2017)."""

    kind: ClassVar[str] = "glu"
    in_place: ClassVar[bool] = False
    each = ElementOps(add=1, divide=1, exponent=1)

    dim: int = dim_of_channels()

    def out_shape(self, shape: Shape) -> Shape:
        """(C/2, *spatial): half of the channels.

        Raises:
            ShapeError: their number is odd.
        """
        place = place_of(self.dim, shape)
        size = shape[place]
        if size % 2:
            near = " or ".join(str(size + step) for step in (-1, 1) if size + step)
            raise ShapeError(
                f"halves {'an axis' if place else 'the channels'}, whose number is odd in "
                f"{format_shape(shape)}; {near} fit"
            )
        return (*shape[:place], size // 2, *shape[place + 1 :])

    def costs(self, shape: Shape) -> Costs:
        """Per element of the result 1 addition, 1 exponent, 1 division: a / (1 + exp(-b))."""
        return super().costs(self.out_shape(shape))

    def field(self, fields: Sequence[Fields], shapes: Sequence[Shape]) -> Fields:
        """What the input sees, of a spatial axis that is halved all."""
        return along(fields[0], place_of(self.dim, shapes[0]), shapes[0])

    def run(self, ops: Operations[A], arrays: Sequence[A], weights: Mapping[str, A]) -> A:
        """The channels a by their gates b: a / (1 + exp(-b))."""
        (x,) = arrays
        place = 1 + place_of(self.dim, tuple(x.shape[1:]))
        before, half = (slice(None),) * place, x.shape[place] // 2
        gates = x[(*before, slice(half, None))]
        return x[(*before, slice(half))] / (ops.apply("exp", -gates) + 1)
