"""`conv`: convolution over 1, 2 or 3 spatial axes: cross-correlation, as all frameworks mean it."""

from __future__ import annotations

import dataclasses
from math import prod
from typing import TYPE_CHECKING, ClassVar

from convcalc.layers.base import Costs
from convcalc.layers.convolution import Convolution
from convcalc.layers.parameters import CONV_WORDS, Padding, padding, padding_mode, param
from convcalc.layers.placing import check_mode, placed_windows, window_sizes
from convcalc.receptive import through_windows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcalc.layers.base import Fields, Shape
    from convcalc.layers.operations import A, Operations
    from convcalc.window import Window


@dataclasses.dataclass(frozen=True)
class Conv(Convolution):
    """Convolution: each output channel sums a sliding kernel over input channels, plus a bias."""

    kind: ClassVar[str] = "conv"

    padding: Padding = param(padding(CONV_WORDS), "p", "elements added at the ends", default=0)
    padding_mode: str = param(
        padding_mode(), "mode", "what the added elements contain", default="zeros"
    )

    def windows(self, shape: Shape) -> tuple[Window, ...]:
        """The window of each spatial axis on an input of `shape`, its padding in elements."""
        return placed_windows(self.padding, self.axes(shape), shape)

    def padded_ends(self, *shapes: Shape) -> tuple[tuple[int, int], ...]:
        """Elements added before and after each spatial axis."""
        return tuple((w.before, w.after) for w in self.windows(shapes[0]))

    def out_shape(self, shape: Shape) -> Shape:
        """(out_channels, *sizes), each size floor((i + pb + pa - e) / s) + 1."""
        windows = self.windows(shape)
        self.check_channels(shape)
        check_mode(self.padding_mode, windows, shape)
        return (self.out_channels, *window_sizes(windows, shape))

    def weight_shapes(self, shape: Shape) -> dict[str, Shape]:
        """The weight (out_channels, C/groups, *kernel_size) and bias (out_channels)."""
        kernel = tuple(kernel for kernel, _, _ in self.axes(shape))
        weights = {"weight": (self.out_channels, shape[0] // self.groups, *kernel)}
        return weights | ({"bias": (self.out_channels,)} if self.bias else {})

    def costs(self, shape: Shape) -> Costs:
        """Multiply-accumulates: output positions * O * C/g * taps.

        Each of the O * prod(out) outputs is a sum of C/g * prod(k) products; taps that lie on
        padding count, as a dense implementation computes them.

        Source: derived; Howard et al., "MobileNets" (2017), relation 2, for stride 1 and one group.
        """
        out = self.out_shape(shape)
        macs = prod(out) * (shape[0] // self.groups) * self.taps(shape)
        return Costs(macs, prod(out) if self.bias else 0)

    def real_macs(self, shape: Shape) -> int:
        """Multiply-accumulates on real elements: pairs of output and real tap, axis by axis.

        Elements that repeat the input (reflect, symmetric, replicate, circular) are real.
        """
        if self.padding_mode != "zeros":
            return self.costs(shape).macs
        out = self.out_shape(shape)
        axes = zip(self.windows(shape), shape[1:], out[1:], strict=True)
        pairs = prod(window.real_pairs(*sizes) for window, *sizes in axes)
        return out[0] * (shape[0] // self.groups) * pairs

    def repeats_elements(self, shape: Shape) -> bool:
        """Whether there is padding, and not of zeros."""
        padded = any(w.before or w.after for w in self.windows(shape))
        return padded and self.padding_mode != "zeros"

    def field(self, fields: Sequence[Fields], shapes: Sequence[Shape]) -> Fields:
        """The field of each axis through its window."""
        return through_windows(fields[0], self.windows(shapes[0]))

    def dropped_input(self, shape: Shape) -> tuple[int, ...]:
        """How many elements of each axis lie beyond its last window."""
        windows = zip(self.windows(shape), shape[1:], strict=True)
        return tuple(window.dropped_input(size) for window, size in windows)

    def run(self, ops: Operations[A], arrays: Sequence[A], weights: Mapping[str, A]) -> A:
        """The backend's `conv`, with the padding resolved for this input."""
        (array,) = arrays
        windows = self.windows(tuple(array.shape[1:]))
        bias = weights.get("bias")
        return ops.conv(array, weights["weight"], bias, windows, self.groups, self.padding_mode)
