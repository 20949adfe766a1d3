"""How long single planes should take by OpenCV: sums, transforms, and passes along their axes.

What was fitted to measurements comes from the table `fitted_costs`; the other numbers count.
"""

from __future__ import annotations

from math import log2, prod
from typing import TYPE_CHECKING

from convcalc.execute.algorithms.fft import blocks
from convcalc.execute.algorithms.opencv.correlate import parts
from convcalc.execute.backends import thread_pool
from convcalc.execute.fitted_costs import FITTED

if TYPE_CHECKING:
    from convcalc.execute.algorithms.fft.blocks import Tiles
    from convcalc.execute.planning.machine import PlaneRates
    from convcalc.execute.problem import ConvProblem


def sums(problem: ConvProblem, rates: PlaneRates, copies: float) -> float:
    """Seconds of the sums of single planes, tap by tap, written at `copies` bytes per second."""
    extents = (1, *(w.extent for w in problem.windows))[-2:]
    slices = problem.windows[0].kernel if problem.spatial_dims == 3 else 1
    cut = len(parts(*extents, problem.itemsize))
    added = problem.in_channels_per_group * slices
    planes_in_all = problem.batch * problem.out_channels
    elements = planes_in_all * prod(blocks.whole(problem))
    of_parts = FITTED["sum_setup"] * cut + FITTED["part_joining"] * (cut - 1)
    products = problem.in_channels_per_group * problem.taps + added * of_parts
    products += FITTED[f"adding_{problem.spatial_dims}d"] * (
        added - 1 if problem.spatial_dims == 2 else added
    )
    work = elements * products * (1 + FITTED["row_ends"] / problem.out_sizes[-1]) / rates.sums
    work *= _width(problem)
    written = problem.itemsize * problem.elements_out
    fresh = written / copies if written > FITTED["largest_kept"] else 0
    made = planes_in_all * added * cut
    calls = made * FITTED[f"sum_calls_{problem.spatial_dims}d"]
    shared = thread_pool.num_threads(int(rates.threads), max(made, int(rates.threads)), work)
    return (work + calls * rates.call) / _speedup(shared) + fresh


def transforms(problem: ConvProblem, tiles: Tiles, rates: PlaneRates, copies: float) -> float:
    """Seconds of the transforms of planes block by block, and of the checks."""
    elements, blocks_in_all = prod(tiles.transform), problem.batch * prod(tiles.counts)
    of_blocks = (problem.channels + problem.out_channels) * blocks_in_all
    made = of_blocks + FITTED["kernel_rows"] * problem.out_channels
    work = made * elements * log2(max(elements, 2)) / rates.transforms
    written = 4 * elements * blocks_in_all * (problem.channels + 2 * problem.out_channels)
    calls = FITTED["plane_block_calls"] * blocks_in_all * problem.out_channels
    calls += FITTED["plane_transforms_calls"]
    # Of one sample after the other, whole blocks are shared among threads.
    num_threads = min(_num_threads(work, rates), problem.channels * prod(tiles.counts))
    return (work + calls * rates.call) / _speedup(num_threads) + FITTED[
        "plane_writes"
    ] * written / copies


def separable(problem: ConvProblem, rates: PlaneRates) -> float:
    """Seconds of one pass per axis over single planes; columns are slower than rows."""
    elements, seconds = list(problem.padded_sizes), 0.0
    planes_in_all = problem.batch * problem.channels
    for axis in reversed(range(problem.spatial_dims)):
        window, slowness = problem.windows[axis], (1 if axis else FITTED["columns"])
        elements[axis] = (problem.out_sizes[axis] - 1) * window.stride + 1
        products = planes_in_all * prod(elements) * (window.kernel * slowness + FITTED["sum_setup"])
        seconds += products / rates.sums * _width(problem)
    calls = FITTED["plane_pass_calls"] * planes_in_all
    return seconds / _speedup(_num_threads(seconds, rates)) + calls * rates.call


def _num_threads(seconds: float, rates: PlaneRates) -> int:
    """Threads that share work of so many seconds, in calls that are long enough."""
    return thread_pool.num_threads(int(rates.threads), int(rates.threads), seconds)


def _width(problem: ConvProblem) -> float:
    """How many times longer the sums of that dtype take than those of float32."""
    return FITTED["sum_double"] if problem.dtype == "float64" else 1


def _speedup(num_threads: int) -> float:
    """How many times faster so many threads are than one."""
    return 1 + FITTED["one_more_thread"] * (num_threads - 1)
