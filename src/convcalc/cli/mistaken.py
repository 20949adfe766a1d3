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
    """The arguments, with `summary` before a network that stands where a command should.

    A note says so, unless --quiet is among them.
    """
    words = list(arguments)
    if not words or words[0] in COMMANDS or not _is_network(words[0]):
        return words
    end = words.index("--") if "--" in words else len(words)
    if not {"-q", "--quiet"} & set(words[:end]):
        shown = printable(words[0], 60)
        note(f"'{shown}' is a network: convcalc {SUMMARY} {shown}")
    return [SUMMARY, *words]


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
    """What an option that `command` has not is in the first command that has it, or nothing."""
    for name, one in COMMANDS.items():
        for option in one.options.values():
            if name != command and isinstance(option, Option) and word in option.spellings():
                long = next(each for each in option.spellings() if each.startswith("--"))
                alias = f" is {long}" if long != word else " is an option"
                about = re.split(r"[.;,:]", option.about)[0]
                return f"; {word}{alias} of {name}: {about}"
    return ""
