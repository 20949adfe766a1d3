"""A screen that is drawn anew for every key, and left as it was found."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING

from convcalc.cli.terminal.streams import is_terminal, write_out
from convcalc.cli.terminal.unix_keys import key_by_key
from convcalc.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

KEYS = {
    b"\x1b[A": "up",
    b"\x1b[B": "down",
    b"\x1b[C": "right",
    b"\x1b[D": "left",
    b"\x1bOA": "up",
    b"\x1bOB": "down",
    b"\x1bOC": "right",
    b"\x1bOD": "left",
    b" ": "space",
    b"": "q",
    b"\x04": "q",
    b"q": "q",
    b"Q": "q",
}
"""What terminals send for a key; nothing more to read ends the walk, too."""

ENTER = "\x1b[?1049h\x1b[?25l"
LEAVE = "\x1b[?25h\x1b[?1049l"
CLEAR = "\x1b[H\x1b[2J"


def check_keyboard(option: str) -> None:
    """Whether there is a terminal to draw on and to read keys from.

    Raises:
        UsageError: there is not.
    """
    if not is_terminal(sys.stdout) or not is_terminal(sys.stdin):
        raise UsageError(f"{option} needs a terminal to draw on and a keyboard; leave it out")
    try:
        import termios  # noqa: F401 - not on every system
    except ImportError:
        raise UsageError(f"{option} needs a terminal of Unix; leave it out") from None


def screen_size() -> tuple[int, int]:
    """Columns and rows of the terminal as it is now."""
    try:
        size = os.get_terminal_size(sys.stdout.fileno())
    except (OSError, ValueError):
        return 80, 24
    return size.columns or 80, size.lines or 24


@contextlib.contextmanager
def keys() -> Iterator[Iterator[str]]:
    """The keys that are pressed, by name, on a screen of its own; afterwards all is as before."""
    descriptor = sys.stdin.fileno()
    try:
        with key_by_key(descriptor):
            write_out(ENTER, drawn=True)
            yield _pressed(descriptor)
    finally:
        write_out(LEAVE, drawn=True)


def draw(text: str) -> None:
    """The screen with nothing but this text."""
    write_out(CLEAR + text, drawn=True)


def _pressed(descriptor: int) -> Iterator[str]:
    while True:
        read = _sequence(descriptor)
        yield KEYS.get(read, read.decode("latin-1"))


def _sequence(descriptor: int) -> bytes:
    """One key: a byte, or the three that an arrow sends."""
    first = _byte(descriptor)
    if first != b"\x1b":
        return first
    second = _byte(descriptor)
    return first + second + (_byte(descriptor) if second in (b"[", b"O") else b"")


def _byte(descriptor: int) -> bytes:
    """The next byte; none where the terminal has gone away."""
    try:
        return os.read(descriptor, 1)
    except OSError:
        return b""
