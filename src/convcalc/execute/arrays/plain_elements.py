"""Elements of arrays as plain numbers, with the digits that they have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from convcalc.layers import Shape


class Elements:
    """The elements of an array, each as a plain number."""

    def __init__(self, array: np.ndarray) -> None:
        self._array = array

    @property
    def shape(self) -> Shape:
        """How many there are along each axis."""
        return self._array.shape

    def __getitem__(self, place: tuple[int, ...]) -> int | float:
        """The element at a place: a whole number, or the shortest that its dtype tells apart."""
        value = self._array[place]
        if isinstance(value, np.integer | np.bool_):
            return int(value)
        return float(str(value))
