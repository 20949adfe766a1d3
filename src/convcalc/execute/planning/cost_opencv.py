"""How long single planes should take by OpenCV: sums, transforms, and passes along their axes."""

from __future__ import annotations

from math import log2, prod
from typing import TYPE_CHECKING

from convcalc.execute.algorithms.fft import blocks
from convcalc.execute.algorithms.opencv.correlate import parts
from convcalc.execute.backends import thread_pool
from convcalc.execute.planning.cost import LARGEST_KEPT

if TYPE_CHECKING:
    from convcalc.execute.algorithms.fft.blocks import Tiles
    from convcalc.execute.planning.machine import PlaneRates
    from convcalc.execute.problem import Problem

SETUP = 3
"""Products that one output of a plane costs beyond those of its taps."""

JOINING = 6
"""Products that adding one more part of a kernel costs per output."""

ADDING = {1: 14, 2: 4, 3: 8}
"""Products that one more sum over a channel or slice costs per output, by the number of axes.

What prepares the cells of a row or volume is in it too.
"""

ONE_MORE = 0.6
"""What one more thread adds: threads share caches and memory, and must be woken."""

CALLS = {1: 8, 2: 3, 3: 6}
"""Calls that a sum takes, by the number of axes."""

WIDE = 4
"""How many times slower OpenCV adds products of float64."""


NARROW = 32
"""Cells of a row that are worth as much time as its beginning and end."""


def sums(problem: Problem, rates: PlaneRates, copies: float) -> float:
    """Seconds of the sums of single planes, tap by tap, written at `copies` bytes per second."""
    extents = (1, *(w.extent for w in problem.windows))[-2:]
    slices = problem.windows[0].kernel if problem.rank == 3 else 1
    cut = len(parts(*extents, problem.itemsize))
    added = problem.depth * slices
    planes_in_all = problem.batch * problem.out_channels
    cells = planes_in_all * prod(blocks.whole(problem))
    products = problem.depth * problem.taps + added * (SETUP * cut + JOINING * (cut - 1))
    products += ADDING[problem.rank] * (added - 1 if problem.rank == 2 else added)
    work = cells * products * (1 + NARROW / problem.out_sizes[-1]) / rates.sums
    work *= WIDE if problem.dtype == "float64" else 1
    written = problem.itemsize * problem.cells_out
    fresh = written / copies if written > LARGEST_KEPT else 0.0
    made = planes_in_all * added * cut
    shared = thread_pool.hands(int(rates.threads), max(made, int(rates.threads)), work)
    return (work + made * CALLS[problem.rank] * rates.call) / _speedup(shared) + fresh


FEW_ROWS = 0.7
"""The time of the transform of a kernel, whose rows are few, in terms of that of a block."""


def transforms(problem: Problem, tiles: Tiles, rates: PlaneRates, copies: float) -> float:
    """Seconds of the transforms of planes block by block, and of the checks."""
    cells, blocks_in_all = prod(tiles.transform), problem.batch * prod(tiles.counts)
    of_blocks = (problem.channels + problem.out_channels) * blocks_in_all
    made = of_blocks + FEW_ROWS * problem.out_channels
    work = made * cells * log2(max(cells, 2)) / rates.transforms
    written = 4 * cells * blocks_in_all * (problem.channels + 2 * problem.out_channels)
    calls = 8 * blocks_in_all * problem.out_channels + 60
    # Of one sample after the other, whole blocks are shared among threads.
    hands = min(_hands(work, rates), problem.channels * prod(tiles.counts))
    return (work + calls * rates.call) / _speedup(hands) + written / copies / 2


def separable(problem: Problem, rates: PlaneRates) -> float:
    """Seconds of one pass per axis over single planes; columns are slower than rows."""
    cells, seconds = list(problem.padded_sizes), 0.0
    planes_in_all = problem.batch * problem.channels
    for axis in reversed(range(problem.rank)):
        window, slowness = problem.windows[axis], (1 if axis else COLUMNS)
        cells[axis] = (problem.out_sizes[axis] - 1) * window.stride + 1
        products = planes_in_all * prod(cells) * (window.kernel * slowness + SETUP)
        seconds += products / rates.sums * (WIDE if problem.dtype == "float64" else 1)
    return seconds / _speedup(_hands(seconds, rates)) + planes_in_all * 6 * rates.call


COLUMNS = 2.5
"""How many times slower OpenCV adds along columns than along rows."""


def _hands(seconds: float, rates: PlaneRates) -> int:
    """Threads that share work of so many seconds, in calls that are long enough."""
    return thread_pool.hands(int(rates.threads), int(rates.threads), seconds)


def _speedup(hands: int) -> float:
    """How many times faster so many threads are than one."""
    return 1 + ONE_MORE * (hands - 1)
