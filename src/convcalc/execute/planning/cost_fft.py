"""How long an FFT should take in blocks of each size that is tried, and what it needs.

What was fitted to measurements comes from the table `fitted_costs`; the other numbers count.
"""

from __future__ import annotations

from math import log2, prod
from typing import TYPE_CHECKING, NamedTuple

from convcalc.execute.algorithms.fft.blocks import (
    MOST_SPECTRA,
    rows_at_once,
    tilings,
    working_bytes,
)
from convcalc.execute.algorithms.fft.fitness import direct_share
from convcalc.execute.backends.thread_pool import num_threads, speedup
from convcalc.execute.fitted_costs import FITTED

if TYPE_CHECKING:
    from convcalc.execute.algorithms.fft.blocks import Tiles
    from convcalc.execute.planning.machine import CostRates, PlaneRates, Rates
    from convcalc.execute.problem import ConvProblem


class PricedTiles(NamedTuple):
    """Blocks of one size, and what they take.

    Attributes:
        tiles: The blocks.
        layout: "blocks" for many at a time, by the library, or "planes" for single ones by OpenCV.
        working_bytes: Bytes beside input, kernel and result.
        seconds: By the rates of the machine.
    """

    tiles: Tiles
    layout: str
    working_bytes: int
    seconds: float


def priced(
    problem: ConvProblem, backend: str, machine: CostRates, direct_seconds: float
) -> list[PricedTiles]:
    """Blocks of every size that is tried whose transforms fit into memory.

    Args:
        direct_seconds: What the direct convolution takes, as some outputs may go direct.
    """
    rates = machine.of(backend)
    # Long rows are transformed faster many at a time, by the libraries themselves; and the constant
    # of the proof for float64 was not looked for with OpenCV.
    single = problem.dtype == "float32" and problem.in_channels_per_group == 1
    planes = machine.planes if problem.spatial_dims == 2 and single else None
    found = []
    for tiles in tilings(problem):
        needed = working_bytes(problem, tiles)
        if needed > MOST_SPECTRA:
            continue
        seconds = spectral(problem, tiles, backend, rates)
        if problem.dtype == "float64":
            seconds += direct_share(problem, tiles) * direct_seconds
        found.append(PricedTiles(tiles, "blocks", needed, seconds))
        if planes:
            seconds = transforms(problem, tiles, planes, rates.copies)
            found.append(PricedTiles(tiles, "planes", needed, seconds))
    return found


def spectral(problem: ConvProblem, tiles: Tiles, backend: str, rates: Rates) -> float:
    """Seconds of the transforms of kernel and blocks, their products, and the checks."""
    elements, blocks_in_all = prod(tiles.transform), problem.batch * prod(tiles.counts)
    steps = elements * log2(max(elements, 2))
    if problem.spatial_dims == 1:
        long = elements > FITTED["longest_cached_row"]
        steps *= FITTED[f"{backend}_row"] * (FITTED["long_row"] if long else 1)
    transforms = (problem.channels + problem.out_channels) * blocks_in_all
    transforms += problem.out_channels * problem.in_channels_per_group
    work = transforms * steps / rates.transforms
    if problem.in_channels_per_group > 1:
        kernel = tiles.frequencies * problem.out_channels * problem.in_channels_per_group
        work += 8 * kernel * blocks_in_all / rates.spectra
        work += 3 * 16 * kernel / rates.copies
        moved = tiles.frequencies * blocks_in_all * (problem.channels + problem.out_channels)
        work += 2 * 16 * moved / rates.copies
    if problem.dtype == "float64":
        work *= FITTED["checked"]
    bands = problem.batch * -(-tiles.counts[0] // rows_at_once(problem, tiles))
    calls = FITTED["band_calls"] * bands + FITTED["transforms_calls"]
    if problem.spatial_dims > 1:  # those of a row are written at once
        calls += blocks_in_all // FITTED["blocks_a_call"]
    return work + _moved(problem, tiles) / rates.copies + calls * rates.call


def _moved(problem: ConvProblem, tiles: Tiles) -> int:
    """Bytes that are written beside the transforms: blocks, what their check needs, the result."""
    blocks_in_all = problem.batch * prod(tiles.counts)
    elements = problem.channels * blocks_in_all * prod(tiles.transform)
    if problem.spatial_dims == 1 and problem.dtype == "float32":
        return 8 * elements + 4 * problem.elements_out  # a band's spectra stay in the caches
    spectra = tiles.frequencies * blocks_in_all
    return 20 * elements + 8 * problem.elements_out + 32 * spectra


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
    workers = int(rates.threads)
    threads = min(num_threads(workers, workers, work), problem.channels * prod(tiles.counts))
    moved = FITTED["plane_writes"] * written / copies
    return (work + calls * rates.call) / speedup(threads) + moved
