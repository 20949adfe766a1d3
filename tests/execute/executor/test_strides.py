"""Arrays whose strides are not their own: backwards, in shared memory, fields of records."""

import numpy as np
import pytest
from convolving import BACKENDS, HAS_TORCH, conv
from numpy.lib.stride_tricks import as_strided, sliding_window_view

from convcalc import convolve
from convcalc.errors import DataError
from convcalc.execute import repeating
from convcalc.execute.algorithms import ALGORITHMS

pytestmark = pytest.mark.usefixtures("opencv", "unsettled")

WAYS = ("auto", *ALGORITHMS)
both = pytest.mark.parametrize("backend", BACKENDS)
needs_torch = pytest.mark.skipif(not HAS_TORCH, reason="torch is not installed")


@pytest.fixture
def unsettled():
    """No call is kept from a test that had no OpenCV."""
    repeating._call.cache_clear()


def backwards(array):
    """The same array with a negative stride on every axis."""
    flipped = (slice(None, None, -1),) * array.ndim
    return array[flipped].copy()[flipped]


@both
@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "int64", "uint8", ">f4"])
def test_a_step_backwards_along_an_axis_of_one_element(backend, dtype):
    x, k, b = (backwards(np.array(n, dtype)) for n in ([[[3]]], [[[2]]], [5]))
    assert x.strides[0] < 0 and k.strides[2] < 0 and b.strides[0] < 0
    assert [[[11]]] == convolve(x, k, b, backend=backend).tolist()
    assert [6] == convolve(np.array([3], dtype)[::-1], np.array([2], dtype), backend=backend)
    assert [[[6, 8]]] == convolve(np.array([[[3, 4]]], dtype)[::-1], k, backend=backend).tolist()


@both
def test_a_flipped_kernel_of_one_tap(backend):
    x, k = np.arange(12, dtype="f4").reshape(1, 1, 3, 4), np.array([[[[2]]]], "f4")
    assert (2 * x).tolist() == conv(x, k, flip=True, backend=backend).tolist()


@both
@pytest.mark.parametrize(
    ("algorithm", "dtype"), [("auto", "float64"), *((name, "float32") for name in WAYS)]
)
def test_windows_that_share_memory(backend, algorithm, dtype):
    # rows 0 1 2 ... 99, 1 2 3 ... 100 and so on: what lies at (i, j) is i + j
    x = sliding_window_view(np.arange(200, dtype=dtype), 100)
    for taps in (3, 10):
        kernel = np.broadcast_to(x[0, 1], (taps, taps))  # of ones
        y = convolve(x, kernel, backend=backend, algorithm=algorithm)
        # taps^2 * (i + j), and taps * (0 + 1 + ... + taps - 1) more for rows and columns each
        first = np.add.outer(np.arange(102 - taps), np.arange(101 - taps))
        assert (taps**2 * (first + taps - 1)).tolist() == y.tolist()
    k = sliding_window_view(np.arange(1, 6, dtype=dtype), 3)
    y = convolve(np.ones((80, 90), dtype), k, backend=backend)
    assert {27.0} == set(y.flatten().tolist())  # 1 + 2 + 3, 2 + 3 + 4, 3 + 4 + 5


@both
@pytest.mark.parametrize("algorithm", WAYS)
def test_fields_of_records_lie_between_other_numbers(backend, algorithm):
    records = np.zeros((40, 50), [("a", "f4"), ("b", "i2"), ("c", "i1")])
    records["a"], records["b"], records["c"] = 3, 7, 9
    kernel = np.zeros((5, 5), [("c", "i1"), ("a", "f4")])
    kernel["a"] = 2
    # strides of 7 and 5 bytes, which are no whole numbers of float32
    y = convolve(records["a"], kernel["a"], backend=backend, algorithm=algorithm)
    assert {150.0} == set(y.flatten().tolist())


@both
@pytest.mark.parametrize("steps", [(0, 4), (4, 0), (0, 0), (-160, 4), (160, -4), (8, 4), (280, 8)])
def test_any_strides(backend, steps):
    memory = np.arange(1, 1 + 40 * 400, dtype="f4") % 1000
    x = as_strided(memory[8000:], (80, 70), steps)
    whole = np.array(x)  # in an order of its own
    for k in (np.ones((3, 3), "f4"), np.ones((1, 1), "f4"), as_strided(memory, (2, 2), (0, 0))):
        expected = convolve(whole.astype(int), k.astype(int))
        assert expected.tolist() == convolve(x, k, backend=backend).tolist()


@needs_torch
@pytest.mark.parametrize("algorithm", WAYS)
def test_tensors_whose_elements_share_memory(algorithm):
    import torch

    x, k = torch.arange(200.0).unfold(0, 100, 1), torch.ones(1, 1).expand(3, 3)
    y = convolve(x, k, algorithm=algorithm)
    # what lies at (i, j) is i + j
    expected = 9.0 * (np.add.outer(np.arange(99), np.arange(98)) + 2)
    assert expected.tolist() == y.tolist()
    assert {9.0} == set(convolve(torch.ones(1, 1).expand(80, 90), k).flatten().tolist())


@needs_torch
def test_tensors_that_are_yet_to_be_negated():
    import torch

    x = torch.full((60, 60), 3j, dtype=torch.complex64).conj().imag
    k = torch.full((3, 3), 2j, dtype=torch.complex64).conj().imag
    assert x.is_neg() and k.is_neg()
    assert {54.0} == set(convolve(x, k).flatten().tolist())  # 9 * -3 * -2
    b = k[0, :1]
    assert {52.0} == set(convolve(x[None, None], k[None, None], b).flatten().tolist())


@needs_torch
@pytest.mark.parametrize("order", ["to_sparse", "to_mkldnn"])
def test_a_sparse_tensor_is_refused(order):
    import torch

    x, k = torch.ones(1, 1, 5, 5), torch.ones(1, 1, 3, 3)
    for given in ((getattr(x, order)(), k), (x, getattr(k, order)())):
        with pytest.raises(DataError, match="dense"):
            convolve(*given)
