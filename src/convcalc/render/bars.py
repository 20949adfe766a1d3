"""A bar for each layer, as SVG: what the rows of a table cost beside each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias
from xml.sax.saxutils import escape

from convcalc.errors import UsageError, harmless
from convcalc.render.lettering import Lettering, brief, full, titled
from convcalc.render.table import written
from convcalc.widths import display_width

if TYPE_CHECKING:
    from convcalc.render.table import Cell, Document, Table

Figures: TypeAlias = "dict[int, Lettering]"
"""The columns that are drawn by their places, and how their numbers are written."""

WIDTH = 600
NAME_WIDTH = 176
ROW_HEIGHT = 20
EDGE = 10
VALUE_WIDTH = 66
BAR_HEIGHT = 12
"""Units of the drawing, which are pixels where it is shown 600 of them wide."""

NAME_COLUMNS = 25
"""Latin letters of a name that fit; others take two of them."""

PREFERRED = ("macs", "params")
"""The figures that are drawn, where the table has them."""

MOST_ROWS = 1000
"""Bars of a drawing that somebody looks at."""

STYLE = """
svg{background:#fff}
text{font:12px system-ui,sans-serif;fill:#1b1f24}
.value{font-variant-numeric:tabular-nums;fill:#4a525c}
.heading{font-weight:600}
.macs{fill:#3f7fc4}.params{fill:#5aa469}
.band{fill:#f3f5f8}
@media (prefers-color-scheme:dark){
svg{background:#14171b}text{fill:#e8eaed}.value{fill:#aab2bd}
.macs{fill:#5b9be0}.params{fill:#6fbf80}.band{fill:#1d2126}}
"""


def bars_svg(document: Document) -> str:
    """A bar for each row and figure: multiply-accumulates, and parameters beside them.

    Raises:
        UsageError: there are too many rows, or no figures.
    """
    table = document.table
    if len(table.rows) > MOST_ROWS:
        raise UsageError(
            f"{len(table.rows):,} layers are too many to draw; --depth 1 folds them into blocks"
        )
    figures = {place: brief(table, place) or full(table, place) for place in _figures(table)}
    if not figures:
        raise UsageError("there is no column of numbers to draw; leave out --columns")
    height = 2 * EDGE + ROW_HEIGHT * (len(table.rows) + 2 + bool(table.total))
    heading = harmless(" ".join(document.heading))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
        f'height="{height}" role="img">',
        f"<title>{escape(heading)}</title>",
        f"<style>{STYLE}</style>",
        _text(EDGE, 0, shortened_name(heading, 80), "heading"),
        *_titles(table, figures),
        *(_row(table, figures, number) for number in range(len(table.rows))),
        *_total(table, figures),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _figures(table: Table) -> list[int]:
    """The columns that are drawn: the preferred ones, else the first two of whole numbers."""
    keys = [column.key for column in table.columns]
    found = [keys.index(key) for key in PREFERRED if key in keys]
    numeric = [i for i, column in enumerate(table.columns) if column.numeric and i not in found]
    return (found or [i for i in numeric if any(isinstance(row[i], int) for row in table.rows)])[:2]


def _places(figures: Figures) -> list[tuple[int, float]]:
    """Where the bars of each figure begin, and how long the longest is."""
    panel = (WIDTH - EDGE - NAME_WIDTH) / len(figures)
    return [(int(NAME_WIDTH + i * panel), panel - VALUE_WIDTH - EDGE) for i in range(len(figures))]


def _titles(table: Table, figures: Figures) -> list[str]:
    places = zip(figures, _places(figures), strict=True)
    return [
        _text(x, 1, titled(table.columns[column], figures[column]), "heading")
        for column, (x, _) in places
    ]


def _row(table: Table, figures: Figures, number: int) -> str:
    """The name of a row, and a bar with its value for each figure."""
    row, line = table.rows[number], number + 2
    y = EDGE + line * ROW_HEIGHT
    told = ", ".join(
        f"{column.title} {written(cell)}" for column, cell in zip(table.columns, row, strict=True)
    )
    parts = [f"<g><title>{escape(told)}</title>"]
    if number % 2:
        parts.append(f'<rect class="band" y="{y}" width="{WIDTH}" height="{ROW_HEIGHT}"/>')
    parts.append(_text(EDGE, line, shortened_name(_name(table, row)), "name"))
    for place, (column, (x, longest)) in enumerate(zip(figures, _places(figures), strict=True)):
        cell, most = row[column], _most(table, column)
        length = longest * cell / most if isinstance(cell, int) and most else 0.0
        top = y + (ROW_HEIGHT - BAR_HEIGHT) // 2
        if length > 0:
            size = f'width="{max(length, 0.5):.1f}" height="{BAR_HEIGHT}"'
            parts.append(f'<rect class="{PREFERRED[place]}" x="{x}" y="{top}" {size} rx="1"/>')
        parts.append(_text(x + length + 5, line, figures[column].texts[number], "value"))
    return "".join([*parts, "</g>"])


def _total(table: Table, figures: Figures) -> list[str]:
    if table.total is None:
        return []
    line = len(table.rows) + 2
    name = _text(EDGE, line, _name(table, table.total), "heading")
    values = [
        _text(x, line, figures[column].texts[-1], "heading")
        for column, (x, _) in zip(figures, _places(figures), strict=True)
    ]
    return [name, *values]


def _name(table: Table, row: list[Cell]) -> str:
    """What a row is, and its label: conv 8.0; of what is folded how many layers behind it."""
    keys = [column.key for column in table.columns]
    texts = {key: written(row[keys.index(key)]) for key in ("spec", "label") if key in keys}
    if "label" in texts and texts.get("spec", "").partition(" ")[0].replace(",", "").isdigit():
        return " ".join(reversed(texts.values()))
    texts = {key: text.partition(":")[0] for key, text in texts.items()}
    return " ".join(filter(None, texts.values())) or written(row[0])


def _most(table: Table, column: int) -> int:
    counts = (row[column] for row in table.rows)
    return max((count for count in counts if isinstance(count, int)), default=0)


def _text(x: float, line: int, text: str, kind: str) -> str:
    y = EDGE + line * ROW_HEIGHT + ROW_HEIGHT * 0.7
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}">{escape(text)}</text>'


def shortened_name(name: str, most: int = NAME_COLUMNS) -> str:
    """The name without its middle where it is wider than so many Latin letters."""
    if display_width(name) <= most:
        return name
    first, last = name, name
    while display_width(first) > most // 2:
        first = first[:-1]
    while display_width(last) > most - most // 2 - 1:
        last = last[1:]
    return f"{first}\N{HORIZONTAL ELLIPSIS}{last}"
