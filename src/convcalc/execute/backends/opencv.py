"""Single planes by OpenCV, where it is installed: sums of few taps, and transforms.

`filter2D` adds the products of the taps in the dtype of the plane, several elements at a time, as
long as a kernel has few elements. Beyond that it takes a transform in float32, whose errors nothing
bounds beside large values: so a larger kernel is cut into parts of which none is transformed, and
their results are added. Taps of weight 0 are left out of the sums, although 0 times NaN is NaN: a
kernel that has such taps is for planes of finite values only.

`dft` is the transform of one block, in float64 here.

Source: OpenCV, modules/imgproc/src/filter.dispatch.cpp: from which size `dftFilter2D` transforms.
"""

from __future__ import annotations

import platform
import sys
from contextlib import contextmanager
from functools import lru_cache
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np

from convcalc.execute.fitted_costs import FITTED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

Array = np.ndarray

SHARED_BY_OPENCV = FITTED["shared_by_opencv"]
"""Outputs from which OpenCV shares the sums over a plane among its own threads."""


@lru_cache(maxsize=1)
def is_installed() -> bool:
    """Whether OpenCV can be imported; it is not imported to find out."""
    return find_spec("cv2") is not None


def versions() -> dict[str, str]:
    """The version of OpenCV by its name, where it has been used."""
    used = sys.modules.get("cv2")
    return {"opencv": str(used.__version__)} if used is not None else {}


@lru_cache(maxsize=1)
def _cv2() -> ModuleType:
    import cv2

    if _limits:
        cv2.setNumThreads(_limits[-1])
    return cv2


_limits: list[int] = []
"""Threads that OpenCV may use by itself, the innermost limit last."""


@contextmanager
def limited(count: int) -> Iterator[None]:
    """OpenCV's own threads for a while, also if it is imported only then."""
    before = sys.modules["cv2"].getNumThreads() if "cv2" in sys.modules else -1
    _limits.append(count)
    if before not in (-1, count):
        sys.modules["cv2"].setNumThreads(count)
    try:
        yield
    finally:
        _limits.pop()
        if "cv2" in sys.modules and before != count:
            sys.modules["cv2"].setNumThreads(before)


def own_threads(elements: int) -> int:
    """Threads that OpenCV itself adds the taps of so many outputs with."""
    return int(_cv2().getNumThreads()) if elements >= SHARED_BY_OPENCV else 1


def most_taps(itemsize: int) -> int:
    """Elements up to which OpenCV never transforms a kernel: more for float32 on x86."""
    return 129 if itemsize == 4 and platform.machine() in ("x86_64", "AMD64") else 49


def finite_and_nonzero(values: Array) -> tuple[bool, bool]:
    """Whether all values are finite, and whether one of them is 0."""
    cv2, flat = _cv2(), _in_rows(values.reshape(1, -1))
    return cv2.checkRange(flat)[0], cv2.countNonZero(flat) != values.size


def transpose(array: Array, out: Array) -> None:
    """The transpose of an array (C, n) of float32 or float64, put into `out` (n, C)."""
    _cv2().transpose(_in_rows(array), out)


def _in_rows(plane: Array) -> Array:
    """The plane as OpenCV takes one, copied if it must be: whole rows, one behind the other.

    It refuses rows that share memory, such as those of a view of sliding windows.
    """
    step, beside = plane.strides
    apart = step >= plane.shape[1] * plane.itemsize and step % plane.itemsize == 0
    if apart and beside == plane.itemsize and plane.flags.aligned:
        return plane
    return np.require(np.ravel(plane).reshape(plane.shape), requirements="A")


def filtered(
    plane: Array, kernel: Array, anchor: tuple[int, int], out: Array | None = None
) -> Array:
    """The sums over the taps for every element of a plane, the anchor on it, by OpenCV.

    Args:
        plane: (H, W) of float32 or float64; zeros surround it.
        kernel: Of the same dtype, of at most `most_taps`.
        anchor: The row and column of the tap that lies on the element.
        out: Where to put them, contiguous; fresh memory if it is None.
    """
    cv2 = _cv2()
    border = cv2.BORDER_CONSTANT
    elements, taps = _in_rows(plane), _in_rows(kernel)
    found: Array = cv2.filter2D(elements, -1, taps, out, (anchor[1], anchor[0]), 0.0, border)
    return found


class Transform:
    """The transforms of blocks of one size, in float64.

    Its memory serves every block: what a method gives is good until its next call.

    Args:
        sizes: Rows and columns of a block.
    """

    def __init__(self, sizes: tuple[int, int]) -> None:
        self.sizes = sizes
        self._block = np.zeros(sizes)
        self._spectrum = np.empty(sizes)
        self._product = np.empty(sizes)

    def spectrum(
        self, elements: Array, before: tuple[int, int] = (0, 0), out: Array | None = None
    ) -> Array:
        """The spectrum of elements (H, W), zeros around them up to the size of a block.

        It is packed as OpenCV packs the spectrum of real numbers: as many numbers as elements.

        Args:
            before: Zeros before the first row and column.
            out: Where to put it.
        """
        top, left = before
        bottom, right = top + elements.shape[0], left + elements.shape[1]
        block = self._block
        block[:top] = 0
        block[top:bottom, :left] = 0
        block[top:bottom, left:right] = elements
        block[top:bottom, right:] = 0
        block[bottom:] = 0
        target = self._spectrum if out is None else out
        found: Array = _cv2().dft(block, target, 0, max(bottom, 1))
        return found

    def correlated(self, spectrum: Array, kernel: Array, rows: int) -> Array:
        """The first rows of what one spectrum's elements give, correlated with another's.

        Correlated round the block: beyond its end follows its beginning.
        """
        cv2 = _cv2()
        cv2.mulSpectrums(spectrum, kernel, 0, self._product, True)
        flags = cv2.DFT_INVERSE | cv2.DFT_SCALE | cv2.DFT_REAL_OUTPUT
        result: Array = cv2.dft(self._product, self._block, flags, rows)
        return result[:rows]


@contextmanager
def transforming(sizes: tuple[int, int]) -> Iterator[Transform]:
    """A transform of blocks of that size, with the memory of an earlier one if there is any.

    No two that are at work share any: one is taken from those that lie ready, and put back.
    """
    try:
        transform = _ready.pop()
    except IndexError:
        transform = Transform(sizes)
    if transform.sizes != sizes:
        transform = Transform(sizes)
    yield transform
    if len(_ready) < MOST_READY and sizes[0] * sizes[1] <= MOST_READY_ELEMENTS:
        _ready.append(transform)


_ready: list[Transform] = []

MOST_READY = 4
"""Transforms whose memory is kept for the next call."""

MOST_READY_ELEMENTS = 2**19
"""Elements of a block up to which it is kept: 12 MiB."""
