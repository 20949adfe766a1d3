"""Grouped: channels in g blocks that do not mix.

Each output sums m/g input channels instead of m, so that the ratio is 1/g.

Source: derived; Krizhevsky et al. (2012), section 3.5, with two groups; Xie et al., "Aggregated
Residual Transformations" (2017).
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, ClassVar

from convcalc.analysis.compare.variant import Formula, Variant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.layers import Conv, Layer, Shape


class Grouped(Variant):
    """A convolution in g groups."""

    name: ClassVar[str] = "grouped"
    least: ClassVar[int | None] = 2

    def layers(self, conv: Conv, shape: Shape) -> tuple[Layer, ...] | str:
        """One `conv` with groups, if they divide both channel counts."""
        for what, channels in (("input", shape[0]), ("output", conv.out_channels)):
            if channels % self.number:
                return f"{channels} {what} channels do not divide by {self.number}"
        return (replace(conv, groups=self.number),)

    def formula(self, conv: Conv, shapes: Sequence[Shape]) -> Formula:  # noqa: ARG002
        """1/g."""
        return Formula("1/g", f"1/{self.number}", Fraction(1, self.number))
