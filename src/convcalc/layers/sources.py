"""`input` and `parameter`: nodes that read nothing, a further input and a learned array."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, ClassVar

from convcalc.errors import UsageError
from convcalc.layers.base import Layer, Rearrangement
from convcalc.layers.parameters import param, whole_shape
from convcalc.receptive import IDENTITY, UNSEEN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcalc.layers.base import Fields, Shape
    from convcalc.layers.operations import A, Operations


@dataclasses.dataclass(frozen=True)
class Input(Rearrangement):
    """A further input of the network, of its own shape; what is before it is not read."""

    kind: ClassVar[str] = "input"
    positional: ClassVar[str | None] = "shape"
    reads: ClassVar[bool] = False
    view: ClassVar[bool] = True

    shape: Shape = param(whole_shape(), "shape", "channels and sizes of one sample")

    def out_shape(self, shape: Shape) -> Shape:
        """The shape of the input."""
        return self.shape

    def field(self, fields: Sequence[Fields], shapes: Sequence[Shape]) -> Fields:
        """Each element sees itself."""
        return (IDENTITY,) * max(1, len(self.shape) - 1)

    def run(self, ops: Operations[A], arrays: Sequence[A], weights: Mapping[str, A]) -> A:
        """Refuses: its values come from outside, and who runs the network puts them in its place.

        Raises:
            UsageError: always.
        """
        raise UsageError(f"{self.spec()} has no values: they are given beside the first input")


@dataclasses.dataclass(frozen=True)
class Parameter(Layer):
    """A learned array by itself, as a position embedding; what is before it is not read."""

    kind: ClassVar[str] = "parameter"
    positional: ClassVar[str | None] = "shape"
    reads: ClassVar[bool] = False
    view: ClassVar[bool] = True
    no_arithmetic: ClassVar[bool] = True

    shape: Shape = param(whole_shape(), "shape", "its sizes, as they are used with one sample")

    def out_shape(self, shape: Shape) -> Shape:
        """Its shape."""
        return self.shape

    def weight_shapes(self, shape: Shape) -> dict[str, Shape]:
        """The weight, of its shape."""
        return {"weight": self.shape}

    def field(self, fields: Sequence[Fields], shapes: Sequence[Shape]) -> Fields:
        """It sees nothing of the input."""
        return (UNSEEN,) * max(1, len(self.shape) - 1)

    def run(self, ops: Operations[A], arrays: Sequence[A], weights: Mapping[str, A]) -> A:
        """The weight, the same for each sample."""
        (array,) = arrays
        weight = weights["weight"]
        return ops.concat([weight.reshape(1, *self.shape)] * array.shape[0], 0)
