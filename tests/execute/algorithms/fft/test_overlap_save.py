"""Transforms by blocks: side by side they are the whole, and each alone has its own padding."""

import numpy as np
import pytest
from convolving import AVAILABLE, backend_of, correlate, normal, run_plan
from hypothesis import given, settings
from hypothesis import strategies as st

from convcalc.execute.algorithms.fft import blocks
from convcalc.execute.planning.planner import Plan
from convcalc.execute.problem import problem_of_arrays
from convcalc.window import Window
from tolerances import TOLERANCES

pytestmark = pytest.mark.usefixtures("opencv")


@st.composite
def transforms(draw):
    """A problem without padding, and blocks that are small enough to be several."""
    spatial_dims = draw(st.integers(1, 3))
    axes = [
        (draw(st.integers(1, 5)), draw(st.integers(1, 2)), draw(st.integers(1, 3)))
        for _ in range(spatial_dims)
    ]
    windows = tuple(Window(k, s, dilation=d) for k, s, d in axes)
    sizes = tuple(w.extent + draw(st.integers(0, (40, 14, 6)[spatial_dims - 1])) for w in windows)
    tiles = tuple(w.extent + draw(st.integers(0, 6)) for w in windows)
    return windows, sizes, tiles, draw(st.integers(1, 3)), draw(st.integers(0, 99))


@given(drawn=transforms(), wild=st.sampled_from([1.0, 1e8, 1e30]), still=st.booleans())
def test_blocks_side_by_side_are_the_whole(drawn, wild, still):
    windows, sizes, elements, channels, seed = drawn
    draw = np.random.default_rng(seed)
    x = draw.standard_normal((2, channels, *sizes)).astype("float32")
    x.flat[draw.integers(x.size)] = wild
    if still:
        x[..., : sizes[-1] // 2] = 0
    w = draw.standard_normal((2, channels, *(v.kernel for v in windows))).astype("float32")
    problem = problem_of_arrays(x, w, windows, 1, "zeros")
    tiles = blocks.tiles_of(problem, tuple(blocks.good_size(n) for n in elements))
    plan = Plan("fft", "", "", tiles, 0, 0.0, "")

    def reference(x, w):
        spread = np.zeros((2, channels, *(v.extent for v in windows)))
        spread[(..., *(slice(None, None, v.dilation) for v in windows))] = w
        return correlate(x, spread)[(..., *(slice(None, None, v.stride) for v in windows))]

    exact, products = reference(x, w), reference(abs(x), abs(w))
    # Beside a wild cell every further term is rounded to the same grid: such sums may need
    # the bound of theory, half an eps per term, whatever adds them up.
    factor = np.where(products > 1e3, max(4, w[0].size / 2), 4)
    bound = factor / 4 * TOLERANCES["float32"].bound(products)
    for name in AVAILABLE:
        ops = backend_of(name)
        y = run_plan(ops, plan, problem, ops.load(x, "float32"), ops.load(w, "float32"))
        if y is not None:
            assert (abs(ops.unload(y).astype(float) - exact) <= bound).all()


@pytest.mark.parametrize(
    ("window", "size", "mode", "elements", "outputs"),
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
    window, size, mode, elements, outputs
):
    x, w = np.ones((1, 1, size), "float32"), np.ones((1, 1, window.kernel), "float32")
    problem = problem_of_arrays(x, w, (window,), 1, mode)
    assert ((elements,), (outputs,), (1,)) == blocks.tiles_of(problem, (512,))


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
    problem = problem_of_arrays(x, w, (window, window), 1, "zeros")
    plan = Plan("fft", "", layout, blocks.tiles_of(problem, (64, 64)), 0, 0.0, "")
    padded = np.pad(x, [(0, 0), (0, 0), (before, after), (before, after)])
    exact, products = (correlate(of, w)[..., ::stride, ::stride] for of in (padded, abs(padded)))
    bound = TOLERANCES["float32"].bound(products)
    for name in AVAILABLE:
        ops = backend_of(name)
        y = run_plan(ops, plan, problem, ops.load(x, "float32"), ops.load(w, "float32"))
        assert (abs(ops.unload(y).astype(float) - exact) <= bound).all()
