"""Arrays in any order in memory: the same numbers, to the bit, and untouched inputs."""

import numpy as np
import pytest
from convolving import both, conv, normal, run

from convcalc.layers import Conv, ConvTranspose

pytestmark = pytest.mark.usefixtures("opencv")


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
    given = {"backend": backend, "parameters": parameters, "spatial_dims": w.ndim - 2}
    expected = run(kind, x, w, **given).array.tobytes()
    for _ in range(3):
        array = run(kind, x, w, **given).array
        assert expected == array.tobytes()


def bits_in_every_layout(backend):
    """Whether the result is the same to the last bit, for each case and layout."""
    for kind, x_shape, w_shape, parameters in LAYOUT_CASES:
        x, w = normal(*x_shape, dtype="float32"), normal(*w_shape, dtype="float32")
        given = {"backend": backend, "parameters": parameters, "spatial_dims": len(w_shape) - 2}
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
    x, w, b = (normal(*shape, dtype="float64") for shape in ((1, 2, 5, 5), (2, 2, 3, 3), (2,)))
    kept = [a.tobytes() for a in (x, w, b)]
    array = conv(x, w, b, backend=backend)
    array += 1
    assert kept == [a.tobytes() for a in (x, w, b)]


@both
def test_the_result_shares_no_memory_with_the_input(backend):
    x = normal(1, 1, 5, dtype="float64")
    array = conv(x, np.ones((1, 1, 1)), backend=backend)
    assert not np.shares_memory(x, array)
