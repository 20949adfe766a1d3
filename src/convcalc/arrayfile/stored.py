"""An array that stays where it is: its shape is known, its elements are read part by part.

Only the name travels to another process, which opens the same file or folder there, with what
tells it from another of that name.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Protocol, cast

import numpy as np

from convcalc.arrayfile.elements import Elements
from convcalc.arrayfile.header import Header, read_header
from convcalc.arrayfile.identity import FileIdentity
from convcalc.arrayfile.member_names import is_zarr
from convcalc.arrayfile.reading import is_stream_or_archive, read_array
from convcalc.arrayfile.source import open_file
from convcalc.arrayfile.wording import changed, quoted, unreadable
from convcalc.errors import DataError, UsageError

if TYPE_CHECKING:
    import io
    from collections.abc import Iterator, Sequence

    from convcalc.arrayfile.npy import Array
    from convcalc.arrayfile.source import Source

MOST_SHOWN = 1 << 16
"""Values of a result that is read again for whoever wants to see it."""


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
    def dtype(self) -> np.dtype[np.generic]: ...  # noqa: D102 - above

    def read(self, index: tuple[slice, ...]) -> Array:
        """A copy of some elements, a slice per axis.

        Raises:
            DataError: they cannot be read, or the array is not what it was.
        """

    def state(self) -> int:
        """A number that is another one where anything of the array was written to.

        Raises:
            DataError: it is not the array that was opened.
        """


class Readable(Protocol):
    """An array of which single elements can be read, too.

    Attributes:
        shape: Of the array.
        dtype: Of its elements, in native byte order.
    """

    @property
    def shape(self) -> tuple[int, ...]: ...  # noqa: D102 - above

    @property
    def dtype(self) -> np.dtype[np.generic]: ...  # noqa: D102 - above

    def read(self, index: tuple[slice, ...]) -> Array:
        """A copy of some elements, a slice per axis."""

    def take(self, index: Sequence[Array]) -> Array:
        """Single elements, by an array of indices per axis."""


def open_stored(path: str) -> Stored:
    """The array of a `.npy` file or a Zarr folder; nothing but its header is read.

    Raises:
        UsageError: the name is of something that can only be read as a whole.
        DataError: it is not exactly one array of numbers.
    """
    if is_zarr(path):
        from convcalc.arrayfile.zarr_folder import open_zarr

        return open_zarr(os.path.abspath(path))
    if is_stream_or_archive(path):
        raise UsageError(
            f"--scheduler: the workers read the input themselves; {quoted(path)} would have to be "
            f"a .npy file or a .zarr folder"
        )
    return open_npy(path)


def open_npy(path: str) -> StoredNpy:
    """The array of a `.npy` file; nothing but its header is read.

    Raises:
        DataError: it is not exactly one array of numbers.
    """
    source = open_file(path)
    with source.stream as stream:
        header = _header(source)
        identity = FileIdentity.of(os.fstat(stream.fileno()))
    return StoredNpy(os.path.abspath(path), *_layout(header), identity)


def open_parts(path: str) -> StoredNpy | Held:
    """The array of a `.npy` file; what can only be read as a whole is read, and held.

    Raises:
        DataError: as `read_array`.
    """
    return Held(read_array(path)) if is_stream_or_archive(path) else open_npy(path)


def placeholder(stored: Stored | Readable) -> Array:
    """An array of the same shape and dtype that takes no memory: all its elements are 1."""
    return np.broadcast_to(np.ones((), stored.dtype), stored.shape)


def to_show(stored: Stored | Readable) -> Array:
    """The array, if it is small enough for its values to be shown; else one of its form."""
    if prod(stored.shape) > MOST_SHOWN:
        return placeholder(stored)
    return stored.read((slice(None),) * len(stored.shape))


@dataclass(frozen=True)
class StoredNpy:
    """The array of a `.npy` file."""

    path: str
    shape: tuple[int, ...]
    dtype: np.dtype[np.generic]
    identity: FileIdentity

    @contextmanager
    def opened(self) -> Iterator[Elements]:
        """Its elements, for as long as a with statement takes.

        Raises:
            DataError: it cannot be opened, or is not what it was.
        """
        source = open_file(self.path)
        with source.stream as stream:
            now = FileIdentity.of(os.fstat(stream.fileno()))
            self.identity.check(now, source.label, elsewhere=True)
            header = _header(source)
            if _layout(header) != (self.shape, self.dtype):
                raise changed(source.label)
            try:
                yield Elements(cast("io.FileIO", stream), header, source.label)
            except DataError:
                self.check()  # numbers of two files may be at fault in ways that neither is
                raise

    def read(self, index: tuple[slice, ...]) -> Array:
        """A copy of some elements, a slice per axis; the rest of the file is not read.

        Raises:
            DataError: they cannot be read, or the file is not what it was.
        """
        with self.opened() as elements:
            return elements.read(index)

    def check(self) -> None:
        """Refuse what is no longer the file that was opened.

        Raises:
            DataError: there is another file of that name, or it was written to.
        """
        self.identity.check(FileIdentity.at(self.path), quoted(self.path))

    def state(self) -> int:
        """Nothing but the file itself, which is checked."""
        self.check()
        return 0


@dataclass(frozen=True)
class Held:
    """An array in memory, which reads like one that is not."""

    array: Array

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the array."""
        return self.array.shape

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """The dtype of its elements."""
        return self.array.dtype

    @contextmanager
    def opened(self) -> Iterator[Readable]:
        """Itself."""
        yield self

    def read(self, index: tuple[slice, ...]) -> Array:
        """Some elements, a slice per axis."""
        return self.array[index]

    def take(self, index: Sequence[Array]) -> Array:
        """Single elements, by an array of indices per axis."""
        return self.array[tuple(index)]

    def check(self) -> None:
        """Nobody else writes to it."""


def _header(source: Source) -> Header:
    try:
        return read_header(source)
    except OSError as error:
        raise unreadable(source.label, error) from None


def _layout(header: Header) -> tuple[tuple[int, ...], np.dtype[np.generic]]:
    return header.shape, header.dtype.newbyteorder("=")
