"""Grids of a walk in text: every square has its mark, and on a terminal its colour as well."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from convcalc.errors import harmless

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

COLOURS = {
    "read": "30;43",
    "hole": "33",
    "zero": "2",
    "copy": "36",
    "weight": "32",
    "result": "1;37;41",
}
"""What a terminal draws a kind of square with, as parameters of SGR: its own sixteen colours."""


class Square(NamedTuple):
    """A number between its marks, and what it is: a key of `COLOURS`, or nothing of note."""

    text: str
    kind: str = ""


class Row(NamedTuple):
    """A line of a grid."""

    squares: tuple[Square, ...]
    width: int

    @property
    def columns(self) -> int:
        """How wide it is."""
        return len(self.plain())

    def plain(self) -> str:
        """The row without colours, two columns in from the left."""
        return f"  {' '.join(square.text.rjust(self.width) for square in self.squares)}".rstrip()

    def coloured(self) -> str:
        """The row with the squares in their colours; the blanks between them have none."""
        return f"  {' '.join(self._drawn(square) for square in self.squares)}".rstrip()

    def _drawn(self, square: Square) -> str:
        text = square.text.rjust(self.width)
        if square.kind not in COLOURS:
            return text
        shown = text.strip()
        before, after = text.split(shown, 1)
        return f"{before}\x1b[{COLOURS[square.kind]}m{shown}\x1b[0m{after}"


Line: TypeAlias = str | Row


def grid(squares: Sequence[Sequence[Square]]) -> list[Row]:
    """The rows of a grid, all squares as wide as the widest."""
    width = max(len(square.text) for row in squares for square in row)
    return [Row(tuple(row), width) for row in squares]


def columns_of(line: Line) -> int:
    """How wide a line is."""
    return line.columns if isinstance(line, Row) else len(line)


def plain_lines(lines: Iterable[Line]) -> str:
    """Lines without colours."""
    return "\n".join(line.plain() if isinstance(line, Row) else line for line in lines)


def coloured_lines(lines: Iterable[Line]) -> str:
    """Lines with colours, in which nothing else is left that a terminal would obey."""
    return "\n".join(line.coloured() if isinstance(line, Row) else harmless(line) for line in lines)
