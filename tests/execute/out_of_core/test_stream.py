"""Convolutions box by box: the bits of the whole, whatever the boxes."""

from __future__ import annotations

import numpy as np
import pytest
from boxing import convolutions
from hypothesis import assume, given
from hypothesis import strategies as st

from convcalc.errors import ConvcalcError, DataError
from convcalc.execute.arrays.dtypes import plan_dtypes
from convcalc.execute.arrays.statistics import Figures
from convcalc.execute.backends.numpy_backend import NumpyBackend
from convcalc.execute.executor.executor import Executor
from convcalc.execute.out_of_core.stream import Stream, run_stream
from convcalc.execute.planning.machine import this_machine
from convcalc.execute.problem import problem_of
from convcalc.execute.tiling import choose
from convcalc.layers import Conv

OPS = Executor(NumpyBackend(), this_machine())


def streamed(layer, x, weight, bias=None, *, budget, requested=None):
    """(result, what is known of it, values that were announced)."""
    shape = x.shape[1:]
    few = x[(slice(1),) * x.ndim]  # boxes are looked at when they are there
    dtypes = plan_dtypes({"the input": few, "the kernel": weight}, requested)
    problem = problem_of(layer, x.shape[0], shape, dtypes.compute)
    tiling = choose(problem, budget, lambda part: part.bytes)
    result = np.full((x.shape[0], problem.out_channels, *problem.out_sizes), 77, dtypes.stored)
    passed = []
    named = {"the kernel": weight} | ({} if bias is None else {"the bias": bias})
    known = run_stream(
        Stream(problem, tiling, x, weight, bias, dtypes, requested, OPS),
        result,
        named,
        progress=passed.append,
    )
    assert tiling.boxes == len(passed)
    assert result.size == sum(passed)
    return result, known, tiling


@given(convolutions(), st.sampled_from([200, 800, 3_000, 10**6]), st.integers(0, 10**6))
def test_boxes_give_the_integers_of_the_whole(case, budget, seed):
    layer, shape = case
    rng = np.random.default_rng(seed)
    x = rng.integers(-9, 10, shape)
    weights = {
        name: rng.integers(-9, 10, size) for name, size in layer.weight_shapes(shape[1:]).items()
    }
    whole = layer.run(OPS, [x], weights)
    try:
        result, known, _ = streamed(layer, x, weights["weight"], weights["bias"], budget=budget)
    except ConvcalcError:
        assume(False)
    np.testing.assert_array_equal(result, whole)
    assert (whole.min(), whole.max()) == (known.figures.least, known.figures.largest)
    assert (whole.size, 0) == (known.figures.finite, known.figures.nonfinite)
    assert np.isclose(known.figures.mean, whole.mean())


def test_overflow_is_told_from_infinite_input():
    layer = Conv(1, 1, bias=False)
    x = np.array([[[1.0, 3e38, 2.0, np.inf]]], np.float32)
    weight = np.full((1, 1, 1), 2, np.float32)
    result, known, tiling = streamed(layer, x, weight, budget=12)
    assert 4 == tiling.boxes
    np.testing.assert_array_equal([2, np.inf, 4, np.inf], result[0, 0])
    assert (1, 2) == (known.overflowed, known.figures.nonfinite)


def test_an_integer_that_the_dtype_cannot_hold_is_refused_in_any_box():
    layer = Conv(1, 1, bias=False)
    x = np.array([[[1, 2, 3, 200]]])
    weight = np.ones((1, 1, 1), int)
    with pytest.raises(DataError, match="int8 cannot hold"):
        streamed(layer, x, weight, budget=24, requested="int8")


def test_an_integer_that_a_float_cannot_hold_is_refused_in_any_box():
    layer = Conv(1, 1, bias=False)
    x = np.array([[[1, 2, 3, 2**24 + 1]]])
    weight = np.ones((1, 1, 1), int)
    with pytest.raises(DataError, match="beyond the whole numbers that float32 holds"):
        streamed(layer, x, weight, budget=12, requested="float32")


def test_figures_piece_by_piece():
    values = np.array([[3.0, np.nan], [-1.0, np.inf], [0.5, 2.5]], np.float32)
    figures = Figures()
    for row in values:
        figures.add(row)
    assert (-1.0, 3.0, 4, 2) == (
        figures.least,
        figures.largest,
        figures.finite,
        figures.nonfinite,
    )
    assert 1.25 == figures.mean
    broken = Figures()
    broken.add(np.array([np.nan]))
    assert None is broken.mean


def test_figures_of_more_than_one_piece(monkeypatch):
    monkeypatch.setattr("convcalc.execute.arrays.statistics.PIECE_ELEMENTS", 7)
    values = np.arange(24).reshape(1, 2, 3, 4)
    figures = Figures()
    figures.add(values)
    assert (0, 23, 11.5, 24) == (figures.least, figures.largest, figures.mean, figures.finite)
