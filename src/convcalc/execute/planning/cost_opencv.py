"""How long single planes should take by OpenCV: sums, and passes along their axes.

What was fitted to measurements comes from the table `fitted_costs`; the other numbers count.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from convcalc.execute.algorithms.opencv.correlate import parts
from convcalc.execute.backends import thread_pool
from convcalc.execute.fitted_costs import FITTED

if TYPE_CHECKING:
    from convcalc.execute.planning.machine import PlaneRates
    from convcalc.execute.problem import ConvProblem


def sums(problem: ConvProblem, rates: PlaneRates, copies: float) -> float:
    """Seconds of the sums of single planes, tap by tap, written at `copies` bytes per second."""
    extents = (1, *(w.extent for w in problem.windows))[-2:]
    slices = problem.windows[0].kernel if problem.spatial_dims == 3 else 1
    cut = len(parts(*extents, problem.itemsize))
    added = problem.in_channels_per_group * slices
    planes_in_all = problem.batch * problem.out_channels
    elements = planes_in_all * prod(problem.whole_sizes)
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
    return (work + calls * rates.call) / thread_pool.speedup(shared) + fresh


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
    return seconds / thread_pool.speedup(_num_threads(seconds, rates)) + calls * rates.call


def _num_threads(seconds: float, rates: PlaneRates) -> int:
    """Threads that share work of so many seconds, in calls that are long enough."""
    return thread_pool.num_threads(int(rates.threads), int(rates.threads), seconds)


def _width(problem: ConvProblem) -> float:
    """How many times longer the sums of that dtype take than those of float32."""
    return FITTED["sum_double"] if problem.dtype == "float64" else 1
