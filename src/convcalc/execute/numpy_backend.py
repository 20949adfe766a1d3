"""The convolution in numpy alone: starts at once, needs nothing else, knows every integer."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np

from convcalc.execute.border import source_cells, unpadded
from convcalc.execute.exact import check_exact
from convcalc.execute.taps import (
    add_taps,
    grouped_weight,
    join_channels,
    per_channel,
    split_channels,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.window import Window

Array = np.ndarray


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
            for axis, window in enumerate(windows, start=2):
                cells = source_cells(array.shape[axis], window, padding_mode)
                array = array.take(cells, axis=axis)
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

    @property
    def threads(self) -> int:
        """Threads that the matrix product may use: the processors given to this process."""
        affinity = getattr(os, "sched_getaffinity", None)
        return len(affinity(0)) if affinity else os.cpu_count() or 1

    @property
    def versions(self) -> dict[str, str]:
        """The version of each library that computes."""
        return {"numpy": np.__version__}

    def load(self, array: Array, dtype: str) -> Array:
        """The array in C order and `dtype`, copied only if it must be.

        The order of the cells in memory decides the order of the sums, and so the last bits.
        """
        return np.asarray(array, dtype=np.dtype(dtype), order="C")

    def unload(self, array: Array) -> Array:
        """The array as numpy's own."""
        return array


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
