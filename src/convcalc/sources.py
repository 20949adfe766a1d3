"""What a command line means by a network: layers, a file, standard input, a reference network."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from convcalc.calling import declared_functions
from convcalc.errors import (
    DataError,
    Problem,
    ResourceError,
    SpecError,
    UsageError,
    is_shortage,
    nearest,
    printable,
)
from convcalc.layers import KINDS
from convcalc.opening import open_text
from convcalc.reading import parse, shorthands
from convcalc.reference import load_network, network_input, network_names
from convcalc.spec.parser import LONGEST_TEXT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.layers import Shape
    from convcalc.network import Network

_INPUT = re.compile(r"^# input (\S+)\s*$", re.MULTILINE)
_SHAPE = re.compile(r"[1-9][0-9]{0,9}(?:x[1-9][0-9]{0,9}){0,3}")
_NAME = re.compile(r"[\w-]+")


class Source(NamedTuple):
    """A network, and the input that it is meant for where its text says so."""

    network: Network
    input_shape: Shape | None


def read_source(words: Sequence[str]) -> Source:
    """The network that the words of a command line mean.

    One word may be `-` (standard input), a reference network or a file; everything else is the text
    of a spec. A kind of layer wins over a file of the same name; `./relu` is always the file.

    Raises:
        UsageError: standard input is a terminal.
        DataError: the file cannot be read, or is no text.
        SpecError: the text has faults.
    """
    if len(words) == 1:
        (word,) = words
        if word.lower() in network_names():
            return Source(load_network(word.lower()), network_input(word.lower()))
        if word == "-" or _is_file(word):
            text = read_text(word)
            try:
                network = replace(parse(text), functions=declared_functions(text))
                return Source(network, _declared_input(text))
            except SpecError as error:
                name = "standard input" if word == "-" else f"'{printable(word)}'"
                raise SpecError(text, error.problems, name, more=error.more) from None
        check_name(word)
    alone = [word for word in words if word in network_names()]
    if alone:
        raise UsageError(f"a reference network stands alone: '{alone[0]}' has layers beside it")
    return Source(parse(" ".join(words)), None)


def check_name(word: str) -> None:
    """A word that is no layer and nearly the name of a reference network is probably meant so.

    Raises:
        UsageError: it is; the message names the network.
    """
    if not _NAME.fullmatch(word) or word.lower() in KINDS or word in shorthands():
        return
    hint = nearest(word, network_names())
    if hint and not nearest(word, KINDS):
        raise UsageError(f"no layer, file or network is called '{printable(word, 60)}'{hint}")


def read_text(path: str) -> str:
    """The text of a file, or of standard input for `-`.

    Raises:
        UsageError: standard input is a terminal.
        DataError: it cannot be read, is too large, or is not UTF-8.
    """
    label = "standard input" if path == "-" else f"'{printable(path)}'"
    if path == "-" and sys.stdin is not None and sys.stdin.isatty():
        raise UsageError("'-' reads standard input, which is a terminal; pipe a spec into it")
    data = _read(path, label)
    if len(data) > LONGEST_TEXT:
        raise DataError(f"{label} is too large for a spec: at most {LONGEST_TEXT:,} bytes are read")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{label} is no text in UTF-8: byte {error.start} is 0x{data[error.start]:02x}"
        ) from None


def _read(path: str, label: str) -> bytes:
    try:
        if path == "-":
            return sys.stdin.buffer.read(LONGEST_TEXT + 1)
        with open(open_text(path, label), "rb") as file:
            return file.read(LONGEST_TEXT + 1)
    except (OSError, AttributeError, ValueError) as error:  # ValueError: a name with a NUL byte
        unnamed = "it is closed" if path == "-" else str(error)
        reason = getattr(error, "strerror", None) or unnamed
        kind = ResourceError if is_shortage(error) else DataError
        raise kind(f"cannot read {label}: {reason}") from None


def _is_file(word: str) -> bool:
    """Whether a word is meant as a file: it has a folder or an ending, or such a file is there."""
    if ":" in word or "{" in word or word.lower() in KINDS or word in shorthands():
        return False
    ending = "." in os.path.basename(word)
    return os.sep in word or word.endswith((".spec", ".txt")) or (ending and os.path.exists(word))


def _declared_input(text: str) -> Shape | None:
    """The shape that a comment `# input 3x224x224` gives.

    Raises:
        SpecError: there is such a comment, and what it gives is no shape.
    """
    match = _INPUT.search(text)
    if match is None:
        return None
    if not _SHAPE.fullmatch(match.group(1)):
        message = "expected channels and up to 3 spatial sizes after '# input', as 3x224x224"
        raise SpecError(text, [Problem(message, *match.span(1))])
    return tuple(map(int, match.group(1).split("x")))
