"""How far a convolution in floating point may lie from the exact one.

    |y - exact| <= factor * eps * sum|x||w| + least       elementwise, the bias among the products

The bound is in terms of the products and not of y: where they cancel, y is small and its relative
error may be anything, although every addition was as good as it can be.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Tolerance(NamedTuple):
    """The numbers of the bound: `eps` is the distance from 1 to the next number of the dtype."""

    factor: float
    eps: float
    least: float

    def bound(self, products):
        """The largest error that is allowed where the sum of |x||w| is `products`."""
        return self.factor * self.eps * np.asarray(products, float) + self.least


# - float64, float32: computed in themselves. A sum of K products may be off by K * eps / 2 in
#   theory, but roundings go up and down: at most 2.1 was seen in 1,500 of the cases that are
#   drawn here, where K is up to 81. The float64 reference is itself off by as much.
# - float16, bfloat16: computed in float32 and rounded once, which costs at most eps / 2. The factor
#   leaves 2 % for the sums in float32, so that a single further rounding to 16 bits breaks it.
# - `least` is the smallest number of the dtype: below the normal range its steps no longer shrink.
TOLERANCES = {
    "float64": Tolerance(4, 2.0**-52, 2.0**-1074),
    "float32": Tolerance(4, 2.0**-23, 2.0**-149),
    "float16": Tolerance(0.51, 2.0**-10, 2.0**-24),
    "bfloat16": Tolerance(0.51, 2.0**-7, 2.0**-133),
}
