"""One convolution as the planner sees it: whole numbers and words, no arrays."""

from __future__ import annotations

from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, NamedTuple

from convcalc.layers.convolution import Convolution
from convcalc.layers.stages import Staged

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from convcalc.execute.arrays.array import Array
    from convcalc.network.graph import Step
    from convcalc.window import Window

ITEMSIZES = {"float32": 4, "float64": 8, "int64": 8}


class _Given(NamedTuple):
    """Shapes, windows and the dtype of the arithmetic.

    Attributes:
        batch: Samples.
        channels: Input channels.
        out_channels: Output channels.
        groups: Blocks of channels that do not mix.
        sizes: Elements of each spatial axis of the input, padding apart.
        windows: One per spatial axis.
        out_sizes: Elements of each spatial axis of the result.
        dtype: The dtype that is computed in: float32, float64 or int64.
        padding_mode: What the elements of the padding contain.
        transposed: Whether the windows lie on the result, as in a transposed convolution.
    """

    batch: int
    channels: int
    out_channels: int
    groups: int
    sizes: tuple[int, ...]
    windows: tuple[Window, ...]
    out_sizes: tuple[int, ...]
    dtype: str = "float32"
    padding_mode: str = "zeros"
    transposed: bool = False


class ConvProblem(_Given):
    """What is convolved; whatever follows from its fields is worked out once.

    It is read many times over while plans are priced.
    """

    @cached_property
    def spatial_dims(self) -> int:
        """Spatial axes."""
        return len(self.sizes)

    @cached_property
    def taps(self) -> int:
        """Taps of one kernel over all axes."""
        return prod(window.kernel for window in self.windows)

    @cached_property
    def in_channels_per_group(self) -> int:
        """Input channels that one output channel reads."""
        return self.channels // self.groups

    @cached_property
    def floating(self) -> bool:
        """Whether the elements are floats."""
        return self.dtype.startswith("float")

    @cached_property
    def itemsize(self) -> int:
        """Bytes of one number."""
        return ITEMSIZES[self.dtype]

    @cached_property
    def elements_in(self) -> int:
        """Elements of the input."""
        return self.batch * self.channels * prod(self.sizes)

    @cached_property
    def elements_out(self) -> int:
        """Elements of the result."""
        return self.batch * self.out_channels * prod(self.out_sizes)

    @cached_property
    def weights(self) -> int:
        """Elements of the kernel."""
        return self.out_channels * self.in_channels_per_group * self.taps

    @cached_property
    def weight_shape(self) -> tuple[int, ...]:
        """(O, C/groups, *k), or transposed (C, O/groups, *k)."""
        kernel = (window.kernel for window in self.windows)
        if self.transposed:
            return (self.channels, self.out_channels // self.groups, *kernel)
        return (self.out_channels, self.in_channels_per_group, *kernel)

    @cached_property
    def macs(self) -> int:
        """Multiply-accumulates of the definition: outputs (transposed: inputs) times their taps."""
        if self.transposed:
            return self.elements_in * (self.out_channels // self.groups) * self.taps
        return self.elements_out * self.in_channels_per_group * self.taps

    @cached_property
    def bytes(self) -> int:
        """Bytes of input, kernel and result together."""
        return self.itemsize * (self.elements_in + self.elements_out + self.weights)

    @cached_property
    def padded_sizes(self) -> tuple[int, ...]:
        """Elements of each spatial axis of the input, padding included."""
        return tuple(n + w.before + w.after for n, w in zip(self.sizes, self.windows, strict=True))

    @cached_property
    def whole_sizes(self) -> tuple[int, ...]:
        """The outputs per axis at stride 1, of which the strides take some."""
        axes = zip(self.out_sizes, self.windows, strict=True)
        return tuple((out - 1) * window.stride + 1 for out, window in axes)

    @cached_property
    def depthwise(self) -> bool:
        """Whether each channel is convolved by itself, with one kernel."""
        return self.groups == self.channels == self.out_channels


def problem_of_arrays(
    array: Array,
    weight: Array,
    windows: Sequence[Window],
    groups: int,
    padding_mode: str = "zeros",
    out_sizes: Sequence[int] | None = None,
) -> ConvProblem:
    """The convolution of an array (N, C, *sizes) with a weight of the same library.

    Args:
        weight: (O, C/groups, *k); of a transposed convolution (C, O/groups, *k).
        out_sizes: Of a transposed convolution, whose windows lie on the result.
    """
    sizes = tuple(int(n) for n in array.shape[2:])
    if out_sizes is not None:
        channels, found = int(weight.shape[1]) * groups, tuple(out_sizes)
    else:
        channels = int(weight.shape[0])
        found = tuple(w.out_size(n) for w, n in zip(windows, sizes, strict=True))
        padding_mode = padding_mode if any(w.before or w.after for w in windows) else "zeros"
    return ConvProblem(
        int(array.shape[0]),
        int(array.shape[1]),
        channels,
        groups,
        sizes,
        tuple(windows),
        found,
        str(array.dtype).rpartition(".")[2],
        padding_mode,
        out_sizes is not None,
    )


def problem_of(
    layer: Convolution,
    batch: int,
    shape: tuple[int, ...],
    dtype: str,
    leaving: tuple[int, ...] | None = None,
) -> ConvProblem:
    """What a layer asks for on `batch` samples of `shape` = (C, *sizes).

    Args:
        leaving: The shape of a sample of the result, where it is known already.
    """
    return ConvProblem(
        batch,
        shape[0],
        layer.out_channels,
        layer.groups,
        shape[1:],
        layer.windows(shape),
        (leaving or layer.out_shape(shape))[1:],
        dtype,
        getattr(layer, "padding_mode", "zeros"),
        not hasattr(layer, "padding_mode"),
    )


def problems_of(steps: Iterable[Step], batch: int, dtype: str) -> list[ConvProblem]:
    """The convolutions of a network's layers, in their order."""
    problems: list[ConvProblem] = []
    for layer, arriving, leaving in ((s.layer, s.arriving, s.leaving) for s in steps):
        if isinstance(layer, Convolution):
            problems.append(problem_of(layer, batch, arriving[0], dtype, leaving))
        elif isinstance(layer, Staged):
            stages = layer.walk(arriving[0])
            problems += [problem_of(stage, batch, shape, dtype) for _, stage, shape in stages]
    return problems
