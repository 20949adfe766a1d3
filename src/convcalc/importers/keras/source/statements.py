"""The statements of Python in a text that has other lines as well, as people post it.

Nothing is evaluated. A text that is a whole file is parsed at once; of any other each statement is,
with the lines of its block, and what is no Python is passed over.
"""

from __future__ import annotations

import ast
import re
import warnings
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.importers.keras.source.objects import Place

MAX_OPEN = 20
"""Lines whose brackets never close, each of which is looked for to the end of the text."""

_CODE = re.compile(
    r"[ \t]*+(?:[A-Za-z_][\w.]*+[ \t]*+(?:[=(\[,]|[-+*/]=|$|:[ \t]*+\w)|[(\[]|@\w|'''|\"\"\""
    r"|(?:import|from|def|class|for|while|if|with|try|else|elif|except|finally|async|return|del)\b)"
)
_SIGN = re.compile(
    r"'''.*?'''|\"\"\".*?\"\"\"|'(?:[^'\\\n]|\\.)*+'|\"(?:[^\"\\\n]|\\.)*+\"|#[^\n]*+|[()\[\]{}]"
    r"|\\\n|\n",
    re.DOTALL,
)
_BLOCK = re.compile(r"[ \t]*+(?:async[ \t]++)?+(?:def|class|for|while|if|with|try)\b")
_GOES_ON = re.compile(r"[ \t]*+(?:else|elif|except|finally)\b")
_LONE = re.compile(
    r"[ \t]*+(?:(?:for|while|(?:el)?+if)\b(?!.*__name__).*|else[ \t]*+):[ \t\r]*+(?:#.*)?$"
)
"""A loop or condition whose block must follow."""

_ON_LINE = re.compile(r" on line \d+$")
_INDENTED = re.compile(r"[ \t]*+(?:for|while|if|with|try|else|elif|except|finally)\b")
_DECORATOR = re.compile(r"[ \t]*+@")
_NOTHING = re.compile(r"[ \t\r]*+(?:#.*+)?+$")
_LONE_RETURN = re.compile(r"\r(?!\n)|\f")  # ends a line for Python alone


class Unread(NamedTuple):
    """Lines that begin like Python and are none: why, where, and whether a block is among them."""

    reason: str
    text: str
    place: Place
    is_block: bool = False


Statement: TypeAlias = ast.stmt | Unread


class Source:
    """A text, and where its lines begin.

    Attributes:
        text: All of it.
        lines: Its lines, without their ends.
        starts: The place of the first character of each, and that behind the last.
    """

    def __init__(self, text: str) -> None:
        self.text = _LONE_RETURN.sub(" ", text)
        self.lines = self.text.split("\n")
        self.starts = [0]
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line) + 1)
        self._places: dict[tuple[int, int, int | None, int | None], Place] = {}

    def place(self, node: ast.expr | ast.stmt) -> Place:
        """The characters of a node, those of its first line."""
        key = (node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)
        if key not in self._places:  # a loop asks again and again
            self._places[key] = self._place(node)
        return self._places[key]

    def _place(self, node: ast.expr | ast.stmt) -> Place:
        first = node.lineno - 1
        line = self.lines[first]
        last = node.end_col_offset if node.end_lineno == node.lineno else None
        start = self._characters(line, node.col_offset)
        end = len(line.rstrip()) if last is None else self._characters(line, last)
        return self.starts[first] + start, self.starts[first] + max(end, start + 1)

    def _characters(self, line: str, offset: int) -> int:
        """The characters that so many bytes of a line are, as Python counts columns."""
        return offset if line.isascii() else len(line.encode()[:offset].decode("utf-8", "ignore"))

    @cached_property
    def statements(self) -> Sequence[Statement]:
        """What the text says, in order, every node with its own line and column."""
        try:
            return _tree_of(self.text).body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return self._piece_by_piece()

    def _piece_by_piece(self) -> list[Statement]:
        found: list[Statement] = []
        line, left_open = 0, 0
        while line < len(self.lines):
            if _NOTHING.match(self.lines[line]) or not _CODE.match(self.lines[line]):
                line += 1
                continue
            end = self._end_of_statement(line)
            if end is None:
                left_open += 1
                found.append(self._unread(line, line + 1, "a bracket is never closed"))
                if left_open == MAX_OPEN:
                    break
                line += 1
                continue
            end = self._end_without_margin(line, end)
            found += self._parsed(line, end)
            line = end
        return found

    def _end_of_statement(self, line: int) -> int | None:
        """The line behind a statement and its block; None where a bracket does not close."""
        end = self._end_of_line(line)
        while end is not None and _DECORATOR.match(self.lines[line]) and end < len(self.lines):
            line, end = end, self._end_of_line(end)
        if end is None or not _BLOCK.match(self.lines[line]):
            return end
        margin = _margin(self.lines[line])
        last = end
        while end is not None and end < len(self.lines):
            if _NOTHING.match(self.lines[end]):
                end += 1
                continue
            deeper = _margin(self.lines[end]) > margin
            more = _margin(self.lines[end]) == margin and _GOES_ON.match(self.lines[end])
            if not deeper and not more:
                break
            end = self._end_of_line(end)
            last = last if end is None else end
        return last

    def _end_without_margin(self, line: int, end: int) -> int:
        """The line behind a loop or condition whose block has lost its margin.

        How far that reached is not known: it is taken to reach to the next empty line.
        """
        header = self.lines[line]
        if end > line + 1 or not (_LONE.match(header) and _is_header(header.strip())):
            return end
        while end < len(self.lines) and not _NOTHING.match(self.lines[end]):
            end = self._end_of_line(end) or len(self.lines)
        return end

    def _end_of_line(self, line: int) -> int | None:
        """The line behind one, and behind those that its brackets and strings reach to."""
        depth = 0
        for sign in _SIGN.finditer(self.text, self.starts[line]):
            mark = sign.group()
            if mark == "\n":
                if not depth:
                    return self._line_at(sign.end(), line)
            elif mark in "([{":
                depth += 1
            elif mark in ")]}":
                depth = max(0, depth - 1)
        return None if depth else len(self.lines)

    def _line_at(self, place: int, line: int) -> int:
        while line < len(self.lines) and self.starts[line] < place:
            line += 1
        return line

    def _parsed(self, line: int, end: int) -> list[Statement]:
        """The statements of some lines, which may all be indented."""
        lines = self.lines[line:end]
        inside = lines[0][:1] in (" ", "\t")
        text = "\n".join(["if 1:", *lines] if inside else lines)
        try:
            tree = _tree_of(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            reason = "it is nested too deeply"
            if isinstance(error, SyntaxError):
                reason = _ON_LINE.sub("", str(error.msg))  # a line of these, not of the text
            return [self._unread(line, end, reason)]
        ast.increment_lineno(tree, line - inside)
        (*body,) = tree.body
        first = body[0]
        return list(first.body) if inside and isinstance(first, ast.If) else list(body)

    def _unread(self, line: int, end: int, reason: str) -> Unread:
        start = self.starts[line] + _margin(self.lines[line])
        text = "\n".join(self.lines[line:end])
        place = (start, self.starts[line] + len(self.lines[line].rstrip()))
        return Unread(reason, text, place, bool(_INDENTED.match(self.lines[line])))


def _tree_of(text: str) -> ast.Module:
    """The tree of a text; what Python warns of is not about models."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text)


def _is_header(line: str) -> bool:
    """Whether a line begins a block as Python has it, and is no sentence that ends in a colon."""
    header = line.partition("#")[0].rstrip()
    if header.startswith("else"):
        return True
    try:
        _tree_of(f"{header.removeprefix('el')} pass")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _margin(line: str) -> int:
    return len(line) - len(line.lstrip(" \t"))
