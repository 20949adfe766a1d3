"""A table before it has a look: columns, raw values, and how one value is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from convcalc.errors import harmless

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from fractions import Fraction

    from convcalc.errors import ConvcalcError

Cell: TypeAlias = "str | int | float | Fraction | Share | Shown | tuple[int, ...] | None"
"""What a cell may hold; a tuple is a shape."""


Json: TypeAlias = "Mapping[str, Json] | Sequence[Json] | str | int | float | None"
"""A value that JSON can hold."""

JsonObject: TypeAlias = dict[str, Any]
"""A whole document of JSON."""

BAR = 8
"""Characters of the bar that stands for the whole."""


class Share(NamedTuple):
    """A part of a whole: a bar and a percentage on a screen, a fraction of 1 for machines.

    `bar` is how many characters stand for the whole; 0 leaves the percentage alone.
    """

    part: int
    whole: int
    bar: int = BAR

    def drawn(self) -> str:
        """A small bar and the percentage: ####      12.3 %; nothing where there is no part."""
        if not self.part:
            return ""
        percentage = f"{100 * self.part / self.whole:4.1f} %"
        filled = round(self.bar * self.part / self.whole)
        return f"{'#' * filled:<{self.bar}} {percentage}" if self.bar else percentage


class Shown(NamedTuple):
    """What people read in another form than machines: 47.4 ms on a screen, 0.0474 in CSV."""

    text: str
    value: int | float | str | None

    def drawn(self) -> str:
        """The text for people."""
        return self.text


def signed(amount: int) -> Shown:
    """A difference: with its sign on a screen, +22,227,968, a plain number for machines."""
    return Shown(f"{amount:+,}" if amount else "0", amount)


class Column(NamedTuple):
    """A column: its name for machines, its title on a screen, and whether it holds numbers.

    `optional` columns are left out of a terminal that is too narrow, the highest number first;
    a column that `folds` goes on in the next line before that. The numbers of an `exact` column
    keep all their digits on any terminal.
    """

    key: str
    title: str
    numeric: bool = False
    optional: int = 0
    folds: bool = False
    exact: bool = False


@dataclass
class Table:
    """Rows of raw values under named columns; `total` is an optional last row."""

    columns: list[Column]
    rows: list[list[Cell]]
    total: list[Cell] | None = None

    def texts(self, *, short: bool = False) -> list[list[str]]:
        """The rows as they are shown, the total last; `short` writes 118.0 M for large counts."""
        rows = [*self.rows, *([self.total] if self.total else [])]
        shortened = [short and not column.exact for column in self.columns]
        return [
            [written(cell, short=brief) for cell, brief in zip(row, shortened, strict=True)]
            for row in rows
        ]

    def without(self, index: int) -> Table:
        """The table without one of its columns."""
        rows = [row[:index] + row[index + 1 :] for row in self.rows]
        total = self.total and self.total[:index] + self.total[index + 1 :]
        return Table(self.columns[:index] + self.columns[index + 1 :], rows, total)


@dataclass
class Document:
    """The answer of one command, in every form it can be asked for.

    Attributes:
        source: The JSON document, or what makes it: the other forms do without.
        table: The same as a table, for the screen, CSV and Markdown.
        heading: Lines above the table.
        remarks: Lines below the table.
        body: Text that takes the place of the table on a screen, as the grid of a small result.
        coloured: The same text with colours, in which nothing else is left that terminals obey.
        failure: Why the answer is not complete; it is told after the document.
        explained: Between table and remarks, each layer with lines about its numbers.
    """

    source: JsonObject | Callable[[], JsonObject]
    table: Table
    heading: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    body: str | None = None
    coloured: str | None = None
    failure: ConvcalcError | None = None
    explained: list[tuple[str, list[str]]] = field(default_factory=list)

    @cached_property
    def data(self) -> JsonObject:
        """The JSON document, made when it is first asked for."""
        return self.source() if callable(self.source) else self.source


def per_axis(values: Iterable[object]) -> str:
    """One value where all axes agree, else one per axis: 7, or 7x5."""
    texts = [str(value) for value in values]
    return texts[0] if len(set(texts)) == 1 else "x".join(texts)


def written(cell: Cell, *, short: bool = False) -> str:
    """One value for a reader: thousands apart, a shape as 64x112x112, nothing as a dash."""
    match cell:
        case None | str():
            return "-" if cell is None else harmless(cell, kept="")
        case Share() | Shown():
            return harmless(cell.drawn(), kept="")
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
        case Shown():
            return raw(cell.value)
        case float():
            return repr(cell)
        case Share():
            return repr(cell.part / cell.whole if cell.whole else 0.0)
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
