"""A pager for what is longer than the terminal, as git has one."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

USUAL = "less"
OPTIONS = {"LESS": "FRX", "LV": "-c"}
"""What pagers are told that were told nothing: to end at once where all fits, to take colours as
such, and to leave the text on the screen.

Source: git's documentation of core.pager.
"""

WITHOUT = ("dumb", "unknown")
"""Terminals that no pager can do anything with."""


def paged(text: str, environment: Mapping[str, str]) -> bool:
    """Shows a text in the pager of the environment; False where it has none, or needs none.

    Args:
        text: Harmless for a terminal.
        environment: PAGER names the pager, LESS its options; an empty PAGER, or cat, is none.
    """
    command = environment.get("PAGER", USUAL).strip()
    if environment.get("TERM") in WITHOUT or command in ("", "cat"):
        return False
    if not _is_longer(text, environment) or not _is_there(command):
        return False
    # A command of the shell, as PAGER is for git and man: less -S, or most | cat.
    with subprocess.Popen(
        command, shell=True, stdin=subprocess.PIPE, env={**OPTIONS, **environment}
    ) as pager:
        # An interrupt is for the pager, which does what it likes with it.
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            pager.communicate(text.encode(sys.stdout.encoding or "utf-8", "backslashreplace"))
        finally:
            signal.signal(signal.SIGINT, before)
    return True


def _is_longer(text: str, environment: Mapping[str, str]) -> bool:
    """Whether a text has more lines than the terminal, one of which the prompt takes."""
    lines = environment.get("LINES", "")
    try:
        height = int(lines) if lines.isdecimal() else os.get_terminal_size(1).lines
    except OSError:
        return False
    return 0 < height <= text.count("\n")


def _is_there(command: str) -> bool:
    """Whether the program of a command exists, as far as can be seen."""
    try:
        words = shlex.split(command)
    except ValueError:
        return True
    return bool(words) and ("=" in words[0] or shutil.which(words[0]) is not None)
