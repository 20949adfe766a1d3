"""Standard output and error on Windows: consoles obey escape sequences, and all else is UTF-8."""

from __future__ import annotations

import os
import sys
from io import TextIOWrapper
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TextIO

OBEY_SEQUENCES = 0x0004
"""ENABLE_VIRTUAL_TERMINAL_PROCESSING. Source: Microsoft, SetConsoleMode."""


def prepare_streams() -> None:
    """Makes the streams of this process on Windows what they are on other systems."""
    for stream in (sys.stdout, sys.stderr):
        if stream is None:
            continue
        if stream.isatty():
            _obey_sequences(stream)
        else:
            write_utf8(stream, os.environ)


def write_utf8(stream: TextIO, environment: Mapping[str, str]) -> None:
    """What goes into a file or a pipe is UTF-8, as specs and documents are read.

    Python itself, before 3.15, takes the legacy encoding of the country (cp1252), in which most of
    the letters that a label may have cannot be written. Whoever sets PYTHONIOENCODING gets that.
    """
    if isinstance(stream, TextIOWrapper) and not environment.get("PYTHONIOENCODING"):
        stream.reconfigure(encoding="utf-8")


def _obey_sequences(stream: TextIO) -> None:
    """Colours and moves of the cursor are obeyed by a console, which else shows them as signs."""
    if sys.platform == "win32":
        import ctypes
        import msvcrt

        kernel, mode = ctypes.windll.kernel32, ctypes.c_uint32()
        handle = ctypes.c_void_p(msvcrt.get_osfhandle(stream.fileno()))
        if kernel.GetConsoleMode(handle, ctypes.byref(mode)):
            kernel.SetConsoleMode(handle, mode.value | OBEY_SEQUENCES)
