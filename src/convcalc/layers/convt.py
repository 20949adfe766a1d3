"""`convt`: transposed convolution, the adjoint of `conv`, which enlarges by its stride."""

from __future__ import annotations

import dataclasses
from math import prod
from typing import TYPE_CHECKING, ClassVar

from convcalc.errors import ParameterError, ShapeError
from convcalc.layers.base import Costs, format_shape
from convcalc.layers.convolution import Convolution
from convcalc.layers.parameters import PerAxis, optional, param, per_axis
from convcalc.layers.placing import checked_sizes, spatial_dims_of, spread, spread_ends
from convcalc.window import Window

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcalc.layers.base import Fields, Shape
    from convcalc.layers.operations import A, Operations


@dataclasses.dataclass(frozen=True)
class ConvTranspose(Convolution):
    """Transposed convolution: each input element adds its kernel, scaled, to the larger output."""

    kind: ClassVar[str] = "convt"

    output_padding: PerAxis = param(
        per_axis(0), "op", "elements added at the end of the output", default=0
    )
    output_size: PerAxis | None = param(
        optional(per_axis(1)), "size", "the output size, instead of op", default=None
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.output_size is not None and self.output_padding not in (0, (0, 0), (0, 0, 0)):
            raise ParameterError(
                "output_size", "decides output_padding, so that only one of the two can be given"
            )

    def windows(self, shape: Shape) -> tuple[Window, ...]:
        """The window of each spatial axis on an input of `shape`, its cropping in elements."""
        return tuple(window for window, _ in self._plan(shape))

    def padded_ends(self, *shapes: Shape) -> tuple[tuple[int, int], ...]:
        """Elements taken away before and after each axis of the result."""
        return tuple((w.before, w.after) for w in self.windows(shapes[0]))

    def out_shape(self, shape: Shape) -> Shape:
        """(out_channels, *sizes), each (i - 1)*s - pb - pa + e + output_padding."""
        plan = self._plan(shape)
        self.check_channels(shape)
        sizes = tuple(
            window.transposed_size(size, extra)
            for size, (window, extra) in zip(shape[1:], plan, strict=True)
        )
        return (self.out_channels, *checked_sizes(sizes, f"padding {self.padding}"))

    def weight_shapes(self, shape: Shape) -> dict[str, Shape]:
        """The weight (C, out_channels/groups, *kernel_size) and bias (out_channels)."""
        kernel = tuple(kernel for kernel, _, _ in self.axes(shape))
        weights = {"weight": (shape[0], self.out_channels // self.groups, *kernel)}
        return weights | ({"bias": (self.out_channels,)} if self.bias else {})

    def costs(self, shape: Shape) -> Costs:
        """Multiply-accumulates: INPUT positions * C * O/g * taps, cropped products included.

        Each of the C * prod(in) input elements is multiplied with O/g * prod(k) weights: the layer
        is the adjoint of a convolution from its output to its input, and costs the same. Counting
        output elements instead, as some tools do, is too high by the product of the strides.

        Source: derived. The bias is added to every output.
        """
        out = self.out_shape(shape)
        macs = prod(shape) * (self.out_channels // self.groups) * self.taps(shape)
        return Costs(macs, prod(out) if self.bias else 0)

    def real_macs(self, shape: Shape) -> int:
        """Multiply-accumulates not cropped: input j and tap t meet at output j*s - pb + t*d.

        That is the window of the convolution from the output back to the input.
        """
        out = self.out_shape(shape)
        axes = zip(self.windows(shape), out[1:], shape[1:], strict=True)
        pairs = prod(window.real_pairs(*sizes) for window, *sizes in axes)
        return shape[0] * (self.out_channels // self.groups) * pairs

    def zero_insertion_macs(self, shape: Shape) -> int:
        """OUTPUT positions * C * O/g * taps: s - 1 zeros between neighbours, then a dense `conv`.

        Source: derived; Dumoulin and Visin, "A guide to convolution arithmetic", section 4.
        """
        out = self.out_shape(shape)
        return prod(out) * (shape[0] // self.groups) * self.taps(shape)

    def field(self, fields: Sequence[Fields], shapes: Sequence[Shape]) -> Fields:
        """The field of each axis through its window, the other way round."""
        windows = self.windows(shapes[0])
        return tuple(
            field.through_transposed(w) for field, w in zip(fields[0], windows, strict=True)
        )

    def run(self, ops: Operations[A], arrays: Sequence[A], weights: Mapping[str, A]) -> A:
        """The backend's `conv_transpose` onto the sizes that this input gives."""
        (array,) = arrays
        shape = tuple(array.shape[1:])
        sizes = self.out_shape(shape)[1:]
        windows = self.windows(shape)
        bias = weights.get("bias")
        return ops.conv_transpose(array, weights["weight"], bias, windows, self.groups, sizes)

    def _plan(self, shape: Shape) -> list[tuple[Window, int]]:
        """The window and the output padding of each spatial axis."""
        spatial_dims = spatial_dims_of(shape)
        axes = self.axes(shape)
        extras = spread("output_padding", self.output_padding, spatial_dims)
        for (_, stride, dilation), extra in zip(axes, extras, strict=True):
            if extra >= max(stride, dilation):
                raise ParameterError(
                    "output_padding",
                    f"must be smaller than the stride or the dilation, got {extra} with "
                    f"stride {stride} and dilation {dilation}",
                )
        if isinstance(self.padding, str) and self.padding != "valid":
            plan = [self._same(*axis, extra) for axis, extra in zip(axes, extras, strict=True)]
        else:
            padding = 0 if isinstance(self.padding, str) else self.padding
            ends = spread_ends("padding", padding, spatial_dims)
            plan = [
                (Window(kernel, stride, before, after, dilation), extra)
                for (kernel, stride, dilation), (before, after), extra in zip(
                    axes, ends, extras, strict=True
                )
            ]
        return plan if self.output_size is None else self._onto_size(plan, shape)

    def _same(self, kernel: int, stride: int, dilation: int, extra: int) -> tuple[Window, int]:
        """Cropping for an output of exactly i*s elements: e + output_padding - s in all.

        Where the kernel is shorter than the stride that is negative: nothing is cropped and the
        missing elements are added at the end.

        Source: ONNX ConvTranspose, auto_pad SAME_UPPER and SAME_LOWER.
        """
        surplus = dilation * (kernel - 1) + 1 + extra - stride
        if surplus < 0:
            return Window(kernel, stride, 0, 0, dilation), extra - surplus
        smaller = surplus // 2
        before, after = smaller, surplus - smaller
        if self.padding == "same-lower":
            before, after = after, before
        return Window(kernel, stride, before, after, dilation), extra

    def _onto_size(self, plan: list[tuple[Window, int]], shape: Shape) -> list[tuple[Window, int]]:
        """The windows of a plan with the output padding that gives `output_size`."""
        assert self.output_size is not None
        targets = spread("output_size", self.output_size, len(plan))
        smallest = tuple(
            w.transposed_size(size) for (w, _), size in zip(plan, shape[1:], strict=True)
        )
        largest = tuple(
            size + max(w.stride, w.dilation) - 1
            for (w, _), size in zip(plan, smallest, strict=True)
        )
        for target, low, high in zip(targets, smallest, largest, strict=True):
            if not low <= target <= high:
                raise ShapeError(
                    f"output_size {format_shape(targets)} cannot come from {format_shape(shape)}; "
                    f"{format_shape(smallest)} to {format_shape(largest)} can"
                )
        return [
            (w, target - low) for (w, _), target, low in zip(plan, targets, smallest, strict=True)
        ]
