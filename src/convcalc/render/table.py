"""A table before it has a look: columns, raw values, and how one value is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, cast

from convcalc.errors import harmless
from convcalc.widths import PARTS, PIECES

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from fractions import Fraction

    from convcalc.analysis import Report
    from convcalc.errors import ConvcalcError

Cell: TypeAlias = (
    "str | int | float | Fraction | Share | Ratio | Layers | Shown | tuple[int, ...] | None"
)
"""What a cell may hold; a tuple is a shape."""


Json: TypeAlias = "Mapping[str, Json] | Sequence[Json] | str | int | float | None"
"""A value that JSON can hold."""

JsonObject: TypeAlias = dict[str, Any]
"""A whole document of JSON."""

COUNT_UNITS = (("P", 1e15), ("T", 1e12), ("G", 1e9), ("M", 1e6))

BAR = 8
"""Characters of the bar of the largest share."""

EIGHTHS = " ▏▎▍▌▋▊▉█"
"""Blocks of so many eighths of a character."""


class Share(NamedTuple):
    """A part of a whole: a percentage and a bar on a screen, a fraction of 1 for machines."""

    part: int
    whole: int

    @property
    def value(self) -> float:
        """The fraction of 1."""
        return self.part / self.whole if self.whole else 0.0

    def drawn(self) -> str:
        """The percentage: 12.3 %; nothing where there is no part."""
        if not self.part:
            return ""
        return f"{100 * self.value:.1f} %" if self.value >= 0.0005 else "<0.1 %"

    def bar(self, largest: float, *, blocks: bool) -> str:
        """A bar that is `BAR` characters long where this is the largest share of its column.

        In eighths of a character where there are `blocks`, so that 1 % of anything is seen.
        """
        length = BAR * self.value / largest if largest else 0.0
        if not blocks:
            return "#" * max(round(length), self.value >= 0.01)
        eighths = max(round(8 * length), self.value >= 0.01)
        return EIGHTHS[8] * (eighths // 8) + EIGHTHS[eighths % 8].strip()


class Ratio(NamedTuple):
    """An amount for each of something else, as operations per byte; of a block, of its sums."""

    amount: int
    of: int

    @property
    def value(self) -> float | None:
        """The quotient; None of nothing."""
        return self.amount / self.of if self.of else None

    def drawn(self) -> str:
        """Four digits, and all of those before the point; a dash for none."""
        return "-" if self.value is None else four_digits(self.value)


class Layers(NamedTuple):
    """So many layers in one row, in the place of the spec of one."""

    number: int

    @property
    def value(self) -> str:
        """What machines read, which is what people read."""
        return self.drawn()

    def drawn(self) -> str:
        """The number with its word: 14 layers."""
        return f"{self.number:,} layers"


class Shown(NamedTuple):
    """What people read in another form than machines, or that is sorted by numbers behind it.

    Attributes:
        text: For people.
        value: For machines.
        rank: What it is sorted by, where that is not the value.
    """

    text: str
    value: int | float | str | None
    rank: tuple[Fraction | int, ...] | None = None

    def drawn(self) -> str:
        """The text for people."""
        return self.text


def ranked(text: str, rank: Iterable[Fraction | int]) -> Shown:
    """A text that stands for numbers, one an axis, and is sorted by them."""
    return Shown(text, text, tuple(rank))


def four_digits(value: float) -> str:
    """Four digits, and all of those before the point: 47.43, 12,345."""
    return f"{value:,.0f}" if 9999.5 <= value < 1e15 else f"{value:.4g}"


def signed(amount: int) -> Shown:
    """A difference: with its sign on a screen, +22,227,968, a plain number for machines."""
    return Shown(f"{amount:+,}" if amount else "0", amount)


Folding: TypeAlias = "Callable[[Sequence[Cell], int], Cell]"
"""What a column shows of a block: of the cells of its layers, and of the place among them of the
layer whose output leaves the block."""


class Column(NamedTuple):
    """A column: its name for machines, its title on a screen, and whether it holds numbers.

    Attributes:
        key: Its name in CSV and JSON, by which it can be asked for.
        title: Its name on a screen.
        numeric: Whether it stands to the right, as numbers do.
        optional: From 1 on it is left out of a screen that is too narrow, the highest first.
        wraps: Whether it may go on in the next line before that, behind commas and blanks.
        dotted: Whether it may do so behind dots, as labels do.
        exact: Whether its numbers keep all their digits on any screen.
        hidden: Whether only machines see it, unless it is asked for.
        unit: s for seconds, which are shown in one unit that fits them all.
        of_block: What it shows of layers that are folded into one row; None is a dash.
    """

    key: str
    title: str
    numeric: bool = False
    optional: int = 0
    wraps: bool = False
    exact: bool = False
    hidden: bool = False
    unit: str = ""
    of_block: Folding | None = None
    dotted: bool = False

    @property
    def line_ends(self) -> re.Pattern[str] | None:
        """Where its lines may end; None if its texts are never broken."""
        if self.dotted:
            return PARTS
        return PIECES if self.wraps else None


@dataclass
class Table:
    """Rows of raw values under named columns.

    Attributes:
        columns: What each place of a row holds.
        rows: The rows.
        total: An optional last row, of the whole network whatever rows there are.
        report: The network, where each row is of one of its layers, in their order.
    """

    columns: list[Column]
    rows: list[list[Cell]]
    total: list[Cell] | None = None
    report: Report | None = None

    def only(self, places: Sequence[int]) -> Table:
        """The table with some of its columns, in that order."""
        return Table(
            [self.columns[place] for place in places],
            [[row[place] for place in places] for row in self.rows],
            self.total and [self.total[place] for place in places],
            self.report,
        )

    def without(self, place: int) -> Table:
        """The table without one of its columns."""
        return self.only([other for other in range(len(self.columns)) if other != place])

    def for_people(self) -> Table:
        """The table without the columns that only machines see."""
        shown = [place for place, column in enumerate(self.columns) if not column.hidden]
        return self if len(shown) == len(self.columns) else self.only(shown)

    def cells(self, place: int) -> list[Cell]:
        """The cells of a column, that of the total last."""
        return [row[place] for row in (*self.rows, *([self.total] if self.total else []))]


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
    """One value for a reader: thousands apart, a shape as 64x112x112, nothing as a dash.

    A large count alone, outside of a column, may be `short`: 118.01 M.
    """
    match cell:
        case None | str():
            return "-" if cell is None else harmless(cell, kept="")
        case Share() | Ratio() | Layers() | Shown():
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
        case Share() | Ratio() | Layers() | Shown():
            return raw(cell.value)
        case float():
            return repr(cell)
        case tuple():
            return "x".join(map(str, cell))
        case _:
            return str(cell)


def plain(cell: Cell) -> Json:
    """One value as JSON has it: numbers as such, a shape as a list, a fraction as text: 1/2."""
    if isinstance(cell, Share | Ratio | Layers | Shown):
        return cell.value
    if isinstance(cell, tuple):
        return list(cast("tuple[int, ...]", cell))
    if cell is None or isinstance(cell, str | int | float):
        return cell
    return cell.numerator if cell.denominator == 1 else str(cell)


def _short(count: int) -> str:
    """A count with an SI prefix from a million on: 118.01 M, 4.09 G."""
    for prefix, size in COUNT_UNITS:
        if abs(count) >= size:
            return f"{count / size:.2f} {prefix}"
    return f"{count:,}"
