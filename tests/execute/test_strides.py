"""Arrays whose strides are not their own: backwards, in shared memory, fields of records."""

import numpy as np
import pytest
from convolving import BACKENDS, HAS_TORCH, conv
from numpy.lib.stride_tricks import as_strided, sliding_window_view

from convcalc import convolve
from convcalc.errors import DataError
from convcalc.execute import calls
from convcalc.execute.algorithms import ALGORITHMS

pytestmark = pytest.mark.usefixtures("opencv", "unsettled")

WAYS = ("auto", *ALGORITHMS)
both = pytest.mark.parametrize("backend", BACKENDS)
needs_torch = pytest.mark.skipif(not HAS_TORCH, reason="torch is not installed")


@pytest.fixture
def unsettled():
    """No call is kept from a test that had no OpenCV."""
    calls._call.cache_clear()


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
