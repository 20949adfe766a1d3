"""Layers of a kind whose weights are not their own: used before, or made of other parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.layers import Opaque

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.layers import Fields, Layer, Shape
    from convcalc.layers.base import Costs


class Borrowed(Opaque):
    """A layer that computes what another does, and has as many parameters as it is told.

    It is `opaque` by its kind, as nothing says what its weights are. Multiply-accumulates beyond
    those of the other layer have made its weights.
    """

    def __init__(self, name: str, layer: Layer, out: Shape, params: int, macs: int) -> None:
        super().__init__(name, out, params, macs)
        object.__setattr__(self, "like", layer)

    like: Layer

    def costs(self, *shapes: Shape) -> Costs | None:
        """The arithmetic of what it does, and of making its weights."""
        known = self.like.costs(*shapes)
        return None if known is None else known._replace(macs=self.macs or 0)

    def real_macs(self, *shapes: Shape) -> int | None:
        """The multiply-accumulates without those on zero padding."""
        known, real = self.like.costs(*shapes), self.like.real_macs(*shapes)
        if known is None or real is None or self.macs is None:
            return None
        return self.macs - known.macs + real

    def field(self, fields: Sequence[Fields], shapes: Sequence[Shape]) -> Fields:
        """The receptive field of what it does."""
        return self.like.field(fields, shapes)

    def repeats_elements(self, shape: Shape) -> bool:
        """Whether it reads copies of its input's elements beyond a border."""
        return self.like.repeats_elements(shape)

    def dropped_input(self, *shapes: Shape) -> tuple[int, ...]:
        """How many elements at the end of each spatial axis no window reaches."""
        return self.like.dropped_input(*shapes)
