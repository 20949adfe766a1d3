"""Depthwise separable: a depthwise convolution and then a pointwise one.

k*k*m per position for the depthwise stage and m*n for the pointwise one, so that the ratio is

    (k*k*m + m*n) / (k*k*m*n)  =  1/n + 1/(k*k)

whatever stride, padding and dilation are. A grouped convolution costs one g-th of a standard one,
so that its ratio is g times as large; of a kernel that is not square, k*k is the product of its
sides.

Source: derived; Howard et al., "MobileNets" (2017), section 3.1.
"""

from __future__ import annotations

from fractions import Fraction
from math import prod
from typing import TYPE_CHECKING, ClassVar

from convcalc.analysis.compare.variant import Formula, Variant, power_of, put_in, taps_of
from convcalc.layers import Separable as Layers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.layers import Conv, Layer, Shape


class Separable(Variant):
    """`sep` in the place of `conv`: the same input elements, shape and spatial parameters."""

    name: ClassVar[str] = "separable"
    one_group: ClassVar[bool] = False

    def layers(self, conv: Conv, shape: Shape) -> tuple[Layer, ...] | str:  # noqa: ARG002
        """One `sep`; each of its stages has a bias if the convolution has one."""
        return (
            Layers(
                out_channels=conv.out_channels,
                kernel_size=conv.kernel_size,
                stride=conv.stride,
                padding=conv.padding,
                dilation=conv.dilation,
                bias=conv.bias,
                padding_mode=conv.padding_mode,
            ),
        )

    def formula(self, conv: Conv, shapes: Sequence[Shape]) -> Formula | str:
        """1/n + 1/k^2."""
        kernel = taps_of(conv, shapes[0])
        power, product = power_of(kernel)
        n = conv.out_channels
        if len(set(kernel)) > 1:
            power = f"k^{len(kernel)}"
        short = f"1/n + 1/{power}"
        general = put_in(short, {"n": n, power: product})
        if conv.groups > 1:
            return (
                f"{short} does not apply: the convolution has groups={conv.groups}, which "
                f"already divide its cost; the ratio is {conv.groups} x ({general})"
            )
        if len(set(kernel)) > 1:
            return (
                f"{short} does not apply: the kernel is not square; "
                f"with the product of its sides the ratio is {general}"
            )
        return Formula(short, general, Fraction(1, n) + Fraction(1, prod(kernel)))
