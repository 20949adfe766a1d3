"""The dtype that is asked for: what fits into it, how it is rounded, what is refused."""

import math

import numpy as np
import pytest
from convolving import both, conv, refusal, run

from convcalc.errors import UsageError
from convcalc.execute.arrays.dtypes import check_requested
from convcalc.layers import Conv

pytestmark = pytest.mark.usefixtures("opencv")

INF, NAN = math.inf, math.nan

TOP = 2**63 - 1


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
    result = run(Conv, x, x, backend=backend, dtype="bfloat16", spatial_dims=1)
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
