"""The arrays of an exported program's parameters and buffers, as raw bytes in its archive.

    data/weights/model_weights_config.json   dtype, sizes and strides of each by its name
    data/weights/weight_0 ...                its storage, little-endian

Pickles in the archive are not opened, and torch is not needed.
"""

from __future__ import annotations

import json
from math import prod
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from convcalc.arrayfile.archive import member_bytes, opened_zip
from convcalc.arrayfile.json_values import as_list, as_object, as_whole, held
from convcalc.arrayfile.memory import available_memory
from convcalc.arrayfile.wording import quoted, too_large
from convcalc.errors import DataError, printable

if TYPE_CHECKING:
    from collections.abc import Mapping

EXPECTED = "a program of torch.export"
MAX_CONFIG = 64 * 2**20
CONFIGS = ("data/weights/model_weights_config.json", "data/constants/model_constants_config.json")

BFLOAT16 = 13
DTYPES = {
    1: "u1",
    2: "i1",
    3: "<i2",
    4: "<i4",
    5: "<i8",
    6: "<f2",
    7: "<f4",
    8: "<f8",
    12: "u1",
    BFLOAT16: "<u2",
}
"""Dtypes by the numbers that torch.export has for them; a truth is a byte.

Source: torch/_export/serde/schema.py, ScalarType.
"""


class _Stored(NamedTuple):
    """Where an array lies in the archive, and how."""

    member: str
    dtype: int
    sizes: tuple[int, ...]
    strides: tuple[int, ...]
    offset: int

    @property
    def itemsize(self) -> int:
        return np.dtype(DTYPES[self.dtype]).itemsize

    @property
    def end(self) -> int:
        """The elements of the storage up to its last."""
        if 0 in self.sizes:
            return self.offset
        steps = zip(self.sizes, self.strides, strict=True)
        return self.offset + sum((size - 1) * step for size, step in steps) + 1


def arrays_of(path: str) -> dict[str, np.ndarray]:
    """Every array of the archive by its name in the model's `state_dict`.

    Those of bfloat16 become float32, exactly.

    Raises:
        DataError: the archive holds no weights, or is damaged.
        ResourceError: there is not enough memory.
    """
    label = quoted(path)
    with opened_zip(path, EXPECTED) as (_, archive):
        sizes = {one.filename: one.file_size for one in archive.infolist()}
    try:
        found = {name: one for config in CONFIGS for name, one in _entries(path, config, sizes)}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise DataError(f"the list of the weights in {label} is damaged") from None
    if not found:
        raise DataError(f"{label} holds no weights; --weights gives them, as a .pth")
    _check(found, sizes, label)
    return {name: _array(path, one, sizes[one.member]) for name, one in found.items()}


def _entries(path: str, config: str, members: Mapping[str, int]) -> list[tuple[str, _Stored]]:
    """The arrays that one list of the archive names."""
    own = next((name for name in members if name.endswith(f"/{config}")), None)
    if own is None:
        return []
    content = json.loads(member_bytes(path, own, MAX_CONFIG, EXPECTED))
    entries = {name: as_object(one) for name, one in as_object(held(content, "config")).items()}
    folder = own.rpartition("/")[0]
    return [
        (name, _stored(one, folder))
        for name, one in entries.items()
        if not one["use_pickle"] and isinstance(one.get("tensor_meta"), dict)
    ]


def _stored(entry: Mapping[str, object], folder: str) -> _Stored:
    meta = as_object(entry["tensor_meta"])
    return _Stored(
        f"{folder}/{entry['path_name']}",
        as_whole(meta["dtype"]),
        _numbers(meta["sizes"]),
        _numbers(meta["strides"]),
        *_numbers([meta["storage_offset"]]),
    )


def _numbers(items: object) -> tuple[int, ...]:
    found = tuple(as_whole(held(one, "as_int")) for one in as_list(items))
    if any(number < 0 for number in found):
        raise ValueError("a size below 0")
    return found


def _check(found: Mapping[str, _Stored], members: Mapping[str, int], label: str) -> None:
    """Every array lies in its member, and all of them fit into memory.

    Raises:
        DataError: one does not.
        ResourceError: they do not.
    """
    for name, one in found.items():
        shown = f"'{printable(name, 60)}' in {label}"
        if one.dtype not in DTYPES:
            raise DataError(f"{shown} is of a dtype that is not read (number {one.dtype})")
        if len(one.sizes) != len(one.strides) or one.member not in members:
            raise DataError(f"{shown} is not there, or damaged")
        if one.end * one.itemsize > members[one.member]:
            raise DataError(f"{shown} has fewer bytes than its sizes ask for: it is damaged")
    needed = sum(
        members[one.member] + prod(one.sizes) * max(4, one.itemsize) for one in found.values()
    )
    limit = available_memory()
    if limit is not None and needed > limit:
        raise too_large(label, needed, limit)


def _array(path: str, one: _Stored, size: int) -> np.ndarray:
    data = member_bytes(path, one.member, size, EXPECTED)
    storage = np.frombuffer(data, DTYPES[one.dtype], len(data) // one.itemsize)
    steps = tuple(step * one.itemsize for step in one.strides)
    if 0 in one.sizes:
        return np.zeros(one.sizes, storage.dtype)
    part = np.lib.stride_tricks.as_strided(storage[one.offset :], one.sizes, steps)
    if one.dtype == BFLOAT16:
        return (part.astype(np.uint32) << np.uint32(16)).view(np.float32)
    return np.array(part)
