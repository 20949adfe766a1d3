"""`convcalc.convolve` and `plan_convolution`: arrays in, arrays out, without a command line."""

import doctest

import numpy as np
import pytest

import convcalc
from convcalc.errors import DataError, ParameterError, ShapeError, UsageError
from convcalc.execute import convolve as library


def normal(*shape, dtype="float32"):
    return np.random.default_rng(0).standard_normal(shape).astype(dtype)


def test_the_examples_are_right():
    results = doctest.testmod(library)
    assert (0, True) == (results.failed, results.attempted >= 5)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [14, 20, 26]),
        ({"stride": 2}, [14, 26]),
        ({"padding": 1, "padding_mode": "replicate"}, [9, 14, 20, 26, 29]),
        ({"dilation": 2}, [22]),
        ({"transposed": True, "stride": 2}, [1, 2, 5, 4, 9, 6, 13, 8, 17, 10, 15]),
        (
            {"transposed": True, "stride": 2, "output_padding": 1, "padding": 1},
            [2, 5, 4, 9, 6, 13, 8, 17, 10, 15],
        ),
    ],
)
def test_a_row_by_hand(options, expected):
    x, w = np.arange(1, 6), np.array([1, 2, 3])
    assert expected == convcalc.convolve(x, w, **options).tolist()


def test_channels_groups_and_bias():
    x = np.array([[[1, 2]], [[3, 4]]]).reshape(1, 2, 2)
    w = np.array([10, 100]).reshape(2, 1, 1)
    y = convcalc.convolve(x, w, np.array([1, 2]), groups=2)
    assert [[[11, 21], [302, 402]]] == y.tolist()


@pytest.mark.parametrize(
    ("given", "result"),
    [("float16", "float16"), ("float32", "float32"), ("float64", "float64"), ("uint8", "int64")],
)
@pytest.mark.parametrize("tensors", [False, True])
def test_the_dtype_and_the_library_of_the_result(given, result, tensors):
    x, w = np.ones((1, 2, 9, 9), given), np.ones((3, 2, 2, 2), given)
    if tensors:
        torch = pytest.importorskip("torch")
        x, w = torch.from_numpy(x), torch.from_numpy(w)
    y = convcalc.convolve(x, w)
    assert (type(x), result) == (type(y), str(y.dtype).rpartition(".")[2])
    assert (1, 3, 8, 8) == tuple(y.shape)
    assert {8} == set(y.flatten().tolist())


def test_tensors_are_torchs_convolution():
    torch = pytest.importorskip("torch")
    x, w, b = (
        torch.from_numpy(normal(2, 4, 30, 31)),
        torch.from_numpy(normal(6, 2, 3, 5)),
        torch.ones(6),
    )
    y = convcalc.convolve(x, w, b, stride=2, padding=(1, 2), groups=2, threads=1)
    expected = torch.nn.functional.conv2d(x, w, b, 2, (1, 2), 1, 2)
    assert torch.allclose(expected, y, atol=1e-4)


def test_half_tensors_are_summed_in_float32():
    torch = pytest.importorskip("torch")
    x, w = (
        torch.ones(1, 1, 4096, dtype=torch.bfloat16),
        torch.ones(1, 1, 1001, dtype=torch.bfloat16),
    )
    # 1001 ones: summed in bfloat16 they would stop at 256.
    assert {1000.0} == set(convcalc.convolve(x, w).flatten().tolist())


def test_a_gradient_is_not_followed():
    torch = pytest.importorskip("torch")
    x = torch.ones(1, 1, 9, requires_grad=True)
    assert not convcalc.convolve(x, torch.ones(1, 1, 3)).requires_grad


@pytest.mark.parametrize("tensors", [False, True])
def test_threads_are_given_back(tensors):
    torch = pytest.importorskip("torch")
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    x, w = (torch.ones(1, 1, 9), torch.ones(1, 1, 3)) if tensors else (np.ones(9), np.ones(3))
    convcalc.convolve(x, w, threads=1, backend="torch")
    after = torch.get_num_threads()
    torch.set_num_threads(before)
    assert 2 == after


def test_the_result_goes_into_out():
    x, w, out = np.arange(5), np.array([1, 1]), np.zeros(4, "int64")
    assert out is convcalc.convolve(x, w, out=out)
    assert [1, 3, 5, 7] == out.tolist()
    with pytest.raises(DataError, match=r"^out is 3 int64, the result 4 int64$"):
        convcalc.convolve(x, w, out=np.zeros(3, "int64"))
    with pytest.raises(DataError, match=r"^out is 4 float64, the result 4 int64$"):
        convcalc.convolve(x, w, out=np.zeros(4))


def test_the_input_stays_as_it_was():
    x, w, b = normal(1, 1, 40, 40), normal(1, 1, 5, 5), normal(1)
    before = [a.copy() for a in (x, w, b)]
    for algorithm in ("direct", "im2col", "fft", "lowrank"):
        convcalc.convolve(x, w, b, padding=2, algorithm=algorithm)
    assert all((a == b).all() for a, b in zip(before, (x, w, b), strict=True))


@pytest.mark.parametrize("algorithm", ["auto", "direct", "im2col", "fft"])
def test_strides_and_views_are_read_as_they_are(algorithm):
    x, w = normal(1, 1, 80, 90), normal(1, 1, 7, 7)
    expected = convcalc.convolve(x[..., ::2, ::-1].copy(), w[..., ::-1].copy(), algorithm=algorithm)
    y = convcalc.convolve(x[..., ::2, ::-1], w[..., ::-1], algorithm=algorithm)
    assert expected.tolist() == y.tolist()


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"algorithm": "winograd"}, UsageError, "algorithm: expected auto, direct, im2col"),
        ({"backend": "jax"}, UsageError, "backend: expected auto, numpy, torch; got 'jax'"),
        ({"output_padding": 1}, UsageError, "output_padding goes with transposed=True"),
        ({"transposed": True, "padding_mode": "reflect"}, UsageError, "has no padding_mode"),
        ({"stride": 0}, ParameterError, "stride"),
        ({"padding": 9, "padding_mode": "reflect"}, ShapeError, "reflect padding of 9"),
        ({"bias": np.ones(2)}, DataError, "the bias is 2, the kernel makes 1 output"),
    ],
)
def test_what_is_wrong_is_said(options, error, message):
    with pytest.raises(error, match=message):
        convcalc.convolve(np.ones(5), np.ones(3), **options)


def test_arrays_and_tensors_do_not_mix():
    torch = pytest.importorskip("torch")
    with pytest.raises(DataError, match="of different libraries"):
        convcalc.convolve(torch.ones(5), np.ones(3))


@pytest.mark.parametrize("x", [np.ones(0), np.ones((0, 4)), np.ones((2, 0, 4))])
def test_an_empty_array_is_refused(x):
    with pytest.raises(DataError, match="nothing to convolve"):
        convcalc.convolve(x, np.ones(3))


@pytest.mark.parametrize(
    ("x", "kernel", "told"),
    [
        ("x.npy", [1.0], "x is a text; numpy.load"),
        ([1.0, 2.0], "sobel-x", "kernel is a text; numpy.load"),
        (b"x", [1.0], "x is a text; numpy.load"),
        (3.0, [1.0], "x is a single number; a convolution needs at least one axis"),
    ],
)
def test_what_has_no_axes_is_told_what_it_is(x, kernel, told):
    with pytest.raises(DataError, match=told):
        convcalc.convolve(x, kernel)


def test_a_plan_needs_shapes_alone():
    plan = convcalc.plan_convolution((8, 64, 56, 56), (64, 64, 3, 3), padding=1, backend="torch")
    assert ("direct", "torch") == (plan.algorithm, plan.backend)
    assert {"im2col", "fft", "lowrank"} == {name for name, *_ in plan.alternatives}
    with pytest.raises(DataError, match="must both have 3 to 5 axes"):
        convcalc.plan_convolution((9, 9), (3, 3))
    with pytest.raises(DataError, match="the input has 3 channels, the kernel reads 4"):
        convcalc.plan_convolution((1, 3, 9, 9), (1, 4, 3, 3))
    with pytest.raises(ShapeError, match="the kernel spans 9"):
        convcalc.plan_convolution((1, 1, 5), (1, 1, 9))
