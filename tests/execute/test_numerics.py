"""Numbers at their limits: NaN and infinity, overflow, floats of every width."""

import math

import numpy as np
import pytest
from convolving import both, conv, convt, normal, refusal, run

from convcalc.errors import DataError
from convcalc.layers import Conv, ConvTranspose

pytestmark = pytest.mark.usefixtures("opencv")

INF, NAN = math.inf, math.nan

# --- NaN and infinity


REACHES = {
    "conv": (Conv, (1, 5, 11, 12), (18, 5, 3, 2), {"stride": 2, "padding": 2, "dilation": 2}),
    "conv, uneven padding": (Conv, (1, 5, 11, 12), (18, 5, 3, 2), {"padding": ((2, 0), (0, 1))}),
    "pointwise": (Conv, (1, 33, 6, 7), (18, 33, 1, 1), {}),
    "one axis": (Conv, (2, 5, 40), (18, 5, 7), {"padding": 3}),
    "three axes": (Conv, (1, 2, 5, 6, 7), (3, 2, 2, 3, 2), {"padding": 1}),
    "reflect": (Conv, (1, 5, 11, 12), (18, 5, 3, 3), {"padding": 2, "padding_mode": "reflect"}),
    "transposed": (ConvTranspose, (1, 5, 7, 8), (5, 18, 3, 2), {"stride": 2, "padding": 1}),
}


@both
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("value", [NAN, INF])
@pytest.mark.parametrize("name", REACHES)
def test_a_value_that_is_not_finite_reaches_its_receptive_field_alone(backend, dtype, value, name):
    kind, x_shape, w_shape, parameters = REACHES[name]
    options = {"backend": backend, "parameters": parameters}
    x, w = normal(*x_shape, dtype=dtype), normal(*w_shape, dtype=dtype)
    before = run(kind, x, w, **options).array
    cell = (x_shape[0] - 1, 1, *(size // 4 * 2 for size in x_shape[2:]))
    mark = np.zeros(x_shape, int)
    mark[cell] = 1
    reached = run(kind, mark, np.ones(w_shape, int), parameters=parameters).array > 0
    x[cell] = value
    after = run(kind, x, w, **options).array
    assert 0 < reached.sum() < reached.size
    assert reached.tolist() == (~np.isfinite(after)).tolist()
    assert before[~reached].tobytes() == after[~reached].tobytes()


@both
@pytest.mark.parametrize(
    ("kernel", "parameters", "expected"),
    [
        # The left tap lies on padding at output 0, and nothing is multiplied there.
        ([INF, 1, 1], {"padding": 1}, [2, INF, INF, INF]),
        ([NAN, 1, 1], {"padding": 1}, [2, NAN, NAN, NAN]),
        ([1, 1, -INF], {"padding": 1}, [-INF, -INF, -INF, 2]),
        ([INF, 1, 1], {"padding": ((2, 0),)}, [1, 2, INF, INF]),
        ([1, 1, INF], {"padding": ((0, 2),)}, [INF, INF, 2, 1]),
        ([INF, 1], {"padding": 2, "dilation": 2}, [1, 1, INF, INF, INF, INF]),
        ([INF, 1, 1], {"padding": 1, "stride": 2}, [2, INF]),
        ([INF, 1, 1], {"padding": 1, "padding_mode": "replicate"}, [INF, INF, INF, INF]),
        ([INF], {"padding": 1}, [0, INF, INF, INF, INF, 0]),
    ],
)
def test_padding_with_zeros_takes_part_in_no_product(backend, kernel, parameters, expected):
    x, w = np.ones(4), np.array(kernel)
    array = conv(x, w, backend=backend, parameters=parameters)
    np.testing.assert_array_equal(expected, array)


@both
@pytest.mark.parametrize(
    ("kernel", "parameters", "expected"),
    [
        ([INF, 1, 1], {}, [INF, INF, 2, 1]),
        ([INF, 1, 1], {"stride": 2}, [INF, 1, INF, 1, 1]),
        ([1, 1, INF], {"padding": ((0, 1),)}, [1, 2, INF]),
        ([NAN, 1], {"stride": 3, "output_padding": 2}, [NAN, 1, 0, NAN, 1, 0, 0]),
    ],
)
def test_a_stretched_input_takes_part_in_no_product(backend, kernel, parameters, expected):
    x, w = np.ones(2), np.array(kernel)
    array = convt(x, w, backend=backend, parameters=parameters)
    np.testing.assert_array_equal(expected, array)


@both
@pytest.mark.parametrize(
    ("x", "w", "expected"),
    [
        ([0, 1, 2], [INF], [NAN, INF, INF]),  # 0 * inf
        ([INF, 1, 2], [0], [NAN, 0, 0]),
        ([INF, 1, -INF], [1, 1], [INF, -INF]),
        ([INF, -INF, 1], [1, 1], [NAN, -INF]),  # inf - inf
        ([NAN, 1, 2], [0, 1], [NAN, 2]),  # nan * 0
    ],
)
def test_inside_the_input_the_rules_of_ieee_hold(backend, x, w, expected):
    array = conv(np.array(x), np.array(w, float), backend=backend)
    np.testing.assert_array_equal(expected, array)


# --- floats


@both
@pytest.mark.parametrize(
    ("dtype", "stuck"),
    [("float16", 2048), ("bfloat16", 256)],  # where adding 1 no longer changes a sum
)
def test_16_bits_are_summed_in_32(backend, dtype, stuck):
    x, w = np.ones((1, 512, 5), "float16"), np.ones((1, 512, 5), "float16")
    array = conv(x, w, backend=backend, dtype=dtype, spatial_dims=1)
    assert stuck < 2560 == array.item()  # 512 channels * 5 taps


@both
def test_16_bits_are_rounded_once(backend):
    # In float16, 2048 + 1 is a tie that stays 2048; 2048 + 1 + 1 + 1 = 2051 rounds to 2052.
    x, w = np.array([2048, 1, 1, 1], "float16"), np.ones(4, "float16")
    assert [2052] == conv(x, w, backend=backend).tolist()


@both
def test_float64_keeps_its_digits(backend):
    x, w = np.array([1 + 2.0**-52, 1e-300, 2.0**-1074]), np.array([1.0])
    result = run(Conv, x, w, backend=backend)
    assert ("float64", "float64") == (result.dtypes.compute, result.array.dtype)
    assert x.tobytes() == result.array.tobytes()


@both
def test_the_smallest_numbers_are_kept(backend):
    x = np.array([2.0**-149, 2.0**-127, -(2.0**-140)], "float32")
    assert x.tobytes() == conv(x, np.ones(1, "float32"), backend=backend).tobytes()


@both
@pytest.mark.parametrize(
    ("x", "w", "promoted"),
    [
        ("float32", "float64", "float64"),
        ("float16", "float32", "float32"),
        ("int8", "float16", "float16"),
        ("int16", "float16", "float32"),
        ("uint8", "float32", "float32"),
        ("int32", "float32", "float64"),
        ("int64", "float16", "float64"),
        (">f4", "<f8", "float64"),
    ],
)
def test_mixed_dtypes_are_promoted_and_that_is_said(backend, x, w, promoted):
    names = f"{np.dtype(x).name} (the input), {np.dtype(w).name} (the kernel)"
    result = run(
        Conv, np.ones((1, 1, 3), x), np.ones((1, 1, 3), w), backend=backend, spatial_dims=1
    )
    assert (promoted, [[[3]]]) == (result.array.dtype, result.array.tolist())
    assert (f"mixed dtypes are promoted to {promoted}: {names}",) == result.notes


@pytest.mark.parametrize(
    ("x", "w", "dtype"),
    [
        ("float32", "float32", None),
        (">f4", "<f4", None),
        ("int8", "int64", None),
        ("uint64", "int8", None),
        ("float32", "float64", "float32"),
    ],
)
def test_nothing_is_said_where_nothing_was_decided(x, w, dtype):
    assert (
        ()
        == run(
            Conv, np.ones((1, 1, 3), x), np.ones((1, 1, 3), w), dtype=dtype, spatial_dims=1
        ).notes
    )


@both
@pytest.mark.parametrize(
    ("dtype", "x", "expected", "overflowed"),
    [
        ("float16", [65504, 15], 65504, 0),  # 65519 is nearer to 65504 than to 65536
        ("float16", [65504, 16], INF, 1),  # a tie, and 65504 is odd
        ("float16", [-65504, -65504], -INF, 1),
        ("float32", [3e38, 3e38], INF, 1),
        ("float32", [3e38, -3e38], 0, 0),
        ("float32", [3e38, INF], INF, 0),  # the infinity was there before
        ("float32", [3e38, NAN], NAN, 0),
        ("float64", [1.5e308, 1.5e308], INF, 1),
    ],
)
def test_overflow_is_counted(backend, dtype, x, expected, overflowed):
    result = run(Conv, np.array(x, dtype), np.ones(2, dtype), backend=backend)
    np.testing.assert_array_equal([expected], result.array)
    assert overflowed == result.overflowed


@both
def test_every_value_that_overflows_is_counted(backend):
    x = np.array([1, 3e38, 3e38, 1, 3e38, 1, 1], "float32")
    assert 3 == run(Conv, x, np.full(1, 9, "float32"), backend=backend).overflowed


@both
def test_overflow_by_the_dtype_that_was_asked_for_is_counted(backend):
    x = np.array([1e300, 7.0, 3.4e38])
    assert 1 == run(Conv, x, np.ones(1), backend=backend, dtype="float32").overflowed
    assert 2 == run(Conv, x, np.ones(1), backend=backend, dtype="bfloat16").overflowed
    assert 0 == run(Conv, x, np.ones(1), backend=backend, dtype="float64").overflowed


# --- what is no number


@pytest.mark.parametrize(
    ("dtype", "advice"),
    [
        ("bool", "convert it to numbers first, as array.astype('uint8')"),
        ("complex64", "real numbers are convolved; run its real and imaginary parts apart"),
        ("complex128", "real numbers are convolved; run its real and imaginary parts apart"),
    ],
)
def test_what_is_no_real_number_is_refused(dtype, advice):
    odd, even = np.ones(3, dtype), np.ones(3)
    assert f"the input is of dtype {dtype}; {advice}" == refusal(odd, even)
    assert f"the kernel is of dtype {dtype}; {advice}" == refusal(even, odd)
    assert f"the bias is of dtype {dtype}; {advice}" == refusal(even, even, odd[0])


@both
def test_an_extended_float_does_not_lose_its_digits_unsaid(backend):
    if np.dtype("longdouble").itemsize == 8:
        pytest.skip("it is float64 here")
    x = np.array([1 + np.longdouble(2) ** -40])
    try:
        array = conv(x, np.ones(1, "longdouble"), backend=backend)
    except DataError:
        return
    assert 1 + 2.0**-40 == array.item()
