"""`layerscale`: every channel times a learned factor."""

from __future__ import annotations

import dataclasses
from math import prod
from typing import TYPE_CHECKING, ClassVar

from convcalc.layers.base import Costs, ElementOps, Layer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcalc.layers.base import Shape
    from convcalc.layers.operations import A, Operations


@dataclasses.dataclass(frozen=True)
class LayerScale(Layer):
    """x * weight, with a learned weight per channel, as ConvNeXt ends its branches.

    Source: Touvron et al., "Going Deeper with Image Transformers" (2021), section 2.
    """

    kind: ClassVar[str] = "layerscale"
    in_place: ClassVar[bool] = True

    def weight_shapes(self, shape: Shape) -> dict[str, Shape]:
        """The weight (C)."""
        return {"weight": shape[:1]}

    def costs(self, shape: Shape) -> Costs:
        """One multiplication per element."""
        return Costs(elements=ElementOps(multiply=prod(shape)))

    def run(self, ops: Operations[A], arrays: Sequence[A], weights: Mapping[str, A]) -> A:
        """The product; integers stay exact."""
        (array,) = arrays
        factors = weights["weight"].reshape(1, -1, *(1,) * (len(array.shape) - 2))
        return ops.multiply(array, factors)
