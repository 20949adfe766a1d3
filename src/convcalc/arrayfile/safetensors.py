"""The arrays of a `.safetensors` file: a length, a header in JSON, and the elements.

The format: https://huggingface.co/docs/safetensors/index#format. Its header is checked as a whole
before an element is read: every byte of the data belongs to exactly one array.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, NamedTuple, TypeGuard

import numpy as np

from convcalc.arrayfile.header import Header, check_shape
from convcalc.arrayfile.memory import available_memory
from convcalc.arrayfile.npy import Array, read_elements
from convcalc.arrayfile.source import Source, open_file
from convcalc.arrayfile.wording import too_large, unreadable
from convcalc.errors import DataError, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

LENGTH_BYTES = 8
"""The length of the header comes first, its lowest byte before the others."""

MAX_HEADER = 4 << 20
"""Bytes of a header: 400 for each of the most arrays that are read, and little when parsed."""

MAX_ARRAYS = 10_000

DTYPES = {
    "BOOL": "|b1",
    "U8": "|u1",
    "I8": "|i1",
    "U16": "<u2",
    "I16": "<i2",
    "F16": "<f2",
    "BF16": "<u2",
    "U32": "<u4",
    "I32": "<i4",
    "F32": "<f4",
    "C64": "<c8",
    "U64": "<u8",
    "I64": "<i8",
    "F64": "<f8",
}
"""Each dtype of the format as numpy reads its elements; of bfloat16, which numpy has not, the bits.

Those of less than a byte or of float8 are not among them.
"""


class Entry(NamedTuple):
    """An array that a file declares: its dtype by the format's name, and where its bytes are."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int


def read_safetensors(path: str, *, memory_limit: int | None = None) -> dict[str, Array]:
    """All arrays of a `.safetensors` file by their names; bfloat16 becomes float32, exactly.

    Args:
        path: The file.
        memory_limit: The bytes that all arrays together may take; what is available by default.

    Raises:
        DataError: The file is damaged, or holds what numpy cannot.
        ResourceError: The arrays need more than the memory limit.
    """
    limit = available_memory() if memory_limit is None else memory_limit
    source = open_file(path)
    with source.stream:
        try:
            entries = _entries(source)
            _check_memory(source.label, entries, limit)
            arrays = {entry.name: _array(source, entry) for entry in entries}
        except OSError as error:
            raise unreadable(source.label, error) from None
        source.check()
    return arrays


def safetensors_entries(path: str) -> list[Entry]:
    """What a `.safetensors` file declares, in the order of its bytes; no element is read.

    Raises:
        DataError: The file is damaged.
    """
    source = open_file(path)
    with source.stream:
        try:
            return _entries(source)
        except OSError as error:
            raise unreadable(source.label, error) from None


def _entries(source: Source) -> list[Entry]:
    """The checked header; the source is left at the first element."""
    length = int.from_bytes(source.take(LENGTH_BYTES), "little")
    if source.size < LENGTH_BYTES + length:
        raise DataError(
            f"{source.label} is truncated, or no .safetensors file: its first 8 bytes declare a "
            f"header of {length:,}, the file has {source.size:,}; copy it again"
        )
    if length > MAX_HEADER:
        raise DataError(
            f"{source.label} has a header of {length:,} bytes, expected at most {MAX_HEADER:,}"
        )
    declared = _parsed(source.label, source.take(length))
    entries = [_entry(source.label, name, value) for name, value in declared.items()]
    entries.sort(key=lambda entry: (entry.begin, entry.end))
    _check_places(source.label, entries, source.size - LENGTH_BYTES - length)
    return entries


def _parsed(label: str, text: bytes) -> dict[str, object]:
    """The arrays that a header declares, each name once."""
    try:
        found = json.loads(text.decode("utf-8"), object_pairs_hook=_each_once)
    except (ValueError, RecursionError) as error:
        cause = printable(str(error), 100)
        raise DataError(f"{label} has an invalid .safetensors header: {cause}") from None
    if not isinstance(found, dict):
        raise DataError(f"{label} has an invalid .safetensors header: it is no JSON object")
    found.pop("__metadata__", None)
    if len(found) > MAX_ARRAYS:
        raise DataError(f"{label} has {len(found):,} arrays, expected at most {MAX_ARRAYS:,}")
    return found


def _each_once(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    """An object of JSON; readers differ in which of two equal names they take."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for place, name in enumerate(names) if name in names[:place])
        raise ValueError(f"the name '{printable(twice, 60)}' is there twice")
    return found


def _entry(label: str, name: str, value: object) -> Entry:
    """One array of the header, its shape and its bytes in agreement."""
    where = f"{label} declares '{printable(name, 60)}'"
    declared = value if isinstance(value, dict) else {}
    dtype, shape, place = (declared.get(key) for key in ("dtype", "shape", "data_offsets"))
    if not isinstance(dtype, str) or not _are_sizes(shape) or not _are_sizes(place):
        raise DataError(f"{where} without a dtype, a shape and data_offsets of whole numbers")
    if dtype not in DTYPES:
        raise DataError(
            f"{where} of dtype {printable(dtype, 20)}, which is not read; save it as float32"
        )
    item = np.dtype(DTYPES[dtype]).itemsize
    check_shape(label, tuple(shape), item)
    if len(place) != 2 or place[1] - place[0] != math.prod(shape) * item:
        shown = printable(f"{shape} of {dtype} at bytes {place}", 160)
        raise DataError(f"{where} as {shown}, which do not agree; save it again")
    return Entry(name, dtype, tuple(shape), *place)


def _are_sizes(value: object) -> TypeGuard[list[int]]:
    """Whether this is a list of whole numbers from 0 on, none of them beyond any file."""
    return isinstance(value, list) and all(type(n) is int and 0 <= n < 2**63 for n in value)


def _check_places(label: str, entries: Sequence[Entry], size: int) -> None:
    """Refuse arrays that share bytes, leave some out, or go beyond the end of the file."""
    end = 0
    for entry in entries:
        if entry.begin != end:
            raise DataError(
                f"{label} has '{printable(entry.name, 60)}' at byte {entry.begin:,} of its data, "
                f"expected {end:,}: arrays lie side by side; save it again"
            )
        end = entry.end
    if end > size:
        raise DataError(
            f"{label} is truncated: its arrays need {end:,} bytes, found {size:,}; copy it again"
        )
    if end < size:
        raise DataError(f"{label} has {size - end:,} bytes after its arrays; copy it again")


def _check_memory(label: str, entries: Sequence[Entry], limit: int | None) -> None:
    total = sum((1 + (entry.dtype == "BF16")) * (entry.end - entry.begin) for entry in entries)
    if limit is not None and total > limit:
        raise too_large(label, total, limit)


def _array(source: Source, entry: Entry) -> Array:
    """The array whose bytes the source is at."""
    header = Header(entry.shape, False, np.dtype(DTYPES[entry.dtype]), 0)
    flat = read_elements(source, header, None)
    if entry.dtype == "BF16":
        flat = (flat.astype(np.uint32) << np.uint32(16)).view(np.float32)
    return flat.reshape(entry.shape)
