"""Bytes become a file: a whole one, or none.

They go to a temporary file beside the target, are forced to the disk, and take the target's name
in one step. Whatever happens on the way, the old file is untouched.
"""

from __future__ import annotations

import contextlib
import errno
import os
import select
import stat
import sys
import tempfile
from typing import TYPE_CHECKING

from convcalc.arrayfile.placing import appeared, place_file
from convcalc.arrayfile.target import resolve
from convcalc.arrayfile.wording import reason, unwritable
from convcalc.errors import OutputError, ResourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from convcalc.arrayfile.target import Target

WRITE_CHUNK = 16 << 20
"""The bytes that are written at once, so that an interrupt never waits long."""

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_WRITE = os.O_WRONLY | getattr(os, "O_BINARY", 0)
_NO_RESERVATION = (errno.EOPNOTSUPP, errno.ENOTSUP, errno.EINVAL, errno.ENOSYS)


def write_bytes(path: str, data: bytes) -> None:
    """Write a small file of any contents; a file that is there is replaced as a whole.

    Raises:
        OutputError: It cannot be written. A file that was there is as it was.
    """
    target = resolve(path)
    if not target.is_file:
        raise unwritable(target.label, "it is no regular file; remove it")
    write_output(path, data, force=True)


def write_output(path: str, data: bytes, *, force: bool) -> None:
    """Write bytes of any meaning, as `write_array` writes an array.

    Args:
        path: The file, or `-` for standard output.
        data: All of it.
        force: Whether a file that is there, or appears meanwhile, is replaced.

    Raises:
        OutputError: It cannot be written. A file that was there is as it was.
    """
    target = resolve(path)
    with failing(target.label):
        send(target, len(data), lambda end: write_all(end, memoryview(data)), force)


def write_pieces(
    path: str, make: Callable[[Callable[[bytes], None]], None], *, force: bool
) -> None:
    """Write a file piece by piece, which takes its name when all of it is there.

    Args:
        path: The file.
        make: Is given what takes a piece, and returns after the last one.
        force: Whether a file that is there, or appears meanwhile, is replaced.

    Raises:
        OutputError: It cannot be written. A file that was there is as it was.
    """
    target = resolve(path)

    def fill(descriptor: int) -> None:
        make(lambda piece: write_all(descriptor, memoryview(piece)))

    with failing(target.label):
        send(target, 0, fill, force)


@contextlib.contextmanager
def failing(label: str) -> Iterator[None]:
    """What an error of the system means while a file of that name is written."""
    try:
        yield
    except OSError as error:
        raise failure(label, error) from None
    except MemoryError:
        raise ResourceError(f"cannot write {label}: not enough memory") from None


def send(target: Target, size: int, write: Callable[[int], None], force: bool) -> None:
    """Hand `write` the descriptor that its target needs, for so many bytes."""
    if target.is_file:
        make_file(target, size, write, force=force)
    elif target.descriptor is None:
        with _closing(os.open(target.path, _WRITE)) as descriptor:
            write(descriptor)
    else:
        _flush(target.descriptor)
        write(target.descriptor)


def failure(label: str, error: OSError) -> OutputError:
    """The failure that an error of the system means."""
    if error.errno in _FULL:
        return ResourceError(f"cannot write {label}: {reason(error)}")
    return unwritable(label, reason(error))


def make_file(target: Target, size: int, write: Callable[[int], None], *, force: bool) -> None:
    """Write a new file beside the target and give it the target's name.

    Args:
        target: A file, there already or not.
        size: The bytes that it will have at least.
        write: Writes them to a descriptor.
        force: Whether a file that is there, or appears meanwhile, is replaced.

    Raises:
        OutputError: There is one and `force` is not given; the new file is gone.
        OSError: It cannot be written.
    """
    if not force and target.status is not None:
        raise appeared(target.label)
    folder = os.path.dirname(target.real)
    # A short prefix of its own: one made from the target's name could exceed the longest name.
    descriptor, temporary = tempfile.mkstemp(prefix=".convcalc-", suffix=".tmp", dir=folder)
    try:
        with _closing(descriptor):
            _reserve(descriptor, size)
            write(descriptor)
            dress(descriptor, target.status)
            os.fsync(descriptor)
        place_file(temporary, target.real, target.label, force=force)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    _sync_folder(folder)


def _reserve(descriptor: int, size: int) -> None:
    """Find out that the disk is too full before the first byte, where the system can tell."""
    reserve = getattr(os, "posix_fallocate", None)
    if reserve is None:
        return
    try:
        reserve(descriptor, 0, size)
    except OSError as error:
        if error.errno not in _NO_RESERVATION:
            raise


def dress(descriptor: int, old: os.stat_result | None) -> None:
    """Give a new file the mode, and if possible the owner, of the one that it replaces."""
    if sys.platform != "win32":  # where a new file inherits its rights from the folder
        mode = 0o666 & ~umask() if old is None else stat.S_IMODE(old.st_mode)
        if old is not None and (old.st_uid, old.st_gid) != (os.geteuid(), os.getegid()):
            # Only root may give files away; for all others the file becomes their own.
            with contextlib.suppress(OSError):
                os.fchown(descriptor, old.st_uid, old.st_gid)
        os.fchmod(descriptor, mode)


def umask() -> int:
    """The mode bits that new files do not get; they can only be read by setting them."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _sync_folder(folder: str) -> None:
    """Make the new name survive a power cut.

    Not every system can, and the file is complete and in its place: no reason to report a failure.
    """
    with contextlib.suppress(OSError), _closing(os.open(folder, os.O_RDONLY)) as descriptor:
        os.fsync(descriptor)


def _flush(descriptor: int) -> None:
    """Make a descriptor that others have used ready for bytes."""
    if descriptor == 1 and sys.stdout is not None and not sys.stdout.closed:
        sys.stdout.flush()  # what was printed before comes before
    if sys.platform == "win32":
        import msvcrt

        msvcrt.setmode(descriptor, os.O_BINARY)


@contextlib.contextmanager
def _closing(descriptor: int) -> Iterator[int]:
    """Close a descriptor at the end; a failure to close is a failure to write."""
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def write_all(descriptor: int, data: memoryview) -> None:
    """Write every byte.

    Not left to the file objects of Python: unbuffered ones write a part and report no error, and
    NumPy's own writer loses the reason of a failure.
    """
    done = 0
    while done < len(data):
        try:
            done += os.write(descriptor, data[done : done + WRITE_CHUNK])
        except BlockingIOError:  # a pipe that somebody made non-blocking, and that is full
            select.select([], [descriptor], [])
