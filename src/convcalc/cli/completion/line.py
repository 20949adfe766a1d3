"""A command line that is being typed, from the words that a shell has split it into."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

JOINTS = ":="
"""Characters at which bash splits words that are one for everybody else."""


class Line(NamedTuple):
    """What stands before the word that is typed, and that word.

    Attributes:
        before: The words after the program's name.
        typed: The beginning of the word; empty where a new one starts.
        kept: How much of it the shell keeps: what it is offered begins after that.
    """

    before: tuple[str, ...]
    typed: str
    kept: int = 0


def read_line(words: Sequence[str], place: int, breaks: str = "") -> Line:
    """The line of a shell's words.

    Args:
        words: The program's name and what follows.
        place: Which of them is typed.
        breaks: The characters at which the shell splits words, as COMP_WORDBREAKS of bash.

    Example:
        >>> read_line(["convcalc", "shape", "conv", ":", "6"], 4, ":=")
        Line(before=('shape',), typed='conv:6', kept=5)
    """
    joints = [one for one in JOINTS if one in breaks]
    whole: list[str] = []
    joined = False
    for word in [*words[1:place], words[place] if place < len(words) else ""]:
        joint = bool(word) and all(letter in joints for letter in word)
        if whole and (joint or joined):
            whole[-1] += word
        else:
            whole.append(word)
        joined = joint
    *before, typed = whole or [""]
    kept = max([typed.rfind(one) + 1 for one in joints], default=0)
    return Line(tuple(before), typed, kept)
