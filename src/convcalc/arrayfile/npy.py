"""A `.npy` source becomes an array."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from convcalc.arrayfile.header import Header, read_header
from convcalc.arrayfile.wording import too_large, unreadable
from convcalc.errors import DataError

if TYPE_CHECKING:
    from convcalc.arrayfile.source import Source

Array: TypeAlias = npt.NDArray[Any]


def load(source: Source, limit: int | None) -> Array:
    """The array of a `.npy`, in native byte order and in the memory order of the file.

    The array is writable and in memory; `limit` is in bytes.

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
    if isinstance(source.stream, io.BytesIO):
        return normalised(_borrowed(source.stream, header))
    return read_elements(source, header, limit)


def _borrowed(content: io.BytesIO, header: Header) -> Array:
    """The elements where they already are in memory, copied only if they lie askew."""
    flat = np.frombuffer(content.getbuffer(), header.dtype, header.count, header.offset)
    return flat if flat.flags.aligned else flat.copy()


def read_elements(source: Source, header: Header, limit: int | None) -> Array:
    """The elements that a source is at, as one axis, read into memory that is known to suffice.

    Raises:
        DataError: The source has fewer bytes than they take.
        ResourceError: They need more than `limit` bytes, or more than the system gives.
    """
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
    return normalised(flat)


def normalised(flat: Array) -> Array:
    """The values, changed in place: in native byte order and with booleans that are 0 or 1."""
    if flat.dtype.kind == "b":
        # NumPy takes any byte for a boolean, and is undefined on those beyond 1.
        values = flat.view(np.uint8)
        np.minimum(values, 1, out=values)
    if flat.dtype.isnative:
        return flat
    return flat.byteswap(inplace=True).view(flat.dtype.newbyteorder("="))
