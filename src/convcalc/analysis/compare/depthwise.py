"""Depthwise: every output map reads one input map, n/m of them each; the channels do not mix.

It is a convolution in m groups, so that the ratio is 1/m. It has n outputs only where n is a
multiple of m.

Source: derived; Howard et al., "MobileNets" (2017), relation 4, is the case n = m.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, ClassVar

from convcalc.analysis.compare.variant import Formula, Variant
from convcalc.layers import Depthwise as Layers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.layers import Conv, Layer, Shape


class Depthwise(Variant):
    """`dw` in the place of `conv`, without a pointwise convolution after it."""

    name: ClassVar[str] = "depthwise"

    def layers(self, conv: Conv, shape: Shape) -> tuple[Layer, ...] | str:
        """One `dw` with the multiplier n/m."""
        if shape[0] == 1:
            return "it reads one channel, so that it is depthwise already"
        if conv.out_channels % shape[0]:
            return f"{conv.out_channels} output channels are no multiple of {shape[0]} input ones"
        return (
            Layers(
                conv.kernel_size,
                conv.stride,
                conv.padding,
                conv.dilation,
                conv.out_channels // shape[0],
                conv.bias,
                conv.padding_mode,
            ),
        )

    def formula(self, conv: Conv, shapes: Sequence[Shape]) -> Formula:  # noqa: ARG002
        """1/m."""
        m = shapes[0][0]
        return Formula("1/m", f"1/{m}", Fraction(1, m))
