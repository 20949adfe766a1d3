"""A bias is one number per output channel, or one for all of them, whoever is given it."""

from __future__ import annotations

import sys
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np

from convcalc.errors import DataError
from convcalc.execute.arrays.dtypes import whole_limit
from convcalc.execute.arrays.integers import LARGEST
from convcalc.execute.arrays.tensor_dtypes import dtype_name
from convcalc.layers.base import format_shape

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcalc.execute.arrays.array import Own
    from convcalc.layers import Shape


def full_bias(bias: Own, channels: int) -> Own:
    """The bias (channels), of an array of numpy or torch with as many elements or with no axis.

    Raises:
        DataError: it has another shape.
    """
    shape = tuple(bias.shape)
    if not shape:
        return _for_all(bias, (channels,))
    if shape != (channels,):
        raise DataError(
            f"the bias is {format_shape(shape)}, the kernel makes {channels} output "
            f"channel{'s' * (channels != 1)}; a bias of {channels} would fit"
        )
    return bias


def with_full_biases(given: Mapping[str, Own], needed: Mapping[str, Shape]) -> dict[str, Own]:
    """The weights of a network with every bias of one number repeated for all of its channels."""
    return {
        name: _for_all(array, needed[name])
        if name in needed and name.rpartition(".")[2] == "bias" and array.ndim == 0
        else array
        for name, array in given.items()
    }


def bias_of_number(bias: float, x: Own, kernel: Own) -> Own:
    """A plain number as a bias of the library of the arrays, whose floats stay what they are.

    Raises:
        DataError: it is a whole number that int64 cannot hold.
    """
    if isinstance(bias, int) and not -LARGEST <= bias <= LARGEST:
        raise DataError(f"'bias' holds {bias}, which int64 cannot hold")
    dtype = _float_dtype(x, kernel)
    if dtype is not None and isinstance(bias, int) and abs(bias) > whole_limit(dtype_name(dtype)):
        dtype = None  # it stays whole, so that no digit is lost unsaid
    if isinstance(x, np.ndarray):
        return np.asarray(bias, dtype)
    tensor: Own = sys.modules["torch"].tensor(bias, dtype=dtype, device=x.device)
    return tensor


def _float_dtype(x: Own, kernel: Own) -> Any:
    """The dtype that the floats of both are promoted to; None where both are integers."""
    if isinstance(x, np.ndarray):
        floats = [array.dtype for array in (x, kernel) if array.dtype.kind == "f"]
        return np.result_type(*floats) if floats else None
    floats = [array.dtype for array in (x, kernel) if array.is_floating_point()]
    return reduce(sys.modules["torch"].promote_types, floats) if floats else None


def _for_all(array: Own, shape: Shape) -> Own:
    """A number without an axis as an array of that shape, which takes no memory."""
    if isinstance(array, np.ndarray | np.generic):
        return np.broadcast_to(array, shape)
    return array.expand(shape)
