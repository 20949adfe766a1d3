"""Standard output and standard error, with every way in which writing to them can fail."""

from __future__ import annotations

import errno
import os
import sys
from typing import TYPE_CHECKING, ClassVar, TextIO

from convcalc.errors import OutputError, harmless, shortened

if TYPE_CHECKING:
    from collections.abc import Mapping

PROGRAM = "convcalc"
NARROWEST, WIDEST = 40, 500

LONGEST_WORD = 400
"""Characters of a word on standard error."""


NOBODY_READS = (errno.EPIPE, errno.EINVAL) if sys.platform == "win32" else (errno.EPIPE,)
"""How the system tells that a pipe has no reader any more; Windows has two ways."""


class Overlay:
    """Something that is drawn on the terminal and makes room for what is written to it."""

    _all: ClassVar[list[Overlay]] = []

    def put(self) -> None:
        """It may be drawn from here on."""
        self._all.append(self)

    def take_away(self) -> None:
        """It is not drawn any more."""
        if self in self._all:
            self._all.remove(self)

    def hide(self) -> None:
        """Others write."""

    def show(self) -> None:
        """Others have written."""

    def end(self) -> None:
        """The answer itself is written."""

    @classmethod
    def make_room(cls, stream: TextIO | None) -> None:
        """Nothing is drawn while something is written to the terminal."""
        for one in cls._all if is_terminal(stream) else ():
            one.end() if stream is sys.stdout else one.hide()

    @classmethod
    def come_back(cls) -> None:
        """What was drawn is drawn again."""
        for one in cls._all:
            one.show()


def write_out(text: str, *, drawn: bool = False) -> bool:
    """Text to standard output, whole or with an error; a reader that went away ends it quietly.

    Characters that the stream's encoding lacks are escaped, and on a terminal whatever is not
    printable: labels, comments and names may be anybody's. A pipe or a file gets them as they are.

    Args:
        text: What is written.
        drawn: The colours in it are ours; what is not was made harmless before they were added.

    Returns:
        Whether somebody still reads.

    Raises:
        OutputError: the disk is full, or the stream cannot be written.
    """
    try:
        _write_all(sys.stdout, text if drawn or not is_terminal(sys.stdout) else harmless(text))
    except OSError as error:
        if error.errno in NOBODY_READS:
            return False
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise OutputError(f"cannot write to standard output: {reason}") from None
    return True


RED, END = "\x1b[1;31m", "\x1b[0m"


def write_error(text: str, *, red: str = "") -> None:
    """A line to standard error; where nobody can read it, the exit code still speaks.

    What is not printable is escaped, wherever it goes: messages quote what others have written. Of
    a word that is longer than any path we print, as a label may be, the middle is left out. On a
    terminal lines are broken between words.

    Args:
        text: One line or several.
        red: The word that is red, if there are colours.
    """
    text = harmless(shortened(text, LONGEST_WORD))
    if is_terminal(sys.stderr):
        text = _broken(text, terminal_width(os.environ, sys.stderr))
    if red:
        text = text.replace(red, f"{RED}{red}{END}", 1)
    try:
        _write_all(sys.stderr, f"{text}\n")
    except (OSError, ValueError):
        return


def _broken(text: str, width: int) -> str:
    """Lines of at most `width` columns; those of a text with carets below it stay as they are."""
    from convcalc.widths import WORDS, broken  # the version is told without it

    lines = text.split("\n")
    return "\n".join(
        piece
        for line in lines
        for piece in ([line] if line.startswith("  ") else broken(line, width, WORDS, "  "))
    )


def note(text: str) -> None:
    """Something worth knowing that is no error."""
    write_error(f"{PROGRAM}: note: {text}")


def warn(text: str) -> None:
    """Something that is probably not what was meant."""
    write_error(f"{PROGRAM}: warning: {text}")


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a person is looking at the stream."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # closed
        return False


def wants_colour(choice: str, stream: TextIO | None, environment: Mapping[str, str]) -> bool:
    """Whether to colour what goes to `stream`: the option, the environment, the terminal.

    NO_COLOR turns colours off whatever it holds, and wins; FORCE_COLOR and CLICOLOR_FORCE turn them
    on in a pipe, too. CLICOLOR=0 turns them off, and so does FORCE_COLOR=0, as programs of Node
    read it. A variable that is empty says nothing.

    Source: no-color.org, force-color.org, bixense.com/clicolors.
    """
    if choice != "auto":
        return choice == "always"
    if environment.get("NO_COLOR") or environment.get("FORCE_COLOR") == "0":
        return False
    if environment.get("FORCE_COLOR") or environment.get("CLICOLOR_FORCE", "0") not in ("", "0"):
        return True
    if environment.get("CLICOLOR") == "0" or environment.get("TERM") in ("dumb", "unknown"):
        return False
    return is_terminal(stream)


def terminal_width(environment: Mapping[str, str], stream: TextIO | None = None) -> int:
    """Columns of the terminal of a stream, from COLUMNS if that is a sensible number."""
    try:
        width = int(environment.get("COLUMNS", ""))
    except ValueError:
        width = 0
    if width <= 0:
        try:
            width = os.get_terminal_size((stream or sys.stdout).fileno()).columns
        except (OSError, ValueError):
            width = 80
    return min(max(width or 80, NARROWEST), WIDEST)


def draws_lines(stream: TextIO | None) -> bool:
    """Whether the stream can show the lines of a table beyond ASCII."""
    encoding = getattr(stream, "encoding", None) or "ascii"
    return encoding.lower().replace("-", "").startswith("utf")


def _write_all(stream: TextIO | None, text: str) -> None:
    """All of the text, past Python's buffers: unbuffered streams lose the rest of a short write."""
    if stream is None:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    Overlay.make_room(stream)
    data = text.encode(stream.encoding or "utf-8", "backslashreplace")
    descriptor = _descriptor(stream)
    if descriptor is None:
        stream.write(data.decode(stream.encoding or "utf-8"))
        stream.flush()
        Overlay.come_back()
        return
    stream.flush()
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view[: 1 << 20]) :]
    Overlay.come_back()


def _descriptor(stream: TextIO) -> int | None:
    """Where the bytes of a stream go.

    None for a stream in memory, and for a console of Windows, which shows bytes in an encoding of
    its own and not the stream's.
    """
    if sys.platform == "win32" and is_terminal(stream):
        return None
    try:
        return stream.fileno()
    except (OSError, ValueError):
        return None
