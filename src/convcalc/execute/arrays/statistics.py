"""The key figures of a result, taken piece by piece."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

PIECE_ELEMENTS = 1 << 22
"""Values that are looked at together: what is made of them on the way stays small."""


@dataclass
class Figures:
    """Least, mean and largest finite value so far, and how many are not finite.

    Attributes:
        least: The least finite value, in the dtype of the result; None before there is one.
        largest: The largest.
        total: The sum of the finite values, in float64.
        finite: How many there are.
        nonfinite: How many are NaN or infinite.
    """

    least: np.integer | np.floating | None = None
    largest: np.integer | np.floating | None = None
    total: float = 0.0
    finite: int = 0
    nonfinite: int = 0

    @property
    def mean(self) -> float | None:
        """The mean of the finite values, None where there are none."""
        return self.total / self.finite if self.finite else None

    def add(self, array: np.ndarray) -> None:
        """Takes more values into account."""
        for piece in _pieces(array):
            values = piece
            if piece.dtype.kind == "f":
                known = np.isfinite(piece)
                broken = int(piece.size - np.count_nonzero(known))
                self.nonfinite += broken
                values = piece[known] if broken else piece
            if values.size:
                low, high = values.min(), values.max()
                self.least = low if self.least is None else min(self.least, low)
                self.largest = high if self.largest is None else max(self.largest, high)
                self.total += float(values.sum(dtype=np.float64))
                self.finite += values.size

    def merge(self, other: Figures) -> None:
        """Takes the figures of more values into account."""
        low, high = other.least, other.largest
        if low is not None and high is not None:
            self.least = low if self.least is None else min(self.least, low)
            self.largest = high if self.largest is None else max(self.largest, high)
        self.total += other.total
        self.finite += other.finite
        self.nonfinite += other.nonfinite


def _pieces(array: np.ndarray) -> Iterator[np.ndarray]:
    """The values in pieces, without a copy of the whole."""
    if array.size <= PIECE_ELEMENTS or array.ndim == 0:
        yield array
        return
    for part in array if array.shape[0] > 1 else [array[0]]:
        yield from _pieces(part)
