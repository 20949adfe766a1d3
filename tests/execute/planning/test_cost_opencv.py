"""What sums and transforms by OpenCV are said to cost."""

import pytest

from convcalc.execute.algorithms.fft import blocks
from convcalc.execute.planning import cost_fft, cost_opencv
from convcalc.execute.planning.machine import PlaneRates
from convcalc.execute.problem import ConvProblem
from convcalc.window import Window


def test_the_price_of_sums_counts_every_part_of_a_kernel():
    windows = (Window(15, 1, 7, 7),) * 2
    problem = ConvProblem(1, 1, 1, 1, (100, 100), windows, (100, 100))
    rates = PlaneRates(1e9, 1, 1e-3, 1)
    # 10,000 outputs of 225 taps, 3 more for each of two parts, 6 to add the second one; a row of
    # 100 cells costs as much as 132; three calls for each part
    assert 2.37e-3 * 1.32 + 6e-3 == pytest.approx(cost_opencv.sums(problem, rates, 1e6))
    wide = problem._replace(dtype="float64")
    # five parts of at most 49 cells, and four times as slow: 4 * (225 + 15 + 24)
    assert 10.56e-3 * 1.32 + 15e-3 == pytest.approx(cost_opencv.sums(wide, rates, 1e6))
    large = problem._replace(batch=1000)
    # 40 MB of results are more than memory that is kept: written at 1 MB/s
    assert 2.37 * 1.32 + 6 + 40 == pytest.approx(cost_opencv.sums(large, rates, 1e6))


def test_the_price_of_sums_counts_channels_and_slices():
    windows = (Window(3, 1, 1, 1),) * 3
    problem = ConvProblem(1, 2, 1, 1, (10, 10, 32), windows, (10, 10, 32))
    rates = PlaneRates(1e9, 1, 1e-3, 1)
    # 3,200 outputs of 2 channels * 27 taps, 3 + 8 more for each of 2 * 3 sums; a row of 32 cells
    # costs as much as 64; 6 calls for each sum
    assert 120 * 3.2e-6 * 2 + 36e-3 == pytest.approx(cost_opencv.sums(problem, rates, 1e6))
    flat = problem._replace(sizes=(10, 32), out_sizes=(10, 32), windows=windows[:2])
    # 320 outputs of 2 channels * 9 taps, 3 for each of two sums, 4 to add the second
    assert 28 * 3.2e-7 * 2 + 6e-3 == pytest.approx(cost_opencv.sums(flat, rates, 1e6))


def test_the_price_of_transforms_counts_blocks_kernels_and_what_is_written():
    windows = (Window(15, 1, 7, 7),) * 2
    problem = ConvProblem(1, 2, 4, 2, (100, 100), windows, (100, 100))
    tiles = blocks.Tiles((64, 64), (50, 50), (2, 2))
    # 4 blocks of 2 + 4 channels, 4 kernels of few rows, 64^2 cells of log2 = 12 each
    work = (24 + 4 * 0.7) * 4096 * 12
    assert work == pytest.approx(cost_fft.transforms(problem, tiles, PlaneRates(1, 1, 0, 1), 1e30))
    # of each block 2 channels of float32 are read and looked at, 4 are written in both widths
    written = 4 * 4096 * 4 * (2 + 2 * 4) / 2
    assert written == pytest.approx(
        cost_fft.transforms(problem, tiles, PlaneRates(1, 1e30, 0, 1), 1)
    )
    calls = 8 * 4 * 4 + 60
    assert calls == pytest.approx(
        cost_fft.transforms(problem, tiles, PlaneRates(1, 1e30, 1, 1), 1e30)
    )
