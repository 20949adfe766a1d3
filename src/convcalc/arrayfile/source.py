"""A stream of bytes with a name and a size: where every input comes from."""

from __future__ import annotations

import io
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from convcalc.arrayfile.identity import FileIdentity
from convcalc.arrayfile.wording import quoted, too_large, unreadable
from convcalc.errors import DataError, UsageError
from convcalc.opening import open_regular

if TYPE_CHECKING:
    from collections.abc import Callable

READ_CHUNK = 1 << 20
"""The most bytes that are read at once, so that an interrupt never waits long."""


@dataclass(frozen=True)
class Source:
    """Bytes to be read once, from the beginning: `size` of them, called `label` in messages.

    Those of a file have a `path`, and the `identity` that it had when it was opened.
    """

    stream: io.RawIOBase | io.BufferedIOBase
    label: str
    size: int
    path: str = ""
    identity: FileIdentity | None = None

    def fill(self, buffer: memoryview) -> int:
        """Read until the buffer is full or the stream ends; return the number of bytes read."""
        done = 0
        while done < len(buffer):
            count = self.stream.readinto(buffer[done : done + READ_CHUNK])
            if not count:
                break
            done += count
        return done

    def check(self) -> None:
        """Refuse a file that has changed since it was opened: what was read may be of both.

        Raises:
            DataError: It has.
        """
        if self.identity is not None:
            self.identity.check(FileIdentity.at(self.path), self.label)

    def take(self, count: int) -> bytes:
        """The next `count` bytes, fewer at the end of the stream."""
        buffer = bytearray(count)
        return bytes(buffer[: self.fill(memoryview(buffer))])


class BoundedFile(io.FileIO):
    """A file that refuses to read more than READ_CHUNK bytes in one piece.

    A zip file declares the size of its own directory, and zipfile reads as much as it is told to.

    Attributes:
        examine: Sees every piece before whoever reads it, and may refuse it.
    """

    examine: Callable[[bytes], None] | None = None

    def read(self, size: int | None = -1, /) -> bytes:
        """At most READ_CHUNK bytes; more of them is a ValueError, which zipfile passes on."""
        everything = size is None or size < 0
        data = super().read(READ_CHUNK + 1 if everything else min(size or 0, READ_CHUNK + 1))
        if len(data) > READ_CHUNK:
            raise ValueError(f"its directory has more than {READ_CHUNK:,} bytes")
        if self.examine is not None:
            self.examine(data)
        return data


def open_file(path: str) -> Source:
    """A regular file, opened for reading; its stream is a BoundedFile that the caller closes.

    Raises:
        DataError: The file cannot be opened, or is a folder, pipe, device or socket.
    """
    label = quoted(path)
    try:
        stream = BoundedFile(open_regular(path, label))
    except (OSError, ValueError) as error:  # ValueError: a name with a NUL byte
        raise unreadable(label, error) from None
    status = os.fstat(stream.fileno())
    return Source(stream, label, status.st_size, path, FileIdentity.of(status))


def standard_input(limit: int | None) -> Source:
    """Everything that is piped into standard input, in memory.

    Raises:
        UsageError: Standard input is a terminal.
        DataError: It cannot be read.
        ResourceError: It holds more than `limit` bytes.
    """
    label = "standard input"
    if sys.stdin is None or sys.stdin.closed:
        raise DataError(f"cannot read {label}: it is closed")
    if sys.stdin.isatty():
        raise UsageError(f"{label} is a terminal; give a file or pipe a .npy array into it")
    content = io.BytesIO()
    try:
        while chunk := sys.stdin.buffer.read(READ_CHUNK):
            if limit is not None and content.tell() + len(chunk) > limit:
                raise too_large(label, content.tell() + len(chunk), limit)
            content.write(chunk)
    except OSError as error:
        raise unreadable(label, error) from None
    except MemoryError:
        raise too_large(label, content.tell() + READ_CHUNK, limit) from None
    size = content.tell()
    content.seek(0)
    return Source(content, label, size)
