"""What may stand at the end of a line that is being typed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from convcalc.cli.catalog.commands import COMMANDS
from convcalc.cli.completion.values import (
    COMMAND_NAMES,
    FILES,
    KINDS,
    LABELS,
    NEEDING_VALUES,
    NETWORKS,
    OF_COMMAND,
    VALUES,
)
from convcalc.cli.parsing.option_types import Argument, Option
from convcalc.file_names import has_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from convcalc.cli.completion.line import Line
    from convcalc.cli.parsing.option_types import Options

HELP = ("-h", "--help")
VERSION = "The version, and nothing else."
PROGRAM_OPTIONS = {"--help": "The help.", "--version": VERSION, "-V": VERSION}
ZOO = os.path.join(os.path.dirname(__file__), "..", "..", "zoo")
SPEC = ".spec"


class Offer(NamedTuple):
    """What a shell may put in the place of the typed word.

    Attributes:
        words: Each with a line about it, which may be empty.
        files: Whether names of files do as well.
    """

    words: dict[str, str]
    files: bool = False


def offered(line: Line) -> Offer:
    """The words that begin as the typed one does."""
    found = _possible(line)
    return Offer({w: found.words[w] for w in found.words if w.startswith(line.typed)}, found.files)


def _possible(line: Line) -> Offer:
    """The words for that place of the line, whatever was typed of them."""
    command = line.before[0] if line.before else None
    if command is None:
        return Offer({**_commands(), **PROGRAM_OPTIONS, **(_networks() if line.typed else {})})
    if command == "help":
        return Offer(_commands())
    if command not in COMMANDS:
        return Offer({}, files=True)
    options, typed = COMMANDS[command].options, line.typed
    if "--" in line.before:
        return _values(command, _argument(options, line), line)
    name, equals, value = typed.partition("=")
    if equals and name.startswith("--"):
        offer = _values(command, _named(options, name), line._replace(typed=value))
        return Offer({f"{name}={word}": about for word, about in offer.words.items()}, offer.files)
    return _next(command, line)


def _next(command: str, line: Line) -> Offer:
    """The value of the option before, an option, or an argument."""
    options = COMMANDS[command].options
    before = _named(options, line.before[-1])
    if before is not None and options[before].metavar is not None:
        return _values(command, before, line)
    if line.typed.startswith("-"):
        return Offer(dict(_options(options)))
    return _values(command, _argument(options, line), line)


def _commands() -> dict[str, str]:
    return {**{name: one.about for name, one in COMMANDS.items()}, "help": "The help of a command."}


def _options(options: Options) -> Iterator[tuple[str, str]]:
    for option in options.values():
        if isinstance(option, Option):
            yield from ((word, option.about) for word in option.spellings())
    yield from ((word, "The help of the command.") for word in HELP)


def _named(options: Options, word: str) -> str | None:
    """The option that a word is."""
    for name, option in options.items():
        if isinstance(option, Option) and word in option.spellings():
            return name
    return None


def _argument(options: Options, line: Line) -> str | None:
    """The argument that is typed: of several one after the other, as many as stand before it."""
    arguments = [name for name, one in options.items() if isinstance(one, Argument)]
    if not arguments:
        return None
    given = sum(1 for place in range(1, len(line.before)) if _is_argument(options, line, place))
    return arguments[min(given, len(arguments) - 1)]


def _is_argument(options: Options, line: Line, place: int) -> bool:
    """Whether a word before is neither an option nor the value of one."""
    name = _named(options, line.before[place - 1])
    valued = name is not None and options[name].metavar is not None
    return not valued and not line.before[place].startswith("-")


def _values(command: str, name: str | None, line: Line) -> Offer:
    """The values of an option or an argument; of a list the next one."""
    if name is None:
        return Offer({})
    if name in NETWORKS:
        return Offer({**_networks(), **_kinds()}, files=":" not in line.typed)
    if name in LABELS:
        found: Iterable[str] = _labels(line)
    elif (command, name) in OF_COMMAND or name in VALUES:
        found = OF_COMMAND.get((command, name), VALUES.get(name, ()))
    elif name in COMMAND_NAMES:
        found = COMMANDS
    elif name in KINDS:
        found = (word.removesuffix(":") for word in _kinds())
    else:
        return Offer({}, files=name in FILES)
    head = line.typed[: line.typed.rfind(",") + 1]
    if name == "sort" and line.typed.startswith("-"):
        head = "-"  # turns the order
    return Offer(dict.fromkeys((head + word for word in found), ""))


def _networks() -> dict[str, str]:
    """The reference networks, each with its first line."""
    found = {}
    for file in sorted(os.listdir(ZOO)):
        if file.endswith(SPEC):
            found[file.removesuffix(SPEC)] = _text_of(os.path.join(ZOO, file)).partition("\n")[0][
                2:
            ]
    return found


def _kinds() -> dict[str, str]:
    """The kinds of layers as a spec begins with them: conv: and relu."""
    from convcalc.layers.kinds import CLASS_OF

    return {f"{kind}:" if kind in NEEDING_VALUES else kind: "" for kind in CLASS_OF}


def _labels(line: Line) -> list[str]:
    """The labels of the first network in the line, its layers and blocks, in their order."""
    for word in line.before[1:]:
        known = os.path.join(ZOO, word + SPEC)
        path = known if not has_folder(word) and os.path.isfile(known) else word
        if path.endswith(SPEC) and os.path.isfile(path):
            from convcalc.language.labels import labels_of

            return _with_blocks(labels_of(_text_of(path)))
    return []


def _with_blocks(labels: Iterable[str]) -> list[str]:
    """Each label after the blocks that it is in."""
    found: dict[str, None] = {}
    for label in labels:
        parts = label.split(".")
        found.update(dict.fromkeys(".".join(parts[:end]) for end in range(1, len(parts) + 1)))
    return list(found)


def _text_of(path: str) -> str:
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read(MOST_READ)


MOST_READ = 2**20
"""Characters of a file that are read."""
