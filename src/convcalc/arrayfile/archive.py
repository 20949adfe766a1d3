"""The members of a `.npz` become arrays.

A `.npz` is a zip archive of `.npy` files. Zip archives are known for bombs and for directories
that lie, so the directory is checked before a member is opened, each member is read only as far
as the directory says, and the name of a member is a key and never a path.
"""

from __future__ import annotations

import contextlib
import struct
import zipfile
from bisect import bisect_right
from typing import TYPE_CHECKING, cast

from convcalc.arrayfile.header import HEAD_SIZE, Header, foreign, read_header
from convcalc.arrayfile.memory import available_memory
from convcalc.arrayfile.npy import Array, load
from convcalc.arrayfile.source import BoundedFile, Source, open_file
from convcalc.arrayfile.wording import quoted, reason, too_large, unreadable
from convcalc.errors import ConvcalcError, DataError, ResourceError, UsageError, nearest, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_MEMBERS = 10_000
MAX_RATIO = 1000
RATIO_FREE = 100_000_000
"""Bytes that may be packed by any ratio: less than this hurts nobody."""
MAX_EXTRA = 1024
"""Bytes of extra fields of a member in the directory: zipfile copies what is left for every field.

Sizes beyond 2^32, times and owners take less than 100.
"""

_ENTRY = struct.Struct("<4s24xHHH12x")
"""An entry of the directory: its mark, and the lengths of name, extra fields and comment."""

_MEMBER = struct.Struct("<4s22xHH")
"""Before a member: its mark, and the lengths of the name and the extra fields."""

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


def archive_headers(path: str) -> dict[str, Header]:
    """What the arrays of a `.npz` declare, by their names; no element is read.

    Raises:
        DataError: The archive or one of its members cannot be used.
    """
    with _opened(path) as archive:
        archive.check(archive.members.values(), None)
        return {key: archive.header(key) for key in archive.members}


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
        self._stream = source.stream
        self._zip = archive
        self.members = self._directory()
        self._starts = sorted(entry.header_offset for entry in self.members.values())

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
        with self._member(key) as source:
            return load(source, limit)

    def header(self, key: str) -> Header:
        """What one member declares, whose directory entry has been checked."""
        with self._member(key) as source:
            return read_header(source)

    @contextlib.contextmanager
    def _member(self, key: str) -> Iterator[Source]:
        label = quoted(f"{self._path}:{key}")
        member = self.members[key]
        with _damage(label):
            self._check_place(member, label)
        with _damage(label), self._zip.open(member) as stream:
            yield Source(cast("zipfile.ZipExtFile", stream), label, member.file_size)

    def _check_place(self, entry: zipfile.ZipInfo, label: str) -> None:
        """Refuse a member that is inside another: one byte could be unpacked again and again."""
        self._stream.seek(entry.header_offset)
        head = self._stream.read(_MEMBER.size) or b""
        if len(head) < _MEMBER.size:
            return  # which zipfile refuses
        _, name, extra = _MEMBER.unpack(head)
        end = entry.header_offset + _MEMBER.size + name + extra + entry.compress_size
        after = bisect_right(self._starts, entry.header_offset)
        if after < len(self._starts) and end > self._starts[after]:
            raise DataError(
                f"{label} overlaps the member after it; save the archive again with numpy.savez"
            )

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
    with opened_zip(path, "a .npz archive") as (source, archive):
        yield _Archive(path, source, archive)


@contextlib.contextmanager
def opened_zip(path: str, expected: str) -> Iterator[tuple[Source, zipfile.ZipFile]]:
    """A zip archive, whose directory is bounded, for the time of a with statement.

    Args:
        path: The file.
        expected: What the archive is, for the refusal of a file that is none.

    Raises:
        DataError: The file is no zip archive, is damaged, or has changed meanwhile.
    """
    source = open_file(path)
    with source.stream as stream:
        try:
            head = source.take(HEAD_SIZE)
        except OSError as error:
            raise unreadable(source.label, error) from None
        if not head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
            raise foreign(source.label, head, expected)
        with _damage(source.label):
            archive = _zip(cast("BoundedFile", stream))
        with archive:
            yield source, archive
        source.check()


def _zip(stream: BoundedFile) -> zipfile.ZipFile:
    """The archive, whose directory is seen before zipfile goes through it."""
    stream.examine = _check_extra
    try:
        return zipfile.ZipFile(stream)
    finally:
        stream.examine = None


def _check_extra(data: bytes) -> None:
    """Refuse a directory in which a member has more extra fields than anything needs."""
    at = 0
    while at + _ENTRY.size <= len(data) and data.startswith(b"PK\x01\x02", at):
        _, name, extra, comment = _ENTRY.unpack_from(data, at)
        if extra > MAX_EXTRA:
            raise ValueError(f"a member has {extra:,} bytes of extra fields, over {MAX_EXTRA:,}")
        at += _ENTRY.size + name + extra + comment


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


def member_bytes(path: str, name: str, limit: int, expected: str) -> bytes:
    """One member of a zip archive of any kind, such as a text that describes the others.

    Args:
        path: The archive.
        name: The member, with its folder; "*/" at its beginning stands for any one folder.
        limit: The bytes that it may have.
        expected: What the archive is, for the refusal of a file that is none.

    Raises:
        DataError: The file is no zip archive or damaged, or has no such member, or a larger one.
    """
    with opened_zip(path, expected) as (source, archive):
        end = name.removeprefix("*")
        found = [
            entry
            for entry in archive.infolist()
            if entry.filename == name or (end != name and _is_below(entry.filename, end))
        ]
        if len(found) != 1:
            raise DataError(f"{source.label} is not {expected}: it has no {end.lstrip('/')}")
        label = quoted(f"{path}:{found[0].filename}")
        if found[0].file_size > limit or found[0].compress_type not in _METHODS:
            raise DataError(f"{label} is not as expected of {expected}: over {limit:,} bytes")
        with _damage(label), archive.open(found[0]) as stream:
            return b"".join(iter(lambda: stream.read(2**16), b""))


def _is_below(name: str, end: str) -> bool:
    """Whether a member lies in one folder, under a name of its own: net/models/model.json."""
    return name.endswith(end) and "/" not in name[: -len(end)]
