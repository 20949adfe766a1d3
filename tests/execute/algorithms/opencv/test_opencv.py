"""Single planes by OpenCV: values, borders, parts of kernels, outliers, threads."""

import numpy as np
import pytest
from scipy import signal

from convcalc import convolve
from convcalc.execute.algorithms.fft import blocks
from convcalc.execute.algorithms.opencv import correlate as correlation
from convcalc.execute.algorithms.opencv import planes as plane_sums
from convcalc.execute.algorithms.opencv import rows, volumes
from convcalc.execute.backends import opencv, thread_pool
from convcalc.execute.backends.numpy_backend import NumpyBackend
from convcalc.execute.executor.executor import Executor
from convcalc.execute.executor.open_executor import limited_threads
from convcalc.execute.planning import cost_fft
from convcalc.execute.planning.machine import DEFAULT, PlaneRates
from convcalc.execute.problem import ConvProblem
from convcalc.window import Window

pytest.importorskip("cv2")

NUMBERS = np.random.default_rng(3)


def drawn(*shape, dtype="float32"):
    return NUMBERS.standard_normal(shape).astype(dtype)


def correlated(plane, kernel, before=(0, 0), sizes=None):
    sizes = sizes or tuple(n - k + 1 for n, k in zip(plane.shape, kernel.shape, strict=True))
    out = np.full(sizes, np.nan, plane.dtype)
    correlation.correlate(plane, kernel, before, out)
    return out


def test_a_kernel_that_opencv_would_transform_is_taken_in_parts():
    assert ((slice(0, 11), slice(0, 11)),) == correlation.parts(11, 11, 4)
    # 129 cells at most: 8 rows of 15
    halves = (slice(0, 8), slice(0, 15)), (slice(8, 15), slice(0, 15))
    assert halves == correlation.parts(15, 15, 4)
    # a row of 200 cells in float64: 49 at most
    ends = [(c.start, c.stop) for _, c in correlation.parts(1, 200, 8)]
    assert [(0, 49), (49, 98), (98, 147), (147, 196), (196, 200)] == ends


@pytest.mark.parametrize("kernel", [(1, 1), (3, 3), (11, 11), (15, 15), (2, 7), (1, 140), (40, 1)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kept", [500, 2**18])
def test_values_are_those_of_scipy(monkeypatch, kernel, dtype, kept):
    monkeypatch.setattr(correlation, "MOST_KEPT", kept)
    plane, taps = drawn(50, 160, dtype=dtype), drawn(*kernel, dtype=dtype)
    expected = signal.correlate(plane.astype(float), taps.astype(float), "valid", "direct")
    allowed = {"float32": 2e-6, "float64": 5e-15}[dtype] * np.abs(taps).sum() * 4
    assert np.abs(correlated(plane, taps) - expected).max() < allowed


@pytest.mark.parametrize("before", [(0, 0), (1, 2), (2, 4), (3, 4), (2, 5), (5, 9)])
@pytest.mark.parametrize("sizes", [(4, 4), (12, 20), (17, 20), (12, 31), (17, 31)])
@pytest.mark.parametrize("kept", [10, 2**18])
def test_zeros_surround_the_plane(monkeypatch, before, sizes, kept):
    monkeypatch.setattr(correlation, "MOST_KEPT", kept)
    plane, taps = drawn(12, 20), drawn(3, 5)
    wide = np.pad(plane, 40)
    top, left = 40 - before[0], 40 - before[1]
    whole = signal.correlate(wide.astype(float), taps.astype(float), "valid", "direct")
    expected = whole[top : top + sizes[0], left : left + sizes[1]]
    assert np.abs(correlated(plane, taps, before, sizes) - expected).max() < 1e-5


@pytest.mark.parametrize("kernel", [(3, 3), (11, 11), (15, 15), (1, 140)])
def test_a_huge_cell_leaves_its_neighbours_exact(kernel):
    # A transform in float32 would spread errors of 1e30 * 2^-24 over the plane.
    plane, taps = abs(drawn(40, 200)) + 1, abs(drawn(*kernel)) + 1
    clean = correlated(plane, taps)
    plane[20, 100] = 1e30
    wild = correlated(plane, taps)
    untouched = wild < 1e29
    assert 40 * 200 > untouched.sum() > 1000
    assert np.array_equal(wild[untouched], clean[untouched])


def ran(x, w, *, before=1, workers=1, dilation=1, stride=1):
    windows = tuple(Window(k, stride, before, before, dilation) for k in w.shape[2:])
    sizes = tuple(v.out_size(n) for v, n in zip(windows, x.shape[2:], strict=True))
    problem = ConvProblem(len(x), x.shape[1], len(w), x.shape[1], x.shape[2:], windows, sizes)
    return plane_sums.PlaneSums(NumpyBackend(threads=workers), problem)(x, w)


def test_a_tap_of_zero_is_for_finite_planes_only():
    x, w = drawn(1, 1, 9, 9), drawn(1, 1, 3, 3)
    x[0, 0, 4, 4] = np.nan
    # without a zero among the taps: the 9 windows that see the cell
    assert 9 == np.isnan(ran(x, w)).sum()
    w[0, 0, 0, 0] = 0
    assert ran(x, w) is None
    assert 9 == np.isnan(convolve(x, w, padding=1, backend="numpy")).sum()
    x[0, 0, 4, 4] = 0
    assert np.isfinite(ran(x, w)).all()


def test_the_holes_of_a_dilated_kernel_are_no_taps():
    x, w = drawn(1, 1, 20, 20), drawn(1, 1, 3, 3)
    x[0, 0, 10, 10] = np.inf
    # 3 x 3 windows touch the cell, and the holes beside the taps touch nothing
    assert 9 == (~np.isfinite(ran(x, w, before=2, dilation=2))).sum()


@pytest.mark.parametrize(
    ("shape", "kernel"),
    [
        ((1, 1, 700, 500), (2, 1, 5, 5)),
        ((2, 3, 300, 250), (6, 1, 5, 5)),
        ((2, 4, 90, 70), (6, 2, 15, 15)),
        ((1, 2, 3000), (2, 2, 31)),
        ((1, 1, 40, 60, 50), (1, 1, 3, 5, 4)),
        ((2, 2, 30, 20, 10), (2, 1, 5, 3, 3)),
    ],
)
@pytest.mark.parametrize("stride", [1, 3])
def test_threads_do_not_change_a_bit(monkeypatch, shape, kernel, stride):
    monkeypatch.setattr(thread_pool, "WORTH_A_THREAD", 1e-9)
    monkeypatch.setattr(thread_pool, "WORTH_A_CALL", 0)
    monkeypatch.setattr(thread_pool, "WORTH_A_BAND", 1e-9)
    x, w = drawn(*shape), drawn(*kernel)
    alone = ran(x, w, before=2, workers=1, stride=stride)
    for workers in (2, 3, 8):
        assert np.array_equal(alone, ran(x, w, before=2, workers=workers, stride=stride))


@pytest.mark.parametrize("kept", [2000, 2**17])
@pytest.mark.parametrize("workers", [1, 2])
def test_volumes_and_mixed_channels_are_those_of_torch(monkeypatch, kept, workers):
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(volumes, "MOST_ELEMENTS", kept)
    monkeypatch.setattr(rows, "MOST_ELEMENTS", kept // 300)
    monkeypatch.setattr(rows, "ROW", 3)
    monkeypatch.setattr(thread_pool, "WORTH_A_THREAD", 1e-9)
    monkeypatch.setattr(thread_pool, "WORTH_A_CALL", 0)
    monkeypatch.setattr(thread_pool, "WORTH_A_BAND", 1e-9)
    convs = torch.conv1d, torch.conv2d, torch.conv3d
    for _ in range(60):
        spatial_dims, batch, groups, in_channels_per_group, maps = (
            int(n) for n in NUMBERS.integers(1, 4, 5)
        )
        windows = tuple(
            Window(k, int(NUMBERS.integers(1, 3)), *NUMBERS.integers(0, k + 2, 2).tolist(), d)
            for k, d in NUMBERS.integers(1, (6, 3), (spatial_dims, 2)).tolist()
        )
        sizes = tuple(
            int(n) + w.extent
            for n, w in zip(NUMBERS.integers(0, 9, spatial_dims), windows, strict=True)
        )
        outs = tuple(w.out_size(n) for w, n in zip(windows, sizes, strict=True))
        x = drawn(batch, groups * in_channels_per_group, *sizes)
        w = drawn(groups * maps, in_channels_per_group, *(v.kernel for v in windows))
        problem = ConvProblem(
            batch, groups * in_channels_per_group, groups * maps, groups, sizes, windows, outs
        )
        y = plane_sums.PlaneSums(NumpyBackend(threads=workers), problem)(
            x, w, drawn(groups * maps) * 0
        )
        wide = np.pad(x.astype(float), [(0, 0), (0, 0), *((v.before, v.after) for v in windows)])
        expected = convs[spatial_dims - 1](
            torch.from_numpy(wide),
            torch.from_numpy(w.astype(float)),
            stride=[v.stride for v in windows],
            dilation=[v.dilation for v in windows],
            groups=groups,
        )
        assert expected.shape == y.shape
        assert np.abs(y - expected.numpy()).max() < 1e-4


def test_slices_of_a_volume_do_not_see_each_other():
    x, w = drawn(1, 1, 6, 9, 9), drawn(1, 1, 1, 3, 3)
    x[0, 0, 2] = np.inf
    y = ran_volume(x, w, (0, 2, 2))
    assert np.isfinite(y[0, 0, [0, 1, 3, 4, 5]]).all()
    assert not np.isfinite(y[0, 0, 2]).any()


def ran_volume(x, w, before):
    windows = tuple(Window(k, 1, b, b) for k, b in zip(w.shape[2:], before, strict=True))
    sizes = tuple(v.out_size(n) for v, n in zip(windows, x.shape[2:], strict=True))
    problem = ConvProblem(1, 1, 1, 1, x.shape[2:], windows, sizes)
    return plane_sums.PlaneSums(NumpyBackend(threads=1), problem)(x, w)


@pytest.mark.parametrize("wild", [np.nan, np.inf])
def test_a_kernel_that_is_not_finite_is_not_for_opencv(wild):
    x, w = drawn(1, 1, 9, 9), drawn(1, 1, 3, 3)
    w[0, 0, 0, 0] = wild
    assert ran(x, w) is None
    w[0, 0, 0, 0] = 3e38  # whose sum with itself would be infinite
    w[0, 0, 0, 1] = 3e38
    assert ran(x * 0, w) is not None


def test_every_kernel_of_a_plane_has_its_own_result():
    x, w = drawn(2, 3, 20, 30), drawn(6, 1, 3, 3)
    y = ran(x, w, before=0)
    for sample in range(2):
        for output in range(6):
            expected = signal.correlate(x[sample, output // 2], w[output, 0], "valid", "direct")
            assert np.abs(y[sample, output] - expected).max() < 1e-5


def test_a_block_knows_nothing_of_the_one_before():
    small = drawn(5, 6, dtype="float64")
    fresh = opencv.Transform((16, 16)).spectrum(small)
    used = opencv.Transform((16, 16))
    used.spectrum(drawn(16, 16, dtype="float64") * 1e300)
    assert np.array_equal(fresh, used.spectrum(small))
    wide = np.pad(small, [(4, 7), (2, 8)])
    assert np.array_equal(fresh_of(wide), used.spectrum(small, (4, 2)))


def fresh_of(elements):
    return opencv.Transform(elements.shape).spectrum(elements)


def test_only_the_first_rows_of_a_correlation_are_computed():
    transform = opencv.Transform((24, 16))
    kernel = transform.spectrum(drawn(5, 5, dtype="float64")).copy()
    elements = transform.spectrum(drawn(24, 16, dtype="float64")).copy()
    whole = transform.correlated(elements, kernel, 24).copy()
    first = transform.correlated(elements, kernel, 9)
    assert (9, 16) == first.shape
    assert np.array_equal(whole[:9], first)


def test_transforms_at_work_share_no_memory():
    with opencv.transforming((8, 8)) as one, opencv.transforming((8, 8)) as other:
        assert one is not other
        kept = one
    with opencv.transforming((8, 8)) as again, opencv.transforming((8, 8)) as more:
        assert kept in (again, more)
    with opencv.transforming((8, 10)) as fitting:
        assert (8, 10) == fitting.sizes


def test_the_memory_of_large_transforms_is_not_kept(monkeypatch):
    monkeypatch.setattr(opencv, "MOST_READY_ELEMENTS", 99)
    monkeypatch.setattr(opencv, "_ready", [])
    with opencv.transforming((10, 10)):
        pass
    assert [] == opencv._ready


@pytest.mark.parametrize("kernel", [31, 45])
@pytest.mark.parametrize("workers", [1, 2])
def test_blocks_of_planes_are_those_of_the_sums(monkeypatch, kernel, workers):
    monkeypatch.setattr(thread_pool, "WORTH_A_THREAD", 1e-9)
    monkeypatch.setattr(thread_pool, "WORTH_A_CALL", 0)
    monkeypatch.setattr(thread_pool, "WORTH_A_BAND", 1e-9)
    machine = DEFAULT._replace(planes=PlaneRates(2.8e10, 6e9, 3e-6, workers))
    x, w = drawn(2, 2, 150, 170), drawn(4, 1, kernel, kernel)
    ops = Executor(NumpyBackend(workers), machine, "fft")
    windows = (Window(kernel, 1, 7, 7),) * 2
    y = ops.conv(x, w, None, windows, 2, "zeros")
    assert "planes" == ops.done[0].plan.layout
    wide = np.pad(x.astype(float), [(0, 0), (0, 0), (7, 7), (7, 7)])
    maps = [(sample, output) for sample in range(2) for output in range(4)]
    expected = np.reshape(
        [signal.correlate(wide[n, o // 2], w[o, 0], "valid", "fft") for n, o in maps], y.shape
    )
    # products of about 1, kernel^2 of them: rounded to float32 once
    assert np.abs(y - expected).max() < 2.0**-23 * np.abs(expected).max() * 2


def test_a_row_is_a_plane_of_one_row():
    machine = DEFAULT._replace(planes=PlaneRates(2.8e10, 6e9, 3e-6, 1))
    x, w = drawn(1, 1, 30_000), drawn(1, 1, 900)
    for algorithm in ("fft", "direct"):
        ops = Executor(NumpyBackend(1), machine, algorithm)
        y = ops.conv(x, w, None, (Window(900),), 1, "zeros")
        expected = signal.correlate(x[0, 0].astype(float), w[0, 0].astype(float), "valid", "direct")
        assert np.abs(y[0, 0] - expected).max() < 2e-6 * 30 * 4


def test_opencv_computes_with_as_many_threads_as_are_allowed():
    import cv2

    before = cv2.getNumThreads()
    cv2.setNumThreads(3)
    seen = []
    try:
        with limited_threads(2, "numpy"):
            seen.append((cv2.getNumThreads(), opencv.own_threads(2**20), opencv.own_threads(999)))
        seen.append((cv2.getNumThreads(),))
    finally:
        cv2.setNumThreads(before)
    assert [(2, 2, 1), (3,)] == seen


def test_threads_share_whole_blocks():
    windows = (Window(15, 1, 7, 7),) * 2
    problem = ConvProblem(1, 1, 1, 1, (100, 100), windows, (100, 100))

    def price(counts, threads):
        tiles = blocks.Tiles((64, 64), (50, 50), counts)
        return cost_fft.transforms(problem, tiles, PlaneRates(1, 1, 0, threads), 1e30)

    assert price((1, 1), 1) == price((1, 1), 4)
    assert price((1, 2), 1) == pytest.approx(1.6 * price((1, 2), 4))
