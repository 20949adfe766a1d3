"""A table before it has a look: columns, raw values, and how one value is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from fractions import Fraction

Cell: TypeAlias = "str | int | float | Fraction | tuple[int, ...] | None"
"""What a cell may hold; a tuple is a shape."""


class Column(NamedTuple):
    """A column: its name for machines, its title on a screen, and whether it holds numbers."""

    key: str
    title: str
    numeric: bool = False


@dataclass
class Table:
    """Rows of raw values under named columns; `total` is an optional last row."""

    columns: list[Column]
    rows: list[list[Cell]]
    total: list[Cell] | None = None

    def texts(self, *, short: bool = False) -> list[list[str]]:
        """The rows as they are shown, the total last; `short` writes 118.0 M for large counts."""
        rows = [*self.rows, *([self.total] if self.total else [])]
        return [[written(cell, short=short) for cell in row] for row in rows]


@dataclass
class Document:
    """The answer of one command, in every form it can be asked for.

    Attributes:
        data: The JSON document.
        table: The same as a table, for the screen, CSV and Markdown.
        heading: Lines above the table.
        remarks: Lines below the table.
        body: Text that takes the place of the table on a screen, as the grid of a small result.
    """

    data: dict[str, Any]
    table: Table
    heading: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    body: str | None = None


def written(cell: Cell, *, short: bool = False) -> str:
    """One value for a reader: thousands apart, a shape as 64x112x112, nothing as a dash."""
    match cell:
        case None:
            return "-"
        case str():
            return cell
        case int():
            return _short(cell) if short else f"{cell:,}"
        case tuple():
            return "x".join(map(str, cell))
        case float():
            return f"{cell:.6g}"
        case _:
            return str(cell)


def raw(cell: Cell) -> str:
    """One value for a machine: every digit, no separators."""
    match cell:
        case None:
            return ""
        case float():
            return repr(cell)
        case tuple():
            return "x".join(map(str, cell))
        case _:
            return str(cell)


def _short(count: int) -> str:
    """A count with an SI prefix from a million on: 118.01 M, 4.09 G."""
    for prefix, size in (("P", 10**15), ("T", 10**12), ("G", 10**9), ("M", 10**6)):
        if abs(count) >= size:
            return f"{count / size:.2f} {prefix}"
    return f"{count:,}"
