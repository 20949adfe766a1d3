"""Bands and products of lines: the whole again, and nothing that is only nearly a product."""

import numpy as np
import pytest
from convolving import (
    backend_of,
    both,
    conv,
    correlate,
    normal,
    run_plan,
    within,
)

from convcalc.execute.algorithms import banded, separable, toeplitz
from convcalc.execute.planning.planner import Plan
from convcalc.execute.problem import problem_of_arrays
from convcalc.window import Window

pytestmark = pytest.mark.usefixtures("opencv")


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
        problem = problem_of_arrays(
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
    problem = problem_of_arrays(x, w, padding, 3, "zeros")
    asked = Plan("lowrank", backend, "passes", None, 0, 0.0, "")
    calls = []
    pad = type(ops).pad
    monkeypatch.setattr(type(ops), "pad", lambda *given: calls.append(1) or pad(*given))
    assert run_plan(ops, asked, problem, x, ops.load(w, "float32")) is None
    assert [] == calls
    w[0, 0] = np.outer([1, 2, 3, 2, 1], [1, 0, 2, 0, 1])
    assert run_plan(ops, asked, problem, x, ops.load(w, "float32")) is None
    assert [] == calls
    w[1:] = w[0]
    assert run_plan(ops, asked, problem, x, ops.load(w, "float32")) is not None
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
