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
    """Cross-correlation of x (N, C, *spatial) with w (O, C/groups, *k), one product at a time.

    `stride`, `dilation` and `pads` = ((before, after), ...) have one entry per spatial axis. The
    result is float64, or for integers an object array of Python's exact integers.
    """
    samples, _, *sizes = x.shape
    maps, depth, *kernel = w.shape
    axes = list(zip(stride, pads, dilation, sizes, kernel, strict=True))
    out = [(i + pb + pa - d * (k - 1) - 1) // s + 1 for s, (pb, pa), d, i, k in axes]
    y = np.empty((samples, maps, *out), dtype=object)
    x, w = x.astype(object), w.astype(object)
    for n, o, *u in np.ndindex(y.shape):
        first = o // (maps // groups) * depth
        total = 0 if b is None else b[o].item()
        for c, *t in np.ndindex(w.shape[1:]):
            cells = [
                _source(v * s - pb + d * tap, i, mode)
                for v, tap, (s, (pb, _), d, i, _) in zip(u, t, axes, strict=True)
            ]
            if None not in cells:
                total += x[(n, first + c, *cells)] * w[(o, c, *t)]
        y[(n, o, *u)] = total
    return _exact_or_float(y)


def naive_conv_transpose(x, w, b=None, *, stride, pads, dilation, groups=1, output_sizes):
    """Transposed convolution of x (N, C, *spatial) with w (C, O/groups, *k), by scattering.

    `pads` are cropped at the ends, and `output_sizes` says where the result ends.
    """
    samples, channels = x.shape[:2]
    depth = w.shape[1]
    y = np.zeros((samples, depth * groups, *output_sizes), dtype=object)
    if b is not None:
        y += b.astype(object).reshape(-1, *[1] * len(output_sizes))
    x, w = x.astype(object), w.astype(object)
    for (n, c, *j), (m, *t) in product(np.ndindex(x.shape), np.ndindex(w.shape[1:])):
        o = c // (channels // groups) * depth + m
        cells = [
            v * s - pb + d * tap
            for v, tap, s, (pb, _), d in zip(j, t, stride, pads, dilation, strict=True)
        ]
        if all(0 <= cell < size for cell, size in zip(cells, output_sizes, strict=True)):
            y[(n, o, *cells)] += x[(n, c, *j)] * w[(c, m, *t)]
    return _exact_or_float(y)


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


def _exact_or_float(y):
    whole = all(isinstance(value, int) for value in y.flat)
    return y if whole else y.astype(float)
