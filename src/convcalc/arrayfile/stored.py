"""An array that stays where it is: its shape is known, its cells are read part by part.

Only the name travels to another process, which opens the same file or folder there.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from convcalc.arrayfile.header import Header, read_header
from convcalc.arrayfile.reading import split_member
from convcalc.arrayfile.source import open_file
from convcalc.arrayfile.wording import changed, quoted, unreadable
from convcalc.arrayfile.zarr_metadata import is_zarr
from convcalc.errors import UsageError

if TYPE_CHECKING:
    from convcalc.arrayfile.npy import Array


class Stored(Protocol):
    """An array in a file or folder.

    Attributes:
        path: Its absolute name.
        shape: Of the array.
        dtype: Of its elements, in native byte order.
    """

    @property
    def path(self) -> str: ...  # noqa: D102 - above

    @property
    def shape(self) -> tuple[int, ...]: ...  # noqa: D102 - above

    @property
    def dtype(self) -> np.dtype[Any]: ...  # noqa: D102 - above

    def cells(self, index: tuple[slice, ...]) -> Array:
        """A copy of some cells, a slice per axis.

        Raises:
            DataError: they cannot be read, or the array is not what it was.
        """


def open_stored(path: str) -> Stored:
    """The array of a `.npy` file or a Zarr folder; nothing but its header is read.

    Raises:
        UsageError: the name is of something that can only be read as a whole.
        DataError: it is not exactly one array of numbers.
    """
    if is_zarr(path):
        from convcalc.arrayfile.zarr_folder import open_zarr

        return open_zarr(os.path.abspath(path))
    file, member = split_member(path)
    if path == "-" or member is not None or file.lower().endswith(".npz"):
        raise UsageError(
            f"--scheduler: the workers read the input themselves; {quoted(path)} would have to be "
            f"a .npy file or a .zarr folder"
        )
    return StoredNpy(os.path.abspath(path), *_layout(_header(path)))


def stand_in(stored: Stored) -> Array:
    """An array of the same shape and dtype that takes no memory: all its cells are 1."""
    return np.broadcast_to(np.ones((), stored.dtype), stored.shape)


@dataclass(frozen=True)
class StoredNpy:
    """The array of a `.npy` file."""

    path: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def cells(self, index: tuple[slice, ...]) -> Array:
        """A copy of some cells, a slice per axis; the rest of the file is not read.

        Raises:
            DataError: they cannot be read, or the file is not what it was.
        """
        header = _header(self.path)
        if _layout(header) != (self.shape, self.dtype):
            raise changed(quoted(self.path))
        order: Any = "F" if header.fortran_order else "C"
        try:
            whole = np.memmap(
                self.path, header.dtype, "r", header.offset, shape=header.shape, order=order
            )
        except (OSError, ValueError) as error:
            raise unreadable(quoted(self.path), error) from None
        return np.ascontiguousarray(np.asarray(whole)[index], self.dtype)


def _header(path: str) -> Header:
    source = open_file(path)
    with source.stream:
        try:
            return read_header(source)
        except OSError as error:
            raise unreadable(source.label, error) from None


def _layout(header: Header) -> tuple[tuple[int, ...], np.dtype[Any]]:
    return header.shape, header.dtype.newbyteorder("=")
