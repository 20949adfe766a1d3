"""What tests ask for that Windows has not: a test that does is skipped there, with the reason.

Modules of Unix are imported from here, where they may be missing. Whatever else is missing (a
function of `os`, a signal, an argument of `subprocess`) shows in the test's own error.
"""

from __future__ import annotations

import contextlib
import re
import sys
from importlib import import_module
from pathlib import Path

import pytest

import convcalc

WINDOWS = sys.platform == "win32"
PROGRAM = str(Path(convcalc.__file__).parent)
ABSENT = re.compile(r"module '(os|signal|socket|time)'.* has no attribute '(\w+)'")

unix_files = pytest.mark.skipif(WINDOWS, reason="files have names, modes and links as of Unix")
"""For tests of devices and descriptors that have names, of modes, and of links."""


unix_calls = pytest.mark.skipif(WINDOWS, reason="about the calls of the system that Unix needs")
unix_replacing = pytest.mark.skipif(WINDOWS, reason="Windows replaces no file that is open")


class Missing:
    """A module that this system has not: whoever uses it is skipped."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __getattr__(self, attribute: str) -> object:
        if attribute.startswith("__"):  # asked by whoever collects tests
            raise AttributeError(attribute)
        pytest.skip(f"only Unix has {self.name}.{attribute}")


def _module(name: str) -> object:
    try:
        return import_module(name)
    except ImportError:
        return Missing(name)


fcntl, pty, resource, termios = map(_module, ("fcntl", "pty", "resource", "termios"))


def lacking(error: BaseException) -> str | None:
    """What a test asked for and Windows has not, by the error that it got; None for any other."""
    if isinstance(error, AttributeError) and (found := ABSENT.search(str(error))):
        return f"only Unix has {found[1]}.{found[2]}" if not _in_program(error) else None
    if isinstance(error, ValueError) and "not supported on Windows" in str(error):
        return str(error)
    if isinstance(error, OSError) and getattr(error, "winerror", None) == NO_PRIVILEGE:
        return "links need a privilege on Windows"
    return None


NO_PRIVILEGE = 1314
"""ERROR_PRIVILEGE_NOT_HELD. Source: Microsoft, System Error Codes."""


def _in_program(error: BaseException) -> bool:
    """Whether an error was raised by a line of the program, and not of the tests."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    return place is not None and place.tb_frame.f_code.co_filename.startswith(PROGRAM)


@contextlib.contextmanager
def skipping_what_is_lacking():
    """Skips the test that asks for something of Unix, on Windows."""
    try:
        yield
    except Exception as error:
        if WINDOWS and (reason := lacking(error)):
            pytest.skip(reason)
        raise
