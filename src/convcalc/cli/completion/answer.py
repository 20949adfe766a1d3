"""The answer to a shell that asks what could be typed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from convcalc.cli.completion.candidates import offered
from convcalc.cli.completion.line import read_line
from convcalc.cli.terminal.streams import write_out

if TYPE_CHECKING:
    from collections.abc import Sequence

FILES_TOO = ":files"
"""A line that says so, for no word begins with a colon."""


def answer(asked: Sequence[str]) -> int:
    """Prints a word a line with what is said about it behind a tab; the exit code.

    Args:
        asked: The number of the word that is typed, counted from the program's name; the characters
            at which the shell splits words; and its words.
    """
    try:
        place, breaks, *words = asked
        line = read_line(words, int(place), breaks)
        offer = offered(line)
    except (ValueError, OSError):
        return 1
    lines = [f"{word[line.kept :]}\t{about}".rstrip() for word, about in offer.words.items()]
    write_out("".join(f"{text}\n" for text in [*lines, *([FILES_TOO] * offer.files)]))
    return 0


def script_of(shell: str) -> str:
    """The script that a shell reads to ask."""
    path = os.path.join(os.path.dirname(__file__), f"convcalc.{shell}")
    with open(path, encoding="utf-8") as file:
        return file.read()
