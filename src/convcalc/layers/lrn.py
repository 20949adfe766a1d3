"""`lrn`: each element divided by what the neighbouring channels at its position hold together."""

from __future__ import annotations

import dataclasses
from math import prod
from typing import TYPE_CHECKING, ClassVar

from convcalc.layers.base import Costs, ElementOps, Layer
from convcalc.layers.parameters import count, param, real
from convcalc.layers.placing import spatial_dims_of
from convcalc.window import Window

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcalc.layers.base import Shape
    from convcalc.layers.operations import A, Operations


@dataclasses.dataclass(frozen=True)
class LocalResponseNorm(Layer):
    """x / (k + alpha/size * S)^beta, S the sum of the squares of `size` neighbouring channels.

    They are size // 2 channels before the element's own, itself, and (size - 1) // 2 behind it;
    channels that do not exist are zeros.

    Source: Krizhevsky et al., "ImageNet Classification with Deep CNNs" (2012), section 3.3, whose
    alpha is not divided by the size; PyTorch's `local_response_norm` and Caffe divide it.
    """

    kind: ClassVar[str] = "lrn"
    positional: ClassVar[str | None] = "size"

    size: int = param(count(1), "size", "neighbouring channels, its own among them")
    alpha: float = param(real(), "alpha", "factor of their mean square", default=1e-4)
    beta: float = param(real(), "beta", "exponent of the divisor", default=0.75)
    k: float = param(real(), "k", "added to the divisor before it is raised", default=1.0)

    @property
    def needs_floats(self) -> bool:
        """True: a quotient of whole numbers is a fraction."""
        return True

    def out_shape(self, shape: Shape) -> Shape:
        """The shape of the input, which has 1 to 3 spatial axes, as in PyTorch."""
        spatial_dims_of(shape)
        return shape

    def costs(self, shape: Shape) -> Costs:
        """Per element 2 multiplications, `size` additions, a power and a division.

        y = alpha/size * x*x; the sum of `size` of them starts from k; it is raised to beta and x is
        divided by it. The power is counted as an exponent, channels that do not exist as others.

        Source: derived.
        """
        each = ElementOps(multiply=2, add=self.size, divide=1, exponent=1)
        return Costs(elements=each.times(prod(shape)))

    def run(self, ops: Operations[A], arrays: Sequence[A], weights: Mapping[str, A]) -> A:
        """The array over the power of each position's sums, for which channels are an axis."""
        (array,) = arrays
        number, channels, *sizes = array.shape
        squares = ops.multiply(array, array).reshape(number, 1, channels, prod(sizes))
        before, after = (min(more, channels - 1) for more in (self.size // 2, (self.size - 1) // 2))
        neighbours = Window(before + 1 + after, 1, before, after)
        sums = ops.pool(squares, (neighbours, Window(1)), "sum").reshape(*array.shape)
        return array / (sums * (self.alpha / self.size) + self.k) ** self.beta
