"""Tables on a terminal, drawn by Rich: the widest form that fits, no number ever cut."""

from __future__ import annotations

import io
import textwrap
from dataclasses import replace
from typing import TYPE_CHECKING

from convcalc.errors import shortened
from convcalc.render.table import Shown
from convcalc.render.text import aligned, plain_text, stacked

if TYPE_CHECKING:
    from convcalc.render.table import Cell, Document, Table

MOST_DRAWN_ROWS = 500
"""Longer tables are printed as plain text: Rich needs about 2 ms a row."""


LONGEST_WORD = 100
"""Characters of a word, as a label, that a terminal shows; CSV and JSON always have all of it."""

FOLDED = 16
"""The narrowest that a folded column gets."""


def terminal_text(document: Document, *, width: int, colour: bool, unicode: bool) -> str:
    """The document for a terminal of `width` columns.

    Exact numbers if they fit, else numbers with SI prefixes, else fewer columns where some are
    optional, else one field per line. Of words that no screen could show, the middle is left out.
    """
    document = _with_short_words(document)
    if document.body is not None:
        return plain_text(document, coloured=colour)
    table, short, dropped = _fitted(document.table, width)
    document = replace(document, explained=_explained(document, width))
    if table is None:
        return plain_text(document, stacked(document.table))
    if dropped:
        left_out = f"left out for the width: {', '.join(dropped)}; --format md has all columns"
        document = replace(document, remarks=[*document.remarks, left_out])
    document = replace(document, remarks=_wrapped(document.remarks, width))
    if len(table.rows) > MOST_DRAWN_ROWS:
        return plain_text(document, aligned(table, short=short))
    return plain_text(document, _drawn(table, short, width, colour, unicode))


def _with_short_words(document: Document) -> Document:
    """The document with labels and names of at most `LONGEST_WORD` characters."""
    table = document.table
    return replace(
        document,
        heading=[shortened(line, LONGEST_WORD) for line in document.heading],
        remarks=[shortened(line, LONGEST_WORD) for line in document.remarks],
        table=replace(
            table,
            rows=[[_short_cell(cell) for cell in row] for row in table.rows],
            total=table.total and [_short_cell(cell) for cell in table.total],
        ),
    )


def _short_cell(cell: Cell) -> Cell:
    if isinstance(cell, str):
        return shortened(cell, LONGEST_WORD)
    if isinstance(cell, Shown):
        return cell._replace(text=shortened(cell.text, LONGEST_WORD))
    return cell


def _explained(document: Document, width: int) -> list[tuple[str, list[str]]]:
    """The lines about the numbers of each layer, two columns in from the left."""
    return [
        (shortened(name, width), _wrapped(lines, width - 2)) for name, lines in document.explained
    ]


def _wrapped(remarks: list[str], width: int) -> list[str]:
    """Lines of at most `width` columns, broken between words."""
    return [
        piece
        for remark in remarks
        for line in remark.splitlines() or [""]
        for piece in textwrap.wrap(line, width, subsequent_indent="  ") or [""]
    ]


def _fitted(table: Table, width: int) -> tuple[Table | None, bool, list[str]]:
    """The table in the fullest form that fits, whether in short numbers, and what was left out.

    Long texts may be folded onto several lines; numbers and names stay whole.
    """
    dropped: list[str] = []
    while True:
        for short, folded in ((False, False), (True, False), (True, True)):
            if _width(table, short=short, folded=folded) <= width:
                return table, short, dropped
        last = max(range(len(table.columns)), key=lambda i: (table.columns[i].optional, i))
        if not table.columns[last].optional:
            return None, False, []
        dropped.append(table.columns[last].title)
        table = table.without(last)


def _width(table: Table, *, short: bool, folded: bool) -> int:
    """Columns that the drawn table takes at least, two blanks between neighbours."""
    cells = zip(*table.texts(short=short), strict=True)
    widths = (
        max(
            len(column.title),
            min(max(map(len, texts)), FOLDED if column.folds and folded else 10**9),
        )
        for column, texts in zip(table.columns, cells, strict=True)
    )
    return sum(widths) + 2 * (len(table.columns) - 1)


def _drawn(table: Table, short: bool, width: int, colour: bool, unicode: bool) -> str:
    from rich import box
    from rich.table import Table as RichTable
    from rich.text import Text

    drawn = RichTable(
        box=box.SIMPLE_HEAD if unicode else box.ASCII2,
        header_style="bold",
        show_edge=False,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    for index, column in enumerate(table.columns):
        style = "cyan" if column.key == "spec" else None
        drawn.add_column(
            Text(column.title),
            justify="right" if column.numeric else "left",
            style=style,
            no_wrap=not column.folds,
            overflow="fold",
            min_width=0 if index else 1,
        )
    texts = table.texts(short=short)
    for row in texts:
        if table.total and row is texts[-1]:
            drawn.add_section()
        drawn.add_row(*(Text(text) for text in row))
    return _printed(drawn, width, colour)


def _printed(drawn: object, width: int, colour: bool) -> str:
    """What Rich prints of something, without blanks at the ends of lines."""
    from rich.console import Console

    out = io.StringIO()
    console = Console(
        file=out,
        width=width,
        height=25,  # given too, because a dumb terminal would otherwise decide the width
        color_system="standard" if colour else None,
        force_terminal=colour,
        no_color=not colour,
        markup=False,
        emoji=False,
        highlight=False,
        legacy_windows=False,
    )
    console.print(drawn)
    return "\n".join(line.rstrip() for line in out.getvalue().rstrip("\n").split("\n"))
