"""Which outputs of a transform in float64 keep the tolerance of float64: a bound for every output.

The promise of `tolerances` for K products is |y - exact| <= c * eps * S, with c = max(4, sqrt(K)),
eps = 2^-52 and S(u) = sum over the taps of |x[u + t]| * |w[t]|. A transform is off by at most

    E = A * eps * (r*g + m*v)        A = GROWTH * log2(elements) + sqrt(channels of an output)

where r^2 is the sum of x^2 over the channels, averaged over the elements of the block, g^2 the
largest sum of |W(f)|^2 over the channels, m and v the largest |x| and |w|. The roundings of
log2(elements) stages add up in A, and so do those of the sums over the channels.

S is had by transforms as well, of |x|/m and |w|/v in float32. If they give T, then S/(m*v) is at
least T - D, less 2^-20 of T for the rounding of the magnitudes, where

    D = A * 2^-23 * (r/m * G + 1)        G^2 = the sum over the channels of (sum |w|/v)^2.

An output is safe where the error is at most three quarters of its tolerance; the rest, one eps and
more, is for the addition of a bias and for what a result is held against, a float64 itself:

    A * (r/m * g/v + 1) <= 3/4 * c * (T - D).

Before anything is transformed, this is asked of the mean of S over a block, which is a product of
sums. Where it fails, much of the block would; it goes direct, for the price of reading it.

All is in terms of the largest values, so that no square can overflow. Where m, v or m*v are so
small or large that products could leave the normal range, nothing is safe. What is made of zeros
alone, a block or a kernel, is exact.

Source: derived, but for GROWTH, which is empirical: 0.81 at most was seen, in searches with numpy
(pocketfft) and torch (MKL) over noise, constants, ramps, waves, steps, checks and spikes of up to
2^18 elements, one to three axes and 16 channels. Ramps and steps over many elements are the worst:
equal roundings add up. So they do in long axes of other lengths than powers of two, where MKL is
off by 1.09 at 2^14 elements and 1.85 at 168,750; for these it is LONG_GROWTH.
"""

from __future__ import annotations

from math import log, log2, pi, prod, sqrt
from typing import TYPE_CHECKING, Generic, NamedTuple

import numpy as np

from convcalc.execute.algorithms.fft.spectra import kernel_spectrum, product_of, spread_taps
from convcalc.execute.arrays.array import A
from convcalc.execute.arrays.tolerance import TOLERANCES

if TYPE_CHECKING:
    from convcalc.execute.algorithms.fft.blocks import Tiles
    from convcalc.execute.backends.protocol import ArrayBackend
    from convcalc.execute.problem import ConvProblem

GROWTH = 1.25
LONG_GROWTH = 2.5
LONG = 2**13
"""Elements of an axis beyond which LONG_GROWTH counts, but for powers of two."""

SHARE = 0.75
SINGLE = 2.0**-23
MIN_SCALE, MAX_SCALE = 2.0**-900, 2.0**900


class ErrorBudget(NamedTuple, Generic[A]):
    """What a kernel asks of the blocks that it is transformed with.

    Attributes:
        peaks: g/v of each output channel, (O); 0 of a kernel of zeros.
        sums: G of each output channel, (O).
        totals: The sum of |w|/v over the taps, (O, C/g).
        least: The least v that is not 0.
        most: The largest v.
        spectrum: Of |w|/v in float32, as `spectra` makes it.
    """

    peaks: np.ndarray
    sums: np.ndarray
    totals: np.ndarray
    least: float
    most: float
    spectrum: A


def growth(problem: ConvProblem, tiles: Tiles) -> float:
    """The A of the bound."""
    long = any(n > LONG and n & (n - 1) for n in tiles.transform)
    stages = log2(prod(tiles.transform))
    return (LONG_GROWTH if long else GROWTH) * stages + sqrt(problem.in_channels_per_group)


def allowed(problem: ConvProblem) -> float:
    """The 3/4 c of the bound."""
    return SHARE * TOLERANCES["float64"].factor_of(problem.in_channels_per_group * problem.taps)


def least_taps(problem: ConvProblem, tiles: Tiles) -> float:
    """How many taps an output should need on noise, to be safe.

    Of normal numbers, N to a block and K to a kernel, m^2 is about 2*ln(N), v^2 is 2*ln(K), r^2 the
    channels and g^2 = K*ln(N), the largest of N/2 exponential numbers of mean K. The T of n taps
    has the mean n * 2/pi and the variance n * (1 - 4/pi^2), of which the least of N outputs has
    sqrt(2*ln(N)) deviations less. This is the n whose least T is as large as needed.
    """
    elements, taps = (
        prod(tiles.transform) * problem.in_channels_per_group,
        problem.in_channels_per_group * problem.taps,
    )
    spread = sqrt(problem.in_channels_per_group * taps * log(elements)) + 2 * sqrt(
        log(elements) * log(taps + 1)
    )
    needed = growth(problem, tiles) * spread / allowed(problem)
    deviation = sqrt(2 * log(elements) * (1 - 4 / pi**2))
    return ((deviation + sqrt(deviation**2 + 8 / pi * needed)) * pi / 4) ** 2


def direct_share(problem: ConvProblem, tiles: Tiles) -> float:
    """The share of the outputs that should turn out unsafe, of noise: 1 where no block passes.

    At an end that is padded with zeros those do that have too few taps on real elements.
    """
    spare = 1 - least_taps(problem, tiles) / (problem.in_channels_per_group * problem.taps)
    if spare <= 0:
        return 1.0
    if problem.padding_mode != "zeros":
        return 0.0
    safe = 1.0
    for window, out in zip(problem.windows, problem.out_sizes, strict=True):
        ends = (max(0.0, end - spare * window.extent) for end in (window.before, window.after))
        safe *= 1 - min(1.0, sum(ends) / window.stride / out)
    return 1 - safe


def error_budget(
    ops: ArrayBackend[A], problem: ConvProblem, weight: np.ndarray, tiles: Tiles
) -> ErrorBudget[A] | None:
    """What a float64 weight (O, C/g, *k) asks; None where no block could give it."""
    own = np.abs(weight).reshape(len(weight), -1).max(axis=1)
    least, most = min(own[own > 0], default=1.0), max(own, default=1.0)
    if not MIN_SCALE <= least <= most <= MAX_SCALE:
        return None
    scaled = weight / np.where(own > 0, own, 1.0).reshape(-1, *(1,) * (weight.ndim - 1))
    magnitudes = np.abs(scaled)
    totals = magnitudes.reshape(*weight.shape[:2], -1).sum(axis=2)
    single = ops.load(magnitudes.astype(np.float32), "float32")
    return ErrorBudget(
        peaks=_peaks(ops, problem, scaled, tiles),
        sums=np.sqrt((totals * totals).sum(axis=1)),
        totals=totals,
        least=float(least),
        most=float(most),
        spectrum=kernel_spectrum(ops, problem, single, tiles, "float32"),
    )


def _peaks(
    ops: ArrayBackend[A], problem: ConvProblem, scaled: np.ndarray, tiles: Tiles
) -> np.ndarray:
    """The largest magnitude over the frequencies, (O), channels added as squares."""
    spread = spread_taps(ops, problem, ops.load(scaled, "float64"), "float64")
    spectrum = ops.unload(ops.rfftn(spread, tiles.transform))
    power = (spectrum.real**2 + spectrum.imag**2).sum(axis=1)
    peaks: np.ndarray = np.sqrt(power.reshape(len(power), -1).max(axis=1))
    return peaks


def unsafe_outputs(
    ops: ArrayBackend[A], demand: ErrorBudget[A], problem: ConvProblem, tiles: Tiles, blocks: A
) -> np.ndarray:
    """Which outputs (*count, *step) of blocks (C, *count, *n) may be beyond the bound."""
    count = blocks.shape[1 : 1 + problem.spatial_dims]
    unsafe = np.ones((*count, *tiles.step), bool)
    with np.errstate(all="ignore"):
        largest, scaled = _scaled(problem, np.abs(ops.unload(blocks)))
        needed = _needed(demand, problem, tiles, largest, _roots(problem, tiles, scaled))
        if not (_means(demand, problem, scaled) >= needed).all(axis=0).any():
            return unsafe
        single = ops.load(scaled.reshape(blocks.shape), "float32")
        sums = ops.unload(product_of(ops, problem, single, demand.spectrum, tiles))
        safe = sums * (1 - 2.0**-20) >= needed.reshape(*needed.shape, *(1,) * problem.spatial_dims)
    np.logical_not(safe.all(axis=0), out=unsafe)
    return unsafe


def _means(demand: ErrorBudget[A], problem: ConvProblem, scaled: np.ndarray) -> np.ndarray:
    """The mean of S/(m*v) over the elements of each block, (O, *count)."""
    channels = scaled.mean(axis=tuple(range(-problem.spatial_dims, 0)), dtype=np.float64)
    totals = demand.totals.reshape(problem.groups, -1, problem.in_channels_per_group)
    means: np.ndarray = np.einsum("goc,gc...->go...", totals, channels)
    return means.reshape(problem.out_channels, *channels.shape[2:])


def _scaled(problem: ConvProblem, magnitudes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The m of the blocks, (groups, *count), and |x|/m (groups, C/g, *count, *n) in float32."""
    count, elements = (
        magnitudes.shape[1 : 1 + problem.spatial_dims],
        magnitudes.shape[1 + problem.spatial_dims :],
    )
    split = magnitudes.reshape(problem.groups, problem.in_channels_per_group, *count, *elements)
    largest = split.max(axis=(1, *range(-problem.spatial_dims, 0)))
    level = np.where(largest > 0, largest, 1.0)
    level = level.reshape(problem.groups, 1, *count, *(1,) * problem.spatial_dims)
    return largest, (split / level).astype(np.float32)


def _roots(problem: ConvProblem, tiles: Tiles, scaled: np.ndarray) -> np.ndarray:
    """r/m of the blocks, (groups, *count)."""
    axes = (1, *range(-problem.spatial_dims, 0))
    squares = (scaled * scaled).sum(axis=axes, dtype=np.float64)
    roots: np.ndarray = np.sqrt(squares / prod(tiles.transform))
    return roots


def _needed(
    demand: ErrorBudget[A],
    problem: ConvProblem,
    tiles: Tiles,
    largest: np.ndarray,
    roots: np.ndarray,
) -> np.ndarray:
    """The T that each channel's outputs of each block need, (O, *count); infinite for none."""
    out_channels_per_group = problem.out_channels // problem.groups
    largest, roots = (
        np.repeat(values, out_channels_per_group, axis=0) for values in (largest, roots)
    )
    shape = (-1, *(1,) * problem.spatial_dims)
    peaks, sums = demand.peaks.reshape(shape), demand.sums.reshape(shape)
    error = (roots * peaks + 1) / allowed(problem) + SINGLE * (roots * sums + 1)
    needed: np.ndarray = growth(problem, tiles) * error
    needed[(largest == 0) | (peaks == 0)] = -np.inf
    low, high = MIN_SCALE / min(1.0, demand.least), MAX_SCALE / max(1.0, demand.most)
    needed[~((largest == 0) | ((low <= largest) & (largest <= high)))] = np.inf
    return needed
