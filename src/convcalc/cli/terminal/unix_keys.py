"""A terminal that hands over every key as it is pressed: as Unix has it, and Windows has not."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def can_be_set(descriptor: int) -> bool:
    """Whether a terminal can be set so, by this process and now.

    One in whose background the process runs would stop it.
    """
    if sys.platform == "win32":
        return False
    else:
        import termios

        try:
            termios.tcgetattr(descriptor)
        except termios.error:
            return False
        try:
            return os.tcgetpgrp(descriptor) == os.getpgrp()
        except OSError:  # not the terminal that controls the process
            return True


@contextlib.contextmanager
def key_by_key(descriptor: int) -> Iterator[None]:
    """Keys arrive one by one and are not shown; afterwards the terminal is as before."""
    if sys.platform == "win32":
        raise OSError("Windows has no terminals of Unix")
    else:
        import termios
        import tty

        before = termios.tcgetattr(descriptor)
        try:
            tty.setcbreak(descriptor, termios.TCSADRAIN)  # what was typed ahead counts
            yield
        finally:
            termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


def pixels(descriptor: int) -> tuple[int, int, int, int] | None:
    """Rows, columns, and width and height in pixels; None where the terminal does not say."""
    if sys.platform == "win32":
        return None
    else:
        import fcntl
        import struct
        import termios

        try:
            packed = fcntl.ioctl(descriptor, termios.TIOCGWINSZ, bytes(8))
        except OSError:
            return None
        rows, columns, width, height = struct.unpack("HHHH", packed)
        return rows, columns, width, height
