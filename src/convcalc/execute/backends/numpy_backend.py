"""The primitives in numpy alone: starts at once, needs nothing else, knows every integer."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from convcalc.execute.arrays.integers import check_exact, check_indices, check_product, check_sum
from convcalc.execute.arrays.padding import cropped, filling, source_indices
from convcalc.execute.backends import opencv, thread_pool
from convcalc.execute.backends.pooling import pooled
from convcalc.execute.backends.tap_by_tap import (
    add_taps,
    grouped_weight,
    join_channels,
    per_channel,
    split_channels,
)
from convcalc.execute.backends.unpooling import unpooled

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from convcalc.execute.problem import ConvProblem
    from convcalc.layers.operations import Function, Reduction
    from convcalc.window import Window

Array = np.ndarray

BAND_BYTES = 2**22
"""Bytes of windows that are lined up at a time."""

_JOIN: dict[str, np.ufunc] = {"sum": np.add, "max": np.maximum}
_FUNCTIONS: dict[str, Callable[[Array], Array]] = {
    "abs": np.abs,
    "exp": np.exp,
    "expm1": np.expm1,
    "log": np.log,
    "log1p": np.log1p,
    "tanh": np.tanh,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "asinh": np.arcsinh,
    "acosh": np.arccosh,
    "atanh": np.arctanh,
    "floor": np.floor,
    "ceil": np.ceil,
    "round": np.round,
    "sign": np.sign,
    "erfc": np.frompyfunc(math.erfc, 1, 1),  # numpy has none of its own
}


class NumpyBackend:
    """The arithmetic of numpy, in the dtype of the arrays.

    Args:
        threads: Threads to use, where it is for us to choose; None for all processors.
    """

    name = "numpy"
    plans = True

    unload = adopt = staticmethod(np.asarray)
    """An array of this library is one of numpy, and the other way round."""

    def __init__(self, threads: int | None = None) -> None:
        self._threads = threads

    def direct(
        self,
        array: Array,
        weight: Array,
        bias: Array | None,
        windows: Sequence[Window],
        groups: int,
        layout: str,
    ) -> Array:
        """Cross-correlation tap by tap, padded with zeros; numpy knows no other layout."""
        del layout
        sizes = [w.out_size(n) for w, n in zip(windows, array.shape[2:], strict=True)]
        blocks = grouped_weight(weight, groups, transposed=False)
        return _summed(array, blocks, bias, windows, sizes, transposed=False)

    def prepared(
        self, problem: ConvProblem, layout: str
    ) -> Callable[[Array, Array, Array | None], Array]:
        """`direct` for the arrays of one problem, many times over."""

        def direct(array: Array, weight: Array, bias: Array | None) -> Array:
            return self.direct(array, weight, bias, problem.windows, problem.groups, layout)

        return direct

    def direct_transpose(
        self,
        array: Array,
        weight: Array,
        bias: Array | None,
        windows: Sequence[Window],
        groups: int,
        out_sizes: Sequence[int],
    ) -> Array:
        """Transposed convolution, tap by tap, onto `out_sizes`."""
        blocks = grouped_weight(weight, groups, transposed=True)
        return _summed(array, blocks, bias, windows, out_sizes, transposed=True)

    def channels_last_conv(self, array: Array, weight: Array, windows: Sequence[Window]) -> Array:
        """Cross-correlation of a padded (N, 1, *sizes) with (O, 1, *k), as (N, *out, O)."""
        sizes = [w.out_size(n) for w, n in zip(windows, array.shape[2:], strict=True)]
        matrix = weight.reshape(len(weight), -1).T
        out = np.empty((len(array), *sizes, len(weight)), array.dtype)
        shape = (*sizes, *weight.shape[2:])
        steps = array.strides[2:]
        strides = (
            *(step * w.stride for step, w in zip(steps, windows, strict=True)),
            *(step * w.dilation for step, w in zip(steps, windows, strict=True)),
        )
        rows = max(1, BAND_BYTES // (array.itemsize * matrix.shape[0] * math.prod(sizes[1:])))
        for sample, result in zip(array, out, strict=True):
            view = np.lib.stride_tricks.as_strided(sample[0], shape, strides)
            for first in range(0, sizes[0], rows):
                columns = view[first : first + rows].reshape(-1, matrix.shape[0])
                band = result[first : first + rows].reshape(-1, len(weight))
                np.matmul(columns, matrix, out=band)
        return out

    def check(self, array: Array, weight: Array, bias: Array | None, groups: int) -> None:
        """Integers must be exact.

        Raises:
            DataError: a sum could leave int64.
        """
        if np.issubdtype(array.dtype, np.integer):
            check_exact(array, grouped_weight(weight, groups, transposed=False), bias)

    def empty(self, shape: Sequence[int], like: Array) -> Array:
        """Elements of any content, of the dtype of `like`."""
        return np.empty(shape, like.dtype)

    def zeros(self, shape: Sequence[int], like: Array, dtype: str | None = None) -> Array:
        """Zeros, of the dtype of `like` if none is named."""
        return np.zeros(shape, dtype or like.dtype)

    def lengthened(self, array: Array, length: int) -> Array:
        """The last axis with zeros added, or elements taken away, at its end."""
        missing = length - array.shape[-1]
        if missing <= 0:
            return np.ascontiguousarray(array[..., :length])
        return np.pad(array, [*((0, 0),) * (array.ndim - 1), (0, missing)])

    def steps(self, array: Array) -> tuple[int, ...]:
        """How far neighbours along each axis lie apart: in bytes, not always of whole numbers."""
        return array.strides

    def strided(self, array: Array, shape: Sequence[int], steps: Sequence[int]) -> Array:
        """Another view of the same memory, that may show an element several times."""
        return np.lib.stride_tricks.as_strided(array, shape, steps, writeable=False)

    def contiguous(self, array: Array) -> Array:
        """The array in the order of its axes, copied if it must be."""
        return np.ascontiguousarray(array)

    def flip(self, array: Array, spatial_dims: int) -> Array:
        """The last axes in reverse."""
        return np.flip(array, tuple(range(array.ndim - spatial_dims, array.ndim)))

    def rfftn(self, array: Array, sizes: Sequence[int]) -> Array:
        """The spectrum of real numbers over the last axes, lengthened with zeros to `sizes`."""
        return np.fft.rfftn(array, sizes, axes=range(-len(sizes), 0))

    def irfftn(self, array: Array, sizes: Sequence[int]) -> Array:
        """The real numbers of a spectrum over the last axes."""
        return np.fft.irfftn(array, sizes, axes=range(-len(sizes), 0))

    def is_finite(self, array: Array) -> bool:
        """Whether no number is NaN or infinite; where a sum overflows, this says no too."""
        with np.errstate(all="ignore"):
            if array.flags.c_contiguous:
                flat = array.reshape(-1)
                if math.isfinite(flat @ flat):  # twice as fast as a sum
                    return True
            return math.isfinite(array.sum())

    def factors(self, values: Array, spatial_dims: int) -> Array:
        """One number per channel, as `accumulate` takes them."""
        return values.reshape(-1, *(1,) * spatial_dims)

    def accumulate(self, out: Array, piece: Array, factors: Array, own: slice, first: bool) -> None:
        """Adds `piece` times its channels' factors to `out`, or puts it there first."""
        with np.errstate(all="ignore"):
            if first:
                np.multiply(piece, factors[own], out=out)
            else:
                out += piece * factors[own]

    def linear(self, array: Array, weight: Array, bias: Array | None) -> Array:
        """(..., in) times (out, in), plus a bias (out)."""
        if np.issubdtype(array.dtype, np.integer):
            check_exact(array, weight[None], bias)
        with np.errstate(all="ignore"):
            product: Array = array @ weight.T
            return product if bias is None else product + bias

    def pool(self, array: Array, windows: Sequence[Window], how: Reduction) -> Array:
        """Sums or maxima over windows of (N, C, *sizes)."""
        begin = 0 if how == "sum" else _lowest(array)
        with np.errstate(all="ignore"):
            result: Array = pooled(
                array, windows, lambda shape: np.full(shape, begin, array.dtype), _JOIN[how]
            )
        return result

    def unpool(self, array: Array, pooled: Array, windows: Sequence[Window]) -> Array:
        """The elements of `array` where the windows of `pooled` have their maxima."""
        return unpooled(array, pooled, windows, self.zeros, np.where)

    def pad(self, array: Array, windows: Sequence[Window], mode: str, value: float = 0) -> Array:
        """Elements added at both ends of each spatial axis of (N, C, *sizes)."""
        if mode == "zeros":
            ends = ((max(0, w.before), max(0, w.after)) for w in windows)
            fill = filling(value, array.dtype.name)
            return np.pad(cropped(array, windows), [(0, 0), (0, 0), *ends], constant_values=fill)
        for axis, window in enumerate(windows, start=2):
            array = array.take(source_indices(array.shape[axis], window, mode), axis=axis)
        return array

    def reduce(self, array: Array, axes: Sequence[int], how: Reduction) -> Array:
        """The sum or maximum over whole axes, which stay with one element."""
        result: Array = _JOIN[how].reduce(array, axis=tuple(axes), keepdims=True)
        return result

    def lookup(self, table: Array, indices: Array) -> Array:
        """The rows of a table that numbers name."""
        check_indices(indices, len(table))
        rows: Array = table[indices.astype(np.int64)]
        return rows

    def take(self, array: Array, axis: int, elements: Sequence[int]) -> Array:
        """The named elements of one axis."""
        return array.take(elements, axis=axis)

    def concat(self, arrays: Sequence[Array], axis: int) -> Array:
        """Arrays side by side along one axis."""
        return np.concatenate(arrays, axis=axis)

    def permute(self, array: Array, axes: Sequence[int]) -> Array:
        """The axes in another order."""
        return array.transpose(axes)

    def add(self, one: Array, other: Array) -> Array:
        """The sum; integers exactly or not at all."""
        if np.issubdtype(one.dtype, np.integer):
            check_sum(one, other)
        with np.errstate(all="ignore"):
            total: Array = np.add(one, other)
        return total

    def multiply(self, one: Array, other: Array) -> Array:
        """The product; integers exactly or not at all."""
        if np.issubdtype(one.dtype, np.integer):
            check_product(one, other)
        with np.errstate(all="ignore"):
            product: Array = np.multiply(one, other)
        return product

    def clip(self, array: Array, low: float | None, high: float | None) -> Array:
        """Values within bounds; NaN stays."""
        clipped: Array = np.clip(array, low, high)
        return clipped

    def where(self, condition: Array, one: Array | float, other: Array | float) -> Array:
        """`one` where the condition holds, elsewhere `other`."""
        return np.where(condition, one, other)

    def apply(self, function: Function, array: Array) -> Array:
        """A function of each element, in the dtype of the array."""
        with np.errstate(all="ignore"):
            return np.asarray(_FUNCTIONS[function](array), dtype=array.dtype)

    def vector(self, values: Sequence[float], like: Array) -> Array:
        """Values as an array of one axis."""
        return np.asarray(values, dtype=like.dtype)

    @property
    def threads(self) -> int:
        """Threads that may be used: as many as processors are given to this process."""
        return self._threads or thread_pool.processors()

    @property
    def versions(self) -> dict[str, str]:
        """The version of each library that computes."""
        return {"numpy": np.__version__, **opencv.versions()}

    def copy(self, source: Array, target: Array) -> None:
        """The elements of one array written over those of another."""
        np.copyto(target, source)

    def load(self, array: Array, dtype: str) -> Array:
        """The array in C order and `dtype`, copied only if it must be.

        The order of the elements in memory decides the order of the sums, and so the last bits.
        """
        return np.asarray(array, dtype=np.dtype(dtype), order="C")


def _lowest(array: Array) -> float:
    """What a maximum starts from."""
    return int(np.iinfo(array.dtype).min) if array.dtype.kind in "iu" else -np.inf


def _summed(
    array: Array,
    blocks: Array,
    bias: Array | None,
    windows: Sequence[Window],
    sizes: Sequence[int],
    *,
    transposed: bool,
) -> Array:
    if np.issubdtype(array.dtype, np.integer):
        check_exact(array, blocks, bias)
    groups, channels = blocks.shape[:2]
    out = np.zeros((array.shape[0], groups, channels, *sizes), array.dtype)
    # Infinities and overflow are part of the data: the result is looked at as a whole afterwards.
    with np.errstate(all="ignore"):
        add_taps(out, split_channels(array, groups), blocks, windows, transposed=transposed)
        joined: Array = join_channels(out)
        if bias is not None:
            joined += per_channel(bias, len(windows))
    return joined
