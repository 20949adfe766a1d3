"""Which file it was: whether an input is still the one that the work began with."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from convcalc.arrayfile.wording import changed, quoted, unreadable
from convcalc.opening import open_regular

if TYPE_CHECKING:
    from typing import Self


class FileIdentity(NamedTuple):
    """What tells a file from another of the same name, and from itself before it was written to.

    A write within the same tick of the file system's clock as the one before it (some
    milliseconds) leaves all four as they were.

    Attributes:
        device: Where it lies.
        inode: Which file there.
        size: Its bytes.
        modified: When it was last written to, in nanoseconds.
    """

    device: int
    inode: int
    size: int
    modified: int

    @classmethod
    def of(cls, status: os.stat_result) -> Self:
        """That of a file by its status."""
        return cls(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)

    @classmethod
    def at(cls, path: str) -> Self:
        """That of the file that has a name now.

        It is opened: a network's file system asks its server then, and trusts its memory else.

        Raises:
            DataError: There is none, or it is no regular file.
        """
        label = quoted(path)
        try:
            descriptor = open_regular(path, label)
            try:
                return cls.of(os.fstat(descriptor))
            finally:
                os.close(descriptor)
        except (OSError, ValueError) as error:  # ValueError: a name with a NUL byte
            raise unreadable(label, error) from None

    def check(self, now: FileIdentity, label: str, *, elsewhere: bool = False) -> None:
        """Refuse a file that is not this one as it was.

        Args:
            now: The identity of what is there now.
            label: The name for messages.
            elsewhere: Whether it may have been looked at by another machine: each has its own
                numbers for devices.

        Raises:
            DataError: It is another, or was written to.
        """
        if now[elsewhere:] != self[elsewhere:]:
            raise changed(label)
