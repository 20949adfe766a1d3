"""How an option is declared: plain data, of which help, completions and Typer's options are made.

Typer itself is not imported here: a shell that asks for completions waits for every import.
"""

from __future__ import annotations

import re
from typing import NamedTuple, TypeAlias

GROUPS = (
    "Input",
    "Layer by flags",
    "Weights",
    "Wanted",
    "Limits",
    "Counting",
    "Machine",
    "Computing",
    "Cluster",
    "View",
    "Output",
)
"""The parts of a command's help, in their order; each option stands in one of them."""


OPTIONAL_VALUES = {"--verify": ("1000", re.compile(r"[0-9]+|all", re.IGNORECASE))}
"""Options whose value may be missing: what it is then, and what a value looks like."""


class Option(NamedTuple):
    """What is typed with dashes; our own parsers read its value, which arrives as text.

    Attributes:
        names: How it is typed; of a switch that can be turned off "--bias/--no-bias".
        about: Its line of help.
        group: The part of the help that it stands in.
        metavar: What stands for its value in the help; None of a switch, which has none.
    """

    names: tuple[str, ...]
    about: str
    group: str
    metavar: str | None = None

    def spellings(self) -> tuple[str, ...]:
        """Every word that it may be typed as."""
        return tuple(word for name in self.names for word in name.split("/"))


class Argument(NamedTuple):
    """What is typed without dashes.

    Attributes:
        metavar: What stands for it in the help.
        about: Its line of help.
        several: Whether any number of words may be given.
        required: Whether one has to be given.
    """

    metavar: str
    about: str
    several: bool = False
    required: bool = False


Options: TypeAlias = dict[str, Option | Argument]
"""Options and arguments by the names that commands know them by."""


def text_option(*names: str, metavar: str, about: str, group: str) -> Option:
    """An option with a value.

    Args:
        names: How it is typed, with its dashes.
        metavar: What stands for its value in the help.
        about: Its line of help.
        group: The part of the help that it stands in.
    """
    return Option(names, about, group, metavar)


def switch_option(*names: str, about: str, group: str) -> Option:
    """An option without a value, by its names, with its line of help and its group."""
    return Option(names, about, group)
