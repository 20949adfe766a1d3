"""Tables on a screen: the fullest form that fits, no number ever cut."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from convcalc.errors import shortened
from convcalc.render.grid import COLOURED, GAP, PLAIN, Grid, drawn, natural_widths
from convcalc.render.lettering import BLOCKS, SIGNS, brief, full
from convcalc.render.table import Shown
from convcalc.render.text import plain_text, stacked
from convcalc.widths import WORDS, broken, display_width, longest_piece

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from convcalc.render.lettering import Lettering
    from convcalc.render.table import Cell, Column, Document, Table

LONGEST_WORD = 100
"""Characters of a word, as a label, that a screen shows; CSV and JSON always have all of it."""

COMFORTABLE = 18
"""Columns that a text which goes on in the next line gets at least, while others can be left out:
those of conv:256,k1,nobias."""


def terminal_text(document: Document, *, width: int, colour: bool, unicode: bool) -> str:
    """The document for a screen of `width` columns.

    Exact numbers if they fit, else numbers in millions, then shares without bars, then specs and
    labels on several lines, then fewer columns where some are optional, else one field per line.
    Of words that no screen could show, the middle is left out.
    """
    document = _with_short_words(document)
    document = replace(
        document,
        explained=_explained(document, width),
        remarks=_wrapped(document.remarks, width),
    )
    if document.body is not None:
        return plain_text(document, coloured=colour)
    table = document.table.for_people()
    grid = fitted(table, width, BLOCKS if unicode else SIGNS)
    if grid is None:
        return plain_text(document, stacked(table))
    kept = {column.key for column in grid.table.columns}
    if dropped := [column.title for column in table.columns if column.key not in kept]:
        left_out = f"left out for the width: {', '.join(dropped)}; --format md has all columns"
        document.remarks += _wrapped([left_out], width)
    style = COLOURED if colour else PLAIN
    if not unicode:
        return plain_text(document, drawn(grid, style)).replace("µ", "u")
    return plain_text(document, drawn(grid, style._replace(rule="─")))


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


def _wrapped(remarks: Sequence[str], width: int) -> list[str]:
    """Lines of at most `width` columns, broken between words."""
    return [
        piece
        for remark in remarks
        for line in remark.splitlines() or [""]
        for piece in broken(line, width, WORDS, "  ")
    ]


def fitted(table: Table, width: int, bars: str) -> Grid | None:
    """The table in the fullest form that fits; None if there is none."""
    for narrowest in (COMFORTABLE, 0):
        kept = table
        while True:
            for letterings in _forms(kept, bars):
                if (found := _within(kept, letterings, width)) is not None:
                    return found
            if (found := _within(kept, letterings, width, narrowest)) is not None:
                return found
            last = max(range(len(kept.columns)), key=lambda i: (kept.columns[i].optional, i))
            if not kept.columns[last].optional:
                break
            kept = kept.without(last)
    return None


def _forms(table: Table, bars: str) -> Iterator[list[Lettering]]:
    """How the columns may be written, the fullest first: briefly where most room is saved.

    Bars go last: they take no digit away.
    """
    places = range(len(table.columns))
    letterings = [full(table, place, bars) for place in places]
    yield letterings
    briefly = {place: form for place in places if (form := brief(table, place)) is not None}

    def saved(place: int) -> tuple[bool, int]:
        return letterings[place].right, letterings[place].width - briefly[place].width

    for place in sorted(briefly, key=saved, reverse=True):
        letterings = [*letterings[:place], briefly[place], *letterings[place + 1 :]]
        yield letterings


def _within(
    table: Table, letterings: Sequence[Lettering], width: int, narrowest: int | None = None
) -> Grid | None:
    """The grid of these texts in so many columns; None if it takes more.

    Args:
        table: The columns.
        letterings: How each is written.
        width: Columns of the screen.
        narrowest: What a column may shrink to that goes on in the next line; None if none may.
    """
    widths = natural_widths(table, letterings)
    spare = width - sum(widths) - len(GAP) * (len(widths) - 1)
    if narrowest is not None:
        least = [
            min(own, max(narrowest, _least(column, form)))
            for own, column, form in zip(widths, table.columns, letterings, strict=True)
        ]
        while spare < 0 and (wide := [i for i, own in enumerate(widths) if own > least[i]]):
            widest = max(wide, key=lambda i: widths[i])
            widths[widest] -= 1
            spare += 1
    return Grid(table, letterings, widths) if spare >= 0 else None


def _least(column: Column, lettering: Lettering) -> int:
    """Columns of the screen that a column takes when its lines end wherever they may."""
    ends = column.line_ends
    if ends is None:
        return max(display_width(column.title), lettering.width)
    return max(display_width(column.title), *(longest_piece(t, ends) for t in lettering.texts))
