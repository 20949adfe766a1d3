"""How long each algorithm should take, from a problem and the rates of a machine.

Every estimate is a sum of the work at its rate, the memory that is written anew, and the calls.
They need to be right about the order of the algorithms, not about the seconds.

What was fitted to measurements comes from the table `fitted_costs`. The numbers that stand here are
counts and definitions: how often an array is written, bytes of a number, operations of a product,
and the 16 channels of a block of oneDNN, which takes an input of up to 4 as it is.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from convcalc.execute.algorithms import banded, toeplitz
from convcalc.execute.backends.thread_pool import speedup
from convcalc.execute.fitted_costs import FITTED

if TYPE_CHECKING:
    from convcalc.execute.planning.machine import CostRates, Rates
    from convcalc.execute.problem import ConvProblem


def at_least(algorithm: str, problem: ConvProblem, backend: str, machine: CostRates) -> float:
    """Seconds that an algorithm does not come below, whatever its blocks and its layout."""
    rates, planes = machine.of(backend), machine.planes
    if algorithm == "im2col":
        return im2col(problem, rates)
    if algorithm == "lowrank":
        return factors_test(rates)
    # Blocks of n >= m elements, of m outputs each, have no fewer elements than there are outputs;
    # and each is transformed in log2(n) >= 1 steps.
    maps = problem.batch * (problem.channels + problem.out_channels)
    elements = maps * prod(problem.whole_sizes)
    calls = FITTED["band_calls"] + FITTED["transforms_calls"]
    row = FITTED[f"{backend}_row"] if problem.spatial_dims == 1 else 1
    seconds = row * elements / rates.transforms + calls * rates.call
    if planes is None or problem.spatial_dims != 2:
        return seconds
    own = elements / planes.transforms + FITTED["plane_transforms_calls"] * planes.call
    return min(seconds, own / speedup(int(planes.threads)))


def factors_test(rates: Rates) -> float:
    """Seconds of finding out whether a kernel has factors."""
    return FITTED["factors_calls"] * rates.call


def direct(
    problem: ConvProblem, layout: str, backend: str, rates: Rates, *, swaps: bool = False
) -> float:
    """Seconds of the direct convolution in one of its layouts.

    Args:
        swaps: Whether OpenCV is there to put channels side by side.
    """
    if layout == "passes":
        return _passes(problem, rates)
    if layout == "blocks":
        written = problem.itemsize * (3 * problem.elements_in + 2 * problem.elements_out)
        work = 2 * toeplitz.macs(problem) / _products(problem, rates)
        if problem.dtype == "float64":
            work *= FITTED[f"{backend}_blocks_double"]
        return work + written / rates.copies + FITTED["blocks_calls"] * rates.call
    if backend == "numpy":
        return _taps(problem, rates)
    if problem.transposed and problem.floating:
        return _scattered(problem, layout, rates)
    if layout == "product":
        return _product(problem, rates)
    return _library(problem, layout, rates, swaps=swaps)


def _scattered(problem: ConvProblem, layout: str, rates: Rates) -> float:
    """Torch's own transposed convolution, which writes a column of products for each element.

    Measured on torch 2.13; of float32 with several channels it takes oneDNN's.
    """
    if problem.dtype == "float32" and max(problem.channels, problem.out_channels) > 1:
        return _library(problem, layout, rates)
    columns = problem.itemsize * problem.taps * problem.out_channels
    columns *= problem.elements_in // problem.channels
    return 2 * problem.macs / _products(problem, rates) + 2 * columns / rates.copies + rates.call


def _library(problem: ConvProblem, layout: str, rates: Rates, *, swaps: bool = False) -> float:
    """Torch's own convolution: fast where there are channels to fill its registers with."""
    if not problem.floating:
        return _taps(problem, rates)
    written: float = problem.itemsize * problem.elements_out
    out_channels_per_group = problem.out_channels // problem.groups
    if problem.in_channels_per_group == out_channels_per_group == problem.groups == 1:
        # The library fills its registers with channels that are not there, in fresh memory.
        padded = 16 * problem.itemsize * problem.elements_out
        fresh = padded > FITTED["largest_kept"]
        written += FITTED["fresh_padding" if fresh else "kept_padding"] * padded
    if problem.dtype == "float64" and problem.taps > 1 and not problem.transposed:
        columns = (
            problem.itemsize * problem.in_channels_per_group * problem.taps * problem.elements_out
        )
        written += FITTED["lining_up"] * columns // out_channels_per_group
    slowness = _slowness(problem, layout)
    work = 2 * problem.macs * slowness / _products(problem, rates)
    ordered = _ordered(problem, layout, swaps) / rates.copies
    return work + written / rates.copies + ordered + rates.call


def _ordered(problem: ConvProblem, layout: str, swaps: bool) -> float:
    """Bytes of input, kernel and result that are put into another order, as fresh ones count.

    Measured on torch 2.13 with oneDNN 3.12, which takes contiguous channels in blocks of 16 (an
    input of up to 4 as it is) and its result out of them; and OpenCV 5.
    """
    elements_in, elements_out = problem.elements_in, problem.elements_out
    if problem.channels == 1:
        elements_in = 0  # both orders are the same
    if layout == "channels-last":
        weights = problem.weights if problem.in_channels_per_group > 1 else 0
        swaps = swaps and problem.channels >= FITTED["fewest_swapped"]
        return problem.itemsize * (weights + elements_in / (FITTED["swapped"] if swaps else 1))
    if problem.channels <= 4:
        elements_in = 0
    fresh = problem.itemsize * elements_out > FITTED["largest_kept"]
    blocked = FITTED["blocked"]
    return problem.itemsize * (elements_in / blocked + elements_out / (1 if fresh else blocked))


def _product(problem: ConvProblem, rates: Rates) -> float:
    """Seconds of one matrix product, which is as fast as a convolution that reorders nothing."""
    few = 1 if problem.out_channels >= FITTED["few_maps"] else FITTED["product_few"]
    work = 2 * problem.macs * few / _products(problem, rates)
    written = problem.itemsize * problem.elements_out
    return work + written / rates.copies + FITTED["inner_call"] * rates.call


def _slowness(problem: ConvProblem, layout: str) -> float:
    """How many times slower than a matrix product of the same size the library computes.

    Measured on oneDNN 3.12: a single channel leaves its registers empty; wide kernels of few
    channels take a path that is not vectorised, unless the channels are last in memory. Blocks of
    channels are filled up with zeros, those of the input unless there are few.
    """
    out_channels_per_group = problem.out_channels // problem.groups
    width = problem.windows[-1].kernel
    full = out_channels_per_group >= FITTED["few_maps"]
    if problem.dtype == "float64" and problem.in_channels_per_group * problem.taps > 1:
        return FITTED["double" if full else "double_few"]
    if problem.depthwise and problem.groups > 1:
        return _depthwise_slowness(problem, layout)
    if problem.in_channels_per_group == 1 and out_channels_per_group == 1:
        return FITTED["single_wide" if width >= FITTED["wide_single"] else "single"]
    return _fill(problem, layout)


def _depthwise_slowness(problem: ConvProblem, layout: str) -> float:
    """`_slowness` of one kernel per channel: registers are filled with channels if they can be."""
    groups, width = problem.groups, problem.windows[-1].kernel
    few = FITTED["depthwise"] * max(1.0, 16 / groups)
    if groups < FITTED["few_maps"]:
        few = FITTED["depthwise_few"]
    if layout == "channels-last":
        long = FITTED["long_last_from"] <= width < FITTED["wide"]
        return few * (FITTED["long_last"] if long else 1)
    if width >= FITTED["wide"]:
        return FITTED["depthwise_wide"]
    # An odd number of blocks of 16 channels is shared badly by threads, and fills the last.
    return few * (1 if groups % 32 == 0 else FITTED["depthwise_odd"])


def _fill(problem: ConvProblem, layout: str) -> float:
    """`_slowness` of kernels that mix channels, or make several of one."""
    out_channels_per_group, width = (
        problem.out_channels // problem.groups,
        problem.windows[-1].kernel,
    )
    filled = (
        -(-out_channels_per_group // 16) * 16 / out_channels_per_group
        if out_channels_per_group >= FITTED["few_maps"]
        else FITTED["mixed_few"]
    )
    if layout == "channels-last":
        return filled
    if problem.in_channels_per_group > 16:
        filled *= -(-problem.in_channels_per_group // 16) * 16 / problem.in_channels_per_group
    if width >= FITTED["wide_mixed"]:
        return FITTED["mixed_wide"] * filled
    blocks_only = problem.in_channels_per_group % 16 == 0 and problem.channels > 16
    return FITTED["blocks_wide"] * filled if width >= FITTED["wide"] and blocks_only else filled


def im2col(problem: ConvProblem, rates: Rates) -> float:
    """Seconds of gathering every window, and one matrix product."""
    columns = problem.itemsize * problem.channels * problem.taps
    columns *= problem.batch * prod(problem.out_sizes)
    written = FITTED["gathering"] * columns + 2 * problem.itemsize * problem.elements_out
    # A product with few rows is bound by reading its columns.
    out_channels_per_group = problem.out_channels // problem.groups
    work = (
        2
        * problem.macs
        * (1 + FITTED["gathered_few"] / out_channels_per_group)
        / _products(problem, rates)
    )
    return work + written / rates.copies + FITTED["im2col_calls"] * rates.call


def interleaved(problem: ConvProblem, rates: Rates) -> float:
    """Seconds of putting the phases of a transposed convolution together."""
    phases = prod(window.stride for window in problem.windows)
    calls = FITTED["phase_calls"] * phases
    return 2 * problem.itemsize * problem.elements_out / rates.copies + calls * rates.call


def separable(problem: ConvProblem, rates: Rates) -> float:
    """Seconds of one pass per axis."""
    elements, work, calls = list(problem.padded_sizes), 0.0, 0.0
    planes = problem.batch * problem.channels
    for axis in reversed(range(problem.spatial_dims)):
        window = problem.windows[axis]
        elements[axis] = problem.out_sizes[axis]
        count = planes * prod(elements)
        work += window.kernel * count / _adding(problem, rates)
        calls += window.kernel * max(1, count / banded.BAND)
        work += problem.itemsize * count / rates.copies
    inner = FITTED["inner_call"] * calls * rates.call
    return work + inner + FITTED["separable_calls"] * rates.call


def _passes(problem: ConvProblem, rates: Rates) -> float:
    bands = max(problem.batch, problem.elements_out / banded.BAND) + 1
    calls = FITTED["inner_call"] * bands * problem.taps
    work = problem.macs / _adding(problem, rates) + calls * rates.call
    return work + problem.itemsize * (problem.elements_in + problem.elements_out) / rates.copies


def _taps(problem: ConvProblem, rates: Rates) -> float:
    """A matrix product per tap, each with its passes over input and result."""
    elements = max(problem.elements_in, problem.elements_out)
    reached = problem.elements_out
    if problem.transposed:  # a tap reaches as many outputs as there are elements, not all of them
        reached = problem.elements_in // problem.channels * problem.out_channels
    moved = problem.itemsize * problem.taps * (problem.elements_in + 2 * reached)
    work = 2 * problem.macs / _products(problem, rates)
    work += FITTED["tap_moves"] * moved / rates.copies
    calls = FITTED["tap_calls"] * problem.taps
    return work + calls * rates.call + elements * problem.itemsize / rates.copies


def _products(problem: ConvProblem, rates: Rates) -> float:
    if not problem.floating:
        return rates.products / FITTED["integers"]
    return rates.products * 4 / problem.itemsize


def _adding(problem: ConvProblem, rates: Rates) -> float:
    return rates.passes * 4 / problem.itemsize
