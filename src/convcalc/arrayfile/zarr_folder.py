"""Arrays in zarr folders, formats 2 and 3: the only module that knows zarr."""

from __future__ import annotations

import contextlib
import os
import warnings
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np
import zarr
from zarr.storage import LocalStore

from convcalc.arrayfile.identity import FileIdentity
from convcalc.arrayfile.memory import available_memory
from convcalc.arrayfile.whole_file import failure
from convcalc.arrayfile.wording import changed, quoted, reason, too_large, unreadable
from convcalc.arrayfile.zarr_metadata import Layout, read_layout
from convcalc.errors import ConvcalcError, DataError, printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import DTypeLike

    from convcalc.arrayfile.npy import Array

FULL = {"write_empty_chunks": True}
"""Chunks of zeros are written like all others: -0 is not what a missing chunk would be."""

UNFINISHED = ".partial"
"""How zarr names a chunk until it is whole."""


@dataclass(frozen=True)
class StoredZarr:
    """The array of a zarr folder, or of one in it."""

    path: str
    layout: Layout
    identity: FileIdentity
    """The identity of its metadata file."""

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the array."""
        return self.layout.shape

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """The dtype of its elements, in native byte order."""
        return self.layout.dtype

    def read(self, index: tuple[slice, ...]) -> Array:
        """A copy of some elements, a slice per axis; chunks without any of them are not read.

        Raises:
            DataError: a chunk is damaged, or the array is not what it was.
        """
        now = FileIdentity.at(self.layout.metadata)
        self.identity.check(now, self.layout.label, elsewhere=True)
        if read_layout(self.path) != self.layout:
            raise changed(self.layout.label)
        with _damage(self.layout.label):
            array = zarr.open_array(store=LocalStore(self.layout.folder, read_only=True), mode="r")
            return np.ascontiguousarray(array[index], self.dtype)

    def state(self) -> int:
        """A number made of the identity of every file in the folder, whatever their order.

        Raises:
            DataError: its metadata are not what they were, or the folder cannot be listed.
        """
        self.identity.check(FileIdentity.at(self.layout.metadata), self.layout.label)
        return sum(_digests(self.layout.folder, self.layout.label))


def open_zarr(path: str) -> StoredZarr:
    """The array of a folder: the folder's own, the only one in a group, or `FOLDER.zarr:NAME`.

    Raises:
        DataError: there is no such array, or it cannot be read without danger.
        ResourceError: one of its chunks does not fit into the memory.
    """
    layout = read_layout(path)
    identity = FileIdentity.at(layout.metadata)
    if read_layout(path) != layout:
        raise changed(layout.label)
    limit = available_memory()
    if limit is not None and layout.chunk_bytes > limit:
        raise too_large(f"a chunk of {layout.label}", layout.chunk_bytes, limit)
    return StoredZarr(path, layout, identity)


def make_zarr(
    path: str, name: str, shape: tuple[int, ...], chunks: tuple[int, ...], dtype: DTypeLike
) -> None:
    """A new array of zeros in a folder that is there and empty.

    Args:
        path: The folder.
        name: What messages call it: the name that it will have.
        shape: Of the array.
        chunks: Of each chunk.
        dtype: Of the elements.

    Raises:
        OutputError: it cannot be written.
    """
    try:
        zarr.create_array(
            store=LocalStore(path),
            shape=shape,
            chunks=chunks,
            dtype=np.dtype(dtype),
            fill_value=0,
            config=FULL,
        )
    except OSError as error:
        raise failure(quoted(name), error) from None


def write_box(path: str, name: str, index: tuple[slice, ...], values: Array) -> None:
    """Writes whole chunks of an array that `make_zarr` has made.

    Raises:
        OutputError: they cannot be written.
        ResourceError: there is no room on the disk.
    """
    try:
        array = zarr.open_array(store=LocalStore(path), mode="r+", config=FULL)
        array[index] = values
    except OSError as error:
        raise failure(quoted(name), error) from None


def remove_partial_chunks(path: str, name: str) -> None:
    """Removes what was left by a process that died while it wrote a chunk.

    zarr writes a chunk beside its place, and moves it there when it is whole.

    Args:
        path: The folder.
        name: What messages call it.

    Raises:
        OutputError: it cannot be removed.
    """
    try:
        for folder, _, files in os.walk(path):
            for file in files:
                if file.endswith(UNFINISHED):
                    os.unlink(os.path.join(folder, file))
    except OSError as error:
        raise failure(quoted(name), error) from None


def _digests(folder: str, label: str) -> Iterator[int]:
    """A number for each file below a folder: of its name and its identity.

    Links to folders are not followed, which could lead round in circles; what they lead to counts
    as it is itself.
    """
    places = [folder]
    try:
        while places:
            with os.scandir(places.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        places.append(entry.path)
                        continue
                    known = (entry.path, *FileIdentity.of(os.stat(entry.path)))
                    yield int.from_bytes(blake2b(repr(known).encode(), digest_size=16).digest())
    except OSError as error:
        raise unreadable(label, error) from None


@contextlib.contextmanager
def _damage(label: str) -> Iterator[None]:
    """Turn the many failures of decoding a chunk into the one that they mean."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except (ConvcalcError, MemoryError):
        raise
    except Exception as error:
        cause = printable(reason(error), 120)
        raise DataError(f"{label} is damaged: {cause}; copy it again") from None
