"""Answers in Python: the whole table, and its beginning."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from convcalc.analysis.report import CONVENTION_NAME, Report
from convcalc.analysis.tabular import Layered
from convcalc.errors import harmless, shortened
from convcalc.render.grid import Grid, drawn, natural_widths
from convcalc.render.lettering import NO_BARS, brief, full
from convcalc.render.table import Table
from convcalc.render.text import plain_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from convcalc.analysis.tabular import Tabular
    from convcalc.render.table import Cell, Document

DRAWN_BY: dict[str, tuple[str, str]] = {
    "Report": ("summary", "summary_document"),
    "MemoryReport": ("memory", "memory_document"),
    "Roofline": ("roofline", "roofline_document"),
    "Comparison": ("comparison", "comparison_document"),
    "Reconciliation": ("reconciliation", "reconciliation_document"),
    "Difference": ("difference", "difference_document"),
    "NetworkComparison": ("several", "several_document"),
}
"""The module of render/ that draws each answer, and its function."""

MOST_LINES = 20
"""Lines of the short text."""

NARROW = 79
"""Columns that the short text keeps to, where columns can be left out for it."""

LONGEST_WORD = 32
"""Characters of a label or spec in the short text."""


def document_of_answer(answer: Tabular) -> Document:
    """The document that the command of the same question would print."""
    module, function = DRAWN_BY[type(answer).__name__]
    if isinstance(answer, Report) and answer.convention.name != CONVENTION_NAME:
        module, function = "costs", "flops_document"  # it has the total of the convention
    draw: Callable[[Tabular], Document] = getattr(
        import_module(f"convcalc.render.{module}"), function
    )
    return draw(answer)


def whole_text(answer: Tabular) -> str:
    """The whole table, as the command prints it into a file."""
    return plain_text(document_of_answer(answer)).rstrip("\n")


def short_text(answer: Tabular) -> str:
    """What it is, what it is about, the first rows and the total, in at most 20 lines."""
    document = document_of_answer(answer)
    table = _narrowed(document.table.for_people())
    above = [shown_name(answer), *document.heading]
    above = [shortened(harmless(line, kept=""), NARROW) for line in above[: MOST_LINES // 3]]
    # Title, units, two rules, the total and what is said of the rest stand beside the rows.
    room = MOST_LINES - len(above) - 7
    rest = len(table.rows) - room
    shown = Table(table.columns, table.rows[:room] if rest > 1 else table.rows, table.total)
    lines = drawn(_brief(shown)).splitlines()
    if rest > 1:
        first = next(place for place, line in enumerate(lines) if not line.strip("-")) + 1
        lines.insert(first + room, f"... {rest:,} more rows; print() shows all of them")
    return "\n".join([*above, "", *lines])


def shown_name(answer: Tabular) -> str:
    """What an answer is, and of how many layers: Report: 126 layers."""
    name = type(answer).__name__
    if not isinstance(answer, Layered):
        return name
    count = len(answer.labels)
    return f"{name}: {count:,} layer{'s' * (count != 1)}"


def _narrowed(table: Table) -> Table:
    """The table without some of its optional columns, and with short words."""
    table = Table(table.columns, [_short_words(row) for row in table.rows], table.total)
    while _brief(table).width > NARROW:
        last = max(range(len(table.columns)), key=lambda i: (table.columns[i].optional, i))
        if not table.columns[last].optional:
            break
        table = table.without(last)
    return table


def _brief(table: Table) -> Grid:
    """The table with counts in one unit a column, without bars."""
    letterings = [
        brief(table, place) or full(table, place, NO_BARS) for place in range(len(table.columns))
    ]
    return Grid(table, letterings, natural_widths(table, letterings))


def _short_words(row: Sequence[Cell]) -> list[Cell]:
    return [shortened(cell, LONGEST_WORD) if isinstance(cell, str) else cell for cell in row]
