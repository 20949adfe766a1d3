"""Factorized: k x 1 and then 1 x k, in n channels after the first; in 3-D one stage more.

A stage along one axis costs its taps times its input channels times n, for each position of its
result. The first reads m channels and the others n; before the stride of the later axes there are
c positions per output position. Divided by k*k*m*n the ratio is

    c/k + n/(m*k),   for m = n and c = 1   2/k

With sides that differ, the k below a stage is the product of the other sides. The stages are
separable filters only if nothing stands between them; the paper puts an activation there.

Source: derived; Szegedy et al., "Rethinking the Inception Architecture" (2016), section 3.2,
where the intermediate channels are free; here they are n.
"""

from __future__ import annotations

from fractions import Fraction
from math import prod
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

SIDES = ("kd", "kh", "kw")


class Factorized(Variant):
    """One convolution for each axis along which there is more than one tap.

    The stride and the padding of other axes go with the first one.
    """

    name: ClassVar[str] = "factorized"

    def layers(self, conv: Conv, shape: Shape) -> tuple[Layer, ...] | str:
        """Two or three convolutions; each has a bias if the original has one."""
        axes = _long_axes(conv, shape)
        if len(axes) < 2:
            return "its kernel has more than one tap along one axis at most"
        short = [axis for axis in range(len(shape) - 1) if axis not in axes]
        turns = [(axes[0], *short), *((axis,) for axis in axes[1:])]
        return tuple(
            Conv(conv.out_channels, bias=conv.bias, **along(conv, turn, shape)) for turn in turns
        )

    def formula(self, conv: Conv, shapes: Sequence[Shape]) -> Formula:
        """c/k + n/(m*k), and for three axes c1/k^2 + c2*n/(m*k^2) + n/(m*k^2)."""
        m, n = shapes[0][0], conv.out_channels
        kernel, axes = taps_of(conv, shapes[0]), _long_axes(conv, shapes[0])
        sizes = [Fraction(positions(shape), positions(shapes[-1])) for shape in shapes[1:]]
        sides = _names(kernel, axes)
        values: dict[str, object] = {"n": n, "m": m, "k^2": f"{kernel[axes[0]]}^2"}
        terms, where, value = [], [], Fraction(0)
        for stage, (axis, size) in enumerate(zip(axes, sizes, strict=True)):
            letter = "" if size == 1 else "c" if len(axes) == 2 else f"c{stage + 1}"
            if letter:
                values[letter] = positions_per_output(size)
                where.append(
                    f"{letter} = {size} positions after stage {stage + 1} per output position"
                )
            values[sides[axis]] = kernel[axis]
            others = [other for other in axes if other != axis]
            below = _product([sides[other] for other in others])
            times = f"{letter}*" if letter else ""
            terms.append(f"{times}n/(m*{below})" if stage else f"{letter or 1}/{below}")
            value += size * (n if stage else m) / (m * prod(kernel[other] for other in others))
        alike = m == n and not where and len(set(sides.values())) == 1
        symbols = f"{len(axes)}/{below}" if alike else " + ".join(terms)
        return Formula(symbols, put_in(symbols, values), value, "; ".join(where))


def _names(kernel: tuple[int, ...], axes: list[int]) -> dict[int, str]:
    """What a formula calls the taps along each axis: k, or kh and kw where they differ."""
    if len({kernel[axis] for axis in axes}) == 1:
        return dict.fromkeys(axes, "k")
    return {axis: SIDES[axis - len(kernel)] for axis in axes}


def _long_axes(conv: Conv, shape: Shape) -> list[int]:
    """The axes along which the kernel has more than one tap."""
    return [axis for axis, taps in enumerate(taps_of(conv, shape)) if taps > 1]


def _product(sides: list[str]) -> str:
    """Sides as a formula has them: k, k^2, (kh*kw)."""
    if len(sides) == 1:
        return sides[0]
    return "k^2" if len(set(sides)) == 1 else f"({'*'.join(sides)})"
