"""`shuffle`: channels of different groups interleaved."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, ClassVar

from convcalc.errors import ShapeError
from convcalc.layers.base import Rearrangement, format_shape
from convcalc.layers.parameters import count, param

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcalc.layers.base import Shape
    from convcalc.layers.operations import A, Operations


@dataclasses.dataclass(frozen=True)
class ChannelShuffle(Rearrangement):
    """The first channel of every group, then the second of every group, and so on.

    Source: Zhang et al., "ShuffleNet" (2018), figure 1.
    """

    kind: ClassVar[str] = "shuffle"
    positional: ClassVar[str | None] = "groups"

    groups: int = param(count(1), "g", "groups of channels")

    def out_shape(self, shape: Shape) -> Shape:
        """The shape of the input.

        Raises:
            ShapeError: the channels do not divide by the groups.
        """
        if shape[0] % self.groups:
            raise ShapeError(
                f"{shape[0]} channels do not divide by groups={self.groups}; "
                f"the input is {format_shape(shape)}"
            )
        return shape

    def run(self, ops: Operations[A], arrays: Sequence[A], weights: Mapping[str, A]) -> A:
        """(N, groups, C/groups, ...) with its two channel axes exchanged."""
        (array,) = arrays
        number, channels, *sizes = array.shape
        grouped = array.reshape(number, self.groups, channels // self.groups, *sizes)
        return grouped.swapaxes(1, 2).reshape(*array.shape)
