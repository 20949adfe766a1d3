"""Stacked: (k - 1)/2 convolutions of 3 x 3 in the place of one large kernel, in n channels each.

Each 3 x 3 adds two elements to the field, with dilation d two steps of d elements, so that (k -
1)/2 of them span what k taps span. That holds only while they move by one element: the stride is on
the last one, and the ones before it work on the full map. The padding is shared out among them, the
more of it the earlier, so that no map in between is smaller than both its neighbours.

Per output position the first costs 9*m*n*c1 and the others 9*n*n*c2 together, where c1 and c2 are
their positions per output position. Divided by k*k*m*n the ratio is

    9/k^2 * (c1 + c2*n/m),   without stride and for m = n   (k-1)/2 * 9/k^2

In one or three dimensions 3 or 27 takes the place of 9.

Source: derived; Simonyan and Zisserman, "Very Deep Convolutional Networks" (2015), section 2.3.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import prod
from typing import TYPE_CHECKING, ClassVar

from convcalc.analysis.compare.variant import (
    Formula,
    Variant,
    joined_ends,
    positions,
    positions_per_output,
    power_of,
    put_in,
    taps_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.layers import Conv, Layer, Shape


MOST_STAGES = 1000
"""Layers that one convolution becomes at most; beyond that it is a typing error, not a network."""


class Stacked(Variant):
    """3 x 3 convolutions that see the same elements together."""

    name: ClassVar[str] = "stacked"

    def layers(self, conv: Conv, shape: Shape) -> tuple[Layer, ...] | str:
        """The `conv` of kernel 3 in place of one; each has a bias if the original has one."""
        kernel = taps_of(conv, shape)
        taps = kernel[0]
        if len(set(kernel)) > 1:
            return "its kernel has sides that differ"
        if taps % 2 == 0:
            return f"its kernel of {taps} is even, and kernels of 3 add up to an odd one"
        if taps < 5:
            return f"its kernel of {taps} is no larger than one of 3"
        number = taps // 2
        if number > MOST_STAGES:
            return f"its kernel of {taps} would be {number} kernels of 3, over {MOST_STAGES}"
        windows = conv.windows(shape)
        return tuple(
            replace(
                conv,
                kernel_size=3,
                stride=conv.stride if stage == number - 1 else 1,
                padding=joined_ends(
                    [
                        (_share(w.before, stage, number), _share(w.after, stage, number))
                        for w in windows
                    ]
                ),
            )
            for stage in range(number)
        )

    def formula(self, conv: Conv, shapes: Sequence[Shape]) -> Formula:
        """(k-1)/2 * 9/k^2 and its general forms."""
        m, n = shapes[0][0], conv.out_channels
        kernel = taps_of(conv, shapes[0])
        power, product = power_of(kernel)
        sizes = [Fraction(positions(shape), positions(shapes[-1])) for shape in shapes[1:]]
        c1, c2 = sizes[0], sum(sizes[1:], Fraction(0))
        three = 3 ** len(kernel)
        value = Fraction(three, prod(kernel)) * (c1 + c2 * Fraction(n, m))
        where = ""
        if any(size != 1 for size in sizes):
            symbols = f"{three}/{power} * (c1 + c2*n/m)"
            first = f"c1 = {c1} positions of the first stage per output position"
            where = f"{first}, c2 = {c2} of the others"
        elif m == n:
            symbols = f"(k-1)/2 * {three}/{power}"
        else:
            symbols = f"{three}/{power} * (1 + (k-3)/2 * n/m)"
        values = {"c1": positions_per_output(c1), "c2": positions_per_output(c2), "n": n, "m": m}
        return Formula(
            symbols, put_in(symbols, {"k": kernel[0], **values, power: product}), value, where
        )


def _share(padding: int, stage: int, stages: int) -> int:
    """The part of the padding that one stage has: even, and what is left over goes to the first."""
    return padding // stages + (stage < padding % stages)
