"""Which blocks an FFT may compute: those whose rounding errors stay below the dtype's tolerance.

An FFT spreads its rounding errors over a block, whatever is in it: one 1e30 among ones spoils all
its neighbours, and one NaN every output. The promise, however, is about each output,

    |y - exact| <= 4 * eps * S,    S(u) = sum over the taps of |x[u + t]| * |w[t]|,

with the eps of float32, 2^-23. The error of a transform in float64 is at most

    E = A * 2^-52 * (r * g + m * v) <= A * 2^-52 * m * (sqrt(channels) * G + v)

    A = GROWTH * log2(elements) + sqrt(channels)

where r^2 is the sum of x^2 over the channels, averaged over the elements, g the largest |W(f)|, m
and v the largest |x| and |w|, and G^2 the sum over the input channels of (sum |w|)^2. So a block is
safe where S >= E / (3 * eps) at each output: one eps is left for the rounding of the result.

S is bounded from below by counting. Call an element small if |x| < THETA * m. Of a window in which
c elements are not small, S is at least THETA * m times the sum of the c smallest |w|, channels
included. So there is a number of elements that suffices, `needed`, which depends on the kernel
alone: a block is safe where each window holds so many elements that are not small. Mostly a whole
block holds so few small elements that no window need be looked at.

Source: derived, but for GROWTH, which is empirical. At most 1.85 was seen, of steps under equal
taps in torch (MKL) at 168,750 elements, where equal roundings add up; 1.34 with OpenCV there, 0.70
with numpy (pocketfft). With two axes it was 0.62, with one of 2^k elements 0.77. The searches were
over noise, constants, ramps, waves, steps, checks and spikes of 2^8 to 2^18 elements.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from math import ceil, log2, prod, sqrt
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcalc.execute.algorithms.fft.blocks import Tiles
    from convcalc.execute.problem import ConvProblem
    from convcalc.window import Window

GROWTH = 4.0
ROUNDING = 2.0**-52
ERROR_SHARE = 3.0 * 2.0**-23
THETA = 2.0**-13

MIN_COMPARABLE = 2.0**-113
"""The smallest float32 of which THETA is a normal number: below it, elements cannot be compared."""

AT_ONCE = 2**16
"""Elements that are compared at a time: what comes of it stays in the caches."""

BlockIndex = tuple[int, ...]


class Certificate(NamedTuple):
    """How many elements of each window must not be small, for the blocks of a problem."""

    needed: int
    problem: ConvProblem
    tiles: Tiles


def certificate(weight: np.ndarray, problem: ConvProblem, tiles: Tiles) -> Certificate | None:
    """What a weight (O, C/g, *k) demands; None where no block could satisfy it."""
    sizes = np.sort(np.abs(weight).reshape(len(weight), -1), axis=1)
    largest = sizes[:, -1].astype(np.float64)
    if not largest.max() < np.inf:
        return None
    sums = np.abs(weight).reshape(*weight.shape[:2], -1).sum(axis=2, dtype=np.float64)
    growth = GROWTH * log2(prod(tiles.transform)) + sqrt(problem.in_channels_per_group)
    peaks = np.sqrt(problem.in_channels_per_group * (sums * sums).sum(axis=1))
    error = growth * ROUNDING * (peaks + largest)
    # A kernel of zeros needs nothing: it has no error.
    enough = np.cumsum(sizes, axis=1, dtype=np.float64) >= error[:, None] / (ERROR_SHARE * THETA)
    missing = np.where(largest > 0, sizes.shape[1] - enough.sum(axis=1), -1)
    needed = int(missing.max()) + 1
    if needed > sizes.shape[1]:
        return None
    return Certificate(needed, problem, tiles)


def unsafe_blocks(demand: Certificate, sample: np.ndarray) -> set[BlockIndex]:
    """The places of the blocks of a padded sample (C, *sizes) that must not be transformed."""
    inside = (slice(*ends) for ends in _real_elements(demand.problem))
    places = maybe_unsafe(demand, sample[(slice(None), *inside)])
    return {place for place in places if not _every_window(demand, sample, place)}


def maybe_unsafe(demand: Certificate, elements: np.ndarray) -> list[BlockIndex]:
    """The blocks that hold too many small elements to be safe without a closer look.

    They are counted per element of a grid that is cut where blocks begin and where they end.

    Args:
        elements: (C, *sizes), without the zeros of a padding.
    """
    tiles, problem = demand.tiles, demand.problem
    largest = _largest(elements)
    if not (largest == 0 or MIN_COMPARABLE <= largest < np.inf):
        return list(product(*map(range, tiles.counts)))
    flat = _small(elements.reshape(-1), np.float32(THETA * largest))
    spare = problem.in_channels_per_group * _least_taps(problem, tiles) - demand.needed
    if len(flat) <= spare.min():
        return []
    grid = _grid(tiles)
    found = np.unravel_index(flat, elements.shape)
    counts = np.zeros((problem.groups, *(len(axis.edges) for axis in grid)), np.int64)
    index = [found[0] // problem.in_channels_per_group]
    for own, (low, _), axis in zip(found[1:], _real_elements(problem), grid, strict=True):
        index.append(np.searchsorted(axis.edges, own + low, "right") - 1)
    np.add.at(counts, tuple(index), 1)
    for number, axis in enumerate(grid, start=1):
        counts = _between(counts, number, axis)
    return [tuple(place) for place in np.argwhere(counts.max(axis=0) > spare).tolist()]


class _Cuts(NamedTuple):
    """Where an axis is cut, and the pieces that each block covers: the first, and the end."""

    edges: np.ndarray
    first: np.ndarray
    last: np.ndarray


@lru_cache(maxsize=512)
def _grid(tiles: Tiles) -> tuple[_Cuts, ...]:
    """The axes, cut where a block begins and where one ends."""
    axes = []
    for n, step, count in zip(tiles.transform, tiles.step, tiles.counts, strict=True):
        begins = np.arange(count) * step
        edges = np.union1d(begins, begins + n)
        axes.append(
            _Cuts(edges, np.searchsorted(edges, begins), np.searchsorted(edges, begins + n))
        )
    return tuple(axes)


def _between(counts: np.ndarray, number: int, axis: _Cuts) -> np.ndarray:
    """Per block what is counted in the pieces that it covers along one axis."""
    totals = np.cumsum(counts, axis=number)
    totals = np.concatenate((np.zeros_like(totals.take([0], number)), totals), axis=number)
    covered: np.ndarray = totals.take(axis.last, number) - totals.take(axis.first, number)
    return covered


def _small(elements: np.ndarray, level: np.float32) -> np.ndarray:
    """Where the elements (n) are smaller than the level."""
    found = []
    for first in range(0, len(elements), AT_ONCE):
        band = elements[first : first + AT_ONCE]
        found.append(np.flatnonzero((band < level) & (band > -level)) + first)
    return np.concatenate(found)


def _largest(sample: np.ndarray) -> float:
    """The largest magnitude; NaN where there is one."""
    return float(max(sample.max(), -sample.min())) if sample.size else 0.0


def _real_elements(problem: ConvProblem) -> list[tuple[int, int]]:
    """Where the elements that are no padding with zeros begin and end, per padded axis."""
    if problem.padding_mode != "zeros":
        return [(0, size) for size in problem.padded_sizes]
    return [(w.before, w.before + n) for w, n in zip(problem.windows, problem.sizes, strict=True)]


@lru_cache(maxsize=512)
def _least_taps(problem: ConvProblem, tiles: Tiles) -> np.ndarray:
    """The fewest taps on real elements among the windows of each block, (*counts)."""
    fewest = np.ones((), np.int64)
    for axis in range(problem.spatial_dims):
        fewest = np.multiply.outer(fewest, list(_axis_taps(problem, tiles, axis)))
    return fewest


def _axis_taps(problem: ConvProblem, tiles: Tiles, axis: int) -> Iterator[int]:
    """The fewest taps on real elements among the windows of each block along one axis.

    Windows one dilation apart differ by one tap at each end: among them the number first grows and
    then falls, so that it is least at an end. There is such a run per element of a dilation.
    """
    window, (low, high) = problem.windows[axis], _real_elements(problem)[axis]
    for index in range(tiles.counts[axis]):
        first = index * tiles.step[axis]
        last = first + _positions(problem, tiles, axis, index) - 1
        ends = {
            *range(first, min(first + window.dilation - 1, last) + 1),
            *range(max(first, last - window.dilation + 1), last + 1),
        }
        yield min(_real_taps(window, u, low, high) for u in ends)


def _real_taps(window: Window, start: int, low: int, high: int) -> int:
    """Taps of a window at `start` that lie on the elements low ... high - 1."""
    first = max(0, ceil((low - start) / window.dilation))
    last = min(window.kernel - 1, (high - 1 - start) // window.dilation)
    return max(0, last - first + 1)


def _positions(problem: ConvProblem, tiles: Tiles, axis: int, index: int) -> int:
    """Windows, at stride 1, of a block along one axis; the last block may have fewer."""
    step = tiles.step[axis]
    whole = (problem.out_sizes[axis] - 1) * problem.windows[axis].stride + 1
    return min(step, whole - index * step)


def _every_window(demand: Certificate, sample: np.ndarray, place: BlockIndex) -> bool:
    """Whether each window of a block has enough elements that are not small beside its largest."""
    problem, tiles = demand.problem, demand.tiles
    elements = tuple(
        slice(index * step, index * step + max(n, step + window.extent - 1))
        for index, step, n, window in zip(
            place, tiles.step, tiles.transform, problem.windows, strict=True
        )
    )
    block = np.abs(sample[(slice(None), *elements)]).reshape(
        problem.groups, problem.in_channels_per_group, -1
    )
    shape = sample[0][elements].shape
    largest = block.max(axis=(1, 2))
    if not ((largest == 0) | ((largest >= MIN_COMPARABLE) & (largest < np.inf))).all():
        return False
    # A block of zeros needs nothing: its transform is zero, and so is its result.
    level = np.float32(THETA) * largest
    large = (block >= level[:, None, None]).sum(axis=1, dtype=np.int64)
    counts = large.reshape(problem.groups, *shape)
    for axis, window in enumerate(problem.windows):
        counts = _sums(counts, axis + 1, window, _positions(problem, tiles, axis, place[axis]))
    return bool((counts.min(axis=tuple(range(1, counts.ndim))) >= demand.needed)[largest > 0].all())


def _sums(counts: np.ndarray, axis: int, window: Window, positions: int) -> np.ndarray:
    """Sums over the taps of the first `positions` windows of one axis."""
    moved = np.moveaxis(counts, axis, -1)
    if window.dilation == 1:
        totals = np.cumsum(moved, axis=-1)
        totals = np.concatenate((np.zeros_like(totals[..., :1]), totals), axis=-1)
        summed = totals[..., window.kernel : window.kernel + positions] - totals[..., :positions]
    else:
        starts = (tap * window.dilation for tap in range(window.kernel))
        summed = np.sum([moved[..., start : start + positions] for start in starts], axis=0)
    return np.moveaxis(summed, -1, axis)
