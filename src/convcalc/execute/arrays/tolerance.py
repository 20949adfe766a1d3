"""How far a convolution in floating point may lie from the exact one.

    |y - exact| <= c * eps * sum|x||w| + least + (K - 1) * sum_least

of K products, the bias among them, where c is 4, or sqrt(K) if that is more. Below the normal range
numbers are `least` apart and no rounding gets smaller: a product is off by up to half of
`sum_least`, the step of the dtype that the sums are taken in, all K of them perhaps in one
direction. Sums of such numbers are whole steps and exact. So y is off by K * sum_least / 2; of a
float64 result the reference, in float64 too, by as much again. Where the sums are taken in a wider
dtype, `least` is for the rounding at the end. A fused multiply-add rounds as often.

The bound is in terms of the products and not of y: where they cancel, y is small and its relative
error may be anything, although every addition was as good as it can be.
"""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


class Tolerance(NamedTuple):
    """The numbers of the bound.

    Attributes:
        factor: The c of up to 16 products.
        eps: The distance from 1 to the next number of the dtype.
        least: The smallest number of the dtype; below its normal range steps no longer shrink.
        sum_eps: As `eps`, of the dtype that the sums are taken in.
        sum_least: As `least`, of the dtype that the sums are taken in.
    """

    factor: float
    eps: float
    least: float
    sum_eps: float
    sum_least: float

    def bound(self, products: ArrayLike, terms: int = 1) -> np.ndarray:
        """The largest error that is allowed where the sum of |x||w| over `terms` is `products`."""
        least = self.least + (terms - 1) * self.sum_least
        result: np.ndarray = self.factor_of(terms) * self.eps * np.asarray(products, float) + least
        return result

    def factor_of(self, terms: int) -> float:
        """The c of the bound for that many products.

        A sum of K products, one after the other, may be off by K * eps / 2; but roundings go up
        and down, and sqrt(K) * eps is hardly ever exceeded (Higham and Mary, "A new approach to
        probabilistic rounding error analysis", 2019, theorem 2.4, with lambda = 2).
        """
        return self.factor + max(0.0, sqrt(terms) - 4) * self.sum_eps / self.eps


# - float64, float32: computed in themselves. At most 2.7 was seen with factors of both signs, and
#   0.63 * sqrt(K) with positive ones, K from 9 to 4096, by numpy and torch alike. The float64
#   reference is itself off by as much.
# - float16, bfloat16: computed in float32 and rounded once, which costs at most eps / 2. The factor
#   leaves 2 % for the sums in float32, so that a single further rounding to 16 bits breaks it.
TOLERANCES = {
    "float64": Tolerance(4, 2.0**-52, 2.0**-1074, 2.0**-52, 2.0**-1074),
    "float32": Tolerance(4, 2.0**-23, 2.0**-149, 2.0**-23, 2.0**-149),
    "float16": Tolerance(0.51, 2.0**-10, 2.0**-24, 2.0**-23, 2.0**-149),
    "bfloat16": Tolerance(0.51, 2.0**-7, 2.0**-133, 2.0**-23, 2.0**-149),
}
