"""Integers are computed exactly or not at all."""

from __future__ import annotations

import numpy as np

from convcalc.errors import DataError

LARGEST = 2**63 - 1


def largest_magnitude(array: np.ndarray) -> int:
    """The largest absolute value of an integer array, as a Python integer; 0 if it is empty."""
    if array.size == 0:
        return 0
    return max(abs(int(array.min())), abs(int(array.max())))


def check_exact(array: np.ndarray, weight: np.ndarray, bias: np.ndarray | None) -> None:
    """No sum of products may leave int64: max|x| * max over outputs of sum|w| + max|b|.

    Args:
        array: The input, of an integer dtype.
        weight: (groups, O/groups, C/groups, *kernel), of an integer dtype.
        bias: (O), or None.

    Raises:
        DataError: the bound is beyond int64, so that the result could be wrong.
    """
    offset = 0 if bias is None else largest_magnitude(bias)
    terms = int(np.prod(weight.shape[2:]))
    if largest_magnitude(array) * largest_magnitude(weight) * terms + offset <= LARGEST:
        return
    # The quick bound assumes that every weight is the largest one; the sums are slower to take.
    magnitudes = np.abs(weight.astype(object))
    heaviest = int(magnitudes.sum(axis=tuple(range(2, weight.ndim))).max())
    bound = largest_magnitude(array) * heaviest + offset
    if bound > LARGEST:
        raise DataError(
            f"the integers are too large: a sum of products may reach {bound:,}, int64 ends at "
            f"{LARGEST:,}; scale them down, or convert them to floats first"
        )


def check_indices(indices: np.ndarray, rows: int) -> None:
    """Every number, of any dtype, must be that of a row: 0, 1, ..., rows - 1.

    Raises:
        DataError: one is not; the message names the first.
    """
    known = (indices >= 0) & (indices < rows)  # which NaN is not
    if indices.dtype.kind == "f":
        known &= indices == np.floor(indices)
    if not known.all():
        place = np.unravel_index(int(np.argmin(known)), known.shape)
        where = ", ".join(str(int(index)) for index in place)
        value = str(indices[place]).removesuffix(".0")
        raise DataError(
            f"an index is {value}, at ({where}) of (sample, step); a table of {rows} rows takes "
            f"whole numbers from 0 to {rows - 1}"
        )


def check_sum(one: np.ndarray, other: np.ndarray) -> None:
    """No sum of an element of each may leave int64: max|x| + max|y|.

    Raises:
        DataError: one could.
    """
    _check_bound(largest_magnitude(one) + largest_magnitude(other), "a sum")


def check_product(one: np.ndarray, other: np.ndarray) -> None:
    """No product of an element of each may leave int64: max|x| * max|y|.

    Raises:
        DataError: one could.
    """
    _check_bound(largest_magnitude(one) * largest_magnitude(other), "a product")


def _check_bound(bound: int, what: str) -> None:
    if bound > LARGEST:
        raise DataError(
            f"the integers are too large: {what} may reach {bound:.3g}, int64 ends at "
            f"{LARGEST:.3g}; scale them down, or convert them to floats first"
        )
