"""FFTs of float64: what is let through keeps the tolerance, whatever the data are."""

import numpy as np
import pytest
from convolving import AVAILABLE, BACKENDS, backend_of, conv, correlate, run_plan
from hypothesis import example, given
from hypothesis import strategies as st

from convcalc.errors import UsageError
from convcalc.execute.algorithms.fft import blocks, bound_float64, fitness, overlap_save
from convcalc.execute.algorithms.fft.rectangles import covering
from convcalc.execute.backends.numpy_backend import NumpyBackend
from convcalc.execute.planning.planner import Plan
from convcalc.execute.problem import problem_of_arrays
from convcalc.window import Window
from tolerances import TOLERANCES

both = pytest.mark.parametrize("backend", BACKENDS)


def sums(x, w):
    """Cross-correlation of (C, *sizes) with (O, C, *k) in long double, as (O, *out)."""
    return correlate(x[None], w, np.longdouble)[0]


def exact_and_bound(x, w):
    """The exact result, and how far one in float64 may be from it."""
    return sums(x, w), TOLERANCES["float64"].bound(sums(abs(x), abs(w)), w[0].size)


def within(y, x, w):
    exact, bound = exact_and_bound(x, w)
    return abs(y - exact) <= bound


def noise(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def numbers(kind, shape, draw):
    """Data of which transforms have much or little error."""
    ramp = np.arange(np.prod(shape), dtype=float).reshape(shape)
    if kind == "spike":
        ramp[:] = 0
        ramp.flat[draw.integers(ramp.size)] = 1
    made = {
        "noise": draw.standard_normal(shape),
        "ones": np.ones(shape),
        "ramp": ramp,
        "step": np.sign(ramp - ramp.mean()),
        "wave": np.cos(ramp * draw.random() * 7),
        "spike": ramp,
        "steep": np.exp(draw.standard_normal(shape) * 12),
        "half": draw.standard_normal(shape) * (ramp > ramp.mean()),
        "dark": draw.standard_normal(shape) * np.where(ramp > ramp.mean(), 1, 1e-15),
    }
    return made[kind]


KINDS = ("noise", "ones", "ramp", "step", "wave", "spike", "steep", "half", "dark")


@given(
    spatial_dims=st.integers(1, 2),
    kinds=st.tuples(st.sampled_from(KINDS), st.sampled_from(KINDS)),
    channels=st.integers(1, 3),
    seed=st.integers(0, 999),
)
@example(spatial_dims=1, kinds=("dark", "noise"), channels=1, seed=0)
@example(spatial_dims=2, kinds=("steep", "noise"), channels=2, seed=0)
def test_blocks_of_float64_keep_the_bound_on_any_data(spatial_dims, kinds, channels, seed):
    draw = np.random.default_rng(seed)
    kernel, n = (
        ((draw.integers(60, 200),), 512) if spatial_dims == 1 else (draw.integers(8, 14, 2), 40)
    )
    windows = tuple(Window(int(k)) for k in kernel)
    x = numbers(kinds[0], (1, channels, *(int(k) * 3 for k in kernel)), draw)
    w = numbers(kinds[1], (2, channels, *kernel), draw)
    problem = problem_of_arrays(x, w, windows, 1, "zeros")
    plan = Plan("fft", "", "", blocks.tiles_of(problem, (n,) * spatial_dims), 0, 0.0, "")
    exact, bound = exact_and_bound(x[0], w)
    for name in AVAILABLE:
        ops = backend_of(name)
        y = run_plan(ops, plan, problem, ops.load(x, "float64"), ops.load(w, "float64"))
        assert (abs(ops.unload(y)[0] - exact) <= bound).all()


def unsafe(x, w, n, **window):
    """The outputs that are not transformed, in tiles of n cells; None where no kernel passes."""
    windows = tuple(Window(k, **window) for k in w.shape[2:])
    problem = problem_of_arrays(x, w, windows, 1, "zeros")
    tiles = blocks.tiles_of(problem, (n,) * len(windows))
    pads = [(window.get("before", 0), window.get("after", 0))] * (x.ndim - 2)
    padded = np.pad(x[0], [(0, 0), *pads])
    proof = overlap_save._proof(NumpyBackend(), problem, w, tiles)
    if proof is None:
        return None
    mask = np.zeros(problem.out_sizes, bool)
    for box in proof.unsafe(padded)[1]:
        mask[box] = True
    return mask


def test_noise_is_transformed_at_the_padding_too():
    x, w = noise(1, 1, 200, 200), noise(1, 1, 31, 31, seed=1)
    assert not unsafe(x, w, 128).any()
    assert not unsafe(x, w, 128, before=8, after=8).any()


def test_bright_pictures_under_bright_kernels_are_transformed_from_large_kernels_on():
    x, w = np.ones((1, 1, 300, 300)), np.ones((1, 1, 31, 31))
    assert not unsafe(x, w, 128).any()
    assert unsafe(x, np.ones((1, 1, 15, 15)), 128).all()


def test_where_the_average_has_too_little_nothing_is_transformed(monkeypatch):
    transformed = []
    product_of = bound_float64.product_of
    monkeypatch.setattr(
        bound_float64, "product_of", lambda *given: transformed.append(1) or product_of(*given)
    )
    x = np.ones((1, 1, 300, 300))
    assert unsafe(x, np.ones((1, 1, 15, 15)), 128).all()
    assert [] == transformed
    assert not unsafe(x, np.ones((1, 1, 31, 31)), 128).any()
    assert transformed


@both
@pytest.mark.parametrize("value", [np.nan, np.inf, 1e300, 1e16])
def test_a_wild_cell_keeps_its_neighbours_exact(backend, value):
    x, w = noise(1, 1, 180, 180), noise(1, 1, 31, 31, seed=1)
    x[0, 0, 100, 120] = value
    y = conv(x, w, backend=backend, algorithm="fft")[0]
    reached = np.zeros(y.shape, bool)
    reached[:, 70:101, 90:121] = True
    calm = x.copy()
    calm[0, 0, 100, 120] = 0
    assert within(y, calm[0], w)[~reached].all()
    if value < np.inf:
        assert within(y[:, 70:101, 90:121], x[0, :, 70:131, 90:151], w).all()
    else:
        assert not np.isfinite(y[reached]).any()


def test_a_wild_cell_costs_no_more_than_the_blocks_that_see_it():
    x, w = np.ones((1, 1, 300, 300)), noise(1, 1, 31, 31, seed=1)
    x[0, 0, 100, 150] = 1e300
    found = unsafe(x, w, 128)
    # Blocks of 98 outputs: two see the cell. They are covered in grains of 17.
    assert found[:98, 98:196].any()
    assert not found[204:].any()
    assert not found[:, :85].any()
    assert not found[:, 204:].any()


def test_dark_windows_in_a_bright_block_are_not_transformed():
    x, w = noise(1, 1, 300, 300), noise(1, 1, 31, 31, seed=1)
    x[0, 0, 20:60, 20:60] *= 1e-6
    found = unsafe(x, w, 256)
    assert found[20:30, 20:30].all()
    assert not found[100:, 100:].any()


@both
@pytest.mark.parametrize(("scale", "other"), [(1e200, 1e-200), (1e-200, 1e200), (1e200, 1e80)])
def test_squares_that_overflow_do_no_harm(backend, scale, other):
    x, w = noise(1, 1, 128, 128) * scale, noise(1, 1, 31, 31, seed=1) * other
    y = conv(x, w, backend=backend, algorithm="fft")[0]
    assert within(y, x[0], w).all()


@pytest.mark.parametrize(
    ("x", "w"), [(1e-200, 1e-110), (1e-310, 1.0), (1.0, 1e-310), (1e250, 1e40)]
)
def test_products_at_the_ends_of_the_range_are_not_transformed(x, w):
    found = unsafe(noise(1, 1, 128, 128) * x, noise(1, 1, 31, 31, seed=1) * w, 128)
    assert found is None or found.all()


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_kernel_that_is_not_finite_is_not_transformed(value):
    w = noise(1, 1, 31, 31)
    w[0, 0, 3, 3] = value
    assert unsafe(noise(1, 1, 99, 99), w, 64) is None


@both
def test_what_no_cell_reaches_is_exactly_zero(backend):
    x, w = noise(1, 1, 100, 100), noise(1, 1, 31, 31, seed=1)
    y = conv(x, w, backend=backend, algorithm="fft", parameters={"padding": 50})[0, 0]
    assert not y[:20].any()
    assert not y[:, -20:].any()
    assert y[20:-20, 20:-20].all()


@both
def test_zeros_are_exact(backend):
    x, w = noise(1, 1, 200, 200), noise(2, 1, 31, 31, seed=1)
    x[..., :150, :] = 0
    w[1] = 0
    y = conv(x, w, backend=backend, algorithm="fft")[0]
    assert not y[1].any()
    assert not y[0, :120].any()
    assert within(y, x[0], w).all()


def test_a_kernel_of_zeros_beside_another_lets_its_blocks_through():
    w = noise(2, 1, 31, 31)
    w[1] = 0
    assert not unsafe(noise(1, 1, 200, 200, seed=1), w, 128).any()


# --- the terms of the bound


def needed(channels, largest=1.0, v=1.0):
    """What 1024 equal taps need in a block of 4096 equal cells."""
    x, w = np.full((1, channels, 4096), largest), np.full((1, channels, 1024), v)
    problem = problem_of_arrays(x, w, (Window(1024),), 1, "zeros")
    tiles = blocks.tiles_of(problem, (4096,))
    demand = bound_float64.error_budget(NumpyBackend(), problem, w, tiles)
    level = np.full((1, 1), largest)
    return bound_float64._needed(demand, problem, tiles, level, np.full((1, 1), 0.5)).item()


def test_every_term_of_the_bound():
    # A = 1.25 * 12 + 1, c = 32, g/v = G = 1024: 16 * (513/24 + 513 * 2^-23)
    assert needed(1) == pytest.approx(342.0009784698486, rel=1e-12)
    # A = 1.25 * 12 + 2, c = 64, g/v = G = 2048: 17 * (1025/48 + 1025 * 2^-23)
    assert needed(4) == pytest.approx(363.0229105552037, rel=1e-12)


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        ((8192,), 17.25),  # 1.25 * 13 + 1
        ((16384,), 18.5),
        ((8000,), 17.207230),  # 1.25 * log2(8000) + 1
        ((8192 + 64,), 33.528068),  # 2.5 * log2(8256) + 1
        ((512, 1024), 24.75),
        ((8256, 2), 36.028068),
    ],
)
def test_long_axes_have_larger_errors_unless_they_are_powers_of_two(elements, expected):
    x, w = np.ones((1, 1, *elements)), np.ones((1, 1, *(1 for _ in elements)))
    problem = problem_of_arrays(x, w, tuple(Window(1) for _ in elements), 1, "zeros")
    tiles = blocks.Tiles(elements, elements, (1,) * len(elements))
    assert expected == pytest.approx(bound_float64.growth(problem, tiles), rel=1e-6)


def test_numbers_of_another_size_need_the_same():
    assert needed(1, largest=3e100, v=7e-50) == pytest.approx(342.0009784698486, rel=1e-12)


@pytest.mark.parametrize(
    ("largest", "v", "expected"),
    [
        (0.0, 1.0, -np.inf),
        (0.0, 1e200, -np.inf),
        (np.nan, 1.0, np.inf),
        (np.inf, 1.0, np.inf),
        (2.0**-901, 1.0, np.inf),
        (2.0**901, 1.0, np.inf),
        (2.0**500, 2.0**401, np.inf),
        (2.0**-500, 2.0**-401, np.inf),
        (2.0**-901, 2.0**100, np.inf),
    ],
)
def test_what_nothing_may_be_said_about_needs_everything(largest, v, expected):
    assert expected == needed(1, largest, v)


def test_what_is_let_through_has_more_than_it_needs():
    # The windows at the left have 12 cells of size 1 fewer than those at the right.
    x, w = np.ones((1, 1, 4096)), np.ones((1, 1, 1024))
    x[..., :2000] = 2.0**-40
    found = unsafe(x, w, 4096)
    problem = problem_of_arrays(x, w, (Window(1024),), 1, "zeros")
    tiles = blocks.tiles_of(problem, (4096,))
    demand = bound_float64.error_budget(NumpyBackend(), problem, w, tiles)
    elements = x.reshape(1, 1, 4096)
    exact = bound_float64.unsafe_outputs(NumpyBackend(), demand, problem, tiles, elements)[0]
    # r^2 = 2096/4096, needed = 16 * (1024 * r + 1) * (1/24 + 2^-23) = 489.01: 490 cells from 2000.
    assert 2000 - 1024 + 490 == int(np.argmin(exact))
    assert not exact[1466:].any()
    assert found[:1466].all()


def test_few_taps_are_refused():
    for taps, fits in [((9, 9), False), ((10, 10), True), ((80,), False), ((100,), True)]:
        x, w = np.ones((1, 1, *(199,) * len(taps))), np.ones((1, 1, *taps))
        problem = problem_of_arrays(x, w, tuple(map(Window, taps)), 1, "zeros")
        assert fits == (fitness.refusal(problem) is None)
    with pytest.raises(UsageError, match="so few products in float64 have smaller errors"):
        conv(np.ones((9, 9)), np.ones((3, 3)), algorithm="fft")


# --- boxes


@given(
    sizes=st.lists(st.integers(1, 40), min_size=1, max_size=3),
    extent=st.integers(1, 9),
    share=st.sampled_from([0.0, 0.01, 0.1, 0.9]),
    seed=st.integers(0, 999),
)
def test_boxes_hold_every_marked_cell_once(sizes, extent, share, seed):
    mask = np.random.default_rng(seed).random(sizes) < share
    count = np.zeros(sizes, int)
    for box in covering(mask, (extent,) * len(sizes)):
        assert all(side.stop <= size for side, size in zip(box, sizes, strict=True))
        count[box] += 1
    assert (count[mask] == 1).all()
    assert count.max(initial=0) <= 1


def test_a_marked_edge_is_one_box():
    mask = np.zeros((160, 160), bool)
    mask[:10] = True
    assert [(slice(0, 10), slice(0, 160))] == list(covering(mask, (5, 5)))
    mask[:100] = True
    assert [(slice(0, 160), slice(0, 160))] == list(covering(mask, (5, 5)))
    assert [] == list(covering(np.zeros((9, 9), bool), (5, 5)))
