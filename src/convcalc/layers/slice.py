"""`slice`: some of the channels, as a split into branches takes them."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, ClassVar

from convcalc.errors import ShapeError
from convcalc.layers.base import Rearrangement, format_shape
from convcalc.layers.parameters import Ends, param, section

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcalc.layers.base import Shape
    from convcalc.layers.operations import A, Operations


@dataclasses.dataclass(frozen=True)
class Slice(Rearrangement):
    """The channels begin ... end - 1, as `slice:0:32`."""

    kind: ClassVar[str] = "slice"
    view: ClassVar[bool] = True
    positional: ClassVar[str | None] = "channels"

    channels: tuple[Ends] = param(section(), "c", "begin:end of the channels that stay")

    def out_shape(self, shape: Shape) -> Shape:
        """(end - begin, *spatial).

        Raises:
            ShapeError: the input has not so many channels.
        """
        begin, end = self.channels[0]
        if end > shape[0]:
            raise ShapeError(
                f"channels {begin}:{end} of {format_shape(shape)}, which has {shape[0]}; "
                f"an end of at most {shape[0]} fits"
            )
        return (end - begin, *shape[1:])

    def run(self, ops: Operations[A], arrays: Sequence[A], weights: Mapping[str, A]) -> A:
        """The channels begin ... end - 1."""
        (array,) = arrays
        return array[:, slice(*self.channels[0])]
