"""`conv`: convolution over 1, 2 or 3 spatial axes: cross-correlation, as all frameworks mean it."""

from __future__ import annotations

import dataclasses
from math import prod
from typing import TYPE_CHECKING, Any, ClassVar

from convcalc.errors import ShapeError
from convcalc.layers.base import Costs, spatial_rank, times
from convcalc.layers.convolution import Convolution, checked_sizes
from convcalc.layers.parameters import PADDING_MODES, Ends, one_of, param, spread_ends
from convcalc.window import Window, same_padding

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcalc.layers.base import Fields, Shape
    from convcalc.layers.operations import Operations


@dataclasses.dataclass(frozen=True)
class Conv(Convolution):
    """Convolution: each output map sums a sliding kernel over its input maps, plus a bias."""

    kind: ClassVar[str] = "conv"

    padding_mode: str = param(
        one_of(*PADDING_MODES), "mode", "what the added cells contain", default="zeros"
    )

    def windows(self, shape: Shape) -> tuple[Window, ...]:
        """The window of each spatial axis on an input of `shape`, its padding in cells."""
        axes = self.axes(shape)
        ends = self._ends(shape)
        return tuple(
            Window(kernel, stride, before, after, dilation)
            for (kernel, stride, dilation), (before, after) in zip(axes, ends, strict=True)
        )

    def out_shape(self, shape: Shape) -> Shape:
        """(out_channels, *sizes), each size floor((i + pb + pa - e) / s) + 1."""
        windows = self.windows(shape)
        self.check_channels(shape)
        self._check_mode(shape, windows)
        sizes = tuple(w.out_size(size) for w, size in zip(windows, shape[1:], strict=True))
        if min(sizes) < 1:
            raise ShapeError(_too_large(shape, windows))
        return (self.out_channels, *checked_sizes(sizes, "padding"))

    def weight_shapes(self, shape: Shape) -> dict[str, Shape]:
        """The weight (out_channels, C/groups, *kernel_size) and bias (out_channels)."""
        kernel = tuple(kernel for kernel, _, _ in self.axes(shape))
        weights = {"weight": (self.out_channels, shape[0] // self.groups, *kernel)}
        return weights | ({"bias": (self.out_channels,)} if self.bias else {})

    def costs(self, shape: Shape) -> Costs:
        """Multiply-accumulates: output cells * O * C/g * taps.

        Each of the O * prod(out) outputs is a sum of C/g * prod(k) products; taps that lie on
        padding count, as a dense implementation computes them.

        Source: derived; Howard et al., "MobileNets" (2017), relation 2, for stride 1 and one group.
        """
        out = self.out_shape(shape)
        macs = prod(out) * (shape[0] // self.groups) * self.taps(shape)
        return Costs(macs, prod(out) if self.bias else 0)

    def field(self, fields: Fields, shape: Shape) -> Fields:
        """Each axis through its window."""
        windows = self.windows(shape)
        return tuple(field.through(w) for field, w in zip(fields, windows, strict=True))

    def unread(self, shape: Shape) -> tuple[int, ...]:
        """Of each axis, the cells beyond the last window."""
        return tuple(w.unread(size) for w, size in zip(self.windows(shape), shape[1:], strict=True))

    def run(self, ops: Operations, array: Any, weights: Mapping[str, Any]) -> Any:
        """The backend's `conv`, with the padding resolved for this input."""
        windows = self.windows(tuple(array.shape[1:]))
        bias = weights.get("bias")
        return ops.conv(array, weights["weight"], bias, windows, self.groups, self.padding_mode)

    def _ends(self, shape: Shape) -> tuple[Ends, ...]:
        if not isinstance(self.padding, str):
            return spread_ends("padding", self.padding, spatial_rank(shape))
        if self.padding == "valid":
            return ((0, 0),) * spatial_rank(shape)
        # The odd cell goes to the end, or for same-lower to the beginning.
        totals = (
            same_padding(size, *axis)
            for size, axis in zip(shape[1:], self.axes(shape), strict=True)
        )
        if self.padding == "same-lower":
            return tuple((total - total // 2, total // 2) for total in totals)
        return tuple((total // 2, total - total // 2) for total in totals)

    def _check_mode(self, shape: Shape, windows: tuple[Window, ...]) -> None:
        """Reflection repeats no cell twice and a circle goes round once: both bound the padding."""
        room = {"reflect": -1, "circular": 0}.get(self.padding_mode)
        if room is None:
            return
        for w, size in zip(windows, shape[1:], strict=True):
            widest = max(w.before, w.after)
            if widest > size + room:
                raise ShapeError(
                    f"{self.padding_mode} padding of {widest} on an axis of {size} cells; "
                    f"at most {size + room} fit, 'replicate' and 'zeros' have no such limit"
                )


def _too_large(shape: Shape, windows: tuple[Window, ...]) -> str:
    """Which axis the kernel does not fit on, and what would make it fit."""
    for size, w in zip(shape[1:], windows, strict=True):
        padded = size + w.before + w.after
        missing = w.extent - padded
        if missing > 0:
            dilated = f" ({w.kernel} taps, dilation {w.dilation})" if w.dilation > 1 else ""
            return (
                f"the kernel spans {w.extent} cells{dilated}, the padded input "
                f"{padded} ({size} + {w.before} + {w.after}) in {times(shape)}; "
                f"{missing} more cell{'s' * (missing > 1)} of padding or input would fit"
            )
    raise AssertionError("called for a kernel that fits")
