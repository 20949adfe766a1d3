"""The manual: a page for `man` of the program and of each command, from what the help says.

    python -m convcalc.cli.manual FOLDER

Source: groff_man(7), groff_char(7).
"""

from __future__ import annotations

import os
import sys
from itertools import groupby
from typing import TYPE_CHECKING

from convcalc import __version__
from convcalc.cli.catalog.commands import COMMANDS
from convcalc.cli.catalog.program import EXAMPLES, EXIT_CODES, LAYERS, SUMMARY, VARIABLES
from convcalc.cli.parsing.option_types import GROUPS, Argument, Option

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from convcalc.cli.catalog.command import Command

SIGNS = {"\\": r"\e", "-": r"\-", "'": r"\(aq", "`": r"\(ga", "^": r"\(ha", "~": r"\(ti"}
"""What a typesetter would make other characters of."""

PROGRAM = "convcalc"
HELP = Option(("-h", "--help"), "Show the help and exit.", GROUPS[-1])
VERSION = Option(("-V", "--version"), "The version, and nothing else.", GROUPS[-1])


def pages() -> dict[str, str]:
    """Every page by the name of its file."""
    found = {f"{PROGRAM}.1": _program_page()}
    for name, command in COMMANDS.items():
        found[f"{PROGRAM}-{name}.1"] = _command_page(name, command)
    return found


def write_pages(folder: str) -> list[str]:
    """Writes every page into a folder, which is made; the paths of the files."""
    os.makedirs(folder, exist_ok=True)
    paths = []
    for name, text in pages().items():
        paths.append(os.path.join(folder, name))
        with open(paths[-1], "w", encoding="ascii") as file:
            file.write(text)
    return paths


def _program_page() -> str:
    synopsis = rf"\fB{PROGRAM}\fR \fICOMMAND\fR [\fIOPTION\fR]... [\fIARGUMENT\fR]..."
    return _joined(
        _head(PROGRAM, SUMMARY),
        _section("SYNOPSIS", [synopsis]),
        _section("DESCRIPTION", [_text(LAYERS)]),
        _section("COMMANDS", _terms({_page_of(name): one.about for name, one in COMMANDS.items()})),
        _section("OPTIONS", [*_option(VERSION), *_option(HELP)]),
        _section("EXIT STATUS", _terms({_bold(code): says for code, says in EXIT_CODES.items()})),
        _section("ENVIRONMENT", _terms({_bold(name): says for name, says in VARIABLES.items()})),
        _examples(EXAMPLES),
    )


def _command_page(name: str, command: Command) -> str:
    arguments = [one for one in command.options.values() if isinstance(one, Argument)]
    words = [r"[\fIOPTION\fR]...", *(rf"\fI{_escaped(one.metavar)}\fR" for one in arguments)]
    described = [*([_text(command.details)] if command.details else [])]
    return _joined(
        _head(f"{PROGRAM}-{name}", command.about),
        _section("SYNOPSIS", [rf"\fB{PROGRAM} {_escaped(name)}\fR {' '.join(words)}"]),
        _section("DESCRIPTION", described or [_text(command.about)]),
        _section(
            "ARGUMENTS",
            _terms({rf"\fI{_escaped(one.metavar)}\fR": one.about for one in arguments}),
        ),
        _section("OPTIONS", _options(command)),
        _examples(command.examples),
        _section("SEE ALSO", [rf".BR {PROGRAM} (1)"]),
    )


def _head(name: str, about: str) -> list[str]:
    title = f'.TH "{_escaped(name.upper())}" 1 "" "{PROGRAM} {__version__}" "User Commands"'
    # Words of a command line are not broken: no hyphenation.
    return [title, ".nh", ".SH NAME", rf"{_escaped(name)} \- {_text(about.rstrip('.'))}"]


def _section(title: str, lines: Iterable[str]) -> list[str]:
    """A section; nothing where it has no lines."""
    body = list(lines)
    return [f'.SH "{title}"', *body] if body else []


def _options(command: Command) -> Iterator[str]:
    options = [one for one in (*command.options.values(), HELP) if isinstance(one, Option)]
    in_order = sorted(options, key=lambda one: GROUPS.index(one.group))
    for group, members in groupby(in_order, key=lambda one: one.group):
        yield f'.SS "{_escaped(group)}"'
        for option in members:
            yield from _option(option)


def _option(option: Option) -> list[str]:
    """Its names, the short one first, what it takes, and what it does."""
    names = sorted(option.spellings(), key=lambda word: word.startswith("--"))
    takes = "" if option.metavar is None else rf" \fI{_escaped(option.metavar)}\fR"
    return [".TP", ", ".join(map(_bold, names)) + takes, _text(option.about)]


def _terms(terms: dict[str, str]) -> Iterator[str]:
    """Terms, which are written already, each with what is said of it."""
    for term, about in terms.items():
        yield from (".TP", term, _text(about))


def _examples(lines: Iterable[str]) -> list[str]:
    return _section("EXAMPLES", [".nf", *map(_text, lines), ".fi"])


def _page_of(command: str) -> str:
    return rf"\fB{PROGRAM}\-{_escaped(command)}\fR(1)"


def _bold(text: str) -> str:
    return rf"\fB{_escaped(text)}\fR"


def _text(text: str) -> str:
    """A paragraph or a line, none of which is read as a request."""
    return "\n".join(rf"\&{_escaped(line)}" for line in text.splitlines())


def _escaped(text: str) -> str:
    """Characters that are printed as they are: of the standard output of groff, and pasted."""
    return "".join(
        SIGNS.get(letter, letter if letter.isascii() else rf"\[u{ord(letter):04X}]")
        for letter in text
    )


def _joined(*sections: Iterable[str]) -> str:
    return "\n".join(line for section in sections for line in section) + "\n"


if __name__ == "__main__":
    write_pages(sys.argv[1])
