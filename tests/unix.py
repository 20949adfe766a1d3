"""What tests ask for that Windows has not: a test that does is skipped there, with the reason.

Modules of Unix are imported from here, where they may be missing. Whatever else is missing (a
function of `os`, a signal, an argument of `subprocess`) shows in the test's own error.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
from importlib import import_module
from pathlib import Path

import pytest

WINDOWS = sys.platform == "win32"
TESTS = str(Path(__file__).parent)

unix_files = pytest.mark.skipif(WINDOWS, reason="files have names, modes and links as of Unix")
"""For tests of devices and descriptors that have names, of modes, and of links."""


class Missing:
    """A module that this system has not: whoever uses it is skipped."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __getattr__(self, attribute: str) -> object:
        pytest.skip(f"only Unix has {self.name}.{attribute}")


def _module(name: str) -> object:
    try:
        return import_module(name)
    except ImportError:
        return Missing(name)


fcntl, pty, resource, termios = map(_module, ("fcntl", "pty", "resource", "termios"))


def lacking(error: BaseException) -> str | None:
    """What a test asked for and Windows has not, by the error that it got; None for any other."""
    if isinstance(error, AttributeError) and error.obj in (os, signal, socket):
        return f"only Unix has {error.obj.__name__}.{error.name}" if _is_ours(error) else None
    if isinstance(error, ValueError) and "not supported on Windows" in str(error):
        return str(error)
    if isinstance(error, OSError) and getattr(error, "winerror", None) == NO_PRIVILEGE:
        return "links need a privilege on Windows"
    return None


NO_PRIVILEGE = 1314
"""ERROR_PRIVILEGE_NOT_HELD. Source: Microsoft, System Error Codes."""


def _is_ours(error: BaseException) -> bool:
    """Whether an error was raised by a line of the tests, and not of the program."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    return place is not None and place.tb_frame.f_code.co_filename.startswith(TESTS)


@contextlib.contextmanager
def skipping_what_is_lacking():
    """Skips the test that asks for something of Unix, on Windows."""
    try:
        yield
    except Exception as error:
        if WINDOWS and (reason := lacking(error)):
            pytest.skip(reason)
        raise
