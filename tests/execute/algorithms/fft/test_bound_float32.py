"""Which blocks are transformed in float32, and which are computed otherwise."""

import numpy as np
import pytest
from convolving import both, conv, correlate, normal
from hypothesis import given
from hypothesis import strategies as st

from convcalc.execute.algorithms.fft import blocks
from convcalc.execute.algorithms.fft.bound_float32 import certificate, maybe_unsafe, unsafe_blocks
from convcalc.execute.problem import problem_of_arrays
from convcalc.window import Window

pytestmark = pytest.mark.usefixtures("opencv")


def demand(x, w, n, **window):
    windows = tuple(Window(k, **window) for k in w.shape[2:])
    problem = problem_of_arrays(x, w, windows, 1, "zeros")
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
    ("channels", "elements", "expected"),
    [
        # E = (4 * 12 + 1) * 2^-52 * (G + 1), a cell of 2^-16 gives 3 * 2^-23 * 2^-13 * 2^-16
        (1, 4096, 33),  # G = 1 + 1023/2^16: 32.92
        (1, 2**18, 50),  # 4 * 18 + 1: 49.05
        (4, 4096, 51),  # (4 * 12 + 2) * (2 * G + 1), G^2 = (1 + 1023/2^16)^2 + 3/2^12: 50.53
    ],
)
def test_what_a_kernel_needs(channels, elements, expected):
    w = np.full((1, channels, 1024), 2.0**-16, "float32")
    w[0, 0, 0] = 1
    assert expected == demand(np.ones((1, channels, 2**18), "float32"), w, elements)[0].needed


def test_a_kernel_needs_the_cells_of_its_zeros_as_well():
    w = np.ones((2, 1, 30), "float32")
    x = np.ones((1, 1, 99), "float32")
    assert 1 == demand(x, w, 64)[0].needed
    w[1, 0, :12] = 0
    assert 13 == demand(x, w, 64)[0].needed
    assert 0 == demand(x, 0 * w, 64)[0].needed


@given(
    spatial_dims=st.integers(1, 2),
    channels=st.integers(1, 3),
    power=st.sampled_from([1, 4, 12]),
    seed=st.integers(0, 999),
)
def test_what_is_let_through_has_the_sums_that_the_error_needs(spatial_dims, channels, power, seed):
    draw = np.random.default_rng(seed)
    sizes, kernel = ((60,), (20,)) if spatial_dims == 1 else ((20, 20), (6, 7))
    x = draw.standard_normal((1, channels, *sizes)).astype("float32") ** power
    w = draw.standard_normal((2, channels, *kernel)).astype("float32") ** (power // 2 + 1)
    x[draw.random(x.shape) < draw.random()] = 0
    found, tiles = demand(x, w, 64)
    if found is None or unsafe_blocks(found, x[0]) or not x.any():
        return
    elements = np.prod(tiles.transform)
    growth = 4 * np.log2(elements) + channels**0.5
    r = np.sqrt((x.astype(float) ** 2).sum() / elements)
    spectrum = np.fft.fftn(w.astype(float), tiles.transform, tuple(range(2, 2 + spatial_dims)))
    g = np.sqrt((abs(spectrum) ** 2).sum(1)).reshape(2, -1).max(1)
    error = growth * 2.0**-52 * (r * g + abs(x).max() * abs(w).reshape(2, -1).max(1))
    least = correlate(abs(x), abs(w))[0].reshape(2, -1).min(1)
    assert (error <= 3 * 2.0**-23 * least).all()


def test_blocks_are_judged_by_their_own_cells_alone():
    x, w = np.ones((1, 1, 114, 114), "float32"), np.ones((1, 1, 15, 15), "float32")
    # Blocks of 64 cells every 50: the dark cells, more than a window has, belong to the last alone.
    x[..., 70:90, 70:90] = 1e-6
    assert [(1, 1)] == maybe_unsafe(demand(x, w, 64)[0], x[0])


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
