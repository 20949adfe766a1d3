"""Every algorithm on both backends: the same numbers as plain loops, within the same bounds."""

import numpy as np
import pytest
from convolving import AVAILABLE, BACKENDS, cases, conv, convt
from hypothesis import given, settings
from hypothesis import strategies as st

from convcalc.errors import UsageError
from convcalc.execute.algorithms import ALGORITHMS, banded, im2col, separable, toeplitz
from convcalc.execute.algorithms.fft import blocks, overlap_save
from convcalc.execute.algorithms.fft.bound_float32 import certificate, doubtful, unsafe_blocks
from convcalc.execute.backends.numpy_backend import NumpyBackend
from convcalc.execute.executor.run_plan import problem_of, run_plan
from convcalc.execute.planning.planner import Plan
from convcalc.window import Window
from tolerances import TOLERANCES

pytestmark = pytest.mark.usefixtures("opencv")

both = pytest.mark.parametrize("backend", BACKENDS)


def normal(*shape, dtype="float32", seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def backend_of(name):
    if name == "numpy":
        return NumpyBackend()
    from convcalc.execute.backends.torch_backend import TorchBackend

    return TorchBackend()


def within(y, x, w, reference, dtype="float32"):
    """Whether y lies within the bound of its dtype; `reference` convolves in float64."""
    with np.errstate(all="ignore"):
        exact, products = reference(x, w), reference(abs(x), abs(w))
        return abs(y.astype(float) - exact) <= TOLERANCES[dtype].bound(products)


def correlate(x, w):
    """Cross-correlation of (N, C, *sizes) with (O, C, *k) in float64, without padding."""
    rank = x.ndim - 2
    view = np.lib.stride_tricks.sliding_window_view(
        x.astype(float), w.shape[2:], axis=tuple(range(2, x.ndim))
    )
    letters = "uvw"[:rank]
    taps = "xyz"[:rank]
    return np.einsum(f"nc{letters}{taps},oc{taps}->no{letters}", view, w.astype(float))


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


# --- FFT


@st.composite
def transforms(draw):
    """A problem without padding, and blocks that are small enough to be several."""
    rank = draw(st.integers(1, 3))
    axes = [
        (draw(st.integers(1, 5)), draw(st.integers(1, 2)), draw(st.integers(1, 3)))
        for _ in range(rank)
    ]
    windows = tuple(Window(k, s, dilation=d) for k, s, d in axes)
    sizes = tuple(w.extent + draw(st.integers(0, (40, 14, 6)[rank - 1])) for w in windows)
    tiles = tuple(w.extent + draw(st.integers(0, 6)) for w in windows)
    return windows, sizes, tiles, draw(st.integers(1, 3)), draw(st.integers(0, 99))


@settings(max_examples=150)
@given(drawn=transforms(), wild=st.sampled_from([1.0, 1e8, 1e30]), still=st.booleans())
def test_blocks_side_by_side_are_the_whole(drawn, wild, still):
    windows, sizes, cells, channels, seed = drawn
    draw = np.random.default_rng(seed)
    x = draw.standard_normal((2, channels, *sizes)).astype("float32")
    x.flat[draw.integers(x.size)] = wild
    if still:
        x[..., : sizes[-1] // 2] = 0
    w = draw.standard_normal((2, channels, *(v.kernel for v in windows))).astype("float32")
    problem = problem_of(x, w, windows, 1, "zeros")
    tiles = blocks.tiles_of(problem, tuple(blocks.good_size(n) for n in cells))
    plan = Plan("fft", "", "", tiles, 0, 0.0, "")

    def reference(x, w):
        spread = np.zeros((2, channels, *(v.extent for v in windows)))
        spread[(..., *(slice(None, None, v.dilation) for v in windows))] = w
        return correlate(x, spread)[(..., *(slice(None, None, v.stride) for v in windows))]

    for name in AVAILABLE:
        ops = backend_of(name)
        y = run_plan(ops, plan, problem, ops.load(x, "float32"), ops.load(w, "float32"), None)
        if y is None:
            continue
        found, products = ops.unload(y), reference(abs(x), abs(w))
        # Beside a wild cell every further term is rounded to the same grid: such sums may need
        # the bound of theory, half an eps per term, whatever adds them up.
        factor = np.where(products > 1e3, max(4, w[0].size / 2), 4)
        bound = factor / 4 * TOLERANCES["float32"].bound(products)
        assert (abs(found.astype(float) - reference(x, w)) <= bound).all()


def demand(x, w, n, **window):
    windows = tuple(Window(k, **window) for k in w.shape[2:])
    problem = problem_of(x, w, windows, 1, "zeros")
    tiles = blocks.tiles_of(problem, (n,) * len(windows))
    return certificate(w, problem, tiles), tiles


def refused(x, w, n, **window):
    """The blocks that are refused; None where the kernel is."""
    found, _ = demand(x, w, n, **window)
    pads = [(window.get("before", 0), window.get("after", 0))] * (x.ndim - 2)
    return None if found is None else unsafe_blocks(found, np.pad(x[0], [(0, 0), *pads]))


def test_noise_is_transformed_in_every_block():
    x, w = normal(1, 1, 200, 200), normal(1, 1, 15, 15)
    assert set() == refused(x, w, 64)
    assert set() == refused(x, w, 64, before=7, after=7)
    assert set() == refused(normal(1, 64, 40, 40), normal(64, 64, 5, 5), 16, before=2, after=2)


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e30])
def test_the_blocks_that_see_a_wild_cell_are_not_transformed(value):
    x, w = normal(1, 1, 200, 200), normal(1, 1, 15, 15)
    x[0, 0, 49, 120] = value
    # Blocks of 64 cells every 50: cell 49 is seen by block 0, cell 120 by block 2 alone.
    assert {(0, 2)} == refused(x, w, 64)
    x[0, 0, 55, 120] = value
    assert {(0, 2), (1, 2)} == refused(x, w, 64)


def test_a_dark_window_in_a_bright_block_is_not_transformed():
    x, w = normal(1, 1, 200, 200), normal(1, 1, 15, 15)
    x[0, 0, 5:20, 60:75] *= 1e-6  # one window exactly
    assert {(0, 1)} == refused(x, w, 64)
    x[0, 0, 5, 60] = 1
    assert (0, 1) in refused(x, w, 64)


@both
def test_cells_too_small_to_be_compared_are_not_transformed(backend):
    x, w = np.zeros((1, 1, 90, 90), "float32"), normal(1, 1, 15, 15)
    x[0, 0, 40, 40] = 1e-44
    assert {(0, 0)} == refused(x, w, 90)
    y = conv(x, w * np.float32(1e30), backend=backend, algorithm="fft")[0, 0]
    # The 15 x 15 windows that see the cell, and none beside them.
    assert 225 == np.count_nonzero(y) == np.count_nonzero(y[26:41, 26:41])


@pytest.mark.parametrize(
    ("channels", "cells", "expected"),
    [
        # E = (4 * 12 + 1) * 2^-52 * (G + 1), a cell of 2^-16 gives 3 * 2^-23 * 2^-13 * 2^-16
        (1, 4096, 33),  # G = 1 + 1023/2^16: 32.92
        (1, 2**18, 50),  # 4 * 18 + 1: 49.05
        (4, 4096, 51),  # (4 * 12 + 2) * (2 * G + 1), G^2 = (1 + 1023/2^16)^2 + 3/2^12: 50.53
    ],
)
def test_what_a_kernel_needs(channels, cells, expected):
    w = np.full((1, channels, 1024), 2.0**-16, "float32")
    w[0, 0, 0] = 1
    assert expected == demand(np.ones((1, channels, 2**18), "float32"), w, cells)[0].needed


def test_a_kernel_needs_the_cells_of_its_zeros_as_well():
    w = np.ones((2, 1, 30), "float32")
    x = np.ones((1, 1, 99), "float32")
    assert 1 == demand(x, w, 64)[0].needed
    w[1, 0, :12] = 0
    assert 13 == demand(x, w, 64)[0].needed
    assert 0 == demand(x, 0 * w, 64)[0].needed


@settings(max_examples=200)
@given(
    rank=st.integers(1, 2),
    channels=st.integers(1, 3),
    power=st.sampled_from([1, 4, 12]),
    seed=st.integers(0, 999),
)
def test_what_is_let_through_has_the_sums_that_the_error_needs(rank, channels, power, seed):
    draw = np.random.default_rng(seed)
    sizes, kernel = ((60,), (20,)) if rank == 1 else ((20, 20), (6, 7))
    x = draw.standard_normal((1, channels, *sizes)).astype("float32") ** power
    w = draw.standard_normal((2, channels, *kernel)).astype("float32") ** (power // 2 + 1)
    x[draw.random(x.shape) < draw.random()] = 0
    found, tiles = demand(x, w, 64)
    if found is None or unsafe_blocks(found, x[0]) or not x.any():
        return
    cells = np.prod(tiles.transform)
    growth = 4 * np.log2(cells) + channels**0.5
    r = np.sqrt((x.astype(float) ** 2).sum() / cells)
    spectrum = np.fft.fftn(w.astype(float), tiles.transform, tuple(range(2, 2 + rank)))
    g = np.sqrt((abs(spectrum) ** 2).sum(1)).reshape(2, -1).max(1)
    error = growth * 2.0**-52 * (r * g + abs(x).max() * abs(w).reshape(2, -1).max(1))
    least = correlate(abs(x), abs(w))[0].reshape(2, -1).min(1)
    assert (error <= 3 * 2.0**-23 * least).all()


def test_blocks_are_judged_by_their_own_cells_alone():
    x, w = np.ones((1, 1, 114, 114), "float32"), np.ones((1, 1, 15, 15), "float32")
    # Blocks of 64 cells every 50: the dark cells, more than a window has, belong to the last alone.
    x[..., 70:90, 70:90] = 1e-6
    assert [(1, 1)] == doubtful(demand(x, w, 64)[0], x[0])


def test_a_window_that_lies_on_few_real_cells_needs_all_of_them():
    x, w = np.ones((1, 1, 200, 200), "float32"), np.ones((1, 1, 15, 15), "float32")
    # The first window has one real cell, the first one.
    x[..., 0, 0] = 1e-6
    assert {(0, 0)} == refused(x, w, 64, before=14)


def test_scattered_zeros_do_no_harm():
    x, w = normal(1, 1, 200, 200), normal(1, 1, 15, 15)
    x[np.random.default_rng(0).random(x.shape) < 0.4] = 0
    assert set() == refused(x, w, 64)


def test_a_block_of_zeros_is_its_own_transform():
    x, w = normal(1, 1, 200, 200), normal(1, 1, 15, 15)
    x[..., :64, :64] = 0
    assert (0, 0) not in refused(x, w, 64)


def test_a_dilated_window_may_miss_every_cell_in_the_middle_of_a_block():
    x, w = np.ones((1, 1, 1), "float32"), np.ones((1, 1, 2), "float32")
    # Its taps are three apart: at the second and the third place both lie on padding.
    assert {(0,)} == refused(x, w, 8, dilation=3, before=3, after=3)
    y = conv(x, w, algorithm="fft", parameters={"padding": 3, "dilation": 3})
    assert [[[1, 0, 0, 1]]] == y.tolist()


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_kernel_that_is_not_finite_is_not_transformed(value):
    w = normal(1, 1, 15, 15)
    w[0, 0, 3, 3] = value
    assert refused(normal(1, 1, 99, 99), w, 64) is None


def test_a_kernel_of_nearly_one_tap_is_not_transformed():
    # Its result is as small as single cells are, and noise has cells near zero.
    w = np.zeros((1, 1, 15, 15), "float32")
    w[0, 0, 7, 7] = 1
    x = normal(1, 1, 200, 200)
    assert refused(x, w, 64) != set()


@pytest.mark.parametrize(
    ("window", "size", "mode", "cells", "outputs"),
    [
        (Window(31, 1, 15, 15), 224, "zeros", 240, 224),  # 224 cells and 15 zeros
        (Window(31, 1, 15, 15), 224, "reflect", 256, 224),  # 224 cells and 30 others
        (Window(31), 254, "zeros", 256, 224),
        (Window(31, 1, 30, 0), 224, "zeros", 256, 224),
        (Window(31, 1, 30, 15), 224, "zeros", 256, 239),  # 224, 15 on both sides, 15 more before
        (Window(3, 1, 20, 20), 10, "zeros", 48, 48),  # 48 outputs need as many cells
        (Window(9, 1, 8, 8), 2, "zeros", 10, 10),  # 2 cells and 8 zeros
        (Window(9, 1, 5, 5), 2, "zeros", 10, 4),  # the kernel has 9
        (Window(9, 10, 8, 8), 2, "zeros", 10, 1),  # the zeros behind are not read
        (Window(5, 4, 2, 2, 3), 100, "zeros", 108, 89),  # 89 outputs at stride 1, windows of 13
    ],
)
def test_a_block_that_stands_alone_has_the_zeros_of_its_padding_once(
    window, size, mode, cells, outputs
):
    x, w = np.ones((1, 1, size), "float32"), np.ones((1, 1, window.kernel), "float32")
    problem = problem_of(x, w, (window,), 1, mode)
    assert ((cells,), (outputs,), (1,)) == blocks.tiles_of(problem, (512,))


@settings(max_examples=100)
@given(
    sizes=st.tuples(st.integers(1, 20), st.integers(1, 20)),
    kernel=st.integers(1, 9),
    before=st.integers(0, 12),
    after=st.integers(0, 12),
    stride=st.integers(1, 3),
    layout=st.sampled_from(["planes", "blocks"]),
)
def test_a_padded_block_that_stands_alone_is_the_whole(
    sizes, kernel, before, after, stride, layout
):
    pytest.importorskip("cv2")
    if min(sizes) + before + after < kernel:
        return
    window = Window(kernel, stride, before, after)
    x, w = normal(1, 1, *sizes, seed=kernel), abs(normal(1, 1, kernel, kernel, seed=after)) + 1
    problem = problem_of(x, w, (window, window), 1, "zeros")
    plan = Plan("fft", "", layout, blocks.tiles_of(problem, (64, 64)), 0, 0.0, "")
    padded = np.pad(x, [(0, 0), (0, 0), (before, after), (before, after)])

    for name in AVAILABLE:
        ops = backend_of(name)
        y = run_plan(ops, plan, problem, ops.load(x, "float32"), ops.load(w, "float32"), None)
        exact, products = correlate(padded, w), correlate(abs(padded), w)
        error = abs(ops.unload(y).astype(float) - exact[..., ::stride, ::stride])
        assert (error <= TOLERANCES["float32"].bound(products[..., ::stride, ::stride])).all()


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
    problem = problem_of(x, w, windows, groups, "zeros")
    for name in AVAILABLE:
        ops = backend_of(name)
        plan = Plan("direct", name, layout, None, 0, 0.0, "")
        y = ops.unload(
            run_plan(ops, plan, problem, ops.load(x, "float32"), ops.load(w, "float32"), None)
        )
        assert expected.shape == y.shape
        assert (abs(y - expected) <= TOLERANCES["float32"].bound(products)).all()


@both
@pytest.mark.parametrize("band", [1, 20, 100])
def test_bands_one_under_the_other_are_the_whole(monkeypatch, backend, band):
    monkeypatch.setattr(banded, "BAND", band)
    x, w = normal(2, 3, 21, 20), normal(3, 1, 3, 2)
    windows = (Window(3, 2, dilation=2), Window(2, 3))
    ops = backend_of(backend)
    arrays = ops.load(x, "float32"), ops.load(w, "float32")
    y = ops.unload(banded.passes(ops, *arrays, windows, (9, 7)))
    for channel in range(3):
        own = slice(channel, channel + 1)
        wide = np.zeros((1, 1, 5, 2), "float32")
        wide[:, :, ::2] = w[own]
        exact = correlate(x[:, own], wide)[..., ::2, ::3]
        assert exact.shape == y[:, own].shape
        assert (abs(exact - y[:, own]) < 1e-5).all()


def test_a_block_is_never_longer_than_a_short_row():
    def size(length, kernel):
        problem = problem_of(
            normal(1, 1, 9, length),
            normal(1, 1, 1, kernel),
            (Window(1), Window(kernel)),
            1,
            "zeros",
        )
        return toeplitz.block_size(problem)

    assert [4, 8, 16, 16, 32] == [size(3, 1), size(8, 1), size(16, 1), size(600, 63), size(600, 64)]


@pytest.mark.parametrize(
    ("shape", "dtype"),
    [
        ((5, 7), "float32"),
        ((5, 7), "float64"),
        ((1, 9), "float64"),
        ((3, 4, 5), "float32"),
    ],
)
def test_a_product_of_lines_is_found(shape, dtype):
    lines = [normal(3, k, dtype="float64", seed=k) for k in shape]
    whole = lines[0]
    for line in lines[1:]:
        whole = whole[..., None] * line.reshape(3, *(1,) * (whole.ndim - 1), -1)
    w = whole[:, None].astype(dtype)
    found = separable.factors(w)
    again = found[0].astype(float)
    for line in found[1:]:
        again = again[..., None] * line.reshape(3, *(1,) * (again.ndim - 1), -1)
    assert [(3, k) for k in shape] == [line.shape for line in found]
    assert (abs(again - w[:, 0]) <= 2 * np.finfo(dtype).eps * abs(w[:, 0])).all()


def test_a_tap_that_differs_is_never_approximated():
    w = np.ones((1, 1, 5, 5), "float32")
    for place in [(0, 0), (2, 3), (4, 4)]:
        off = w.copy()
        off[(0, 0, *place)] += 3 * 2.0**-23
        assert separable.factors(off) is None
        off[(0, 0, *place)] = 0
        assert separable.factors(off) is None
    tiny = np.outer([1, 1e-20], [1, 1e-20]).astype("float32")[None, None]
    tiny[0, 0, 1, 1] = 2e-40
    assert separable.factors(tiny) is None
    assert separable.factors(w) is not None
    assert separable.factors(np.where(w > 0, np.nan, w)) is None


@both
def test_nothing_is_padded_for_a_kernel_without_factors(backend, monkeypatch):
    ops, padding = backend_of(backend), (Window(5, 1, 2, 2),) * 2
    x, w = ops.load(normal(1, 3, 40, 40), "float32"), normal(3, 1, 5, 5, seed=1)
    problem = problem_of(x, w, padding, 3, "zeros")
    asked = Plan("lowrank", backend, "passes", None, 0, 0.0, "")
    calls = []
    pad = type(ops).pad
    monkeypatch.setattr(type(ops), "pad", lambda *given: calls.append(1) or pad(*given))
    assert run_plan(ops, asked, problem, x, ops.load(w, "float32"), None) is None
    assert [] == calls
    w[0, 0] = np.outer([1, 2, 3, 2, 1], [1, 0, 2, 0, 1])
    assert run_plan(ops, asked, problem, x, ops.load(w, "float32"), None) is None
    assert [] == calls
    w[1:] = w[0]
    assert run_plan(ops, asked, problem, x, ops.load(w, "float32"), None) is not None
    assert [1] == calls


@both
def test_a_kernel_without_factors_is_computed_another_way(backend):
    x, w = normal(1, 1, 60, 60), normal(1, 1, 7, 7)
    y = conv(x, w, backend=backend, algorithm="lowrank")
    assert within(y, x, w, correlate).all()


@both
def test_passes_that_overflow_in_between_are_computed_another_way(backend):
    # Along the row the sum is 4e38, beyond float32; the other factor brings it back.
    w = np.outer([1e-3, 0, 0], [1, 1, 1, 1]).astype("float32")[None, None]
    x = np.full((1, 1, 60, 60), 1e38, "float32")
    y = conv(x, w, backend=backend, algorithm="lowrank")
    assert np.isfinite(y).all()
    assert within(y, x, w, correlate).all()


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
    problem = problem_of(x, w, (Window(5, 1, 2, 2),) * 2, 1, "zeros")
    if algorithm == "fft":
        tiles = blocks.tiles_of(problem, (32, 32))
        # 28 outputs per block, 3 blocks per axis; 32*17 frequencies of 16 bytes, twice for the
        # kernel, and two arrays of them and their blocks for a row of 3 blocks
        assert ((32, 32), (28, 28), (3, 3)) == tiles
        assert 2 * 32 * 17 * 16 + 3 * 32 * 2 * 3 * 32 * 17 == overlap_save.working_bytes(
            problem, tiles
        )
    if algorithm == "im2col":
        # 64 rows of 25*64 columns of 4 bytes, and the padded input
        assert 64 * 25 * 64 * 4 + 68 * 68 * 4 == im2col.working_bytes(problem)
    if algorithm == "lowrank":
        assert 3 * 68 * 68 * 4 == separable.working_bytes(problem)
    if algorithm == "direct":
        assert 4 * 3 * 64 * 64 == toeplitz.working_bytes(problem)
