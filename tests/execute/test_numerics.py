"""Numbers at their limits: NaN and infinity, overflow, dtypes, layouts in memory."""

import math

import numpy as np
import pytest
from convolving import BACKENDS, conv, convt, run

from convcalc.errors import DataError, UsageError
from convcalc.execute.arrays.dtypes import check_requested
from convcalc.layers import Conv, ConvTranspose

pytestmark = pytest.mark.usefixtures("opencv")

INF, NAN = math.inf, math.nan
TOP = 2**63 - 1
both = pytest.mark.parametrize("backend", BACKENDS)


def normal(*shape, dtype="float64", seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def refusal(x, w, b=None, **options):
    with pytest.raises(DataError) as caught:
        conv(x, w, b, **options)
    return str(caught.value)


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
    array = conv(x, w, backend=backend, dtype=dtype, rank=1)
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
    result = run(Conv, np.ones((1, 1, 3), x), np.ones((1, 1, 3), w), backend=backend, rank=1)
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
    assert () == run(Conv, np.ones((1, 1, 3), x), np.ones((1, 1, 3), w), dtype=dtype, rank=1).notes


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


# --- integers


@both
@pytest.mark.parametrize(
    ("x", "w", "b", "expected"),
    [
        ([TOP], [1], None, TOP),
        ([-TOP], [1], None, -TOP),
        ([TOP // 7] * 7, [1] * 7, None, TOP),  # 2^63 - 1 is divisible by 7
        ([TOP // 7] * 3, [1, 2, 4], None, TOP),  # not three times the largest weight
        ([TOP // 7] * 3, [-1, -2, -4], None, -TOP),
        ([2**62], [1], [2**62 - 1], TOP),
        ([3037000499], [3037000499], None, 9223372030926249001),  # the largest square below
    ],
)
def test_integers_are_exact_up_to_the_last(backend, x, w, b, expected):
    bias = None if b is None else np.array(b)
    assert [expected] == conv(np.array(x), np.array(w), bias, backend=backend).tolist()


@both
@pytest.mark.parametrize(
    ("x", "w", "b", "bound"),
    [
        ([TOP // 7] * 3, [1, 2, 5], None, "10,540,996,613,548,315,208"),  # 8/7 of 2^63
        ([TOP // 7] * 3, [1, 2, -5], None, "10,540,996,613,548,315,208"),
        ([2**62, 2**62], [1, 1], None, "9,223,372,036,854,775,808"),
        ([TOP], [1], [1], "9,223,372,036,854,775,808"),
        ([3037000500], [3037000500], None, "9,223,372,037,000,250,000"),
        ([2**40], [2**40], None, "1,208,925,819,614,629,174,706,176"),
    ],
)
def test_integers_that_may_leave_int64_are_refused(backend, x, w, b, bound):
    bias = None if b is None else np.array(b)
    expected = (
        f"the integers are too large: a sum of products may reach {bound}, int64 ends at "
        "9,223,372,036,854,775,807; scale them down, or convert them to floats first"
    )
    assert expected == refusal(np.array(x), np.array(w), bias, backend=backend)


@both
def test_only_the_heaviest_output_limits_the_integers(backend):
    x = np.full((1, 2, 1), TOP // 7)
    light = np.array([[[3], [4]], [[7], [0]], [[-1], [6]]])
    assert [[[TOP], [TOP], [TOP // 7 * 5]]] == conv(x, light, backend=backend).tolist()
    heavy = np.array([[[3], [4]], [[7], [1]], [[-1], [6]]])
    assert "too large" in refusal(x, heavy, backend=backend)


@both
def test_the_limit_holds_for_a_transposed_convolution(backend):
    x = np.full((1, 2, 1), TOP // 7)
    w = np.array([[[3], [7]], [[4], [0]]])  # per output 3 + 4 and 7 + 0, though 3 + 7 in a row
    assert [[[TOP], [TOP]]] == convt(x, w, backend=backend, rank=1).tolist()
    with pytest.raises(DataError, match="too large"):
        convt(x, np.array([[[3], [7]], [[5], [0]]]), backend=backend, rank=1)


@both
@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "uint16", "int32", "uint32"])
def test_integers_do_not_wrap_at_the_width_of_their_dtype(backend, dtype):
    top = np.iinfo(dtype).max
    x, w = np.full((1, 2, 3), top, dtype), np.full((1, 2, 3), 3, dtype)
    array = conv(x, w, backend=backend, rank=1)
    assert ("int64", 18 * top) == (array.dtype, array.item())  # 6 products of 3 * top


@both
def test_uint64_is_used_up_to_the_end_of_int64(backend):
    x, w = np.array([TOP, 1], "uint64"), np.array([1], "uint64")
    array = conv(x, w, backend=backend)
    assert ("int64", [TOP, 1]) == (array.dtype, array.tolist())
    expected = "the input (uint64) holds 9223372036854775808, which int64 cannot hold"
    assert expected == refusal(np.array([2**63, 1], "uint64"), w, backend=backend)


@both
def test_uint64_and_int64_together_stay_whole(backend):
    x, w = np.array([2**53 + 1], "uint64"), np.array([-1], "int64")
    array = conv(x, w, backend=backend)
    assert ("int64", [-(2**53) - 1]) == (array.dtype, array.tolist())


# --- a dtype that is asked for


@both
@pytest.mark.parametrize(
    ("dtype", "low", "high"),
    [
        ("int8", -128, 127),
        ("uint8", 0, 255),
        ("int16", -32768, 32767),
        ("uint16", 0, 65535),
        ("int32", -2147483648, 2147483647),
        ("uint32", 0, 4294967295),
        ("uint64", 0, TOP),
    ],
)
def test_integers_fit_a_narrower_dtype_up_to_its_ends(backend, dtype, low, high):
    w = np.array([1], "int8")
    array = conv(np.array([low, high]), w, backend=backend, dtype=dtype)
    assert (dtype, [low, high]) == (array.dtype, array.tolist())
    message = refusal(np.array([low - 1, 0]), w, backend=backend, dtype=dtype)
    assert message.startswith(f"the result ranges from {low - 1} to 0, which {dtype} cannot hold (")


@pytest.mark.parametrize(
    ("dtype", "ends"), [("int8", "-128 to 127"), ("uint16", "0 to 65535"), ("int32", "")]
)
def test_an_integer_beyond_a_narrower_dtype_is_refused_with_its_range(dtype, ends):
    high = np.iinfo(dtype).max + 1
    expected = f"the result ranges from 1 to {high}, which {dtype} cannot hold ({ends}"
    assert refusal(np.array([1, high]), np.array([1]), dtype=dtype).startswith(expected)


def test_only_the_result_must_fit_the_narrower_dtype():
    x, w = np.array([1000, 1000]), np.array([1, -1])
    assert [0] == conv(x, w, dtype="int8").tolist()


@pytest.mark.parametrize("dtype", ["int8", "int64", "uint64"])
def test_floats_are_not_cut_to_integers(dtype):
    expected = f"--dtype {dtype} would cut the fractions off the kernel (float32)"
    assert expected == refusal(np.array([1, 2]), np.ones(1, "float32"), dtype=dtype)


@both
@pytest.mark.parametrize(
    ("dtype", "limit"),
    [("float16", 2**11), ("bfloat16", 2**8), ("float32", 2**24), ("float64", 2**53)],
)
def test_integers_become_floats_where_that_is_exact(backend, dtype, limit):
    w = np.array([1])
    exact = conv(np.array([limit, -limit]), w, backend=backend, dtype=dtype)
    assert ([limit, -limit], "f") == (exact.tolist(), exact.dtype.kind)
    expected = (
        f"the input (int64) holds {limit + 1}, beyond the whole numbers that {dtype} holds "
        f"exactly (up to {limit})"
    )
    assert expected == refusal(np.array([0, -limit - 1]), w, backend=backend, dtype=dtype)


def test_integers_beside_floats_must_be_exact_too():
    message = refusal(np.array([2**53 + 1]), np.ones(1))
    assert "the whole numbers that float64 holds exactly" in message


@both
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_a_float_is_computed_in_the_dtype_that_is_asked_for(backend, dtype):
    x, w = np.array([1 + 2.0**-9, 1 + 2.0**-20, 1 + 2.0**-40]), np.ones(1, "float32")
    expected = x.astype(dtype)
    array = conv(x, w, backend=backend, dtype=dtype)
    assert (dtype, expected.tolist()) == (array.dtype, array.tolist())


@both
def test_bfloat16_is_stored_as_float32_and_that_is_said(backend):
    x = np.ones((1, 1, 3), "float32")
    result = run(Conv, x, x, backend=backend, dtype="bfloat16", rank=1)
    note = "bfloat16 has no .npy form: values are rounded to it and stored as float32"
    assert ("bfloat16", "float32", (note,)) == (
        result.dtypes.result,
        result.array.dtype,
        result.notes,
    )


def bit_patterns():
    """float32 with every upper half, and lower halves at, beside and between the ties."""
    upper = np.arange(2**16, dtype=np.uint32) << 16
    lower = np.array([0, 1, 0x7FFF, 0x8000, 0x8001, 0xFFFF], np.uint32)
    return (upper[:, None] | lower).ravel().view(np.float32)


@both
def test_bfloat16_is_rounded_as_torch_rounds_it(backend):
    torch = pytest.importorskip("torch")
    values = bit_patterns()
    expected = torch.from_numpy(values).to(torch.bfloat16).float().numpy()
    array = conv(values, np.ones(1, "float32"), backend=backend, dtype="bfloat16")
    np.testing.assert_array_equal(expected, array)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1 + 2.0**-8, 1),  # a tie: to even
        (1 + 3 * 2.0**-8, 1 + 2.0**-6),  # a tie: to even
        (1 + 2.0**-8 + 2.0**-20, 1 + 2.0**-7),
        (3.3961775e38, INF),  # half a step above the largest, 3.3895314e38
        (3.396e38, 3.3895313892515355e38),
        (2.0**-133, 2.0**-133),  # the smallest
        (2.0**-134, 0),
        (3 * 2.0**-134, 2.0**-132),
        (-INF, -INF),
        (NAN, NAN),
    ],
)
def test_bfloat16_is_rounded_to_nearest_even(value, expected):
    array = conv(np.array([value], "float32"), np.ones(1, "float32"), dtype="bfloat16")
    np.testing.assert_array_equal([expected], array)


@pytest.mark.parametrize(
    ("expected", "name"), [(None, None), ("float32", "Float32"), ("bfloat16", "bfloat16")]
)
def test_a_dtype_is_asked_for_by_name(expected, name):
    assert expected == check_requested(name)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("flaot32", "; did you mean 'float32'?"),
        ("int128", "; did you mean 'int8'?"),
        ("quaternion", "; expected one of float16, bfloat16, float32, float64, int8, "),
    ],
)
def test_an_unknown_dtype_is_refused(name, hint):
    with pytest.raises(UsageError) as caught:
        check_requested(name)
    assert str(caught.value).startswith(f"--dtype: unknown dtype '{name}'{hint}")


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


# --- the same numbers in another place


def big_endian(array):
    return array.astype(array.dtype.newbyteorder(">"))


def with_gaps(array):
    roomy = np.full(tuple(3 * n for n in array.shape), 99, array.dtype)
    roomy[(slice(1, None, 3),) * array.ndim] = array
    return roomy[(slice(1, None, 3),) * array.ndim]


def backwards(array):
    return np.flip(np.flip(array).copy())


def read_only(array):
    array = array.copy()
    array.flags.writeable = False
    return array


LAYOUTS = {
    "big-endian": big_endian,
    "Fortran": np.asfortranarray,
    "gaps": with_gaps,
    "negative strides": backwards,
    "read-only": read_only,
}
layouts = pytest.mark.parametrize("layout", LAYOUTS)
LAYOUT_CASES = [
    (Conv, (3, 37, 50), (13, 37, 3), {"padding": 1}),
    (Conv, (1, 64, 20, 20), (32, 64, 3, 3), {"stride": 2}),
    (Conv, (1, 300, 7), (1, 300, 1), {}),
    (ConvTranspose, (3, 37, 50), (37, 13, 3), {"stride": 2}),
]


@both
@layouts
@pytest.mark.parametrize("dtype", ["int16", "uint64", "float16", "float32", "float64"])
@pytest.mark.parametrize("kind", [Conv, ConvTranspose])
def test_numbers_count_and_not_where_they_lie(backend, layout, dtype, kind):
    draw, change = np.random.default_rng(3), LAYOUTS[layout]
    x, w = (draw.integers(1, 9, shape).astype(dtype) for shape in ((2, 4, 5, 6), (4, 4, 3, 2)))
    b = np.arange(4).astype(dtype)
    given = [change(a) for a in (x, w, b)]
    kept = [a.tobytes() for a in given]
    expected = run(kind, x, w, b, backend=backend).array
    array = run(kind, *given, backend=backend).array
    assert (expected.dtype, expected.tolist()) == (array.dtype, array.tolist())
    assert array.dtype.isnative
    assert kept == [a.tobytes() for a in given]


@both
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("kind", "x", "w", "parameters"), LAYOUT_CASES)
def test_the_same_inputs_give_the_same_bits(backend, dtype, kind, x, w, parameters):
    x, w = normal(*x, dtype=dtype), normal(*w, dtype=dtype)
    given = {"backend": backend, "parameters": parameters, "rank": w.ndim - 2}
    expected = run(kind, x, w, **given).array.tobytes()
    for _ in range(3):
        array = run(kind, x, w, **given).array
        assert expected == array.tobytes()


def bits_in_every_layout(backend):
    """Whether the result is the same to the last bit, for each case and layout."""
    for kind, x_shape, w_shape, parameters in LAYOUT_CASES:
        x, w = normal(*x_shape, dtype="float32"), normal(*w_shape, dtype="float32")
        given = {"backend": backend, "parameters": parameters, "rank": len(w_shape) - 2}
        expected = run(kind, x, w, **given).array.tobytes()
        for change in LAYOUTS.values():
            for pair in ((change(x), w), (x, change(w))):
                array = run(kind, *pair, **given).array
                yield expected == array.tobytes()


@both
def test_the_layout_in_memory_changes_no_bit(backend):
    assert all(bits_in_every_layout(backend))


@both
def test_the_inputs_are_left_as_they_were(backend):
    x, w, b = normal(1, 2, 5, 5), normal(2, 2, 3, 3), normal(2)
    kept = [a.tobytes() for a in (x, w, b)]
    array = conv(x, w, b, backend=backend)
    array += 1
    assert kept == [a.tobytes() for a in (x, w, b)]


@both
def test_the_result_shares_no_memory_with_the_input(backend):
    x = normal(1, 1, 5)
    array = conv(x, np.ones((1, 1, 1)), backend=backend)
    assert not np.shares_memory(x, array)
