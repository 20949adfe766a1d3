"""`--verify`: a right result passes, and one that is wrong anywhere it looks does not."""

from __future__ import annotations

from fractions import Fraction
from math import inf, nan

import numpy as np
import pytest
from convolving import both, cases, normal, run, transposed_cases
from hypothesis import given, settings
from verified_runs import verified

from convcalc.execute.arrays.tolerance import TOLERANCES
from convcalc.execute.backends import numpy_backend
from convcalc.execute.planning import planner
from convcalc.layers import Conv, ConvTranspose

# --- the bound


def test_the_constants_of_the_bound_are_those_of_the_documentation():
    assert (4, 2.0**-23, 2.0**-149) == TOLERANCES["float32"][:3]
    assert (4, 2.0**-52, 2.0**-1074) == TOLERANCES["float64"][:3]
    assert (0.51, 2.0**-10, 2.0**-24) == TOLERANCES["float16"][:3]
    assert (0.51, 2.0**-7, 2.0**-133) == TOLERANCES["bfloat16"][:3]


@pytest.mark.parametrize(
    ("dtype", "terms", "factor"),
    [
        ("float32", 1, 4),
        ("float32", 16, 4),
        ("float32", 25, 5),
        ("float64", 4096, 64),
        ("float16", 16, 0.51),
        # 0.51 roundings of 2^-10, and 60 more than 4 of 2^-23
        ("float16", 4096, 0.51 + 60 * 2.0**-13),
        ("bfloat16", 4096, 0.51 + 60 * 2.0**-16),
    ],
)
def test_the_bound_grows_with_the_root_of_the_products(dtype, terms, factor):
    tolerance = TOLERANCES[dtype]
    assert factor == tolerance.factor_of(terms)
    assert factor * tolerance.eps * 3 == pytest.approx(float(tolerance.bound(3, terms)), rel=1e-4)


def test_below_the_normal_range_each_sum_may_lose_the_least_number():
    assert 2.0**-149 == TOLERANCES["float32"].bound(0.0)
    assert 10 * 2.0**-149 == TOLERANCES["float32"].bound(0.0, 10)
    assert 2.0**-24 + 9 * 2.0**-149 == TOLERANCES["float16"].bound(0.0, 10)


DENORMAL = {
    # Two numbers whose product is 1/2 + 1/2 * eps steps below the normal range, and the step.
    "float32": (2.0**-75 * (1 + 2.0**-23), 2.0**-75, 2.0**-149),
    "float64": (2.0**-537 * (1 + 2.0**-52), 2.0**-538, 2.0**-1074),
    "float16": (2.0**-12 * (1 + 2.0**-10), 2.0**-13, 2.0**-24),
    "bfloat16": (2.0**-67 * (1 + 2.0**-7), 2.0**-67, 2.0**-133),
}


@both
@pytest.mark.parametrize("kind", [Conv, ConvTranspose])
@pytest.mark.parametrize(
    ("dtype", "steps", "bound"),
    # 9 products make 4.5 steps. In their own dtype each becomes 1; a bound of a single step would
    # not hold. In float32 they are exact, and their sum is rounded once, to 5: one step is enough.
    [("float32", 9, 9), ("float64", 9, 9), ("float16", 5, 1), ("bfloat16", 5, 1)],
)
def test_each_product_below_the_normal_range_may_lose_half_a_step(
    backend, kind, dtype, steps, bound
):
    one, other, step = DENORMAL[dtype]
    stored = "float32" if dtype == "bfloat16" else dtype
    x, w = np.full((1, 1, 40), one, stored), np.full((1, 1, 9), other, stored)
    found = run(kind, x, w, spatial_dims=1, backend=backend, dtype=dtype, verify="all")
    # The middle of it, where all taps of a transposed convolution meet cells too.
    assert Fraction(steps) * Fraction(step) == Fraction(float(found.array[0, 0, 20]))
    exact = 9 * Fraction(float(x[0, 0, 0])) * Fraction(float(w[0, 0, 0]))
    error = abs(Fraction(float(found.array[0, 0, 20])) - exact)
    allowed = Fraction(float(TOLERANCES[dtype].bound(float(exact), 9)))
    assert step * 0.4 < float(error) <= float(allowed)
    assert bound == pytest.approx(float(allowed / Fraction(step)), rel=0.02)
    assert found.verification.passed


@pytest.mark.parametrize(("steps", "passed"), [(4, True), (6, False)])
def test_below_the_normal_range_a_step_for_each_product_is_allowed_and_no_more(
    monkeypatch, steps, passed
):
    # 9 steps where 4.5 are exact: 4 more are within 9, 6 more are not.
    one, other, step = DENORMAL["float32"]
    Broken(monkeypatch, (0, 0, 20), lambda value: value + np.float32(steps * step))
    x, w = np.full((1, 1, 40), one, "float32"), np.full((1, 1, 9), other, "float32")
    found = verified(Conv, x, w, spatial_dims=1)
    assert passed == found.passed
    assert (9 * step, (4.5 + steps) * step) == pytest.approx((found.bound, found.error), rel=1e-5)


@both
@pytest.mark.parametrize(("kernel", "size"), [(9, 20000), (256, 20000), (4096, 12000)])
def test_long_sums_of_positive_numbers_stay_within_it(backend, kernel, size):
    # The worst case: partial sums grow all the way, so that roundings do not shrink.
    x, weight = abs(normal(1, 1, size)), abs(normal(1, 1, kernel))
    assert verified(Conv, x, weight, backend=backend, spatial_dims=1).passed


def forget_plans():
    for kept in (planner.plan, planner.choose, planner._plans, planner._direct):
        kept.cache_clear()


@pytest.mark.parametrize(("kernel", "size"), [(9, 20000), (256, 20000), (4096, 12000)])
def test_sums_tap_by_tap_come_near_the_bound(monkeypatch, kernel, size):
    # A bound that nothing comes near would not find much. Planned layouts sum in blocks, with
    # smaller errors; what the bound is made for is one product added after another.
    forget_plans()
    monkeypatch.setattr(planner, "_layouts", lambda *_: ["contiguous"])
    x, weight = abs(normal(1, 1, size)), abs(normal(1, 1, kernel))
    found = verified(Conv, x, weight, backend="numpy", spatial_dims=1, algorithm="direct")
    forget_plans()
    assert found.passed
    assert found.error > found.bound / 8


# --- what is right passes


@settings(max_examples=60)
@given(cases())
def test_whole_numbers_of_any_convolution_are_equal(case):
    x, w, b = case.numbers()
    found = case.run(x, w, b, verify="all").verification
    assert (True, 0.0, 0.0) == (found.passed, found.error, found.bound)
    assert found.checked == found.outputs == case.naive(x, w, b).size


@settings(max_examples=60)
@given(transposed_cases())
def test_whole_numbers_of_any_transposed_convolution_are_equal(case):
    found = case.run(*case.numbers(), verify="all").verification
    assert (True, 0.0) == (found.passed, found.error)


@both
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "bfloat16"])
@pytest.mark.parametrize("kind", [Conv, ConvTranspose])
def test_floats_of_any_dtype_are_within_the_bound(backend, dtype, kind):
    shape = (6, 2, 3, 3) if kind is Conv else (4, 3, 3, 3)
    x, w, b = normal(2, 4, 12, 13), normal(*shape), normal(6)
    found = verified(kind, x, w, b, groups=2, backend=backend, dtype=dtype)
    assert found.passed
    # A right result is not exact: what was looked at are roundings.
    assert 0 < found.error <= found.bound
    assert (0, 4 if dtype in ("float32", "float64") else 0.51) == (
        found.beyond,
        pytest.approx(found.factor, abs=0.4),
    )


def test_channels_last_and_missing_axes_are_looked_at_as_they_were_computed():
    x, w = normal(5, 6, 3), normal(4, 3, 2, 2)
    assert verified(Conv, x, w, channels_last=True).passed
    assert verified(Conv, normal(7, 8), normal(3, 3), flip=True).passed


# --- what is wrong does not


class Broken:
    """A backend that changes one output after the fact."""

    def __init__(self, monkeypatch, place, change):
        real = numpy_backend.NumpyBackend.unload

        def unload(backend, array):
            array = real(array).copy()
            array[place] = change(array[place])
            return array

        monkeypatch.setattr(numpy_backend.NumpyBackend, "unload", unload)


PLACES = [(0, 0, 0, 0), (1, 5, 9, 10), (0, 3, 4, 10)]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", [Conv, ConvTranspose])
def test_one_wrong_float_is_found_where_it_is(monkeypatch, place, kind):
    shape = (6, 2, 3, 3) if kind is Conv else (4, 3, 3, 3)
    x, w = normal(2, 4, 12, 13), normal(*shape)
    Broken(monkeypatch, place, lambda value: value + np.float32(1e-3))
    found = verified(kind, x, w, groups=2)
    assert (False, place) == (found.passed, found.place)
    assert found.error == pytest.approx(1e-3, rel=0.05)
    assert found.bound < 1e-4


@pytest.mark.parametrize("place", PLACES)
def test_one_wrong_integer_is_found_where_it_is(monkeypatch, place):
    x = np.random.default_rng(0).integers(-9, 9, (2, 4, 12, 13))
    w = np.random.default_rng(1).integers(-9, 9, (6, 2, 3, 3))
    Broken(monkeypatch, place, lambda value: value - 1)
    found = verified(Conv, x, w, groups=2)
    assert (False, place, 1.0, 0.0) == (found.passed, found.place, found.error, found.bound)


def test_an_integer_that_float64_cannot_tell_apart_is_found(monkeypatch):
    Broken(monkeypatch, (0, 0, 1), lambda value: value + 1)
    x = np.array([2**60, 2**60 + 1, 5])
    found = verified(Conv, x, np.array([1, 2]), spatial_dims=1)
    assert (False, (0, 0, 1)) == (found.passed, found.place)


@pytest.mark.parametrize("value", [nan, inf, -inf])
def test_what_is_no_number_where_there_is_one_is_found(monkeypatch, value):
    Broken(monkeypatch, (0, 0, 2, 3), lambda _: value)
    found = verified(Conv, normal(1, 1, 6, 6), normal(1, 1, 3, 3))
    assert (False, inf, (0, 0, 2, 3)) == (found.passed, found.error, found.place)


@pytest.mark.parametrize(("data", "instead"), [(nan, 1.0), (inf, nan), (inf, -inf), (-inf, 1.0)])
def test_a_number_in_the_place_of_what_is_none_is_found(monkeypatch, data, instead):
    x = normal(1, 1, 6, 6)
    x[0, 0, 5, 5] = data
    w = abs(normal(1, 1, 3, 3))
    assert verified(Conv, x, w).passed
    Broken(monkeypatch, (0, 0, 3, 3), lambda _: instead)
    found = verified(Conv, x, w)
    assert (False, (0, 0, 3, 3)) == (found.passed, found.place)


def test_a_backend_that_pads_wrongly_is_found(monkeypatch):
    x, w = normal(1, 2, 9, 9), normal(3, 2, 3, 3)
    options = {"parameters": {"padding": 1, "padding_mode": "reflect"}}
    assert verified(Conv, x, w, **options).passed
    real = numpy_backend.source_indices
    monkeypatch.setattr(
        numpy_backend, "source_indices", lambda size, window, _: real(size, window, "replicate")
    )
    assert not verified(Conv, x, w, **options).passed


def test_a_backend_that_forgets_a_tap_is_found(monkeypatch):
    real = numpy_backend.add_taps

    def forgetful(out, array, weight, windows, *, transposed):
        weight = weight.copy()
        weight[..., -1, -1] = 0
        real(out, array, weight, windows, transposed=transposed)

    monkeypatch.setattr(numpy_backend, "add_taps", forgetful)
    assert not verified(Conv, normal(1, 2, 9, 9), normal(3, 2, 3, 3)).passed
    assert not verified(ConvTranspose, normal(1, 2, 9, 9), normal(2, 3, 3, 3)).passed


def test_sums_in_half_precision_are_found(monkeypatch):
    # As if float16 had been summed in float16: right to three digits, and not good enough.
    real = numpy_backend.NumpyBackend.load

    def load(backend, array, dtype):
        return real(backend, array, dtype).astype("float16").astype(dtype)

    x, w = normal(1, 64, 9, 9), normal(3, 64, 3, 3)
    assert verified(Conv, x, w, dtype="float32").passed
    monkeypatch.setattr(numpy_backend.NumpyBackend, "load", load)
    assert not verified(Conv, x, w, dtype="float32").passed


# --- the range


def test_what_leaves_the_range_is_left_out_and_counted():
    x = np.full((1, 1, 4), 1e30, "float32")
    x[0, 0, 0] = 1
    found = verified(Conv, x, np.array([[[1e10]]], "float32"))
    assert (True, 3, 4) == (found.passed, found.beyond, found.checked)
    # 300 * 300 is beyond float16 though not beyond the float32 that it is computed in.
    found = verified(Conv, np.full((1, 1, 2), 300.0, "f2"), np.full((1, 1, 1), 300.0, "f2"))
    assert (True, 2) == (found.passed, found.beyond)


def test_a_sum_that_leaves_the_range_on_the_way_only_is_left_out():
    # 3e38 + 3e38 - 6e38 is 0, and infinite after its second product.
    x, w = np.full((1, 1, 3), 3e38, "float32"), np.array([[[1, 1, -2]]], "float32")
    found = verified(Conv, x, w)
    assert (True, 1) == (found.passed, found.beyond)


def test_zero_padding_takes_part_in_no_product():
    w = np.array([[[inf, 1]]], "float32")
    options = {"parameters": {"padding": ((1, 0),)}}
    found = verified(Conv, np.ones((1, 1, 3), "float32"), w, **options)
    assert (True, 0) == (found.passed, found.beyond)
