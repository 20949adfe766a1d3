"""A `.npy` source becomes an array."""

from __future__ import annotations

import io
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from convcalc.arrayfile.header import Header, read_header
from convcalc.arrayfile.source import BoundedFile, Source
from convcalc.arrayfile.wording import too_large, unreadable
from convcalc.errors import DataError

Array: TypeAlias = npt.NDArray[Any]

MAP_THRESHOLD = 64 << 20
"""Bytes of data from which a file is mapped instead of read.

Mapping saves memory, but a mapped file that somebody truncates kills the process that reads it:
below this size the memory is not worth the danger.
"""


def load(source: Source, limit: int | None) -> Array:
    """The array of a `.npy`, in native byte order and in the memory order of the file.

    A large file is mapped read-only, every other array is writable and in memory. `limit` is in
    bytes; a mapped file needs none of it.

    Raises:
        DataError: The contents are not exactly one array of numbers.
        ResourceError: The array needs more than `limit` bytes, or more than the system gives.
    """
    try:
        header = read_header(source)
        flat = _elements(source, header, limit)
    except OSError as error:
        raise unreadable(source.label, error) from None
    return flat.reshape(header.shape, order="F" if header.fortran_order else "C")


def _elements(source: Source, header: Header, limit: int | None) -> Array:
    """The elements in the order of the file, as one axis."""
    if _is_mappable(source, header):
        return np.memmap(
            source.stream,
            dtype=header.dtype,
            mode="r",
            offset=header.offset,
            shape=(header.count,),
        )
    if isinstance(source.stream, io.BytesIO):
        return _normalised(_borrowed(source.stream, header))
    return _normalised(_read(source, header, limit))


def _is_mappable(source: Source, header: Header) -> bool:
    """Whether to map: a large file whose bytes are usable as they are."""
    return (
        isinstance(source.stream, BoundedFile)
        and header.nbytes >= MAP_THRESHOLD
        and header.dtype.isnative
        and header.dtype.kind != "b"
    )


def _borrowed(content: io.BytesIO, header: Header) -> Array:
    """The elements where they already are in memory, copied only if they lie askew."""
    flat = np.frombuffer(content.getbuffer(), header.dtype, header.count, header.offset)
    return flat if flat.flags.aligned else flat.copy()


def _read(source: Source, header: Header, limit: int | None) -> Array:
    """The elements, read into fresh memory that is known to suffice."""
    if limit is not None and header.nbytes > limit:
        raise too_large(source.label, header.nbytes, limit)
    try:
        flat = np.empty(header.count, header.dtype)
    except MemoryError:
        raise too_large(source.label, header.nbytes, limit) from None
    found = source.fill(flat.view(np.uint8).data)
    if found < header.nbytes:
        raise DataError(
            f"{source.label} ended while it was read: expected {header.nbytes:,} bytes of data, "
            f"found {found:,}; copy it again once it is complete"
        )
    return flat


def _normalised(flat: Array) -> Array:
    """The same values, in place, in native byte order and with booleans that are 0 or 1."""
    if flat.dtype.kind == "b":
        # NumPy takes any byte for a boolean, and is undefined on those beyond 1.
        numbers = flat.view(np.uint8)
        np.minimum(numbers, 1, out=numbers)
    if flat.dtype.isnative:
        return flat
    return flat.byteswap(inplace=True).view(flat.dtype.newbyteorder("="))
