"""What an output name stands for, and everything that can be known before it is written."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from convcalc.arrayfile.member_names import split_member
from convcalc.arrayfile.wording import quoted, reason, unwritable
from convcalc.errors import UsageError
from convcalc.opening import descriptor_of

if TYPE_CHECKING:
    from collections.abc import Sequence

_DESCRIPTORS = {"-": 1, "/dev/stdout": 1, "/dev/stderr": 2}

_UNSUITABLE = {
    stat.S_IFDIR: "it is a folder; name a file in it",
    stat.S_IFBLK: "it is a block device; name a file",
    stat.S_IFSOCK: "it is a socket; name a file or a pipe",
}

# Looking at a terminal must neither wait for it nor make it the one that controls this process.
_LOOK = os.O_WRONLY | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_NONBLOCK", 0)


@dataclass(frozen=True)
class Target:
    """Where an output goes.

    Attributes:
        label: The name for messages.
        path: The name to open.
        real: The file to replace: `path` with its symbolic links followed.
        descriptor: The open descriptor that the name stands for, if it does.
        status: What is there now, if anything is.
    """

    label: str
    path: str
    real: str
    descriptor: int | None
    status: os.stat_result | None

    @property
    def is_file(self) -> bool:
        """Whether the output replaces a file or makes a new one, rather than flowing away."""
        is_new_or_regular = self.status is None or stat.S_ISREG(self.status.st_mode)
        return self.descriptor is None and is_new_or_regular


def check_output(path: str, *, force: bool, inputs: Sequence[str] = ()) -> None:
    """Refuse an output that could not, or should not, be written: before the work is done.

    Args:
        path: The name of the output; `-` is standard output.
        force: Whether an existing file may be replaced.
        inputs: The names of the inputs, as `read_array` takes them.

    Raises:
        UsageError: The output is a terminal.
        OutputError: The output cannot be written, or exists and `force` is not given.
    """
    target = resolve(path)
    if _is_terminal(target):
        raise UsageError(
            f"{target.label} is a terminal and the output is binary; use -o FILE or redirect it"
        )
    if force or not target.is_file or target.status is None:
        return
    if any(_is_same(target.real, name) for name in inputs):
        raise unwritable(
            target.label, "it is also an input; add --force to replace it by the result"
        )
    raise unwritable(target.label, "it exists; add --force to replace it")


def resolve(path: str) -> Target:
    """What an output name stands for.

    Raises:
        OutputError: Nothing can be written there.
    """
    descriptor = _descriptor(path)
    label = "standard output" if path == "-" else quoted(path)
    try:
        if descriptor is not None:
            return Target(label, path, path, descriptor, os.fstat(descriptor))
        target = Target(label, path, os.path.realpath(path), None, _status(path))
    except (OSError, ValueError) as error:  # ValueError: a name with a NUL byte
        raise unwritable(label, reason(error)) from None
    _check_existing(target)
    if target.is_file:
        check_parent(target.label, target.path, target.real)
    return target


def _descriptor(path: str) -> int | None:
    """The descriptor that a name stands for.

    Such a name must not be opened: that would start again at the first byte of a file that the
    shell has opened for appending, or replace that file behind the back of the shell.
    """
    return _DESCRIPTORS.get(path, descriptor_of(path))


def _status(path: str) -> os.stat_result | None:
    """What is at a path, None for nothing; a symbolic link is followed."""
    try:
        return os.stat(path)
    except FileNotFoundError:
        return None


def _check_existing(target: Target) -> None:
    """Refuse what cannot be written although, or because, it is there."""
    if not os.path.basename(target.path):
        raise unwritable(target.label, "it names a folder; name a file in it")
    if target.status is None:
        return
    why = _UNSUITABLE.get(stat.S_IFMT(target.status.st_mode))
    if why:
        raise unwritable(target.label, why)
    # A read-only file could be replaced all the same, but somebody meant it to stay.
    if not _may(target.path, os.W_OK):
        raise unwritable(target.label, "it is read-only; change its mode or choose another name")


def check_parent(label: str, path: str, real: str | None = None) -> None:
    """Refuse a name whose folder cannot take a new file; replacing one needs that too.

    Args:
        label: The name for messages.
        path: The name as it was given.
        real: The same with its symbolic links followed.

    Raises:
        OutputError: The folder is not there, is none, or is not writable.
    """
    folder = os.path.dirname(os.path.realpath(path) if real is None else real)
    shown = quoted(os.path.dirname(path) or os.curdir)
    try:
        status = os.stat(folder)
    except FileNotFoundError:
        raise unwritable(label, f"there is no folder {shown}; make it first") from None
    except OSError as error:
        raise unwritable(label, reason(error)) from None
    if not stat.S_ISDIR(status.st_mode):
        raise unwritable(label, f"{shown} is not a folder")
    if not _may(folder, os.W_OK | os.X_OK):
        raise unwritable(label, f"the folder {shown} is not writable; choose another one")


def _may(path: str, mode: int) -> bool:
    """Whether the system would allow this to the user that the process acts as."""
    return os.access(path, mode, effective_ids=os.access in os.supports_effective_ids)


def _is_terminal(target: Target) -> bool:
    """Whether bytes written to the target would appear on a screen."""
    if target.descriptor is not None:
        return os.isatty(target.descriptor)
    if target.status is None or not stat.S_ISCHR(target.status.st_mode):
        return False
    if target.path.lower() == os.devnull:  # NUL of Windows says that it is one
        return False
    try:
        opened = os.open(target.path, _LOOK)
    except OSError as error:
        raise unwritable(target.label, reason(error)) from None
    try:
        return os.isatty(opened)
    finally:
        os.close(opened)


def _is_same(real: str, name: str) -> bool:
    """Whether an input comes out of the file that is to be replaced."""
    try:
        return os.path.samefile(real, split_member(name)[0])
    except (OSError, ValueError):
        return False
