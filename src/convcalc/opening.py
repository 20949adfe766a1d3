"""Names become open files, without waiting for anybody: what is no regular file is named.

Opening a named pipe that nobody writes blocks for ever, and opening a device can move it.
"""

from __future__ import annotations

import os
import re
import stat

from convcalc.errors import DataError

_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
}

_NUMBERED = re.compile(r"/(?:dev|proc/self)/fd/([0-9]{1,9})")


def descriptor_of(path: str) -> int | None:
    """The descriptor that a name such as /dev/fd/63 stands for."""
    numbered = _NUMBERED.fullmatch(path)
    return int(numbered[1]) if numbered else None


def open_regular(path: str, label: str) -> int:
    """A descriptor of a regular file, for reading.

    Raises:
        OSError: The file cannot be opened.
        ValueError: The name has a NUL byte.
        DataError: It is a folder, pipe, device or socket.
    """
    # Before the opening, which fails on a socket and can move a device, and after it, because
    # the name may stand for something else by then.
    _refuse_special(os.stat(path), label)
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags)
    try:
        _refuse_special(os.fstat(descriptor), label)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def open_text(path: str, label: str) -> int:
    """The same; a pipe that this process holds already, as the shell's `<(...)`, is taken too.

    Its descriptor is copied and not opened: like standard input it has, or had, a writer.

    Raises:
        OSError: The file cannot be opened.
        ValueError: The name has a NUL byte.
        DataError: It is a folder, a pipe that is not held, a device or a socket.
    """
    held = 0 if path == "/dev/stdin" else descriptor_of(path)
    if held is not None and stat.S_ISFIFO(os.fstat(held).st_mode):
        return os.dup(held)
    return open_regular(path, label)


def _refuse_special(status: os.stat_result, label: str) -> None:
    """Raise DataError for everything but a regular file."""
    if stat.S_ISREG(status.st_mode):
        return
    kind = _KINDS.get(stat.S_IFMT(status.st_mode), "not a regular file")
    hint = "; use - for standard input" if stat.S_ISFIFO(status.st_mode) else ""
    raise DataError(f"cannot read {label}: it is {kind}, expected a regular file{hint}")
