"""What padding contains, held against the libraries that people have it from."""

from __future__ import annotations

import numpy as np
import pytest
from convolving import BACKENDS
from scipy import ndimage

import convcalc
from convcalc.execute.backends.numpy_backend import NumpyBackend
from convcalc.window import Window

ROW = np.array([1.0, 2, 3, 4])


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
