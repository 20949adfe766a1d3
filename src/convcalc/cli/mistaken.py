"""Words of a command line that mean something in another place: what they are there."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from convcalc.cli.catalog.commands import COMMANDS
from convcalc.cli.parsing.option_types import Option
from convcalc.cli.terminal.streams import note
from convcalc.errors import nearest, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

SUMMARY = "summary"
"""The command that a network alone stands for."""

SPECS = (".spec",)
ARRAYS = (".npy", ".png", ".jpg", ".jpeg", ".ppm")


def with_command(arguments: Sequence[str]) -> list[str]:
    """The arguments, with a command before a network that stands where one should.

    It is the command that stands behind the network, or else `summary`. A note says so, unless
    --quiet is among them.
    """
    words = list(arguments)
    if not words or words[0] in COMMANDS or not _is_network(words[0]):
        return words
    late = words[1:2] if words[1:2] and words[1] in COMMANDS else []
    named = late or [SUMMARY]
    end = words.index("--") if "--" in words else len(words)
    if not {"-q", "--quiet"} & set(words[:end]):
        shown = printable(words[0], 60)
        first = "a command comes first" if late else f"'{shown}' is a network"
        note(f"{first}: convcalc {named[0]} {shown}")
    return [*named, words[0], *words[1 + len(late) :]]


def _is_network(word: str) -> bool:
    from convcalc.zoo.catalog import network_names

    return word in network_names() or (word.endswith(SPECS) and os.path.isfile(word))


def unknown_command(word: str) -> str:
    """What is said of a word that is no command: the nearest, or what its form reminds of."""
    from convcalc.zoo.catalog import network_names

    shown = printable(word, 60)
    if hint := nearest(word, (*COMMANDS, "help")):
        return f"no command '{shown}'{hint}"
    if hint := nearest(word, network_names()):
        return f"no command and no network '{shown}'{hint}"
    if ":" in word or os.path.exists(word):
        command = "run" if word.endswith(ARRAYS) else SUMMARY
        return f"no command '{shown}'; a command comes first, as convcalc {command} {shown}"
    return f"no command '{shown}'"


def elsewhere(command: str, word: str) -> str:
    """The option of `command` that a word begins, else what it is in the first that has it."""
    own = COMMANDS[command].options if command in COMMANDS else {}
    for option in own.values():
        for spelling in option.spellings() if isinstance(option, Option) else ():
            if spelling.startswith(f"{word}-"):
                return f"; did you mean {spelling}?"
    for name, one in COMMANDS.items():
        for option in one.options.values():
            if name != command and isinstance(option, Option) and word in option.spellings():
                long = next(each for each in option.spellings() if each.startswith("--"))
                alias = f" is {long}" if long != word else " is an option"
                return f"; {word}{alias} of {name}: {_beginning(option.about)}"
    return ""


def _beginning(about: str) -> str:
    """What an option is, up to the first sign that is not in brackets."""
    found = re.match(r"(?:\([^)]*\)|[^.;,:])*", about)
    return found[0] if found else about
