"""Integers of any dtype, library and order of bytes stay exact in `convolve`, or are refused."""

import numpy as np
import pytest

import convcalc
from convcalc.errors import DataError

torch = pytest.importorskip("torch")

SIGNED = ("int8", "int16", "int32", "int64")
UNSIGNED = ("uint8", "uint16", "uint32", "uint64")
INTEGERS = (*SIGNED, *UNSIGNED)
FLOATS = {"float16": 11, "bfloat16": 8, "float32": 24, "float64": 53}
"""Dtypes with the bits of their mantissa."""


def row(dtype, *numbers):
    """One channel of numbers; torch itself makes no uint64 from 2^63 on of Python's numbers."""
    if dtype.startswith("uint"):
        return torch.from_numpy(np.array(numbers, dtype)).reshape(1, 1, -1)
    return torch.tensor(numbers, dtype=getattr(torch, dtype)).reshape(1, 1, -1)


def refusal(*given, **options):
    with pytest.raises(DataError) as caught:
        convcalc.convolve(*given, **options)
    return str(caught.value)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("transposed", [False, True])
def test_a_uint64_from_2_to_63_on_is_refused_in_either_order_of_bytes(order, transposed):
    large, one = np.array([2**63 + 5, 1], f"{order}u8"), np.array([1], f"{order}u8")
    assert (
        "'x' (uint64) holds 9223372036854775813, which int64 cannot hold",
        "'kernel' (uint64) holds 9223372036854775813, which int64 cannot hold",
        "'bias' (uint64) holds 9223372036854775813, which int64 cannot hold",
    ) == (
        refusal(large, one, transposed=transposed),
        refusal(np.array([1, 1, 1]), large, transposed=transposed),
        refusal(one, one, large[:1], transposed=transposed),
    )


@pytest.mark.parametrize("transposed", [False, True])
def test_a_tensor_of_uint64_from_2_to_63_on_is_refused(transposed):
    large, one = row("uint64", 2**63 + 5, 2**63, 1), row("uint64", 1)
    assert (
        "'x' (uint64) holds 9223372036854775813, which int64 cannot hold",
        "'kernel' (uint64) holds 9223372036854775813, which int64 cannot hold",
        "'bias' (uint64) holds 9223372036854775813, which int64 cannot hold",
    ) == (
        refusal(large, one, transposed=transposed),
        refusal(row("uint8", 1, 1, 1), large, transposed=transposed),
        refusal(one, one, large.flatten()[:1], transposed=transposed),
    )


@pytest.mark.parametrize("number", [2**63 - 1, 2**60 + 1])
def test_a_tensor_of_uint64_below_2_to_63_is_exact(number):
    y = convcalc.convolve(row("uint64", number, 0), row("uint8", 1))
    assert (torch.int64, [number, 0]) == (y.dtype, y.flatten().tolist())


@pytest.mark.parametrize("order", ["<", ">"])
def test_an_out_array_is_filled_in_either_order_of_bytes(order):
    out = np.zeros(4, f"{order}i8")
    assert out is convcalc.convolve(np.arange(5), np.array([1, 1]), out=out)
    assert [1, 3, 5, 7] == out.tolist()


@pytest.mark.parametrize("kernel", FLOATS)
@pytest.mark.parametrize("own", ["int16", "int32", "int64", "uint16", "uint32", "uint64"])
def test_integers_beside_floats_are_exact_or_refused(own, kernel):
    """A float of p bits has every whole number up to 2^p and not the next one."""
    limit = 2 ** FLOATS[kernel]
    if limit + 1 > torch.iinfo(getattr(torch, own)).max:
        limit = torch.iinfo(getattr(torch, own)).max // 2 + 1  # a power of two, exact in all
        assert [limit] == convcalc.convolve(row(own, limit), row(kernel, 1)).flatten().tolist()
        return
    assert [limit, 0] == convcalc.convolve(row(own, limit, 0), row(kernel, 1)).flatten().tolist()
    told = f"({own}) holds {limit + 1}, beyond the whole numbers that {kernel} holds exactly"
    too_large, one = row(own, limit + 1, 0), row(kernel, 1)
    assert f"'x' {told} (up to {limit})" == refusal(too_large, one)
    assert f"'kernel' {told} (up to {limit})" == refusal(row(kernel, 1, 1), too_large)
    assert f"'bias' {told} (up to {limit})" == refusal(one, one, too_large.flatten()[:1])


@pytest.mark.parametrize(
    ("number", "kernel", "told"),
    [
        (-(2**53) - 1, "float64", "holds 9007199254740993, beyond the whole numbers that float64"),
        (-(2**24) - 1, "float32", "holds 16777217, beyond the whole numbers that float32"),
        (-(2**63), "float64", "holds 9223372036854775808, beyond the whole numbers that float64"),
    ],
)
def test_negative_integers_lose_no_digits_either(number, kernel, told):
    assert told in refusal(row("int64", number), row(kernel, 1))


@pytest.mark.parametrize("one", INTEGERS)
@pytest.mark.parametrize("other", INTEGERS)
def test_tensors_of_any_two_integer_dtypes_are_int64(one, other):
    y = convcalc.convolve(row(one, 100, 7), row(other, 100, 1), row("uint16", 5).flatten())
    assert (torch.int64, [10012]) == (y.dtype, y.flatten().tolist())  # 100*100 + 7*1 + 5


@pytest.mark.parametrize("own", INTEGERS)
@pytest.mark.parametrize("kernel", FLOATS)
def test_integers_take_the_dtype_of_the_floats(own, kernel):
    y = convcalc.convolve(row(own, 3, 7), row(kernel, 0.5, 2))
    assert (getattr(torch, kernel), [15.5]) == (y.dtype, y.flatten().tolist())  # 1.5 + 14


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("float16", "bfloat16", "float32"),
        ("float16", "float64", "float64"),
        ("bfloat16", "float32", "float32"),
        ("float32", "float64", "float64"),
    ],
)
def test_floats_of_two_dtypes_are_promoted_as_torch_does_it(one, other, expected):
    y = convcalc.convolve(row(one, 3, 7), row(other, 0.5, 2), row("uint32", 4).flatten())
    assert (getattr(torch, expected), [19.5]) == (y.dtype, y.flatten().tolist())


@pytest.mark.parametrize("own", ["float8_e4m3fn", "float8_e5m2"])
@pytest.mark.parametrize("other", ["float32", "int64", "uint16", None])
def test_a_dtype_that_nothing_is_promised_of_is_refused(own, other):
    x = torch.ones(1, 1, 4).to(getattr(torch, own))
    w = row(other, 1, 1) if other else x
    told = f"is of dtype {own}; expected integers, float16, bfloat16, float32 or float64"
    assert f"'x' {told}" == refusal(x, w)


@pytest.mark.parametrize("own", ["bool", "complex64"])
def test_what_is_no_real_number_is_refused(own):
    odd, even = torch.ones(1, 1, 3, dtype=getattr(torch, own)), torch.ones(1, 1, 3)
    assert f"'kernel' is of dtype {own}; real numbers are convolved" == refusal(even, odd)


@pytest.mark.parametrize("tensors", [False, True])
def test_integers_as_weights_of_a_model_lose_no_digits(tensors):
    network = convcalc.parse("conv:1,k1,nobias")
    weight = np.array([2**24 + 1], ">i8").reshape(1, 1, 1)
    if tensors:
        weight = torch.from_numpy(weight.astype("int64"))
    told = r"^'0.weight' \(int64\) holds 16777217, beyond the whole numbers that float32 holds"
    with pytest.raises(DataError, match=told):
        network.to_torch((1, 4), weights={"0.weight": weight})
    model = network.to_torch((1, 4), weights={"0.weight": weight - 1})
    assert 16777216.0 == model.state_dict()["0.weight"].item()
