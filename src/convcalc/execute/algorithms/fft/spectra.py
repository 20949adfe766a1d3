"""Blocks of an input, the spectrum of a kernel, and the product of both: what an FFT computes.

Channels are summed in the frequency domain, so that C inputs and O outputs cost C + O transforms
per block and not C*O; the kernel is transformed once for all samples and blocks.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from convcalc.execute.algorithms.fft.blocks import Tiles
    from convcalc.execute.arrays.array import A
    from convcalc.execute.backends.protocol import ArrayBackend
    from convcalc.execute.problem import ConvProblem


def blocks_of(
    ops: ArrayBackend[A], sample: A, tiles: Tiles, first: int, count: tuple[int, ...]
) -> A:
    """Overlapping blocks (C, *count, *n) in float64 of a padded sample, zeros beyond its end."""
    starts = (first * tiles.step[0], *(0,) * (len(count) - 1))
    axes = zip(starts, count, tiles.step, tiles.transform, strict=True)
    lengths = [(c - 1) * step + n for _, c, step, n in axes]
    slab = ops.zeros((sample.shape[0], *lengths), sample, dtype="float64")
    piece = sample[(slice(None), *(slice(s, s + n) for s, n in zip(starts, lengths, strict=True)))]
    slab[(slice(None), *(slice(0, n) for n in piece.shape[1:]))] = piece
    channel, *steps = ops.steps(slab)
    strides = (*(s * step for s, step in zip(steps, tiles.step, strict=True)), *steps)
    return ops.strided(slab, (sample.shape[0], *count, *tiles.transform), (channel, *strides))


def spread_taps(ops: ArrayBackend[A], problem: ConvProblem, weight: A, dtype: str) -> A:
    """A kernel (O, C/g, *k) with zeros between its taps, (O, C/g, *extents)."""
    extents = (window.extent for window in problem.windows)
    spread = ops.zeros(
        (problem.out_channels, problem.in_channels_per_group, *extents), weight, dtype=dtype
    )
    spread[(..., *(slice(None, None, w.dilation) for w in problem.windows))] = weight
    return spread


def kernel_spectrum(
    ops: ArrayBackend[A], problem: ConvProblem, weight: A, tiles: Tiles, dtype: str = "float64"
) -> A:
    """conj(W), ready for the product: (F, g, C/g, O/g), or (O, 1, *f) without channels to mix."""
    spread = spread_taps(ops, problem, weight, dtype)
    spectrum = ops.rfftn(spread, tiles.transform).conj()
    if problem.in_channels_per_group == 1:
        return spectrum
    out_channels_per_group = problem.out_channels // problem.groups
    split = spectrum.reshape(
        problem.groups, out_channels_per_group, problem.in_channels_per_group, -1
    )
    return ops.contiguous(ops.permute(split, (3, 0, 2, 1)))


def product_of(ops: ArrayBackend[A], problem: ConvProblem, blocks: A, kernel: A, tiles: Tiles) -> A:
    """The blocks of the result, (O, *count, *m)."""
    spectrum = ops.rfftn(blocks, tiles.transform)
    count, elements = (
        blocks.shape[1 : 1 + problem.spatial_dims],
        spectrum.shape[1 + problem.spatial_dims :],
    )
    out_channels_per_group = problem.out_channels // problem.groups
    if problem.in_channels_per_group == out_channels_per_group == 1:
        spectrum *= kernel.reshape(problem.channels, *(1,) * problem.spatial_dims, *elements)
        mixed = spectrum
    elif problem.in_channels_per_group == 1:
        mixed = spectrum.reshape(problem.groups, 1, -1, *elements) * kernel.reshape(
            problem.groups, out_channels_per_group, 1, *elements
        )
    else:
        split = spectrum.reshape(problem.groups, problem.in_channels_per_group, prod(count), -1)
        mixed = ops.permute(ops.permute(split, (3, 0, 2, 1)) @ kernel, (1, 3, 2, 0))
    mixed = mixed.reshape(problem.out_channels, *count, *elements)
    result = ops.irfftn(mixed, tiles.transform)
    outputs: A = result[(..., *(slice(0, step) for step in tiles.step))]
    return outputs
