"""Which dtype a convolution of torch's tensors computes in, and which one it returns.

The rules are those of `dtypes`, but floats of several dtypes, and floats beside integers, are
promoted as torch does it: integers take the dtype of the floats. Torch is not imported here.
"""

from __future__ import annotations

import sys
from functools import reduce
from typing import TYPE_CHECKING

from convcalc.errors import DataError
from convcalc.execute.arrays.dtypes import FLOATS, INTEGERS, check_whole, whole_limit

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch  # noqa: TID251 - a name for type checkers


def plan_tensors(tensors: Mapping[str, torch.Tensor]) -> tuple[str, torch.dtype]:
    """The dtype that tensors are computed in, by name, and that of the result.

    Args:
        tensors: By the names that messages call them.

    Raises:
        DataError: a tensor is not of numbers, or would lose digits in the dtype of the result.
    """
    torch = sys.modules["torch"]
    for name, tensor in tensors.items():
        _check_kind(name, tensor)
    # Torch refuses to promote some integers with others; together they are int64 all the same.
    floats = [tensor.dtype for tensor in tensors.values() if tensor.is_floating_point()]
    result = reduce(torch.promote_types, floats) if floats else torch.int64
    for name, tensor in tensors.items():
        check_tensor(name, tensor, dtype_name(result))
    compute = "float64" if result == torch.float64 else "float32"
    return compute if floats else "int64", result


def check_tensor(name: str, tensor: torch.Tensor, result: str) -> None:
    """Raises unless every integer of a tensor is exact in the dtype of the result.

    Raises:
        DataError: one is not.
    """
    own = dtype_name(tensor.dtype)
    if own in INTEGERS and sys.modules["torch"].iinfo(tensor.dtype).max > whole_limit(result):
        check_whole(name, own, largest_of_tensor(tensor), result)


def largest_of_tensor(tensor: torch.Tensor) -> int:
    """The largest absolute value of a tensor of integers; 0 if it is empty."""
    torch = sys.modules["torch"]
    if tensor.numel() == 0:
        return 0
    whole = tensor.detach().to(torch.int64)  # torch takes no maximum of uint16, uint32 and uint64
    low, high = int(whole.min()), int(whole.max())
    if tensor.dtype == torch.uint64 and low < 0:
        return int(whole[whole < 0].max()) + 2**64  # from 2**63 on they have become negative
    return max(abs(low), abs(high))


def dtype_name(dtype: object) -> str:
    """A dtype of torch or numpy by its name alone: float32, whatever the order of its bytes."""
    return str(getattr(dtype, "name", dtype)).removeprefix("torch.")


def _check_kind(name: str, tensor: torch.Tensor) -> None:
    own = dtype_name(tensor.dtype)
    if own == "bool" or tensor.is_complex():
        raise DataError(f"{name} is of dtype {own}; real numbers are convolved")
    if own not in (*FLOATS, *INTEGERS):
        raise DataError(
            f"{name} is of dtype {own}; expected integers, float16, bfloat16, float32 or float64"
        )
