"""Which blocks an FFT may compute: those whose rounding errors stay below the dtype's tolerance.

An FFT spreads its rounding errors over a block, whatever is in it: one 1e30 among ones spoils all
its neighbours, and one NaN every output. The promise, however, is about each output,

    |y - exact| <= 4 * eps * S,    S(u) = sum over the taps of |x[u + t]| * |w[t]|,

with the eps of float32, 2^-23. The error of a transform in float64 is at most

    E = ERROR * 2^-52 * (r * g + m * v) <= 2 * ERROR * 2^-52 * sqrt(channels) * m * G

where r^2 is the sum of x^2 over the channels, averaged over the cells, g the largest |W(f)|, m and
v the largest |x| and |w|, and G^2 the sum over the input channels of (sum |w|)^2. So a block is
safe where S >= E / (3 * eps) at each output: one eps is left for the rounding of the result.

S is bounded from below by counting. Call a cell small if |x| < THETA * m, a weight if
|w| < THETA * v. A window of K taps (channels included) with c small cells and d small weights has
K - c - d products of at least THETA^2 * m * v. So there is a number of cells that suffices,
`needed`, which depends on the kernel alone, and a block is safe where each window holds so many
cells that are not small. Mostly a whole block holds so few small cells that no window need be
looked at.

Source: derived. ERROR is empirical: at most 13.2 was seen, of a ramp over 168,750 cells, and 6.9 in
two and three axes, in searches with numpy, torch and OpenCV over noise, constants, ramps, waves,
steps, checks and spikes, and with up to 16 channels.
"""

from __future__ import annotations

from itertools import product
from math import ceil, prod
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcalc.execute.algorithms.fft import Tiles
    from convcalc.execute.problem import Problem
    from convcalc.window import Window

ERROR = 16.0
ROUNDING = 2.0**-52
SPARE = 3.0 * 2.0**-23
THETA = 2.0**-12

Place = tuple[int, ...]


class Certificate(NamedTuple):
    """How many cells of each window must not be small, for the blocks of a problem."""

    needed: int
    problem: Problem
    tiles: Tiles


def certificate(weight: np.ndarray, problem: Problem, tiles: Tiles) -> Certificate | None:
    """What a weight (O, C/g, *k) demands; None where no block could satisfy it."""
    magnitudes = np.abs(weight.astype(np.float64)).reshape(*weight.shape[:2], -1)
    largest = magnitudes.max(axis=(1, 2))
    if not np.isfinite(largest).all():
        return None
    sums = np.sqrt((magnitudes.sum(axis=2) ** 2).sum(axis=1))
    small = (magnitudes < THETA * largest[:, None, None]).sum(axis=(1, 2))
    error = 2 * ERROR * ROUNDING * problem.depth**0.5 * sums
    with np.errstate(divide="ignore", invalid="ignore"):
        enough = np.where(largest > 0, np.ceil(error / (SPARE * THETA**2 * largest)) + small, 0)
    needed = int(min(enough.max(), 2.0**53))
    if needed > problem.depth * problem.taps:
        return None
    return Certificate(needed, problem, tiles)


def unsafe_blocks(demand: Certificate, sample: np.ndarray) -> set[Place]:
    """The places of the blocks of a padded sample (C, *sizes) that must not be transformed."""
    doubtful = _doubtful(demand, sample)
    return {place for place in doubtful if not _every_window(demand, sample, place)}


def _doubtful(demand: Certificate, sample: np.ndarray) -> list[Place]:
    """The blocks that hold too many small cells to be safe without a closer look.

    They are counted per cell of the grid of the blocks' steps, several of which a block covers.
    """
    tiles, problem = demand.tiles, demand.problem
    places = list(product(*map(range, tiles.counts)))
    largest = _largest(sample)
    if not largest < np.inf:
        return places
    inside = _real_cells(problem)
    magnitudes = np.abs(sample[(slice(None), *(slice(*ends) for ends in inside))])
    flat = np.flatnonzero(magnitudes < np.float32(THETA * largest))
    found = np.unravel_index(flat, magnitudes.shape)
    grid = np.zeros((problem.groups, *tiles.counts), np.int64)
    index = [found[0] // problem.depth]
    for cells, (low, _), step, count in zip(
        found[1:], inside, tiles.step, tiles.counts, strict=True
    ):
        index.append(np.minimum((cells + low) // step, count - 1))
    np.add.at(grid, tuple(index), 1)
    least = _least_taps(demand)
    if grid.sum(axis=tuple(range(1, grid.ndim))).max() <= (
        problem.depth * prod(map(min, least.axes)) - demand.needed
    ):
        return []
    return [
        place
        for place in places
        if _covered(grid, place, tiles) > problem.depth * least(place) - demand.needed
    ]


def _largest(sample: np.ndarray) -> float:
    """The largest magnitude; NaN where there is one."""
    return float(max(sample.max(), -sample.min())) if sample.size else 0.0


def _covered(grid: np.ndarray, place: Place, tiles: Tiles) -> int:
    """The small cells of the groups of the grid that a block covers, the most of any group."""
    reach = [-(-n // step) for n, step in zip(tiles.transform, tiles.step, strict=True)]
    cells = tuple(slice(i, i + r) for i, r in zip(place, reach, strict=True))
    return int(grid[(slice(None), *cells)].sum(axis=tuple(range(1, grid.ndim))).max())


def _real_cells(problem: Problem) -> list[tuple[int, int]]:
    """Of each padded axis, the cells that are no padding with zeros: the first, and the end."""
    if problem.padding_mode != "zeros":
        return [(0, size) for size in problem.padded_sizes]
    return [(w.before, w.before + n) for w, n in zip(problem.windows, problem.sizes, strict=True)]


def _least_taps(demand: Certificate) -> _Taps:
    """Of a block: the fewest taps of any of its windows that lie on real cells."""
    return _Taps([list(_axis_taps(demand, axis)) for axis in range(demand.problem.rank)])


class _Taps:
    """The fewest taps per axis and index of a block; they multiply over the axes."""

    def __init__(self, axes: list[list[int]]) -> None:
        self.axes = axes

    def __call__(self, place: Place) -> int:
        return prod(axis[index] for axis, index in zip(self.axes, place, strict=True))


def _axis_taps(demand: Certificate, axis: int) -> Iterator[int]:
    """The fewest taps on real cells among the windows of each block along one axis.

    Windows one dilation apart differ by one tap at each end: among them the number first grows and
    then falls, so that it is least at an end. There are as many such runs as cells in a dilation.
    """
    problem, tiles = demand.problem, demand.tiles
    window, (low, high) = problem.windows[axis], _real_cells(problem)[axis]
    for index in range(tiles.counts[axis]):
        first = index * tiles.step[axis]
        last = first + _positions(demand, axis, index) - 1
        ends = {
            *range(first, min(first + window.dilation - 1, last) + 1),
            *range(max(first, last - window.dilation + 1), last + 1),
        }
        yield min(_real_taps(window, u, low, high) for u in ends)


def _real_taps(window: Window, start: int, low: int, high: int) -> int:
    """Taps of a window at `start` that lie on the cells low ... high - 1."""
    first = max(0, ceil((low - start) / window.dilation))
    last = min(window.kernel - 1, (high - 1 - start) // window.dilation)
    return max(0, last - first + 1)


def _positions(demand: Certificate, axis: int, index: int) -> int:
    """Windows, at stride 1, of a block along one axis; the last block may have fewer."""
    problem, step = demand.problem, demand.tiles.step[axis]
    whole = (problem.out_sizes[axis] - 1) * problem.windows[axis].stride + 1
    return min(step, whole - index * step)


def _every_window(demand: Certificate, sample: np.ndarray, place: Place) -> bool:
    """Whether each window of a block has enough cells that are not small beside its largest."""
    problem, tiles = demand.problem, demand.tiles
    starts = [index * step for index, step in zip(place, tiles.step, strict=True)]
    cells: Any = tuple(slice(s, s + n) for s, n in zip(starts, tiles.transform, strict=True))
    block = np.abs(sample[(slice(None), *cells)]).reshape(problem.groups, problem.depth, -1)
    shape = sample[(0, *cells)].shape
    largest = block.max(axis=(1, 2))
    if not np.isfinite(largest).all():
        return False
    # A block of zeros needs nothing: its transform is zero, and so is its result.
    level = np.float32(THETA) * largest
    large = (block >= level[:, None, None]).sum(axis=1, dtype=np.int64)
    counts = large.reshape(problem.groups, *shape)
    for axis, window in enumerate(problem.windows):
        counts = _sums(counts, axis + 1, window, _positions(demand, axis, place[axis]))
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
