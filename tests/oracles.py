"""What the operations mean, computed the slow way: loops and index arithmetic from the definitions.

Nothing here shares a line with convcalc, so that both can only agree by being right.
"""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

import numpy as np


class Link(NamedTuple):
    """One window of a chain along one axis; padding after the last cell moves nothing."""

    transposed: bool
    kernel: int
    stride: int
    before: int
    dilation: int


def touched_cells(chain, u):
    """The input cells that output `u` of a chain reads, traced back; padding counts as cells."""
    cells = {u}
    for link in reversed(chain):
        step = link.dilation
        if link.transposed:
            # Cell j is spread over the outputs v = j*s - pb + d*t.
            spread = {v + link.before - step * t for v in cells for t in range(link.kernel)}
            cells = {place // link.stride for place in spread if place % link.stride == 0}
        else:
            starts = {v * link.stride - link.before for v in cells}
            cells = {start + step * t for start in starts for t in range(link.kernel)}
    return cells


def naive_conv(x, w, b=None, *, stride, pads, dilation, groups=1, mode="zeros"):
    """Cross-correlation of x (N, C, *spatial) with w (O, C/groups, *k), one tap at a time.

    `stride`, `dilation` and `pads` = ((before, after), ...) have one entry per spatial axis. The
    result is float64, or for integers an object array of Python's exact integers.
    """
    axes = list(zip(stride, pads, dilation, x.shape[2:], w.shape[2:], strict=True))
    out = [(i + pb + pa - d * (k - 1) - 1) // s + 1 for s, (pb, pa), d, i, k in axes]
    seen = [
        [[_source(v * s - pb + d * tap, i, mode) for tap in range(k)] for v in range(size)]
        for (s, (pb, _), d, i, k), size in zip(axes, out, strict=True)
    ]
    x, w = _exact(x, w)
    x, w = _channels_of_groups(x, groups), _maps_of_groups(w, groups)
    y = np.zeros((groups, x.shape[1], w.shape[2], *out), x.dtype)
    for u, t in product(np.ndindex(*out), np.ndindex(w.shape[3:])):
        cells = [axis[v][tap] for axis, v, tap in zip(seen, u, t, strict=True)]
        if None not in cells:
            y[(..., *u)] += x[(..., *cells)] @ w[(..., *t)]
    return _with_bias(y, b)


def naive_conv_transpose(x, w, b=None, *, stride, pads, dilation, groups=1, output_sizes):
    """Transposed convolution of x (N, C, *spatial) with w (C, O/groups, *k), by scattering.

    `pads` are cropped at the ends, and `output_sizes` says where the result ends.
    """
    x, w = _exact(x, w)
    x, w = _channels_of_groups(x, groups), w.reshape(groups, -1, *w.shape[1:])
    y = np.zeros((groups, x.shape[1], w.shape[2], *output_sizes), x.dtype)
    for j, t in product(np.ndindex(x.shape[3:]), np.ndindex(w.shape[3:])):
        cells = [
            v * s - pb + d * tap
            for v, tap, s, (pb, _), d in zip(j, t, stride, pads, dilation, strict=True)
        ]
        if all(0 <= cell < size for cell, size in zip(cells, output_sizes, strict=True)):
            y[(..., *cells)] += x[(..., *j)] @ w[(..., *t)]
    return _with_bias(y, b)


def _exact(*arrays):
    """Arrays of Python's integers, or float64."""
    dtype = object if all(array.dtype.kind in "iu" for array in arrays) else float
    return [array.astype(dtype) for array in arrays]


def _channels_of_groups(x, groups):
    """(N, C, *sizes) as (groups, N, C/groups, *sizes)."""
    return np.moveaxis(x.reshape(len(x), groups, -1, *x.shape[2:]), 0, 1)


def _maps_of_groups(w, groups):
    """(O, C/groups, *k) as (groups, C/groups, O/groups, *k)."""
    return np.moveaxis(w.reshape(groups, -1, *w.shape[1:]), 1, 2)


def _with_bias(y, b):
    """(groups, N, O/groups, *out) as (N, O, *out), the bias added to each map."""
    y = np.moveaxis(y, 0, 1).reshape(y.shape[1], -1, *y.shape[3:])
    return y if b is None else y + b.astype(y.dtype).reshape(-1, *[1] * (y.ndim - 2))


def _source(place, size, mode):
    """The input cell shown at a place of the padded axis; None where nothing (zero) is shown."""
    if 0 <= place < size:
        return place
    if mode == "reflect":
        return -place if place < 0 else 2 * (size - 1) - place
    if mode == "symmetric":
        return -1 - place if place < 0 else 2 * size - 1 - place
    if mode == "replicate":
        return 0 if place < 0 else size - 1
    if mode == "circular":
        return place % size
    return None
