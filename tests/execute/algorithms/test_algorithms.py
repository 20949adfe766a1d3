"""Every algorithm on both backends: the same numbers as plain loops, within the same bound."""

import numpy as np
import pytest
from convolving import (
    AVAILABLE,
    backend_of,
    both,
    cases,
    conv,
    convt,
    correlate,
    normal,
    run_plan,
    within,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from convcalc.errors import UsageError
from convcalc.execute.algorithms import ALGORITHMS, im2col, separable, toeplitz
from convcalc.execute.algorithms.fft import blocks
from convcalc.execute.planning.planner import Plan
from convcalc.execute.problem import problem_of_arrays
from convcalc.window import Window
from tolerances import TOLERANCES

pytestmark = pytest.mark.usefixtures("opencv")


# --- all of them


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@settings(max_examples=40)
@given(case=cases())
def test_every_algorithm_stays_within_the_bound(algorithm, dtype, case):
    x, w, b = case.numbers(dtype)
    expected, products = (
        case.naive(x, w, b),
        case.naive(abs(x), abs(w), None if b is None else abs(b)),
    )
    for backend in AVAILABLE:
        try:
            array = case.run(x, w, b, backend=backend, algorithm=algorithm).array
        except UsageError as error:
            assert str(error).startswith(f"--algorithm {algorithm}: ")
            assert algorithm == "lowrank" or (algorithm, dtype) == ("fft", "float64")
            continue
        assert dtype == array.dtype
        assert (abs(array.astype(float) - expected) <= TOLERANCES[dtype].bound(products)).all()


@settings(max_examples=60)
@given(case=cases())
def test_integers_are_exact_in_windows_too(case):
    x, w, b = case.numbers("int32")
    expected = case.naive(x, w, b).tolist()
    for backend in AVAILABLE:
        assert expected == case.run(x, w, b, backend=backend, algorithm="im2col").array.tolist()


@both
@pytest.mark.parametrize("algorithm", ["fft", "lowrank"])
def test_integers_are_refused_where_they_would_be_rounded(backend, algorithm):
    with pytest.raises(
        UsageError, match=rf"^--algorithm {algorithm}: .*integer.*use auto or direct"
    ):
        conv(np.ones((9, 9), int), np.ones((3, 3), int), backend=backend, algorithm=algorithm)


@both
def test_integers_that_could_wrap_are_refused_by_all(backend):
    x = np.full((1, 1, 64, 64), 2**62)
    for algorithm in ("direct", "im2col", "auto"):
        with pytest.raises(Exception, match="the integers are too large"):
            conv(x, np.ones((1, 1, 3, 3), int), backend=backend, algorithm=algorithm)


@both
def test_a_large_transposed_kernel_is_transformed(backend):
    x, w = normal(1, 1, 300, 300), normal(1, 1, 64, 64)
    y = convt(x, w, backend=backend)
    forward = np.flip(w, (2, 3))
    padded = np.pad(x, [(0, 0), (0, 0), (63, 63), (63, 63)])[..., :100, :100]
    assert (363, 363) == y.shape[2:]
    assert within(y[..., :37, :37], padded, forward, correlate).all()


PADDED = {"padding": 2, "stride": (1, 2)}


@both
@pytest.mark.parametrize("algorithm", ["im2col", "fft", "lowrank", "auto"])
@pytest.mark.parametrize("value", [np.inf, np.nan])
def test_padding_meets_no_weight_that_is_not_finite(backend, algorithm, value):
    x, w = np.ones((1, 1, 40, 40), "float32"), np.ones((1, 1, 5, 5), "float32")
    w[0, 0, 0, 0] = value
    array = conv(x, w, backend=backend, algorithm=algorithm, parameters=PADDED)[0, 0]
    # The first tap lies on the padding in the first two rows and, at stride 2, the first column.
    assert np.isfinite(array[:2]).all()
    assert np.isfinite(array[:, 0]).all()
    assert not np.isfinite(array[2:, 1:]).any()


SHAPES = {
    "one channel": ((1, 1, 70, 90), (1, 1, 5, 5)),
    "one axis": ((1, 1, 5000), (1, 1, 31)),
    "several channels": ((1, 3, 40, 50), (4, 3, 5, 5)),
    "three axes": ((1, 1, 20, 21, 22), (1, 1, 3, 3, 3)),
}


@both
@pytest.mark.parametrize("algorithm", ["direct", "im2col", "fft", "lowrank", "auto"])
@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("value", [np.inf, np.nan, 1e30])
def test_one_wild_cell_reaches_its_windows_alone(backend, algorithm, name, value):
    x_shape, w_shape = SHAPES[name]
    if algorithm == "lowrank" and name in ("one axis", "several channels"):
        pytest.skip("the kernel has no factors")
    x, w = normal(*x_shape), abs(normal(*w_shape)) + 1
    if algorithm == "lowrank":
        w[:] = 1.5
    place = (0, 0, *(size // 2 for size in x_shape[2:]))
    x[place] = value
    y = conv(x, w, backend=backend, algorithm=algorithm)
    reached = np.zeros(y.shape, bool)
    reached[
        (..., *(slice(p - k + 1, p + 1) for p, k in zip(place[2:], w_shape[2:], strict=True)))
    ] = 1
    exact = within(y, x, w, correlate)
    assert exact[~reached].all()
    assert exact[reached].all() if value == 1e30 else not np.isfinite(y[reached]).any()


@pytest.mark.parametrize(("least", "size"), [(1, 2), (11, 12), (13, 14), (62, 64), (97, 98)])
def test_good_sizes_are_even_and_have_small_factors(least, size):
    assert size == blocks.good_size(least)


# --- blocks of outputs, passes, low rank


@settings(max_examples=100)
@given(case=cases(modes=("zeros",)), layout=st.sampled_from(["blocks", "passes"]), data=st.data())
def test_the_layouts_of_one_channel_agree_with_loops(case, layout, data):
    groups = 1 if layout == "blocks" else data.draw(st.integers(1, 3))
    case = case._replace(
        x=(case.x[0], groups, *case.x[2:]), w=(groups, 1, *case.w[2:]), groups=groups, bias=None
    )
    x, w, _ = case.numbers("float32")
    expected, products = case.naive(x, w), case.naive(abs(x), abs(w))
    axes = zip(case.w[2:], case.stride, case.pads, case.dilation, strict=True)
    windows = tuple(Window(k, s, pb, pa, d) for k, s, (pb, pa), d in axes)
    problem = problem_of_arrays(x, w, windows, groups, "zeros")
    for name in AVAILABLE:
        ops = backend_of(name)
        plan = Plan("direct", name, layout, None, 0, 0.0, "")
        y = ops.unload(run_plan(ops, plan, problem, ops.load(x, "float32"), ops.load(w, "float32")))
        assert expected.shape == y.shape
        assert (abs(y - expected) <= TOLERANCES["float32"].bound(products)).all()


# --- whatever is chosen


@both
@pytest.mark.parametrize("algorithm", ["direct", "fft", "auto"])
def test_the_sum_of_two_inputs_has_the_sum_of_their_results(backend, algorithm):
    one, other, w = normal(1, 2, 50, 60), normal(1, 2, 50, 60, seed=1), normal(2, 2, 9, 9)
    options = {"backend": backend, "algorithm": algorithm, "parameters": {"padding": 4}}
    whole = conv(one + other, w, **options)
    parts = conv(one, w, **options) + conv(other, w, **options)
    bound = TOLERANCES["float32"].bound(conv(abs(one) + abs(other), abs(w), **options))
    assert (abs(whole - parts) <= 2 * bound).all()


@both
@pytest.mark.parametrize("algorithm", ["direct", "fft", "auto"])
def test_a_shifted_input_has_a_shifted_result(backend, algorithm):
    x, w = normal(1, 1, 80, 90), normal(1, 1, 9, 9)
    options = {"backend": backend, "algorithm": algorithm}
    here, there = conv(x, w, **options), conv(x[..., 7:, 11:], w, **options)
    bound = TOLERANCES["float32"].bound(conv(abs(x), abs(w), **options))
    assert (abs(here[..., 7:, 11:] - there) <= 2 * bound[..., 7:, 11:]).all()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_working_memory_is_counted(algorithm):
    x, w = normal(1, 1, 64, 64), np.ones((1, 1, 5, 5), "float32")
    problem = problem_of_arrays(x, w, (Window(5, 1, 2, 2),) * 2, 1, "zeros")
    if algorithm == "fft":
        tiles = blocks.tiles_of(problem, (32, 32))
        # 28 outputs per block, 3 blocks per axis; 32*17 frequencies of 16 bytes, twice for the
        # kernel, and two arrays of them and their blocks for a row of 3 blocks
        assert ((32, 32), (28, 28), (3, 3)) == tiles
        assert 2 * 32 * 17 * 16 + 3 * 32 * 2 * 3 * 32 * 17 == blocks.working_bytes(problem, tiles)
    if algorithm == "im2col":
        # 64 rows of 25*64 columns of 4 bytes, and the padded input
        assert 64 * 25 * 64 * 4 + 68 * 68 * 4 == im2col.working_bytes(problem)
    if algorithm == "lowrank":
        assert 3 * 68 * 68 * 4 == separable.working_bytes(problem)
    if algorithm == "direct":
        assert 4 * 3 * 64 * 64 == toeplitz.working_bytes(problem)
