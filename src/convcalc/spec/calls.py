"""From text to calls: words, arguments and values, each with its place in the text.

    chain  := layer*                        separated by blanks, new lines or ";"; "#" comments
    layer  := KIND [ ":" arg ("," arg)* ]
    arg    := VALUE | KEYVALUE | KEY "=" VALUE      conv:64,k3x5,s2,p0:1x0:1,nobias
    VALUE  := 7 | 3x5 (per axis) | 0:1 (begin:end) | 0:1x0:1 | word (same, valid, reflect ...)

Nothing here knows what a convolution is: which kinds exist and what their parameters mean is the
business of whoever reads the calls.
"""

from __future__ import annotations

import re
from typing import NamedTuple, TypeAlias

from convcalc.errors import Problem, SpecError

Value: TypeAlias = "str | int | tuple[int | tuple[int, int], ...]"
"""A word, a number, or a number or (begin, end) per axis."""

LONGEST_TEXT = 16 * 2**20
"""Characters that a spec may have; more is not a network but a wrong file."""

NO_LAYER = "expected a layer, as conv:64,k3,p1: a kind, then ':' and its arguments"

_GAP = re.compile(r"(?:[\s;]|#[^\n]*)+")
_LAYER_WORD = re.compile(r"[^\s;#]+")
_KIND = re.compile(r"[A-Za-z][A-Za-z0-9_]*", re.ASCII)
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_-]*", re.ASCII)
_KEY_EQUALS = re.compile(r"([A-Za-z_]+)=", re.ASCII)
_KEY_NUMBER = re.compile(r"([A-Za-z_]+)(?=-?\d)", re.ASCII)
_ENDS = re.compile(r"(-?\d{1,18})(?::(-?\d{1,18}))?", re.ASCII)


class Argument(NamedTuple):
    """One argument: its key if it has one, its value, and the characters it stands in."""

    key: str | None
    value: Value
    start: int
    end: int


class Call(NamedTuple):
    """One layer as it was written; `start` to `kind_end` is the kind, to `end` the whole word."""

    kind: str
    arguments: tuple[Argument, ...]
    start: int
    kind_end: int
    end: int


def read_calls(text: str) -> tuple[list[Call], list[Problem]]:
    """The calls of a chain in order, and what could not be read.

    Raises:
        SpecError: the text is too long to be read at all.
    """
    if len(text) > LONGEST_TEXT:
        message = f"a spec of {len(text)} characters; at most {LONGEST_TEXT} are read"
        raise SpecError(text[:80], [Problem(message, 0, 1)])
    calls: list[Call] = []
    problems: list[Problem] = []
    place = 0
    while place < len(text):
        gap = _GAP.match(text, place)
        if gap:
            place = gap.end()
            continue
        word = _LAYER_WORD.match(text, place)
        assert word is not None  # what is no gap is a word
        call = _read_call(text, place, word.end(), problems)
        if call is not None:
            calls.append(call)
        place = word.end()
    return calls, problems


def read_value(text: str) -> Value:
    """A value by itself: 7, 3x5, 0:1, 0:1x0:1 or a word.

    Raises:
        ValueError: it is none of them; the message says what was expected.
    """
    if _WORD.fullmatch(text):
        return text
    axes = [_read_ends(part) for part in re.split("[xX]", text)]
    return axes[0] if len(axes) == 1 and isinstance(axes[0], int) else tuple(axes)


def _read_call(text: str, start: int, end: int, problems: list[Problem]) -> Call | None:
    kind = _KIND.match(text, start, end)
    if kind is None or (kind.end() < end and text[kind.end()] != ":"):
        problems.append(Problem(NO_LAYER, start, end))
        return None
    arguments = []
    faults = len(problems)
    place = kind.end() + 1
    while place <= end and kind.end() < end:
        comma = text.find(",", place, end)
        stop = comma if comma >= 0 else end
        try:
            arguments.append(_read_argument(text[place:stop], place, stop))
        except ValueError as error:
            problems.append(Problem(str(error), place, max(stop, place + 1)))
        place = stop + 1
    if len(problems) > faults:
        return None
    return Call(kind.group(), tuple(arguments), start, kind.end(), end)


def _read_argument(text: str, start: int, end: int) -> Argument:
    if not text:
        raise ValueError("expected an argument here, as 64, k3 or p=same")
    match = _KEY_EQUALS.match(text) or _KEY_NUMBER.match(text)
    if match is None:
        return Argument(None, read_value(text), start, end)
    return Argument(match.group(1), read_value(text[match.end() :]), start, end)


def _read_ends(part: str) -> int | tuple[int, int]:
    match = _ENDS.fullmatch(part)
    if match is None:
        if re.fullmatch(r"-?[0-9]{19,}", part):
            raise ValueError("a number of more than 18 digits")
        raise ValueError("expected a value such as 7, 3x5, 0:1 (begin:end) or a word")
    before, after = match.groups()
    return int(before) if after is None else (int(before), int(after))
