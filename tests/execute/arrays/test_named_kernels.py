"""Kernels by name are those of OpenCV, and kernels typed as numbers are what was typed."""

from __future__ import annotations

import numpy as np
import pytest

from convcalc.errors import DataError, UsageError
from convcalc.execute.arrays.levels import levels_of, range_of
from convcalc.execute.arrays.named_kernels import FIXED, is_kernel_text, kernel_of_text


def test_the_kernels_of_derivatives_are_products_of_their_axes():
    derived, smooth = [-1, 0, 1], [1, 2, 1]
    assert (np.outer(smooth, derived) == kernel_of_text("sobel-x")).all()
    assert (np.outer(derived, smooth) == kernel_of_text("sobel-y")).all()
    assert (np.outer([3, 10, 3], derived) == kernel_of_text("Scharr-X")).all()
    assert (np.outer(derived, [1, 1, 1]) == kernel_of_text("prewitt-y")).all()


@pytest.mark.parametrize("name", FIXED)
def test_names_are_whole_numbers_with_a_sum_of_0_or_1(name):
    kernel = kernel_of_text(name)
    assert (np.int64, (3, 3)) == (kernel.dtype, kernel.shape)
    assert kernel.sum() == (name in ("sharpen", "emboss"))


@pytest.mark.parametrize(("size", "sigma"), [(5, 1.0), (3, 0.5), (9, 2.5)])
def test_gaussians_are_those_of_opencv(size, sigma):
    cv2 = pytest.importorskip("cv2")
    line = cv2.getGaussianKernel(size, sigma)
    kernel = kernel_of_text(f"gaussian:{size},{sigma}")
    assert kernel == pytest.approx(line @ line.T, abs=1e-12)
    assert kernel.sum() == pytest.approx(1, abs=1e-12)


def test_a_gaussian_without_a_sigma_takes_that_of_its_size():
    assert (kernel_of_text("gaussian:11") == kernel_of_text("gaussian:11,2.0")).all()


@pytest.mark.parametrize("text", ["gabor:21,4,45,10", "gabor:9,2,30,5,0.8,0", "gabor:7,3,-20,4,1"])
def test_gabors_are_those_of_opencv(text):
    cv2 = pytest.importorskip("cv2")
    size, sigma, theta, wave, gamma, phase, *_ = [*map(float, text[6:].split(",")), 0.5, 90.0][
        :6
    ] + [90.0] * 2
    if text.count(",") == 4:
        phase = 90.0
    expected = cv2.getGaborKernel(
        (int(size), int(size)), sigma, np.deg2rad(theta), wave, gamma, np.deg2rad(phase)
    )
    assert kernel_of_text(text) == pytest.approx(expected, abs=1e-12)


def test_a_box_is_a_mean():
    assert kernel_of_text("box:3") == pytest.approx(np.full((3, 3), 1 / 9))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 2 1; 2 4 2; 1 2 1", [[1, 2, 1], [2, 4, 2], [1, 2, 1]]),
        ("1,2,1;2,4,2;", [[1, 2, 1], [2, 4, 2]]),
        ("-1 0 1", [[-1, 0, 1]]),
        ("1/4 1/2; 0.5 1e-1", [[0.25, 0.5], [0.5, 0.1]]),
    ],
)
def test_rows_of_numbers_are_a_kernel(text, expected):
    assert is_kernel_text(text)
    assert expected == kernel_of_text(text).tolist()


@pytest.mark.parametrize("text", ["kernel.npy", "./sobel-x", "/a;b.npy", "sobel", "3", "a b"])
def test_other_words_are_files(text):
    assert not is_kernel_text(text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "1 2; 3",
            "row 1 has 1 numbers, row 0 has 2; all rows are equally long\n  1 2; 3\n       ^",
        ),
        ("1 2; a 3", "'a' is no number"),
        ("1 2; 1/0 3", "'1/0' is no number"),
        ("1 2;; 3 4", "row 1 has 0 numbers"),
        ("sobel-x:3", "sobel-x takes no parameters"),
        ("gaussian", "expected gaussian:SIZE,SIGMA, as gaussian:5,1.0; a number is missing"),
        ("gaussian:5,1,2", "got 3 numbers"),
        ("gaussian:2.5", "the size in gaussian:SIZE"),
        ("gaussian:0", "the size in gaussian:SIZE"),
        ("gaussian:5000", "up to 1001"),
        ("gaussian:5,nan", "'nan' is not finite"),
        ("gabor:5,0,1,1", "are above 0"),
    ],
)
def test_what_is_wrong_with_a_kernel_is_told(text, told):
    assert is_kernel_text(text)
    with pytest.raises(UsageError) as failed:
        kernel_of_text(text)
    assert told in str(failed.value)


VALUES = np.array([[-10.0, 0.4, 127.5], [255, 300, np.nan]])


@pytest.mark.parametrize(
    ("text", "expected", "cut"),
    [
        (None, [[0, 0, 128], [255, 255, 0]], 3),
        ("clip", [[0, 0, 128], [255, 255, 0]], 3),
        ("0:300", [[0, 0, 108], [217, 255, 0]], 2),
        ("stretch", [[0, 9, 113], [218, 255, 0]], 1),
    ],
)
def test_values_become_levels_as_asked(text, expected, cut):
    found = levels_of(VALUES, range_of(text))
    assert (expected, cut) == (found.array.tolist(), found.cut)
    assert np.uint8 == found.array.dtype


def test_sixteen_bits_have_more_levels():
    found = levels_of(np.array([[0, 65535, 70000]]), "clip", 65535)
    assert ([[0, 65535, 65535]], np.uint16) == (found.array.tolist(), found.array.dtype)


@pytest.mark.parametrize("text", ["", "a", "3:1", "1:1", "nan:1", "1:2:3", "-1e999:0", "1..2:3"])
def test_a_range_that_is_none_is_refused(text):
    with pytest.raises(UsageError, match="--range: expected clip, stretch or LO:HI"):
        range_of(text)


@pytest.mark.parametrize("shape", [(5,), (5, 4, 4), (2, 3, 4, 4)])
def test_what_is_no_picture_is_told(shape):
    with pytest.raises(DataError, match="no picture"):
        levels_of(np.zeros(shape), "clip")


def test_an_empty_contrast_is_black():
    assert not levels_of(np.full((2, 2), 7), "stretch").array.any()
