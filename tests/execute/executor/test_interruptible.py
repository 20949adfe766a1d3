"""Long convolutions in pieces: the same result, whatever is cut."""

from __future__ import annotations

import numpy as np
import pytest
from boxing import convolutions
from convolving import BACKENDS
from hypothesis import given
from hypothesis import strategies as st

from convcalc.execute.executor import interruptible
from convcalc.execute.executor.interruptible import count_of, in_pieces
from convcalc.execute.executor.open_executor import open_executor
from convcalc.execute.planning.planner import Plan
from convcalc.execute.planning.select_backend import planner_of
from convcalc.execute.problem import ConvProblem
from convcalc.layers import Conv
from convcalc.window import Window

both = pytest.mark.parametrize("backend", BACKENDS)


@pytest.fixture
def cut(monkeypatch):
    """Makes every direct convolution one of so many pieces."""

    def into(count):
        monkeypatch.setattr(interruptible, "count_of", lambda *_: count)

    return into


def problem(batch=1, sizes=(9, 9), kernel=3, **more):
    windows = tuple(Window(kernel) for _ in sizes)
    outs = tuple(n - kernel + 1 for n in sizes)
    return ConvProblem(batch, 1, 1, 1, sizes, windows, outs, **more)


def plan(seconds, algorithm="direct", backend="torch", layout="contiguous"):
    return Plan(algorithm, backend, layout, None, 0, seconds, "")


# --- how many


@pytest.mark.parametrize(
    ("given_plan", "count"),
    [
        (plan(0.25), 1),
        (plan(0.26), 3),
        (plan(10), 80),
        (plan(10, layout="channels-last"), 80),
        (plan(10, layout="blocks"), 80),
        # what works in bands is short already
        (plan(10, layout="passes"), 1),
        (plan(10, "fft", layout="blocks"), 1),
        (plan(10, "im2col", layout="columns"), 1),
        (plan(10, backend="numpy", layout="blocks"), 1),
        # nine taps, one call each: 1.0 and 0.25 seconds of one
        (plan(9, backend="numpy"), 8),
        (plan(2.25, backend="numpy"), 1),
    ],
)
def test_only_long_calls_are_cut(given_plan, count):
    assert count == count_of(given_plan, problem())


@pytest.mark.parametrize(
    ("seconds", "sizes", "count"),
    [
        # 2^24 numbers are 64 MiB, of which a piece has at most 16
        (0.3, (4096, 4096), 4),
        (1.0, (4096, 4096), 8),
        (0.25, (4096, 4096), 1),
        # 2^28 numbers would be 64 pieces: 30 of 10 milliseconds
        (0.3, (16384, 16384), 30),
        (0.9, (16384, 16384), 64),
        # 8 pieces of 16 MiB, but 256 x 256 cells are only once 40,960; more for the seconds alone
        (0.3, (256, 256, 512), 3),
        (0.3, (512, 512, 128), 6),
        (2.0, (256, 256, 512), 16),
    ],
)
def test_results_of_pieces_are_small_unless_that_makes_them_slow(seconds, sizes, count):
    wanted = problem(sizes=tuple(size + 2 for size in sizes))
    assert count == count_of(plan(seconds), wanted)


@pytest.mark.parametrize(
    ("batch", "sizes", "count", "samples", "elements"),
    [
        # samples first, then rows, then columns
        (10, (9, 9), 4, 2, (7, 7)),
        (10, (9, 9), 20, 1, (4, 7)),
        (1, (9, 9), 3, 1, (3, 7)),
        (1, (4, 102), 10, 1, (1, 20)),
        (1, (22,), 4, 1, (5,)),
        (1, (9,), 1000, 1, (1,)),
    ],
)
def test_samples_are_cut_before_cells(batch, sizes, count, samples, elements):
    found = list(interruptible.pieces(problem(batch, sizes), count))
    part, box = found[0]
    assert slice(0, samples) == part
    assert tuple((0, size) for size in elements) == box.outputs


def test_the_convolutions_of_other_devices_are_left_to_them():
    class Device:
        plans = False

    calls = []
    in_pieces(Device, plan(100), problem(), None, None, lambda *call: calls.append(call))
    assert 1 == len(calls)


# --- the same result


@pytest.mark.parametrize("name", ["numpy", "torch"])
@given(convolutions(), st.integers(2, 40), st.integers(0, 10**6))
def test_integers_are_those_of_the_whole(name, case, count, seed):
    if name == "torch":
        pytest.importorskip("torch")
    layer, shape = case
    ops, rng = open_executor(planner_of(name, None, ())), np.random.default_rng(seed)
    x = ops.load(rng.integers(-9, 10, shape), "int64")
    weights = {
        name: ops.load(rng.integers(-9, 10, size), "int64")
        for name, size in layer.weight_shapes(shape[1:]).items()
    }
    whole = ops.unload(layer.run(ops, [x], weights))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(interruptible, "count_of", lambda *_: count)
        ops.done.clear()
        found = ops.unload(layer.run(ops, [x], weights))
    np.testing.assert_array_equal(found, whole)
    assert 1 == len(ops.done)


@both
@pytest.mark.parametrize("mode", ["zeros", "reflect", "symmetric", "circular"])
@pytest.mark.parametrize("batch", [1, 5])
def test_floats_agree_within_their_bound(cut, backend, mode, batch):
    ops, rng = open_executor(planner_of(backend, None, (), "direct")), np.random.default_rng(0)
    x, w, b = (
        ops.load(rng.standard_normal(shape), "float32")
        for shape in ((batch, 8, 40, 41), (6, 4, 5, 5), (6,))
    )
    windows = (Window(5, 2, before=2, after=3), Window(5, before=1, after=0))
    whole = ops.unload(ops.conv(x, w, b, windows, 2, mode))
    cut(4)
    found = ops.unload(ops.conv(x, w, b, windows, 2, mode))
    np.testing.assert_allclose(found, whole, rtol=1e-4, atol=1e-5)


@both
def test_a_box_of_padding_alone_is_the_bias(cut, backend):
    ops = open_executor(planner_of(backend, None, (), "direct"))
    x, w = ops.load(np.ones((1, 1, 3)), "float32"), ops.load(np.ones((1, 1, 2)), "float32")
    cut(100)
    windows = (Window(2, before=4, after=4),)
    for bias, rest in ((None, 0), (ops.load(np.array([0.5]), "float32"), 0.5)):
        found = ops.unload(ops.conv(x, w, bias, windows, 1, "zeros"))
        expected = np.array([0, 0, 0, 1, 2, 2, 1, 0, 0, 0], "float32") + rest
        np.testing.assert_array_equal(expected, found[0, 0])


def by_layout(ops, layout, x, w, windows, count, cut):
    """A convolution in one layout, whatever the planner says."""
    with pytest.MonkeyPatch.context() as patched:
        forced = plan(1.0, backend=ops.backend.name, layout=layout)
        patched.setattr("convcalc.execute.planning.planner.plan", lambda *_: forced)
        cut(count)
        return ops.conv(x, w, None, windows, 1, "zeros")


@both
@pytest.mark.parametrize("spatial_dims", [1, 2])
def test_blocks_in_pieces(cut, backend, spatial_dims):
    ops, rng = open_executor(planner_of(backend, None, ())), np.random.default_rng(0)
    x = ops.load(rng.standard_normal((2, 1, *(50,) * spatial_dims)), "float32")
    w = ops.load(rng.standard_normal((1, 1, *(5,) * spatial_dims)), "float32")
    windows = (Window(5, 2, before=2, after=1),) * spatial_dims
    whole, found = (
        ops.unload(by_layout(ops, "blocks", x, w, windows, count, cut)) for count in (1, 7)
    )
    np.testing.assert_allclose(found, whole, rtol=1e-4, atol=1e-5)


@both
def test_a_piece_that_the_plan_does_not_admit_sends_all_another_way(cut, backend):
    ops = open_executor(planner_of(backend, None, (), "direct"))
    image = np.random.default_rng(0).standard_normal((1, 1, 60, 60)).astype("f4")
    image[0, 0, 50, 30] = np.nan
    x, w = ops.load(image, "float32"), ops.load(np.ones((1, 1, 3, 3)), "float32")
    found = ops.unload(by_layout(ops, "blocks", x, w, (Window(3), Window(3)), 6, cut))
    assert 9 == np.isnan(found).sum()
    (done,) = ops.done
    assert "contiguous" == done.plan.layout


def test_the_order_in_memory_is_that_of_the_whole(cut):
    torch = pytest.importorskip("torch")
    ops = open_executor(planner_of("torch", None, ()))
    x, w = torch.ones(3, 4, 9, 9), torch.ones(2, 4, 3, 3)
    for layout in ("contiguous", "channels-last"):
        one, many = (
            by_layout(ops, layout, x, w, (Window(3), Window(3)), count, cut) for count in (1, 5)
        )
        assert one.stride() == many.stride()


def test_the_convolutions_of_a_network_are_cut_too(cut):
    ops = open_executor(planner_of("numpy", None, ()))
    calls, real = [], ops.backend.direct
    ops.backend.direct = lambda *given: calls.append(given) or real(*given)
    cut(3)
    layer = Conv(2, 3, bias=False)
    layer.run(ops, [np.ones((1, 1, 11, 11))], {"weight": np.ones((2, 1, 3, 3))})
    assert 3 == len(calls)


def test_a_large_plane_is_no_single_call_of_opencv(monkeypatch):
    pytest.importorskip("cv2")
    from convcalc.execute.algorithms.opencv import correlate as correlation
    from convcalc.execute.backends import opencv

    sizes, filtered = [], opencv.filtered
    monkeypatch.setattr(opencv, "filtered", lambda *a: sizes.append(a[0].size) or filtered(*a))
    monkeypatch.setattr(correlation, "MOST_KEPT", 100)
    plane, taps = np.arange(3000.0, dtype="float32").reshape(60, 50), np.ones((3, 3), "float32")
    once, cut = np.empty_like(plane), np.empty_like(plane)
    correlation.correlate(plane, taps, (1, 1), once)
    assert [3000] == sizes
    monkeypatch.setattr(correlation, "LARGEST_CALL", 2000)
    correlation.correlate(plane, taps, (1, 1), cut)
    assert max(sizes[1:]) < 2000
    assert np.array_equal(once, cut)
