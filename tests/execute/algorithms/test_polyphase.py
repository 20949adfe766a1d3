"""Transposed convolutions in phases: the same numbers as scattering, with every algorithm."""

import numpy as np
import pytest
from convolving import AVAILABLE, BACKENDS, Case, conv, convt, run, transposed_cases
from hypothesis import example, given

from convcalc.errors import DataError, UsageError
from convcalc.execute.algorithms.polyphase import phases_of
from convcalc.execute.backends.numpy_backend import NumpyBackend
from convcalc.execute.executor.executor import Executor
from convcalc.execute.planning.machine import DEFAULT, this_machine
from convcalc.execute.planning.planner import plan
from convcalc.execute.problem import ConvProblem
from convcalc.layers import ConvTranspose
from convcalc.window import Window
from tolerances import TOLERANCES

both = pytest.mark.parametrize("backend", BACKENDS)


def problem(channels, maps, sizes, kernel, stride, padding=0, dilation=1, dtype="float32"):
    windows = (Window(kernel, stride, padding, padding, dilation),) * len(sizes)
    extent = dilation * (kernel - 1) + 1
    out = tuple((n - 1) * stride + extent - 2 * padding for n in sizes)
    return ConvProblem(1, channels, maps, 1, sizes, windows, out, dtype, transposed=True)


def axis(size, out, kernel, stride, before=0, dilation=1):
    """(outputs, taps, cells, forward window) of each phase of one axis, as lists of places."""
    window = Window(kernel, stride, before, 0, dilation)
    asked = ConvProblem(1, 1, 1, 1, (size,), (window,), (out,), "float32", transposed=True)
    for phase in phases_of(asked):
        (side,) = phase.sides
        yield (
            list(range(out)[side.outputs]),
            list(range(kernel)[side.taps]),
            list(range(size)[side.elements]),
            side.window,
        )


def test_every_second_tap_belongs_to_a_phase():
    assert [
        ([0, 2, 4], [0, 2], [0, 1], Window(2, 1, 1, 1)),
        ([1, 3, 5], [1, 3], [0, 1], Window(2, 1, 1, 1)),
    ] == list(axis(2, 6, kernel=4, stride=2))


def test_a_dilation_that_shares_a_factor_leaves_phases_without_taps():
    # 6*t mod 4 is 0 or 2: odd outputs are reached by none.
    phases = list(axis(3, 21, kernel=3, stride=4, dilation=6))
    assert [[0, 2], [], [1], []] == [taps for _, taps, _, _ in phases]
    assert [Window(2, 1, 3, 3, 3), None, Window(1, 1, 1, 1, 3), None] == [w for *_, w in phases]


def test_cells_beyond_the_ends_of_the_outputs_are_not_read():
    # Outputs 0 and 1 of a kernel of one tap, three cells cropped: cells 3 and 4 alone.
    assert [([0, 1], [0], [3, 4], Window(1))] == list(axis(9, 2, kernel=1, stride=1, before=3))
    assert [([0, 1], [0], [], None)] == list(axis(2, 2, kernel=1, stride=1, before=3))


@pytest.mark.parametrize("algorithm", ["im2col", "fft", "auto"])
@given(case=transposed_cases())
@example(case=Case((1, 1, 1), (1, 1, 2), None, (1,), ((0, 0),), (3,), 1, "zeros", (0,), 0))
@example(case=Case((1, 2, 4), (2, 1, 3), 1, (4,), ((2, 3),), (6,), 1, "zeros", (3,), 0))
@example(
    case=Case(
        (1, 1, 3, 2), (1, 2, 1, 3), 2, (3, 2), ((1, 2), (3, 1)), (1, 2), 1, "zeros", (2, 1), 1
    )
)
def test_every_algorithm_scatters_as_the_definition_does(algorithm, case):
    x, w, b = case.numbers("float32")
    expected = case.naive(x, w, b)
    products = case.naive(abs(x), abs(w), None if b is None else abs(b))
    for backend in AVAILABLE:
        array = case.run(x, w, b, backend=backend, algorithm=algorithm).array
        assert expected.shape == array.shape
        assert (abs(array - expected) <= TOLERANCES["float32"].bound(products)).all()


@given(case=transposed_cases())
def test_integers_are_exact_in_phases(case):
    x, w, b = case.numbers("int32")
    expected = case.naive(x, w, b).tolist()
    for backend in AVAILABLE:
        assert expected == case.run(x, w, b, backend=backend, algorithm="im2col").array.tolist()


@both
@pytest.mark.parametrize("algorithm", ["auto", "im2col", "fft"])
@pytest.mark.parametrize("value", [np.inf, np.nan])
def test_a_weight_that_is_not_finite_meets_cells_alone(backend, algorithm, value):
    x, w = np.ones((1, 1, 80, 80), "float32"), np.ones((1, 1, 4, 4), "float32")
    w[0, 0, 0, 0] = value
    y = convt(x, w, backend=backend, algorithm=algorithm, parameters={"stride": 2})[0, 0]
    reached = np.zeros((162, 162), bool)
    reached[0:160:2, 0:160:2] = True
    assert (reached == ~np.isfinite(y)).all()
    assert np.isinf(y[reached]).all() == np.isinf(value)


@both
@pytest.mark.parametrize("shape", [((1, 1, 200, 200), 16, 4), ((1, 3, 60, 60), 31, 2)])
def test_phases_of_large_kernels_keep_the_bound(backend, shape):
    (samples, channels, *sizes), k, s = shape
    draw = np.random.default_rng(0)
    x = draw.standard_normal((samples, channels, *sizes)).astype("float32")
    w = draw.standard_normal((channels, 2, k, k)).astype("float32")
    out = [(n - 1) * s + k for n in sizes]

    def scattered(x, w):
        y = np.zeros((2, *out))
        for i, j in np.ndindex(k, k):
            mixed = np.einsum("chw,co->ohw", x[0].astype(float), w[..., i, j].astype(float))
            y[:, i : i + s * sizes[0] : s, j : j + s * sizes[1] : s] += mixed
        return y

    exact = scattered(x, w)
    bound = TOLERANCES["float32"].bound(scattered(abs(x), abs(w)), channels * (k // s + 1) ** 2)
    for algorithm in ("auto", "fft", "im2col", "direct"):
        y = convt(x, w, backend=backend, algorithm=algorithm, parameters={"stride": s})[0]
        assert (abs(y - exact) <= bound).all()


@both
@pytest.mark.parametrize("algorithm", ["auto", "fft"])
def test_a_transposed_convolution_is_the_adjoint_of_the_forward_one(backend, algorithm):
    draw = np.random.default_rng(0)
    x, y = draw.standard_normal((1, 1, 91, 91)), draw.standard_normal((1, 1, 31, 31))
    w = draw.standard_normal((1, 1, 31, 31))
    options = {"backend": backend, "algorithm": algorithm}
    forward = conv(x, w, parameters={"stride": 2}, **options)
    assert forward.shape == y.shape
    turned = convt(
        y.astype("float32"), w.astype("float32"), parameters={"stride": 2}, **options
    ).astype(float)
    assert (forward * y).sum() == pytest.approx((x * turned).sum(), abs=1e-2)


@both
def test_integers_that_could_wrap_are_refused_in_phases(backend):
    x = np.full((1, 1, 64, 64), 2**62)
    with pytest.raises(DataError, match="the integers are too large"):
        convt(
            x,
            np.ones((1, 1, 4, 4), int),
            backend=backend,
            algorithm="im2col",
            parameters={"stride": 2},
        )


@both
def test_what_does_not_apply_to_a_phase_is_refused(backend):
    with pytest.raises(UsageError, match=r"^--algorithm fft: an FFT would round integers"):
        convt(np.ones((9, 9), int), np.ones((3, 3), int), backend=backend, algorithm="fft")


@both
def test_the_planner_takes_phases_where_they_are_faster(backend):
    def planned(*shape, **more):
        return plan(problem(*shape, **more), backend, DEFAULT)

    assert "phases" == planned(1, 1, (512, 512), 16, 4, 6).layout
    assert ("fft", "phases") == planned(1, 1, (512, 512), 127, 2, 63)[0:3:2]
    assert "contiguous" == planned(1, 1, (9, 9), 3, 2).layout
    assert "phases" == planned(3, 32, (64, 64), 4, 2, 1, dtype="float64").layout
    assert "contiguous" == planned(16, 16, (99, 99), 4, 2, dtype="int64").layout


def test_one_convolution_is_told_and_not_its_phases():
    x, w = np.ones((1, 1, 99, 99), "float32"), np.ones((1, 1, 16, 16), "float32")
    result = run(ConvTranspose, x, w, None, parameters={"stride": 4}, backend="numpy")
    (told,) = result.convolutions
    assert "phases" == told.plan.layout
    assert told.problem.transposed


@both
@pytest.mark.parametrize("algorithm", ["direct", "im2col"])
def test_whole_numbers_are_moved_by_the_adjoint_exactly(backend, algorithm):
    draw = np.random.default_rng(0)
    x, w = draw.integers(-99, 99, (2, 6, 40, 37)), draw.integers(-99, 99, (4, 3, 9, 7))
    options = {"groups": 2, "backend": backend, "algorithm": algorithm}
    parameters = {"stride": (3, 2), "dilation": (2, 4), "padding": (5, 3)}
    there = conv(x, w, **options, parameters=parameters)
    y = draw.integers(-99, 99, there.shape)
    back = convt(y, w, **options, parameters={**parameters, "output_size": (40, 37)})
    assert (there * y).sum() == (x * back).sum()


@both
def test_a_phase_that_an_algorithm_is_not_for_is_computed_directly(backend):
    # Of 3 x 3 taps at stride 2 one phase has 2 x 2; the others have a line, or one tap.
    x = np.random.default_rng(0).integers(1, 9, (1, 1, 40, 40)).astype("float32")
    w = np.array([[[[1, 2, 3], [2, 4, 6], [4, 8, 12]]]], "float32")
    options = {"backend": backend, "parameters": {"stride": 2, "padding": 1}}
    expected = convt(x, w, algorithm="direct", **options)
    assert expected.tolist() == convt(x, w, algorithm="lowrank", **options).tolist()
    with pytest.raises(UsageError, match=r"^--algorithm lowrank: the kernel has one axis only"):
        convt(x[0, 0, 0], w[0, 0, 0], algorithm="lowrank", **options)


@both
def test_hundreds_of_phases_are_not_looked_at(backend):
    def planned(stride, algorithm="auto"):
        return plan(problem(1, 1, (40, 40), 20, stride), backend, DEFAULT, algorithm)

    assert "phases" == planned(16, "fft").layout
    assert "289 phases would be too many small convolutions" == planned(17).reason
    with pytest.raises(UsageError, match=r"^--algorithm fft: 289 phases would be too many"):
        planned(17, "fft")


def test_the_plan_that_is_told_is_the_one_that_ran():
    ops = Executor(NumpyBackend(), this_machine(), "lowrank")
    draw = np.random.default_rng(0)
    x, w = (draw.standard_normal((1, 1, n, n)).astype("float32") for n in (40, 6))
    ops.conv_transpose(x, w, None, (Window(6, 2, 2, 2),) * 2, 1, (80, 80))
    assert ["direct"] == [done.plan.algorithm for done in ops.done]


def test_factors_of_a_kernel_are_not_counted_on():
    assert "direct" == plan(problem(1, 1, (512, 512), 16, 4, 6), "torch", DEFAULT).algorithm
