"""What padding contains, held against the libraries that people have it from."""

from __future__ import annotations

import re

import numpy as np
import pytest
from convolving import BACKENDS
from running_networks import network
from scipy import ndimage, signal

import convcalc
from convcalc.errors import DataError
from convcalc.execute.backends.numpy_backend import NumpyBackend
from convcalc.render.border_names import BORDER_NAMES
from convcalc.window import Window

ROW = np.array([1.0, 2, 3, 4])
ENDS = ("lower", "upper")


def padded(mode, ends=(3, 3), row=ROW):
    """A row with elements added."""
    return NumpyBackend().pad(row[None, None], [Window(1, 1, *ends)], mode)[0, 0].tolist()


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("zeros", [0, 0, 0, 1, 2, 3, 4, 0, 0, 0]),
        ("reflect", [4, 3, 2, 1, 2, 3, 4, 3, 2, 1]),
        ("symmetric", [3, 2, 1, 1, 2, 3, 4, 4, 3, 2]),
        ("replicate", [1, 1, 1, 1, 2, 3, 4, 4, 4, 4]),
        ("circular", [2, 3, 4, 1, 2, 3, 4, 1, 2, 3]),
    ],
)
def test_each_mode_by_hand(mode, expected):
    assert expected == padded(mode)


def test_symmetric_padding_is_as_wide_as_the_axis_at_most():
    assert [4, 3, 2, 1, 1, 2, 3, 4, 4, 3, 2, 1] == padded("symmetric", (4, 4))
    assert [7, 7] == padded("symmetric", (0, 1), np.array([7.0]))


@pytest.mark.parametrize("backend", BACKENDS)
def test_symmetric_is_what_scipy_calls_reflect(backend):
    draw = np.random.default_rng(0)
    x, w = draw.standard_normal((6, 7)), draw.standard_normal((3, 5))
    mine = convcalc.convolve(x, w, padding="same", padding_mode="symmetric", backend=backend)
    np.testing.assert_allclose(mine, ndimage.correlate(x, w, mode="reflect"), rtol=0, atol=1e-14)


def by_numpy(name):
    return np.pad(ROW, 3, name).tolist()


def by_scipy(name):
    """Tap by tap: a kernel of a single 1 moves the row, and shows what lies beyond its end."""
    taps = np.eye(7)
    moved = [ndimage.correlate1d(ROW, tap, mode=name).tolist() for tap in taps]
    return moved[0][:3] + ROW.tolist() + moved[6][-3:]


def by_opencv(name):
    cv2 = pytest.importorskip("cv2")
    return cv2.copyMakeBorder(ROW[None], 0, 0, 3, 3, getattr(cv2, name), value=0)[0].tolist()


def by_torch(name):
    torch = pytest.importorskip("torch")
    row = torch.from_numpy(ROW)[None, None]
    return torch.nn.functional.pad(row, (3, 3), name)[0, 0].tolist()


@pytest.mark.parametrize("mode", BORDER_NAMES, ids=lambda row: row[0])
def test_the_table_of_names_is_what_the_libraries_do(mode):
    ours, shown, numpy, scipy, opencv, _, torch = mode
    expected = [float("0abcd".index(letter)) for letter in shown.replace("|", "")]
    assert expected == padded(ours) == by_numpy(numpy) == by_scipy(scipy) == by_opencv(opencv)
    assert torch == "-" or expected == by_torch(torch)


@pytest.mark.parametrize(
    ("library", "names"),
    [
        (by_numpy, ("constant", "reflect", "symmetric", "edge", "wrap")),
        (by_scipy, ("constant", "mirror", "nearest", "wrap")),
        (by_scipy, ("grid-constant", "grid-mirror", "grid-wrap")),
        (by_opencv, ("BORDER_CONSTANT", "BORDER_REPLICATE", "BORDER_REFLECT", "BORDER_WRAP")),
        (by_opencv, ("BORDER_REFLECT101", "BORDER_REFLECT_101", "BORDER_DEFAULT")),
        (by_torch, ("constant", "reflect", "replicate", "circular")),
    ],
)
def test_names_of_other_libraries_mean_what_they_mean_there(library, names):
    for name in names:
        (node,) = convcalc.parse(f"pad:3,{name}").nodes
        assert library(name) == padded(node.layer.padding_mode), name


def test_the_one_name_that_cannot_be_read_as_scipy_means_it_is_reflect():
    assert by_scipy("reflect") == padded("symmetric") != padded("reflect") == by_numpy("reflect")


def test_another_librarys_name_in_a_call_of_the_function():
    row, kernel = np.array([1, 2, 3, 4, 5]), np.array([1, 10, 100])
    found = convcalc.convolve(row, kernel, padding=1, padding_mode="Mirror")
    assert [212, 321, 432, 543, 454] == found.tolist()


@pytest.mark.parametrize(
    ("mode", "ends", "expected"),
    [
        ("zeros", (-1, -2), [2]),
        ("zeros", (-1, 2), [2, 3, 4, 0, 0]),
        ("reflect", (-1, 2), [2, 3, 4, 3, 2]),
        ("reflect", (2, -3), [3, 2, 1]),  # what is cut off behind is still mirrored in front
        ("symmetric", (-3, 2), [4, 4, 3]),
        ("replicate", (-3, 1), [4, 4]),
        ("circular", (-1, 2), [2, 3, 4, 2, 3]),  # the circle is that of what is left
        ("circular", (2, -1), [2, 3, 1, 2, 3]),
    ],
)
def test_padding_below_0_cuts_elements_off(mode, ends, expected):
    assert expected == padded(mode, ends)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("array", "spec", "expected"),
    [
        (np.array([1.0, 2.0]), "pad:1:2,constant=0.5", [0.5, 1, 2, 0.5, 0.5]),
        (np.array([1.0, 2.0], "float16"), "pad:-1:1,constant=-3", [2, -3]),
        (np.array([1, 2]), "pad:1,constant=9007199254740992", [2**53, 1, 2, 2**53]),
        (np.array([1, 2], "uint8"), "pad:1,constant=-7", [-7, 1, 2, -7]),
    ],
)
def test_padding_with_a_number(backend, array, spec, expected):
    result = network(spec, array, backend=backend, spatial_dims=1).array
    assert expected == result.tolist()


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("array", "value", "message"),
    [
        (np.array([1, 2]), 0.5, "makes fractions of whole numbers; compute with --dtype float32"),
        (np.array([1, 2]), 2.0**53 + 2, "padding with 9.0072e+15 is not exact in int64"),
        (np.array([1.0, 2], "float32"), 1e39, "padding with 1e+39 leaves the range of float32"),
    ],
)
def test_a_number_that_the_dtype_does_not_have_is_refused(backend, array, value, message):
    with pytest.raises(DataError, match=re.escape(message)):
        network(f"pad:1,constant={value}", array[None], backend=backend)


@pytest.mark.parametrize("backend", BACKENDS)
def test_full_is_that_of_numpy_and_scipy(backend):
    draw = np.random.default_rng(0)
    row, taps = draw.integers(-9, 10, 7), draw.integers(-9, 10, 4)
    found = convcalc.convolve(row, taps[::-1], padding="full", backend=backend)
    assert np.convolve(row, taps, "full").tolist() == found.tolist()
    image, kernel = draw.integers(-9, 10, (5, 6)), draw.integers(-9, 10, (3, 2))
    found = convcalc.convolve(image, kernel, padding="full", backend=backend)
    assert signal.correlate2d(image, kernel, "full").tolist() == found.tolist()


def test_where_other_libraries_put_the_odd_element_of_an_even_kernel():
    cv2 = pytest.importorskip("cv2")
    draw = np.random.default_rng(0)
    x, w = draw.integers(-9, 10, (5, 6)), draw.integers(-9, 10, (2, 4))
    lower, upper = (convcalc.convolve(x, w, padding=f"same-{end}").tolist() for end in ENDS)
    opencv = cv2.filter2D(x.astype(float), -1, w.astype(float), borderType=cv2.BORDER_CONSTANT)
    assert lower == signal.correlate(x, w, "same").tolist() == opencv.tolist()
    assert lower == ndimage.correlate(x, w, mode="constant").tolist()
    assert upper == signal.correlate2d(x, w, "same").tolist() != lower
    turned = w[::-1, ::-1]
    lower, upper = (convcalc.convolve(x, turned, padding=f"same-{end}").tolist() for end in ENDS)
    assert lower == signal.convolve(x, w, "same").tolist()
    assert lower == signal.convolve2d(x, w, "same").tolist()
    assert upper == ndimage.convolve(x, w, mode="constant").tolist() != lower
    row = convcalc.convolve(x[0], turned[0], padding="same-lower").tolist()
    assert row == np.convolve(x[0], w[1], "same").tolist()
