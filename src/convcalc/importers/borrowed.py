"""Layers of a kind whose weights are not their own: used before, or made of other parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.layers import Opaque

if TYPE_CHECKING:
    from convcalc.layers import Layer, Shape


class Borrowed(Opaque):
    """An `opaque` layer that is like another, with as many parameters as it is told."""

    like: Layer

    def __init__(self, name: str, layer: Layer, out: Shape, params: int, macs: int) -> None:
        super().__init__(name, out, params, macs, like=layer)
