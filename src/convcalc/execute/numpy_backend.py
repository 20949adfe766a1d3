"""The primitives in numpy alone: starts at once, needs nothing else, knows every integer."""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING, Any

import numpy as np

from convcalc.execute.border import source_cells, unpadded
from convcalc.execute.exact import check_exact, check_product, check_sum
from convcalc.execute.pooling import pooled
from convcalc.execute.taps import (
    add_taps,
    grouped_weight,
    join_channels,
    per_channel,
    split_channels,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from convcalc.layers.operations import Function, Reduction
    from convcalc.window import Window

Array = np.ndarray

_JOIN: dict[str, np.ufunc] = {"sum": np.add, "max": np.maximum}
_FUNCTIONS: dict[str, Callable[[Array], Any]] = {
    "exp": np.exp,
    "expm1": np.expm1,
    "log1p": np.log1p,
    "tanh": np.tanh,
    "erfc": np.frompyfunc(math.erfc, 1, 1),  # numpy has none of its own
}


class NumpyBackend:
    """The primitives on numpy arrays, in the dtype of the arrays."""

    name = "numpy"

    def conv(
        self,
        array: Array,
        weight: Array,
        bias: Array | None,
        windows: Sequence[Window],
        groups: int,
        padding_mode: str,
    ) -> Array:
        """Cross-correlation of (N, C, *sizes) with (O, C/groups, *k)."""
        if padding_mode != "zeros":
            array = self.pad(array, windows, padding_mode)
            windows = unpadded(tuple(windows))
        sizes = [w.out_size(n) for w, n in zip(windows, array.shape[2:], strict=True)]
        blocks = grouped_weight(weight, groups, transposed=False)
        return _summed(array, blocks, bias, windows, sizes, transposed=False)

    def conv_transpose(
        self,
        array: Array,
        weight: Array,
        bias: Array | None,
        windows: Sequence[Window],
        groups: int,
        out_sizes: Sequence[int],
    ) -> Array:
        """Transposed convolution of (N, C, *sizes) with (C, O/groups, *k) onto `out_sizes`."""
        blocks = grouped_weight(weight, groups, transposed=True)
        return _summed(array, blocks, bias, windows, out_sizes, transposed=True)

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

    def pad(self, array: Array, windows: Sequence[Window], mode: str) -> Array:
        """Cells added at both ends of each spatial axis of (N, C, *sizes)."""
        if mode == "zeros":
            return np.pad(array, [(0, 0), (0, 0), *((w.before, w.after) for w in windows)])
        for axis, window in enumerate(windows, start=2):
            array = array.take(source_cells(array.shape[axis], window, mode), axis=axis)
        return array

    def reduce(self, array: Array, axes: Sequence[int], how: Reduction) -> Array:
        """The sum or maximum over whole axes, which stay with one cell."""
        result: Array = _JOIN[how].reduce(array, axis=tuple(axes), keepdims=True)
        return result

    def take(self, array: Array, axis: int, cells: Sequence[int]) -> Array:
        """The named cells of one axis."""
        return array.take(cells, axis=axis)

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
        """Numbers as an array of one axis."""
        return np.asarray(values, dtype=like.dtype)

    @property
    def threads(self) -> int:
        """Threads that the matrix product may use: the processors given to this process."""
        affinity = getattr(os, "sched_getaffinity", None)
        return len(affinity(0)) if affinity else os.cpu_count() or 1

    @property
    def versions(self) -> dict[str, str]:
        """The version of each library that computes."""
        return {"numpy": np.__version__}

    def copy(self, source: Array, target: Array) -> None:
        """The numbers of one array written over those of another."""
        np.copyto(target, source)

    def load(self, array: Array, dtype: str) -> Array:
        """The array in C order and `dtype`, copied only if it must be.

        The order of the cells in memory decides the order of the sums, and so the last bits.
        """
        return np.asarray(array, dtype=np.dtype(dtype), order="C")

    def unload(self, array: Array) -> Array:
        """The array as numpy's own."""
        return array


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
