"""Which dtype a convolution computes in and which one it returns.

- Integers compute and return int64, exactly, or are refused.
- float16 and bfloat16 compute in float32 and are rounded once, at the end.
- float32 and float64 stay what they are; mixed inputs are promoted by numpy's rules.
- A requested dtype replaces the promoted one; integers become floats only where that is exact.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from convcalc.errors import DataError, UsageError, nearest, printable
from convcalc.execute.arrays.integers import LARGEST, largest_magnitude

if TYPE_CHECKING:
    from collections.abc import Mapping

FLOATS = ("float16", "bfloat16", "float32", "float64")
INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")

EXACT_BITS = {"float16": 11, "bfloat16": 8, "float32": 24, "float64": 53}
"""Whole numbers up to 2 to this power are exact in a float."""


class DtypePlan(NamedTuple):
    """Dtypes by name: of the arithmetic, of the result, and of the array that holds the result."""

    compute: str
    result: str
    stored: str
    notes: tuple[str, ...]


def check_requested(name: str | None) -> str | None:
    """A dtype that can be asked for, in lower case.

    Raises:
        UsageError: it cannot; the message lists those that can.
    """
    if name is None:
        return None
    known = (*FLOATS, *INTEGERS)
    if name.lower() not in known:
        hint = nearest(name, known) or f"; expected one of {', '.join(known)}"
        raise UsageError(f"--dtype: unknown dtype '{printable(name, 60)}'{hint}")
    return name.lower()


def plan_dtypes(arrays: Mapping[str, np.ndarray], requested: str | None) -> DtypePlan:
    """How these arrays, by the names that messages call them, are computed.

    Raises:
        DataError: an array is bool or complex, or would lose digits in the dtype asked for.
    """
    for name, array in arrays.items():
        _check_kind(name, array)
    promoted = np.result_type(*(array.dtype for array in arrays.values()))
    if all(array.dtype.kind in "iu" for array in arrays.values()):
        # Mixing int64 with uint64 would make numpy promote to float64.
        promoted = np.dtype(np.int64)
    result = requested or promoted.name
    for name, array in arrays.items():
        _check_conversion(name, array, result)
    notes = _notes(arrays, promoted.name, requested)
    if result in INTEGERS:
        return DtypePlan("int64", result, result, notes)
    compute = "float64" if result == "float64" else "float32"
    stored = "float32" if result == "bfloat16" else result
    if result == "bfloat16":
        notes += ("bfloat16 has no .npy form: values are rounded to it and stored as float32",)
    return DtypePlan(compute, result, stored, notes)


def whole_limit(result: str) -> int:
    """Whole numbers up to this one, and down to its negative, are exact in a dtype of results."""
    return LARGEST if result in INTEGERS else 2 ** EXACT_BITS[result]


def check_whole(name: str, dtype: str, largest: int, result: str) -> None:
    """Raises unless whole numbers up to `largest`, of an array of that dtype, stay exact.

    Raises:
        DataError: they do not; the message names the array, the number and what would hold it.
    """
    limit = whole_limit(result)
    if largest <= limit:
        return
    if result in INTEGERS:
        raise DataError(f"{name} ({dtype}) holds {largest}, which int64 cannot hold")
    raise DataError(
        f"{name} ({dtype}) holds {largest}, beyond the whole numbers "
        f"that {result} holds exactly (up to {limit})"
    )


def finished(array: np.ndarray, plan: DtypePlan) -> np.ndarray:
    """The computed array in the dtype of the result.

    Raises:
        DataError: an integer does not fit the dtype that was asked for.
    """
    if plan.result == "bfloat16":
        return _rounded_to_bfloat16(array)
    if array.size and plan.result in INTEGERS and plan.result != "int64":
        info = np.iinfo(plan.result)
        low, high = int(array.min()), int(array.max())
        if low < info.min or high > info.max:
            raise DataError(
                f"the result ranges from {low} to {high}, which {plan.result} cannot hold "
                f"({info.min} to {info.max}); leave out --dtype for int64"
            )
    with np.errstate(over="ignore"):
        return array.astype(plan.stored, copy=False)


def _check_kind(name: str, array: np.ndarray) -> None:
    kind = array.dtype.kind
    if kind not in "biufc" or (kind == "f" and array.dtype.itemsize > 8):
        raise DataError(f"{name} is of dtype {array.dtype}; expected numbers of at most 64 bits")
    advice = {
        "b": "convert it to numbers first, as array.astype('uint8')",
        "c": "real numbers are convolved; run its real and imaginary parts apart",
    }.get(kind)
    if advice:
        raise DataError(f"{name} is of dtype {array.dtype}; {advice}")


def _check_conversion(name: str, array: np.ndarray, result: str) -> None:
    if array.dtype.kind == "f":
        if result in INTEGERS:
            raise DataError(f"--dtype {result} would cut the fractions off {name} ({array.dtype})")
        return
    # What no number of its dtype can leave is not looked through.
    if np.iinfo(array.dtype).max > whole_limit(result):
        check_whole(name, array.dtype.name, largest_magnitude(array), result)


def _notes(
    arrays: Mapping[str, np.ndarray], promoted: str, requested: str | None
) -> tuple[str, ...]:
    """Which dtypes met, each with the first array that has it."""
    owners: dict[str, list[str]] = {}
    for name, array in arrays.items():
        owners.setdefault(array.dtype.name, []).append(name)
    if requested or len(owners) == 1 or promoted == "int64":
        return ()
    mixed = ", ".join(
        f"{dtype} ({names[0]}{f' and {len(names) - 1} more' if len(names) > 1 else ''})"
        for dtype, names in owners.items()
    )
    return (f"mixed dtypes are promoted to {promoted}: {mixed}",)


def _rounded_to_bfloat16(array: np.ndarray) -> np.ndarray:
    """float32 rounded to bfloat16's 8 bits of mantissa, to nearest even, kept as float32."""
    bits = array.astype(np.float32).view(np.uint32)
    rounded = bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))
    values = (rounded & np.uint32(0xFFFF0000)).view(np.float32)
    return np.where(np.isfinite(array), values, array).astype(np.float32)
