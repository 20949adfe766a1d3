"""`maxpool`, `avgpool` and `lppool`: the largest value, mean or norm of a sliding window."""

from __future__ import annotations

import dataclasses
from math import prod
from typing import TYPE_CHECKING, ClassVar

from convcalc.errors import ParameterError
from convcalc.layers.base import Costs, ElementOps, Layer
from convcalc.layers.parameters import (
    Padding,
    PerAxis,
    optional,
    padding,
    param,
    per_axis,
    real,
    switch,
)
from convcalc.layers.placing import (
    check_same,
    placed_windows,
    spatial_dims_of,
    spread,
    window_sizes,
)
from convcalc.receptive import through_windows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcalc.layers.base import Fields, Shape
    from convcalc.layers.operations import A, Operations
    from convcalc.window import Window


@dataclasses.dataclass(frozen=True)
class Pool(Layer):
    """A window that slides over each channel and makes one value of its elements."""

    positional: ClassVar[str | None] = "kernel_size"

    kernel_size: PerAxis = param(per_axis(1), "k", "elements of the window")
    stride: PerAxis | None = param(
        optional(per_axis(1)),
        "s",
        "step from one window to the next; the kernel size by default",
        default=None,
    )
    padding: Padding = param(padding(), "p", "elements added at the ends", default=0)
    ceil_mode: bool = param(
        switch(), "ceil", "let the last window hang over the end", default=False
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        check_same(self.padding, self.kernel_size if self.stride is None else self.stride)

    def dilations(self, spatial_dims: int) -> tuple[int, ...]:
        """Spacing of the elements of the window, per axis."""
        return (1,) * spatial_dims

    def windows(self, shape: Shape) -> tuple[Window, ...]:
        """The window of each spatial axis; in ceil mode `after` also holds what hangs over.

        Raises:
            ParameterError: padding in numbers is wider than half the kernel, as PyTorch has it.
        """
        windows = self.explicit_windows(shape)
        if not isinstance(self.padding, str):
            for w in windows:
                if max(w.before, w.after) > w.kernel // 2:
                    raise ParameterError(
                        "padding",
                        f"must be at most half the kernel, {w.kernel // 2} for kernel size "
                        f"{w.kernel}, got {max(w.before, w.after)}",
                    )
        if not self.ceil_mode:
            return windows
        return tuple(w.ceiled(size) for w, size in zip(windows, shape[1:], strict=True))

    def padded_ends(self, *shapes: Shape) -> tuple[tuple[int, int], ...]:
        """Elements added before and after each spatial axis, without what hangs over."""
        return tuple((w.before, w.after) for w in self.explicit_windows(shapes[0]))

    def out_shape(self, shape: Shape) -> Shape:
        """(C, *sizes), each size as of a convolution, or in ceil mode rounded up."""
        return (shape[0], *window_sizes(self.windows(shape), shape))

    def field(self, fields: Sequence[Fields], shapes: Sequence[Shape]) -> Fields:
        """The field of each axis through its window."""
        return through_windows(fields[0], self.windows(shapes[0]))

    def dropped_input(self, shape: Shape) -> tuple[int, ...]:
        """How many elements of each axis lie beyond its last window."""
        windows = zip(self.windows(shape), shape[1:], strict=True)
        return tuple(window.dropped_input(size) for window, size in windows)

    def elements_read(self, shape: Shape) -> int:
        """The elements of all windows, outputs * taps, those on padding included."""
        return prod(self.out_shape(shape)) * prod(w.kernel for w in self.windows(shape))

    def elements_counted(self, shape: Shape, *, with_padding: bool) -> tuple[list[int], ...]:
        """How many elements each window of each axis takes its mean over.

        Explicit padding counts where it is asked for; what hangs over in ceil mode never does.

        Source: PyTorch, `avg_pool2d` in ATen/native/cpu/AvgPoolKernel.cpp.
        """
        counts = []
        for w, size, positions in zip(
            self.explicit_windows(shape), shape[1:], self.out_shape(shape)[1:], strict=True
        ):
            first, last = (-w.before, size + w.after) if with_padding else (0, size)
            starts = [u * w.stride - w.before for u in range(positions)]
            # A window of padding alone sums to 0, whatever that is divided by.
            counts.append([max(1, min(s + w.kernel, last) - max(s, first)) for s in starts])
        return tuple(counts)

    def mean(self, ops: Operations[A], array: A, *, with_padding: bool) -> A:
        """The sum of each window of a batch over its number of elements."""
        shape = tuple(array.shape[1:])
        total = ops.pool(array, self.windows(shape), "sum")
        elements = self.elements_counted(shape, with_padding=with_padding)
        if all(len(set(axis)) == 1 for axis in elements):
            return total / prod(axis[0] for axis in elements)
        divisor: A | float = 1
        for axis, counts in enumerate(elements):
            trailing = (1,) * (len(elements) - 1 - axis)
            divisor = divisor * ops.vector(counts, total).reshape(-1, *trailing)
        return total / divisor

    def explicit_windows(self, shape: Shape) -> tuple[Window, ...]:
        """The windows before ceil mode stretches them."""
        spatial_dims = spatial_dims_of(shape)
        kernels = spread("kernel_size", self.kernel_size, spatial_dims)
        strides = kernels if self.stride is None else spread("stride", self.stride, spatial_dims)
        axes = tuple(zip(kernels, strides, self.dilations(spatial_dims), strict=True))
        return placed_windows(self.padding, axes, shape)


@dataclasses.dataclass(frozen=True)
class MaxPool(Pool):
    """The largest value of each window; padding is below every value."""

    kind: ClassVar[str] = "maxpool"

    dilation: PerAxis = param(per_axis(1), "d", "spacing of kernel elements", default=1)

    def dilations(self, spatial_dims: int) -> tuple[int, ...]:
        """`dilation` of each spatial axis."""
        return spread("dilation", self.dilation, spatial_dims)

    def costs(self, shape: Shape) -> Costs:
        """One comparison for each element of each window."""
        return Costs(elements=ElementOps(compare=self.elements_read(shape)))

    def run(self, ops: Operations[A], arrays: Sequence[A], weights: Mapping[str, A]) -> A:
        """The maximum of each window."""
        (array,) = arrays
        return ops.pool(array, self.windows(tuple(array.shape[1:])), "max")


@dataclasses.dataclass(frozen=True)
class AvgPool(Pool):
    """The mean of each window; padding in numbers counts as zeros, padding by a word does not."""

    kind: ClassVar[str] = "avgpool"

    count_include_pad: bool | None = param(
        optional(switch()),
        "include",
        "count the elements of the padding in the mean; by default of padding in numbers only",
        default=None,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.count_include_pad is None:
            object.__setattr__(self, "count_include_pad", _counts(self.padding))

    @classmethod
    def implied(cls, field: dataclasses.Field[object], values: Mapping[str, object]) -> object:
        """Whether padding counts follows from how it is written."""
        if field.name != "count_include_pad":
            return super().implied(field, values)
        return _counts(values.get("padding", 0))

    @property
    def needs_floats(self) -> bool:
        """True: a mean of whole numbers is a fraction."""
        return True

    def costs(self, shape: Shape) -> Costs:
        """One addition for each element of each window, and one division for each output."""
        divide = prod(self.out_shape(shape))
        return Costs(elements=ElementOps(add=self.elements_read(shape), divide=divide))

    def run(self, ops: Operations[A], arrays: Sequence[A], weights: Mapping[str, A]) -> A:
        """The sum of each window over its number of elements."""
        (array,) = arrays
        return self.mean(ops, array, with_padding=bool(self.count_include_pad))


@dataclasses.dataclass(frozen=True)
class LPPool(Pool):
    """The root of the sum of each window's powers, (sum x^p)^(1/p), p being `norm_type`.

    No magnitudes are taken, as in PyTorch: a negative sum has no root but for p = 1, a negative
    element no power that is not whole; both are NaN. A window that hangs over the end in ceil mode
    counts as if it were full of elements of the same mean.
    """

    kind: ClassVar[str] = "lppool"

    norm_type: float = param(
        real(0), "norm", "exponent p; 2 by default, 1 is the sum", default=2.0, kw_only=True
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.norm_type == 0:
            raise ParameterError("norm_type", "must be above 0: there is no 0th root")

    @property
    def needs_floats(self) -> bool:
        """True: a root of whole numbers is a fraction."""
        return True

    def costs(self, shape: Shape) -> Costs:
        """An exponent for each input and output, one addition for each element of each window."""
        exponent = prod(shape) + prod(self.out_shape(shape))
        return Costs(elements=ElementOps(add=self.elements_read(shape), exponent=exponent))

    def run(self, ops: Operations[A], arrays: Sequence[A], weights: Mapping[str, A]) -> A:
        """The root of each window's sum; in ceil mode of its mean times its elements, if full."""
        powers = arrays[0] ** self.norm_type
        windows = self.windows(tuple(powers.shape[1:]))
        if self.ceil_mode:
            total = self.mean(ops, powers, with_padding=True) * prod(w.kernel for w in windows)
        else:
            total = ops.pool(powers, windows, "sum")
        return total ** (1 / self.norm_type)


def _counts(padding: object) -> bool | None:
    """Whether padding counts in a mean unless that is said; None if it is not known yet.

    Source: PyTorch counts the elements that its `AvgPool2d` was told to add; TensorFlow's SAME and
    ONNX's `auto_pad` leave padding out (`tf.nn.avg_pool`; AveragePool, count_include_pad = 0).
    """
    if isinstance(padding, str):
        return padding == "valid"
    return True if isinstance(padding, int | tuple) else None
