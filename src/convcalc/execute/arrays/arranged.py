"""Arrays outside the memory, indexed as (N, C, *sizes) whatever axes they are stored with."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from convcalc.execute.arrays.axes import batch_first, kept_axes

if TYPE_CHECKING:
    from convcalc.arrayfile.elements import Elements
    from convcalc.arrayfile.stored import Readable, Stored
    from convcalc.execute.arrays.axes import Axes


class Arranged:
    """An array of which parts are read and written; whatever is read is a copy.

    Args:
        stored: The array itself.
        kept: Which of (N, C, *sizes) each of its axes is.
        shape: As (N, C, *sizes).
    """

    def __init__(
        self, stored: Stored | Readable, kept: tuple[int, ...], shape: tuple[int, ...]
    ) -> None:
        self.shape = shape
        self.dtype = stored.dtype
        self.ndim = len(shape)
        self.size = prod(shape)
        self.itemsize = stored.dtype.itemsize
        self._stored: Any = stored
        self._kept = kept

    def __getitem__(self, index: tuple[Any, ...]) -> np.ndarray:
        """The elements of a box, a slice per axis; or single ones, an array of indices per axis."""
        own = self._own(index)
        if not isinstance(index[0], slice):
            taken: np.ndarray = self._stored.take(own)
            return taken
        ordered = self._stored.read(own).transpose(np.argsort(self._kept))
        missing = [axis for axis in range(self.ndim) if axis not in self._kept]
        return np.expand_dims(ordered, missing)

    def __setitem__(self, index: tuple[slice, ...], values: np.ndarray) -> None:
        """Writes the elements of a box, of which `values` has every axis."""
        self._stored.write(self._own(index), as_stored(values, self._kept))

    def _own(self, index: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(index[axis] for axis in self._kept)


def as_stored(values: np.ndarray, kept: tuple[int, ...]) -> np.ndarray:
    """An array (N, C, *sizes) with the axes that are kept alone, in their order."""
    others = tuple(axis for axis in range(values.ndim) if axis not in kept)
    return values.transpose(*others, *kept).reshape([values.shape[axis] for axis in kept])


def samples_of(stored: Stored | Readable, axes: Axes) -> Arranged:
    """An input as (N, C, *sizes)."""
    form = np.broadcast_to(np.zeros((), stored.dtype), stored.shape)
    return Arranged(stored, kept_axes(axes, channels=False), batch_first(form, axes).shape)


def result_of(elements: Elements, axes: Axes, whole: tuple[int, ...]) -> Arranged:
    """A result with the axes of the input as (N, O, *sizes)."""
    return Arranged(elements, kept_axes(axes, channels=whole[1] > 1), whole)
