"""From text to a tree, every fault with its place.

    network := item*                          separated by blanks, new lines or ";"; "#" comments
    item    := [LABEL "="] (layer | block | repeat) | "@" LABEL | definition
    layer   := KIND [":" arg ("," arg)*]
    block   := layer "{" network ("|" network)* "}"          an empty branch is the identity
    repeat  := COUNT "x" (layer | "{" network "}")           3x{conv:64,k3,p1 bn relu}
    arg     := VALUE | KEY VALUE | KEY "=" VALUE             conv:64,k3x5,s2,p0:1x0:1,nobias
    VALUE   := AXIS ("x" AXIS)* | word | "@" LABEL | "(" layer ")"   AXIS := EXPR [":" EXPR]
                                       7, 3x5, 0:1, $w*4, same, @stem, (conv:8,k3)
    definition := "define" NAME "(" [NAME ["=" VALUE] ("," ...)*] ")" "{" network "}"

Nothing here knows what a convolution is: which kinds exist and what their parameters mean is the
business of whoever reads the tree.
"""

from __future__ import annotations

import re
from typing import TypeAlias

from convcalc.errors import MOST_PROBLEMS, Diagnostic, SpecError, printable
from convcalc.language.brackets import closing, comma_after, count_end
from convcalc.language.expressions import AtLabel, Expression, read_expression
from convcalc.language.signs import is_label, narrowed
from convcalc.language.tree import (
    Argument,
    Axes,
    Block,
    Call,
    Comment,
    Definition,
    Ends,
    Item,
    Jump,
    Place,
    Repeat,
    Value,
)

Constant: TypeAlias = str | float | tuple[int | tuple[int, int], ...]
"""A value without parameters."""

LONGEST_TEXT = 4 * 2**20
"""Characters that a spec may have; more is not a network but a wrong file."""

MOST_PARAMETERS = 100
"""Parameters of one definition."""

MOST_AXES = 10
"""Values of one argument: more than any layer has axes, and few enough to be told one by one."""

DEEPEST = 100
"""Blocks inside blocks that are read; the parser calls itself for each."""

EXPECTED_VALUE = "expected a value such as 7, 3x5, 0:1 (begin:end) or a word"
EXPECTED_LAYER = "expected a layer, as conv:64,k3,p1: a kind, then ':' and its arguments"

_NAME = r"[A-Za-z_]\w*"
_GAP = re.compile(r"[\s;]+")
_COMMENT = re.compile(r"#[^\n]*")
_WORD = re.compile(r"[^\s;#{}|]+")
_LABEL = re.compile(r"([^\s;#{}|=:,@()]++)=")
_AXIS_ATOM = re.compile(r"\$\w+|(?P<sign>[xX](?=[-$(\d]|in\b))|[^$xX]++|.", re.ASCII | re.DOTALL)
_KIND = re.compile(_NAME, re.ASCII)
_WORD_VALUE = re.compile(r"(?!in\b)[A-Za-z][\w-]*", re.ASCII)
_KEY_EQUALS = re.compile(rf"({_NAME})=", re.ASCII)
_KEY_NUMBER = re.compile(r"([A-Za-z_]+)(?=-?\d|\$|\()", re.ASCII)
_LAYER_VALUE = re.compile(r"\((?!in\))[A-Za-z_]\w*(?::[^()]*)?\)", re.ASCII)
"""A layer in brackets; an expression has no name but `in` and those behind a `$`."""

_HEAD = re.compile(rf"define\s+({_NAME})\s*\(", re.ASCII)
_DEFINE = re.compile(r"define(?=[\s;#{}|(]|$)", re.ASCII)


def read_tree(text: str) -> tuple[tuple[Item, ...], list[Diagnostic]]:
    """The items of a text in order, and what could not be read.

    Raises:
        SpecError: the text is too long to be read at all.
    """
    if len(text) > LONGEST_TEXT:
        message = f"a spec of {len(text)} characters; at most {LONGEST_TEXT} are read"
        raise SpecError(text[:60], [Diagnostic(message, 0, 1)])
    parser = _Parser(narrowed(text))
    return parser.items(), parser.problems


def read_value(text: str) -> Value:
    """A value by itself: 7, 3x5, 0:1, 0:1x0:1, an expression, a word, @label or (conv:8,k3).

    Raises:
        ValueError: it is none of them; the message says what was expected.
    """
    if _WORD_VALUE.fullmatch(text):
        return text
    if text.startswith("@") and is_label(text[1:]):
        return AtLabel(text[1:])
    if _LAYER_VALUE.fullmatch(text):
        return _layer_value(text[1:-1])
    axes = [_read_axis(part) for part in _axes(text)]
    return axes[0] if len(axes) == 1 and not isinstance(axes[0], Ends) else Axes(tuple(axes))


def _layer_value(text: str) -> Call:
    """The layer that stands in brackets, without its place."""
    items, problems = read_tree(text)
    if problems:
        raise ValueError(problems[0].message)
    (item,) = items
    if not isinstance(item, Call):
        raise ValueError("expected one layer in the brackets, as (conv:8,k3)")
    return item


def read_constant(text: str) -> Constant:
    """A value without parameters, as plain numbers: 7, (3, 5), ((0, 1),), or a word.

    Raises:
        ValueError: it is none of them; the message says what was expected.
    """
    value = read_value(narrowed(text))
    if isinstance(value, str | int | float):
        return value
    if not isinstance(value, Axes):
        raise ValueError(EXPECTED_VALUE)
    return tuple(_constant_axis(axis) for axis in value.values)


def _axes(text: str) -> list[str]:
    """The text between the signs x; a name such as $x2 or $nx3 holds none."""
    if "x" not in text and "X" not in text:
        return [text]
    parts, begin = [], 0
    for atom in _AXIS_ATOM.finditer(text):
        if atom["sign"]:
            parts.append(text[begin : atom.start()])
            begin = atom.end()
            if len(parts) == MOST_AXES:
                raise ValueError(f"a value for more than {MOST_AXES} axes")
    return [*parts, text[begin:]]


def _constant_axis(axis: Expression | Ends) -> int | tuple[int, int]:
    match axis:
        case int():
            return axis
        case Ends(int() as begin, int() as end):
            return (begin, end)
        case _:
            raise ValueError(EXPECTED_VALUE)


def _read_axis(part: str) -> Expression | Ends:
    begin, colon, end = part.partition(":")
    try:
        if not colon:
            return read_expression(begin)
        return Ends(read_expression(begin), read_expression(end))
    except ValueError as error:
        if part[:1] in ("$", "(") or any(word in str(error) for word in ("digits", "zero")):
            raise
        raise ValueError(EXPECTED_VALUE) from None


class _StopError(Exception):
    """Nothing after this fault could be understood, or is worth reading."""


class _Parser:
    """One pass over one text; `place` is where it stands."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.place = 0
        self.problems: list[Diagnostic] = []

    def items(self) -> tuple[Item, ...]:
        """Everything up to the end of the text."""
        try:
            found = [*self.sequence(0)]
            while self.place < len(self.text):
                sign = self.text[self.place]
                self.fault(
                    f"'{sign}' without a block that it belongs to", self.place, self.place + 1
                )
                self.place += 1
                found += self.sequence(0)
        except _StopError:
            return ()
        return tuple(found)

    def sequence(self, depth: int) -> tuple[Item, ...]:
        """Items up to a '|', a '}' or the end, which are left where they are."""
        found: list[Item] = []
        while True:
            breaks = self.skip_gap()
            if self.place >= len(self.text) or self.text[self.place] in "|}":
                return tuple(found)
            item = self.item(breaks, depth)
            if item is not None:
                found.append(item)

    def skip_gap(self) -> int:
        """Past blanks; how many line breaks there were."""
        start = self.place
        match = _GAP.match(self.text, start)
        if match is None:
            return 0
        self.place = match.end()
        return self.text.count("\n", start, self.place)

    def item(self, breaks: int, depth: int) -> Item | None:
        """The item that begins here."""
        start = self.place
        if self.text[start] == "#":
            comment = _COMMENT.match(self.text, start)
            assert comment is not None
            self.place = comment.end()
            return Comment(comment.group().rstrip(), Place(start, self.place, breaks))
        if _DEFINE.match(self.text, start):
            return self.definition(breaks, depth)
        word = _WORD.match(self.text, start)
        if word is None:
            self.fault(
                f"{EXPECTED_LAYER}; a block needs its kind before the '{{'", start, start + 1
            )
            self.braces(depth)
            return None
        self.place = word.end()
        if self.text[start] == "@":
            return self.jump(start, breaks)
        return self.labelled(start, word.end(), breaks, depth)

    def jump(self, start: int, breaks: int) -> Item | None:
        label = self.text[start + 1 : self.place]
        if is_label(label):
            return Jump(label, Place(start, self.place, breaks))
        self.fault("expected a label after '@', as @stem", start, self.place)
        return None

    def labelled(self, start: int, end: int, breaks: int, depth: int) -> Item | None:
        """A layer, block or repeat, with or without a label."""
        match = _LABEL.match(self.text, start, end)
        match = match if match and is_label(match[1]) else None
        label = match.group(1) if match else None
        begin = match.end() if match else start
        sign = count_end(self.text, begin, end)
        if sign is None:
            return self.layer(begin, end, label, Place(start, end, breaks), depth)
        return self.repeat(begin, sign, label, Place(start, end, breaks), depth)

    def repeat(
        self, begin: int, sign: int, label: str | None, place: Place, depth: int
    ) -> Item | None:
        """The count before the sign x, and what stands after it."""
        faults = len(self.problems)
        number = self.expression(self.text[begin:sign], begin, sign)
        body: tuple[Item, ...] = ()
        if sign + 1 < place.end:
            inner = Place(sign + 1, place.end)
            layer = self.layer(sign + 1, place.end, None, inner, depth)
            body = () if layer is None else (layer,)
        elif self.opens():
            branches = self.braces(depth)
            body = branches[0]
            if len(branches) > 1:
                message = "a repeat has no branches; '|' belongs into a block"
                self.fault(message, place.start, place.end)
        else:
            count = printable(self.text[begin : sign + 1], 60)
            self.fault(f"expected a layer or '{{' after '{count}'", place.start, place.end)
        if len(self.problems) > faults or number is None:
            return None
        return Repeat(number, body, label, place)

    def layer(
        self, start: int, end: int, label: str | None, place: Place, depth: int
    ) -> Call | Block | None:
        """A kind with its arguments, and its branches if it has any."""
        faults = len(self.problems)
        kind = _KIND.match(self.text, start, end)
        arguments: list[Argument] = []
        if kind is None or (kind.end() < end and self.text[kind.end()] != ":"):
            self.fault(EXPECTED_LAYER, start, end)
        elif kind.end() < end:
            arguments = self.arguments(kind.end() + 1, end)
        branches = self.braces(depth) if self.opens() else None
        if len(self.problems) > faults or kind is None:
            return None
        call = Call(kind.group(), tuple(arguments), label, place)
        return call if branches is None else Block(call, branches, place)

    def arguments(self, start: int, end: int) -> list[Argument]:
        found = []
        while start <= end:
            stop = comma_after(self.text, start, end)
            try:
                found.append(_read_argument(self.text[start:stop], Place(start, stop)))
            except ValueError as error:
                self.fault(str(error), start, max(stop, start + 1))
            start = stop + 1
        return found

    def opens(self) -> bool:
        """Whether a '{' comes next; blanks before it are passed."""
        place = self.place
        self.skip_gap()
        if self.text.startswith("{", self.place):
            return True
        self.place = place
        return False

    def braces(self, depth: int) -> tuple[tuple[Item, ...], ...]:
        """The branches between '{' here and its '}'."""
        opening = self.place
        if depth >= DEEPEST:
            self.fault(f"blocks are nested more than {DEEPEST} deep", opening, opening + 1)
            raise _StopError
        self.place += 1
        branches = [self.sequence(depth + 1)]
        while self.text.startswith("|", self.place):
            self.place += 1
            branches.append(self.sequence(depth + 1))
        if self.place >= len(self.text):
            self.fault("this '{' is never closed; expected a '}'", opening, opening + 1)
            raise _StopError
        self.place += 1
        return tuple(branches)

    def definition(self, breaks: int, depth: int) -> Item | None:
        start = self.place
        head = _HEAD.match(self.text, start)
        bracket = None if head is None else closing(self.text, head.end() - 1)
        if head is None or bracket is None:
            self.fault("expected define NAME(parameter, other=1) { ... }", start, start + 6)
            self.place += 6
            return None
        parameters = self.parameters(head.end(), bracket)
        self.place = bracket + 1
        place = Place(start, self.place, breaks)
        if not self.opens():
            self.fault("expected '{' after the parameters of a definition", start, place.end)
            return None
        branches = self.braces(depth)
        if len(branches) > 1:
            self.fault("a definition has no branches; '|' belongs into a block", start, place.end)
        # A faulty body is known by its name all the same, so that its uses are no faults as well.
        return Definition(head.group(1), parameters, branches[0], place)

    def parameters(self, start: int, end: int) -> tuple[tuple[str, Value | None], ...]:
        """The names between the brackets of a definition, and their defaults."""
        found: dict[str, Value | None] = {}
        if not self.text[start:end].strip():
            return ()
        for part in self.text[start:end].split(","):
            name, equals, default = (piece.strip() for piece in part.partition("="))
            shown = printable(name, 60)
            if not _KIND.fullmatch(name) or name in found:
                what = "is named twice" if name in found else "is no name for a parameter"
                self.fault(f"'{shown}' {what}", start, end)
                continue
            try:
                found[name] = read_value(default) if equals else None
            except ValueError as error:
                self.fault(f"{shown}: {error}", start, end)
        if len(found) > MOST_PARAMETERS:
            self.fault(f"a definition of more than {MOST_PARAMETERS} parameters", start, end)
        return tuple(found.items())

    def expression(self, text: str, start: int, end: int) -> Expression | None:
        try:
            return read_expression(text)
        except ValueError as error:
            self.fault(str(error), start, end)
            return None

    def fault(self, message: str, start: int, end: int) -> None:
        """A fault; the one after those that are shown ends the reading."""
        self.problems.append(Diagnostic(message, start, end))
        if len(self.problems) > MOST_PROBLEMS:
            raise _StopError


def _read_argument(text: str, place: Place) -> Argument:
    if not text:
        raise ValueError("expected an argument here, as 64, k3 or p=same")
    match = _KEY_EQUALS.match(text) or _KEY_NUMBER.match(text)
    if match is None:
        return Argument(None, read_value(text), place)
    return Argument(match.group(1), read_value(text[match.end() :]), place)
