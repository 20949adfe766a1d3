"""Dilated: the same taps, d times as far apart, and padding that keeps the output shape.

No tap is added, so that the ratio is 1; the kernel spans d*(e - 1) + 1 elements instead of
e. The (d
- 1)*(e - 1) elements that it spans more are added to the padding, half before and half after, the
odd one at the end. Then every size and the centre of every window stay as they are.

Source: derived; Yu and Koltun, "Multi-Scale Context Aggregation by Dilated Convolutions" (2016).
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, ClassVar

from convcalc.analysis.compare.variant import (
    Formula,
    Variant,
    joined,
    joined_ends,
    power_of,
    taps_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.layers import Conv, Layer, Shape


class Dilated(Variant):
    """A dilated convolution: a larger field at the cost of the original."""

    name: ClassVar[str] = "dilated"
    one_group: ClassVar[bool] = False
    least: ClassVar[int | None] = 2

    def layers(self, conv: Conv, shape: Shape) -> tuple[Layer, ...] | str:
        """One `conv`; words that keep the size adapt by themselves."""
        if conv.taps(shape) == 1:
            return "a kernel of one tap has no distance between its taps"
        dilations = joined([self.number * dilation for _, _, dilation in conv.axes(shape)])
        if isinstance(conv.padding, str) and conv.padding not in ("valid", "full"):
            return (replace(conv, dilation=dilations),)
        ends = [self._padded(w.before, w.after, w.extent) for w in conv.windows(shape)]
        return (replace(conv, dilation=dilations, padding=joined_ends(ends)),)

    def _padded(self, before: int, after: int, extent: int) -> tuple[int, int]:
        more = (self.number - 1) * (extent - 1)
        return before + more // 2, after + more - more // 2

    def formula(self, conv: Conv, shapes: Sequence[Shape]) -> Formula:
        """The ratio k^2/k^2: as many taps as before."""
        power, product = power_of(taps_of(conv, shapes[0]))
        return Formula(f"{power}/{power}", f"{product}/{product}", Fraction(1))
