"""im2col: every window copied into a column, so that the convolution is one matrix product.

(O/g, C/g * taps) times (C/g * taps, positions), in bands of the first axis so that the columns
never take more than `MOST_BYTES`. The products and their order are those of a matrix product, and
integers stay integers.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from convcalc.execute.arrays.array import A
    from convcalc.execute.backends.protocol import ArrayBackend
    from convcalc.execute.problem import ConvProblem

MOST_BYTES = 2**24
"""Bytes of columns at a time: they should stay in the caches."""


def refusal(problem: ConvProblem) -> str | None:
    """Why the algorithm does not apply, in words; None where it does."""
    if problem.transposed:
        return "im2col gathers windows; a transposed convolution scatters them"
    return None


def working_bytes(problem: ConvProblem) -> int:
    """Bytes beside input and result: the columns of a band, and the padded input."""
    row = _row_bytes(problem)
    padded = problem.batch * problem.channels * prod(problem.padded_sizes) * problem.itemsize
    return min(row * problem.out_sizes[0], max(row, MOST_BYTES)) + padded


def run(ops: ArrayBackend[A], problem: ConvProblem, array: A, weight: A) -> A:
    """The result (N, O, *out) of a padded `array` (N, C, *sizes) and a weight (O, C/g, *k)."""
    groups, out_channels_per_group = problem.groups, problem.out_channels // problem.groups
    matrix = weight.reshape(groups, out_channels_per_group, -1)
    rows = max(1, MOST_BYTES // _row_bytes(problem))
    out = ops.empty((problem.batch, groups, out_channels_per_group, *problem.out_sizes), array)
    view = windows_of(ops, problem, array)
    for first in range(0, problem.out_sizes[0], rows):
        band = view[(slice(None),) * (3 + problem.spatial_dims) + (slice(first, first + rows),)]
        columns = band.reshape(
            problem.batch, groups, problem.in_channels_per_group * problem.taps, -1
        )
        product = matrix @ columns
        height = min(rows, problem.out_sizes[0] - first)
        out[:, :, :, first : first + rows] = product.reshape(
            problem.batch, groups, out_channels_per_group, height, *problem.out_sizes[1:]
        )
    return out.reshape(problem.batch, problem.out_channels, *problem.out_sizes)


def windows_of(ops: ArrayBackend[A], problem: ConvProblem, array: A) -> A:
    """Every window, without a copy: (N, groups, C/g, *k, *out) of a padded array."""
    sample, channel, *steps = ops.steps(array)
    shape = (
        problem.batch,
        problem.groups,
        problem.in_channels_per_group,
        *(w.kernel for w in problem.windows),
        *problem.out_sizes,
    )
    strides = (
        sample,
        channel * problem.in_channels_per_group,
        channel,
        *(step * w.dilation for step, w in zip(steps, problem.windows, strict=True)),
        *(step * w.stride for step, w in zip(steps, problem.windows, strict=True)),
    )
    return ops.strided(array, shape, strides)


def _row_bytes(problem: ConvProblem) -> int:
    """Bytes of the columns of one row of outputs, over samples and groups."""
    positions = problem.batch * prod(problem.out_sizes[1:])
    return problem.channels * problem.taps * positions * problem.itemsize
