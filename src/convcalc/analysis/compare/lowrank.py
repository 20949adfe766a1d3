"""Low rank: k x 1 to r channels, then 1 x k to n: the kernel as a sum of r separable ones.

The kernels as one matrix of m*kh rows and n*kw columns are the product of an m*kh x r and an r x
n*kw matrix if its rank is at most r, and the nearest such product otherwise. The first stage
costs c*m*r*kh per output position, where c is the number of its positions per output position, and
the second r*n*kw. Divided by kh*kw*m*n the ratio is

    c*r/(n*kw) + r/(m*kh)

The first stage has no bias: it is part of one linear map, and the second stage's bias serves for
both.

Source: derived; Jaderberg, Vedaldi and Zisserman, "Speeding up Convolutional Neural Networks with
Low Rank Expansions" (2014), scheme 2.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, ClassVar

from convcalc.analysis.compare.variant import (
    Formula,
    Variant,
    along,
    positions,
    positions_per_output,
    put_in,
    taps_of,
)
from convcalc.layers import Conv

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.layers import Layer, Shape


class Lowrank(Variant):
    """Two convolutions with r channels between them."""

    name: ClassVar[str] = "lowrank"
    least: ClassVar[int | None] = 1

    def layers(self, conv: Conv, shape: Shape) -> tuple[Layer, ...] | str:
        """A vertical `conv` without bias, then a horizontal one."""
        kernel = taps_of(conv, shape)
        if len(kernel) != 2:
            return f"it needs two spatial axes, not {len(kernel)}"
        full = min(shape[0] * kernel[0], conv.out_channels * kernel[1])
        if self.number > full:
            return f"its kernels have a rank of at most {full}"
        return (
            Conv(self.number, bias=False, **along(conv, (0,), shape)),
            Conv(conv.out_channels, bias=conv.bias, **along(conv, (1,), shape)),
        )

    def formula(self, conv: Conv, shapes: Sequence[Shape]) -> Formula:
        """c*r/(n*k) + r/(m*k)."""
        m, n, r = shapes[0][0], conv.out_channels, self.number
        high, wide = taps_of(conv, shapes[0])
        c = Fraction(positions(shapes[1]), positions(shapes[-1]))
        h, w = ("k", "k") if high == wide else ("kh", "kw")
        symbols = f"{'' if c == 1 else 'c*'}r/(n*{w}) + r/(m*{h})"
        values = {"c": positions_per_output(c), "r": r, "n": n, "m": m, h: high, w: wide}
        where = "" if c == 1 else f"c = {c} positions after the first stage per output position"
        value = c * Fraction(r, n * wide) + Fraction(r, m * high)
        return Formula(symbols, put_in(symbols, values), value, where)
