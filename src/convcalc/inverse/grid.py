"""Grids: a text with choices in it, conv:{32,64},k{3,5,7},s{1,2},p{0..3}, and its combinations."""

from __future__ import annotations

import re
from math import prod
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from convcalc.errors import Diagnostic, SpecError
from convcalc.inverse.ranges import read_range
from convcalc.layers import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

T = TypeVar("T")

_CHOICE = re.compile(r"\{([^{}|\s]*)\}")
_KEY = re.compile(r"(?<=[:,])([A-Za-z_]+)(=?)((?:[0-9]+[x:])*)$")
_REPEATS = re.compile(r"x\s*\{")
_KIND = re.compile(r"(?:^|[\s{|=])([A-Za-z]\w*):$")

MOST_CHOICES = 40


class Choice(NamedTuple):
    """A place of a text that has one of several values.

    Attributes:
        name: What it is called in conditions: its key, or that of the value without one.
        values: The values in order, numbers of a range or words as they are written.
    """

    name: str
    values: Sequence[int] | Sequence[str]


class Template(NamedTuple):
    """A text with choices in it.

    Attributes:
        parts: What stands between them: one part more than there are choices.
        choices: The choices from left to right.
    """

    parts: tuple[str, ...]
    choices: tuple[Choice, ...]

    def text(self, chosen: Sequence[object]) -> str:
        """The text with a value at each choice."""
        pieces = [self.parts[0]]
        for value, part in zip(chosen, self.parts[1:], strict=True):
            pieces += (str(value), part)
        return "".join(pieces)


def read_template(text: str, label: str = "", names: str = "") -> Template:
    """The choices of a text.

    A pair of braces is a choice behind a colon, a comma or a key, where a layer has a value, and in
    front of `x{` as the number of a repeat; all others hold layers, as those of residual{...}.

    Args:
        text: A spec, or with `names` anything whose braces all are choices.
        label: What messages call the text.
        names: The name of every choice, of a text that is no spec.

    Raises:
        SpecError: a choice has no values, or a range in it no end.

    Example:
        >>> template = read_template("conv:{32,64},k{3..7:2} residual{relu}")
        >>> [(choice.name, list(choice.values)) for choice in template.choices]
        [('n', ['32', '64']), ('k', [3, 5, 7])]
        >>> template.text([64, 5])
        'conv:64,k5 residual{relu}'
    """
    parts: list[str] = []
    choices: list[Choice] = []
    begin = 0
    for match in _CHOICE.finditer(text):
        name = names or _name(text, match)
        if not name:
            continue
        if len(choices) == MOST_CHOICES:
            message = f"more than {MOST_CHOICES} choices"
            raise SpecError(text, [Diagnostic(message, *match.span())], label)
        values = _values(text, match, label)
        choices.append(Choice(_unlike(name, choices), values))
        parts.append(text[begin : match.start()] + _sign(text, match, values))
        begin = match.end()
    return Template((*parts, text[begin:]), tuple(choices))


def _name(text: str, match: re.Match[str]) -> str:
    """What a pair of braces of a spec is the value of; empty where it holds layers."""
    before = text[max(0, match.start() - 80) : match.start()]
    if _REPEATS.match(text, match.end()) and (not before or before[-1] in " \t\n{|="):
        return "repeats"
    key = _KEY.search(before)
    if key is not None:
        return key[1].lower()
    kind = _KIND.search(before)
    if kind is not None:
        return _positional(kind[1].lower())
    return "value" if before[-1:] in (":", ",") else ""


def _sign(text: str, match: re.Match[str], values: Sequence[int] | Sequence[str]) -> str:
    """The sign that is missing between a key and a word: p{0,same} is p=0 and p=same."""
    key = _KEY.search(text[max(0, match.start() - 80) : match.start()])
    if key is None or key[2] or key[3] or isinstance(values, range):
        return ""
    return "" if all(str(value)[0].isdecimal() for value in values) else "="


def _positional(kind: str) -> str:
    """The short name of the value that needs no key."""
    known = KINDS.get(kind)
    if known is None or known.positional is None:
        return "value"
    fields = known.__dataclass_fields__
    return str(fields[known.positional].metadata["short"])


def _unlike(name: str, choices: Sequence[Choice]) -> str:
    """The name, with a number behind it where it is taken: k, k2, k3."""
    taken = {choice.name for choice in choices}
    if name not in taken:
        return name
    return next(f"{name}{number}" for number in range(2, 1000) if f"{name}{number}" not in taken)


def _values(text: str, match: re.Match[str], label: str) -> Sequence[int] | Sequence[str]:
    """The values of one choice; a single range stays one, however long it is.

    Raises:
        SpecError: there are none, or a range is none.
    """
    items = match[1].split(",")
    found: list[str] = []
    try:
        if len(items) == 1 and (whole := read_range(items[0])) is not None:
            return whole
        for item in items:
            numbers = read_range(item)
            if not item:
                raise ValueError("a choice has an empty value; it is written {32,64} or {3..7}")
            found += [item] if numbers is None else map(str, numbers)
    except ValueError as error:
        raise SpecError(text, [Diagnostic(str(error), *match.span())], label) from None
    return list(dict.fromkeys(found))


INNER = 20_000
"""Combinations of the last choices that are kept in a list."""


class Combinations(Generic[T]):
    """The values of several choices together, the last one changing first; by their number, too."""

    def __init__(self, values: Sequence[Sequence[T]]) -> None:
        self._values = values
        self.count = prod(map(len, values))
        split, inner = len(values), 1
        while split and inner * len(values[split - 1]) <= INNER:
            split -= 1
            inner *= len(values[split])
        self._split, self._inner_count = split, inner

    def between(self, start: int, stop: int) -> Iterator[tuple[T, ...]]:
        """The combinations with the numbers `start` to `stop` - 1."""
        from itertools import islice, product

        inner = list(product(*self._values[self._split :]))
        stop = min(stop, self.count)
        while start < stop:
            outer, first = divmod(start, self._inner_count)
            last = min(self._inner_count, first + stop - start)
            begin = self._decoded(outer)
            if begin:
                yield from (begin + rest for rest in islice(inner, first, last))
            else:
                yield from islice(inner, first, last)
            start += last - first

    def _decoded(self, number: int) -> tuple[T, ...]:
        """The outer values of a number, which counts them with the last one changing first."""
        found: list[T] = []
        for values in reversed(self._values[: self._split]):
            number, place = divmod(number, len(values))
            found.append(values[place])
        return tuple(reversed(found))
