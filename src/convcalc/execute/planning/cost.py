"""How long each algorithm should take, from a problem and the rates of a machine.

Every estimate is a sum of the work at its rate, the memory that is written anew, and the calls.
They need to be right about the order of the algorithms, not about the seconds.
"""

from __future__ import annotations

from math import log2, prod
from typing import TYPE_CHECKING

from convcalc.execute.algorithms import banded, toeplitz
from convcalc.execute.algorithms.fft import blocks

if TYPE_CHECKING:
    from convcalc.execute.algorithms.fft.blocks import Tiles
    from convcalc.execute.planning.machine import Rates
    from convcalc.execute.problem import Problem

LARGEST_KEPT = 2**25
"""Bytes up to which the allocator keeps freed memory, so that it need not be cleared again."""

MOST_IN_CACHE = 2**14
"""Cells of a transform along one axis that a cache holds."""

ROW = {"numpy": 0.75, "torch": 0.45}
LONG_ROW = 1.9
"""How many times as long a cell of a row takes as one of a plane in a cache, and beyond it as one
of a row in a cache."""

FEWEST_SWAPPED = 5
"""Channels from which on OpenCV puts them side by side faster than torch."""

SWAPPED, BLOCKED = 2.2, 5
"""How many times faster than fresh memory is written OpenCV puts channels side by side, and oneDNN
puts them into blocks and takes them out again."""

LONG_LAST = 2.0
"""How many times longer depthwise kernels of 10 to 13 taps a row take with channels last."""

SLOW_DOUBLES = {"torch": 6.0, "numpy": 2.0}
"""How many times slower than matrix products float64 is in blocks; torch lines windows up."""

CHECKED = 1.75
"""The time of transforms in float64 with those of the magnitudes in float32 beside them."""

SLOW_INTEGERS = 40
"""How many times slower products of integers are: no library of matrix products knows them."""


def direct(
    problem: Problem, layout: str, backend: str, rates: Rates, *, swaps: bool = False
) -> float:
    """Seconds of the direct convolution in one of its layouts.

    Args:
        swaps: Whether OpenCV is there to put channels side by side.
    """
    if layout == "passes":
        return _passes(problem, rates)
    if layout == "blocks":
        written = problem.itemsize * (3 * problem.cells_in + 2 * problem.cells_out)
        work = 2 * toeplitz.macs(problem) / _products(problem, rates)
        if problem.dtype == "float64":
            work *= SLOW_DOUBLES[backend]
        return work + written / rates.copies + 15 * rates.call
    if backend == "numpy":
        return _taps(problem, rates)
    if problem.transposed and problem.floating:
        return _scattered(problem, layout, rates)
    if layout == "product":
        return _product(problem, rates)
    return _library(problem, layout, rates, swaps=swaps)


def _scattered(problem: Problem, layout: str, rates: Rates) -> float:
    """Torch's own transposed convolution, which writes a column of products for each cell.

    Measured on torch 2.13; of float32 with several channels it takes oneDNN's.
    """
    if problem.dtype == "float32" and max(problem.channels, problem.out_channels) > 1:
        return _library(problem, layout, rates)
    columns = problem.itemsize * problem.taps * problem.out_channels
    columns *= problem.cells_in // problem.channels
    return 2 * problem.macs / _products(problem, rates) + 2 * columns / rates.copies + rates.call


def _library(problem: Problem, layout: str, rates: Rates, *, swaps: bool = False) -> float:
    """Torch's own convolution: fast where there are channels to fill its registers with."""
    if not problem.floating:
        return _taps(problem, rates)
    written = problem.itemsize * problem.cells_out
    maps = problem.out_channels // problem.groups
    if problem.depth == maps == problem.groups == 1:
        # The library fills its registers with channels that are not there, in fresh memory.
        padded = 16 * problem.itemsize * problem.cells_out
        written += 4 * padded if padded > LARGEST_KEPT else padded // 4
    if problem.dtype == "float64" and problem.taps > 1 and not problem.transposed:
        # Every window is lined up, which takes about three passes over the columns.
        written += 3 * problem.itemsize * problem.depth * problem.taps * problem.cells_out // maps
    slowness = _slowness(problem, layout)
    work = 2 * problem.macs * slowness / _products(problem, rates)
    ordered = _ordered(problem, layout, swaps) / rates.copies
    return work + written / rates.copies + ordered + rates.call


def _ordered(problem: Problem, layout: str, swaps: bool) -> float:
    """Bytes of input, kernel and result that are put into another order, as fresh ones count.

    Measured on torch 2.13 with oneDNN 3.12, which takes contiguous channels in blocks of 16 (an
    input of up to 4 as it is) and its result out of them; and OpenCV 5.
    """
    cells_in, cells_out = problem.cells_in, problem.cells_out
    if problem.channels == 1:
        cells_in = 0  # both orders are the same
    if layout == "channels-last":
        weights = problem.weights if problem.depth > 1 else 0
        swaps = swaps and problem.channels >= FEWEST_SWAPPED
        return problem.itemsize * (weights + cells_in / (SWAPPED if swaps else 1))
    if problem.channels <= 4:
        cells_in = 0
    fresh = problem.itemsize * cells_out > LARGEST_KEPT
    return problem.itemsize * (cells_in / BLOCKED + cells_out / (1 if fresh else BLOCKED))


def _product(problem: Problem, rates: Rates) -> float:
    """Seconds of one matrix product, which is as fast as a convolution that reorders nothing."""
    few = 1.0 if problem.out_channels >= 8 else 4.0
    work = 2 * problem.macs * few / _products(problem, rates)
    return work + problem.itemsize * problem.cells_out / rates.copies + rates.call / 2


def _slowness(problem: Problem, layout: str) -> float:
    """How many times slower than a matrix product of the same size the library computes.

    Measured on oneDNN 3.12: a single channel leaves its registers empty; wide kernels of few
    channels take a path that is not vectorised, unless the channels are last in memory. Blocks of
    channels are filled up with zeros, those of the input unless there are few.
    """
    maps = problem.out_channels // problem.groups
    width = problem.windows[-1].kernel
    last = layout == "channels-last"
    if problem.dtype == "float64" and problem.depth * problem.taps > 1:
        return 2.0 if maps >= 8 else 8.0
    if problem.depthwise and problem.groups > 1:
        # Registers are filled with channels of depthwise kernels too, if there are enough.
        few = 48.0 if problem.groups < 8 else 1.5 * max(1.0, 16 / problem.groups)
        if last:
            return few * (LONG_LAST if 10 <= width < 14 else 1)
        # An odd number of blocks of 16 channels is shared badly by threads, and fills the last.
        return 50.0 if width >= 14 else few * (1.0 if problem.groups % 32 == 0 else 1.5)
    if problem.depth == 1 and maps == 1:
        return 60.0 if width >= 32 else 17.0
    return _fill(problem, layout)


def _fill(problem: Problem, layout: str) -> float:
    """`_slowness` of kernels that mix channels, or make several of one."""
    maps, width = problem.out_channels // problem.groups, problem.windows[-1].kernel
    filled = -(-maps // 16) * 16 / maps if maps >= 8 else 6.0
    if layout == "channels-last":
        return filled
    if problem.depth > 16:
        filled *= -(-problem.depth // 16) * 16 / problem.depth
    if width >= 30:
        return 3.0 * filled
    blocks_only = problem.depth % 16 == 0 and problem.channels > 16
    return 2.0 * filled if width >= 14 and blocks_only else filled


def im2col(problem: Problem, rates: Rates) -> float:
    """Seconds of gathering every window, and one matrix product."""
    columns = problem.itemsize * problem.channels * problem.taps
    columns *= problem.batch * prod(problem.out_sizes)
    written = 1.5 * columns + 2 * problem.itemsize * problem.cells_out
    # A product with few rows is bound by reading its columns.
    maps = problem.out_channels // problem.groups
    work = 2 * problem.macs * (1 + 6 / maps) / _products(problem, rates)
    return work + written / rates.copies + 8 * rates.call


def spectral(problem: Problem, tiles: Tiles, backend: str, rates: Rates) -> float:
    """Seconds of the transforms of kernel and blocks, their products, and the checks."""
    cells, blocks_in_all = prod(tiles.transform), problem.batch * prod(tiles.counts)
    steps = cells * log2(max(cells, 2))
    if problem.rank == 1:
        steps *= ROW[backend] * (1 if cells <= MOST_IN_CACHE else LONG_ROW)
    transforms = (problem.channels + problem.out_channels) * blocks_in_all
    transforms += problem.out_channels * problem.depth
    work = transforms * steps / rates.transforms
    products = 8 * blocks.frequencies(tiles) * blocks_in_all * problem.out_channels * problem.depth
    if problem.depth > 1:
        work += products / rates.spectra
        kernel = 16 * blocks.frequencies(tiles) * problem.out_channels * problem.depth
        work += 3 * kernel / rates.copies
        moved = (
            16
            * blocks.frequencies(tiles)
            * blocks_in_all
            * (problem.channels + problem.out_channels)
        )
        work += 2 * moved / rates.copies
    if problem.dtype == "float64":
        work *= CHECKED
    bands = problem.batch * -(-tiles.counts[0] // blocks.rows_at_once(problem, tiles))
    calls = 10 * bands + 20
    if problem.rank > 1:  # those of a row are written at once
        calls += blocks_in_all // 2
    return work + _moved(problem, tiles) / rates.copies + calls * rates.call


def _moved(problem: Problem, tiles: Tiles) -> int:
    """Bytes that are written beside the transforms: blocks, what their check needs, the result."""
    blocks_in_all = problem.batch * prod(tiles.counts)
    cells = problem.channels * blocks_in_all * prod(tiles.transform)
    if problem.rank == 1 and problem.dtype == "float32":
        return 8 * cells + 4 * problem.cells_out  # a band's spectra stay in the caches
    spectra = blocks.frequencies(tiles) * blocks_in_all
    return 20 * cells + 8 * problem.cells_out + 32 * spectra


def interleaved(problem: Problem, rates: Rates) -> float:
    """Seconds of putting the phases of a transposed convolution together."""
    phases = prod(window.stride for window in problem.windows)
    return 2 * problem.itemsize * problem.cells_out / rates.copies + 15 * phases * rates.call


def separable(problem: Problem, rates: Rates) -> float:
    """Seconds of one pass per axis."""
    cells, work, calls = list(problem.padded_sizes), 0.0, 0.0
    planes = problem.batch * problem.channels
    for axis in reversed(range(problem.rank)):
        window = problem.windows[axis]
        cells[axis] = problem.out_sizes[axis]
        count = planes * prod(cells)
        work += window.kernel * count / _adding(problem, rates)
        calls += window.kernel * max(1, count / banded.BAND)
        work += problem.itemsize * count / rates.copies
    return work + calls * rates.call / 2 + 10 * rates.call


def _passes(problem: Problem, rates: Rates) -> float:
    bands = max(problem.batch, problem.cells_out / banded.BAND) + 1
    work = problem.macs / _adding(problem, rates) + bands * problem.taps * rates.call / 2
    return work + problem.itemsize * (problem.cells_in + problem.cells_out) / rates.copies


def _taps(problem: Problem, rates: Rates) -> float:
    """A matrix product per tap, each with its passes over input and result."""
    cells = max(problem.cells_in, problem.cells_out)
    reached = problem.cells_out
    if problem.transposed:  # a tap reaches as many outputs as there are cells, not all of them
        reached = problem.cells_in // problem.channels * problem.out_channels
    moved = problem.itemsize * problem.taps * (problem.cells_in + 2 * reached)
    work = 2 * problem.macs / _products(problem, rates) + moved / (2 * rates.copies)
    return work + problem.taps * rates.call * 4 + cells * problem.itemsize / rates.copies


def _products(problem: Problem, rates: Rates) -> float:
    factor = {"float32": 1.0, "float64": 2.0}.get(problem.dtype, SLOW_INTEGERS)
    return rates.products / factor


def _adding(problem: Problem, rates: Rates) -> float:
    return rates.passes * 4 / problem.itemsize
