"""Grids of a walk in text: every cell has its mark, and on a terminal its colour as well."""

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
"""What a terminal draws a kind of cell with, as parameters of SGR: its own sixteen colours."""


class Cell(NamedTuple):
    """A number between its marks, and what it is: a key of `COLOURS`, or nothing of note."""

    text: str
    kind: str = ""


class Row(NamedTuple):
    """A line of a grid."""

    cells: tuple[Cell, ...]
    width: int

    @property
    def columns(self) -> int:
        """How wide it is."""
        return len(self.plain())

    def plain(self) -> str:
        """The row without colours, two columns in from the left."""
        return f"  {' '.join(cell.text.rjust(self.width) for cell in self.cells)}".rstrip()

    def coloured(self) -> str:
        """The row with the cells in their colours; the blanks between them have none."""
        return f"  {' '.join(self._drawn(cell) for cell in self.cells)}".rstrip()

    def _drawn(self, cell: Cell) -> str:
        text = cell.text.rjust(self.width)
        if cell.kind not in COLOURS:
            return text
        shown = text.strip()
        before, after = text.split(shown, 1)
        return f"{before}\x1b[{COLOURS[cell.kind]}m{shown}\x1b[0m{after}"


Line: TypeAlias = str | Row


def grid(cells: Sequence[Sequence[Cell]]) -> list[Row]:
    """The rows of a grid, all cells as wide as the widest."""
    width = max(len(cell.text) for row in cells for cell in row)
    return [Row(tuple(row), width) for row in cells]


def columns_of(line: Line) -> int:
    """How wide a line is."""
    return line.columns if isinstance(line, Row) else len(line)


def plain_lines(lines: Iterable[Line]) -> str:
    """Lines without colours."""
    return "\n".join(line.plain() if isinstance(line, Row) else line for line in lines)


def coloured_lines(lines: Iterable[Line]) -> str:
    """Lines with colours, in which nothing else is left that a terminal would obey."""
    return "\n".join(line.coloured() if isinstance(line, Row) else harmless(line) for line in lines)
