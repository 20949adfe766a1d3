"""Bottleneck: 1 x 1 down to n/r channels, the kernel on those, 1 x 1 back to n.

Per output position the stages cost c*m*n/r, k*k*(n/r)^2 and n/r*n, where c is the number of input
positions per output position, because the first one works before the stride. Divided by k*k*m*n the
ratio is

    c/(r*k^2) + n/(m*r^2) + n/(m*r*k^2),   for m = n and c = 1   2/(r*k^2) + 1/r^2

The stride stays with the kernel, so that the same elements are seen and none is skipped:
torchvision's choice; the paper has it on the first 1 x 1.

Source: derived; He et al., "Deep Residual Learning" (2016), figure 5, with r = 4.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import prod
from typing import TYPE_CHECKING, ClassVar

from convcalc.analysis.compare.variant import (
    Formula,
    Variant,
    positions,
    positions_per_output,
    power_of,
    put_in,
    taps_of,
)
from convcalc.layers import Pointwise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.layers import Conv, Layer, Shape


class Bottleneck(Variant):
    """`pw`, the convolution on n/r channels, `pw`."""

    name: ClassVar[str] = "bottleneck"
    least: ClassVar[int | None] = 2

    def layers(self, conv: Conv, shape: Shape) -> tuple[Layer, ...] | str:
        """Three convolutions; each has a bias if the original has one."""
        if conv.taps(shape) == 1:
            return "a kernel of one tap gains nothing between two others"
        if conv.out_channels % self.number:
            return f"{conv.out_channels} output channels do not divide by {self.number}"
        width = conv.out_channels // self.number
        return (
            Pointwise(width, bias=conv.bias),
            replace(conv, out_channels=width),
            Pointwise(conv.out_channels, bias=conv.bias),
        )

    def formula(self, conv: Conv, shapes: Sequence[Shape]) -> Formula:
        """c/(r*k^2) + n/(m*r^2) + n/(m*r*k^2)."""
        m, n, r = shapes[0][0], conv.out_channels, self.number
        kernel = taps_of(conv, shapes[0])
        power, product = power_of(kernel)
        taps, c = prod(kernel), Fraction(positions(shapes[0]), positions(shapes[-1]))
        value = c / (r * taps) + Fraction(n, m * r**2) + Fraction(n, m * r * taps)
        where = [] if power != "K" else [f"K = {product[1:-1]} taps"]
        if m == n and c == 1:
            symbols = f"2/(r*{power}) + 1/r^2"
        else:
            symbols = f"c/(r*{power}) + n/(m*r^2) + n/(m*r*{power})"
            where.append(f"c = {c} input positions per output position")
        values = {"c": positions_per_output(c), "n": n, "m": m, "r": r, power: product}
        return Formula(symbols, put_in(symbols, values), value, "; ".join(where))
