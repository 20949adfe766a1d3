"""Integers are exact up to the last, or refused."""

import numpy as np
import pytest
from convolving import both, conv, convt, refusal

from convcalc.errors import DataError

pytestmark = pytest.mark.usefixtures("opencv")

TOP = 2**63 - 1


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
    assert [[[TOP], [TOP]]] == convt(x, w, backend=backend, spatial_dims=1).tolist()
    with pytest.raises(DataError, match="too large"):
        convt(x, np.array([[[3], [7]], [[5], [0]]]), backend=backend, spatial_dims=1)


@both
@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "uint16", "int32", "uint32"])
def test_integers_do_not_wrap_at_the_width_of_their_dtype(backend, dtype):
    top = np.iinfo(dtype).max
    x, w = np.full((1, 2, 3), top, dtype), np.full((1, 2, 3), 3, dtype)
    array = conv(x, w, backend=backend, spatial_dims=1)
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
