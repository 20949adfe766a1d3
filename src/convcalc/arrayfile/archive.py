"""The members of a `.npz` become arrays.

A `.npz` is a zip archive of `.npy` files. Zip archives are known for bombs and for directories
that lie, so the directory is checked before a member is opened, each member is read only as far
as the directory says, and the name of a member is a key and never a path.
"""

from __future__ import annotations

import contextlib
import zipfile
from typing import TYPE_CHECKING, cast

from convcalc.arrayfile.header import HEAD_SIZE, foreign
from convcalc.arrayfile.memory import available_memory
from convcalc.arrayfile.npy import Array, load
from convcalc.arrayfile.source import Source, open_file
from convcalc.arrayfile.wording import quoted, reason, too_large, unreadable
from convcalc.errors import ConvcalcError, DataError, ResourceError, UsageError, nearest, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_MEMBERS = 10_000
MAX_RATIO = 1000
RATIO_FREE = 100_000_000
"""Bytes that may be packed by any ratio: less than this hurts nobody."""

_ENCRYPTED = 0x1 | 0x40 | 0x2000
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""What NumPy writes. The others are unpacked by zipfile without a bound on their output."""

_LISTED = 10


def read_archive(path: str, *, memory_limit: int | None = None) -> dict[str, Array]:
    """All arrays of a `.npz`, by the names they were saved under (without `.npy`).

    Args:
        path: The archive.
        memory_limit: The bytes that all arrays together may take; what is available by default.

    Raises:
        UsageError: `path` is `-`.
        DataError: The archive or one of its members cannot be used.
        ResourceError: The arrays need more than the memory limit.
    """
    limit = available_memory() if memory_limit is None else memory_limit
    with _opened(path) as archive:
        members = archive.members
        archive.check(members.values(), limit)
        return {key: archive.array(key, limit) for key in members}


def read_member(path: str, key: str | None, limit: int | None) -> Array:
    """One array of a `.npz`: the one called `key`, or the only one if that is None.

    Raises:
        DataError: There is no such member, or it cannot be used.
        ResourceError: The array needs more than `limit` bytes.
    """
    with _opened(path) as archive:
        found = archive.only() if key is None else archive.find(key)
        archive.check([archive.members[found]], limit)
        return archive.array(found, limit)


class _Archive:
    """An open `.npz` whose directory has been read and has one meaning."""

    def __init__(self, path: str, source: Source, archive: zipfile.ZipFile) -> None:
        self._path = path
        self._label = source.label
        self._size = source.size
        self._zip = archive
        self.members = self._directory()

    def _directory(self) -> dict[str, zipfile.ZipInfo]:
        """The members by key; names that NumPy could not tell apart are refused."""
        entries = self._zip.infolist()
        if len(entries) > MAX_MEMBERS:
            raise DataError(
                f"{self._label} has {len(entries):,} members, expected at most {MAX_MEMBERS:,}"
            )
        members: dict[str, zipfile.ZipInfo] = {}
        for entry in entries:
            key = entry.filename.removesuffix(".npy")
            if key in members:
                raise DataError(
                    f"{self._label} has two members called {quoted(key)}; save it again with "
                    "numpy.savez"
                )
            members[key] = entry
        return members

    def find(self, name: str) -> str:
        """The key that a user means by `name`, with or without `.npy`."""
        for key in (name, name.removesuffix(".npy")):
            if key in self.members:
                return key
        hint = printable(nearest(name, list(self.members)))
        raise DataError(f"{self._label} has no array {quoted(name)}; {self._contents()}{hint}")

    def only(self) -> str:
        """The key of the only member."""
        if len(self.members) == 1:
            return next(iter(self.members))
        advice = f"; name one as {quoted(self._path + ':NAME')}" if self.members else ""
        raise DataError(f"{self._label} is not one array; {self._contents()}{advice}")

    def check(self, entries: Iterable[zipfile.ZipInfo], limit: int | None) -> None:
        """Refuse members that cannot be read, or not without harm, by what is declared of them."""
        chosen = list(entries)
        for entry in chosen:
            self._check_kind(entry)
        total = sum(entry.file_size for entry in chosen)
        # Members may share their packed bytes: there are never more of them than in the file.
        packed = min(sum(entry.compress_size for entry in chosen), self._size)
        if total > RATIO_FREE and total > MAX_RATIO * packed:
            raise DataError(
                f"{self._label} unpacks {packed:,} bytes to {total:,}, more than {MAX_RATIO} "
                "times as many; save it with numpy.savez, without compression"
            )
        if limit is not None and total > limit:
            raise too_large(self._label, total, limit)

    def _check_kind(self, entry: zipfile.ZipInfo) -> None:
        """Refuse a member that is no plain `.npy`."""
        label = quoted(f"{self._path}:{entry.filename}")
        if not entry.filename.endswith(".npy"):
            raise DataError(f"{label} is not a .npy array; save the archive with numpy.savez")
        if entry.flag_bits & _ENCRYPTED:
            raise DataError(f"{label} is encrypted; save the archive without a password")
        if entry.compress_type not in _METHODS:
            raise DataError(
                f"{label} is compressed by method {entry.compress_type}, expected 0 (stored) "
                "or 8 (deflated); save the archive with numpy.savez"
            )

    def array(self, key: str, limit: int | None) -> Array:
        """The array of one member, whose directory entry has been checked."""
        label = quoted(f"{self._path}:{key}")
        member = self.members[key]
        with _damage(label), self._zip.open(member) as stream:
            return load(Source(cast("zipfile.ZipExtFile", stream), label, member.file_size), limit)

    def _contents(self) -> str:
        """The names of the members, the first few if there are many."""
        if not self.members:
            return "it is empty"
        names = [quoted(key) for key in self.members]
        more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
        return f"it holds {', '.join(names[:_LISTED])}{more}"


@contextlib.contextmanager
def _opened(path: str) -> Iterator[_Archive]:
    """The archive in a file, for the time of a with statement."""
    if path == "-":
        raise UsageError("a .npz archive cannot be read from standard input; give a file")
    source = open_file(path)
    with source.stream as stream:
        try:
            head = source.take(HEAD_SIZE)
        except OSError as error:
            raise unreadable(source.label, error) from None
        if not head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
            raise foreign(source.label, head, "a .npz archive")
        with _damage(source.label):
            archive = zipfile.ZipFile(stream)
        with archive:
            yield _Archive(path, source, archive)
        source.check()


@contextlib.contextmanager
def _damage(label: str) -> Iterator[None]:
    """Turn the failures of reading a zip archive into the one that they mean.

    zipfile has a dozen ways to fail on a damaged file (BadZipFile, zlib.error, EOFError,
    struct.error, NotImplementedError, UnicodeDecodeError, ...).
    """
    try:
        yield
    except ConvcalcError:
        raise
    except OSError as error:
        raise unreadable(label, error) from None
    except MemoryError:
        raise ResourceError(f"not enough memory to unpack {label}; close other programs") from None
    except Exception as error:
        raise DataError(f"{label} is damaged: {reason(error)}; copy it again") from None
