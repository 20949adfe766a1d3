"""Tables as text that never depends on a terminal: aligned, CSV, Markdown, JSON, or stacked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from convcalc.errors import harmless
from convcalc.render.grid import drawn, grid
from convcalc.render.lettering import NO_BARS, SIGNS, full, titled
from convcalc.render.table import raw

if TYPE_CHECKING:
    from convcalc.render.table import Cell, Document, Table

FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""

NUMBERS = re.compile(r"[-+]?(?:inf|\d[\d.,/:x eto+-]*)")
"""Numbers, sizes and ranges: without a letter that begins a function's name, or a cell's."""


def aligned(table: Table) -> str:
    """The table in columns of spaces, whole values whatever their width."""
    return drawn(grid(table.for_people(), SIGNS))


def stacked(table: Table) -> str:
    """One field per line, a blank line between rows: for screens too narrow for columns."""
    letterings = [full(table, place, NO_BARS) for place in range(len(table.columns))]
    titles = list(map(titled, table.columns, letterings))
    width = max(map(len, titles))
    blocks = [
        "\n".join(
            f"{title:<{width}}  {text}" for title, text in zip(titles, row, strict=True) if text
        )
        for row in zip(*(lettering.texts for lettering in letterings), strict=True)
    ]
    return "\n\n".join(blocks)


def csv_text(document: Document) -> str:
    """The rows as CSV under the columns' machine names, exact values, totals left out."""
    import csv
    import io

    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([column.key for column in document.table.columns])
    writer.writerows([[_csv_cell(cell) for cell in row] for row in document.table.rows])
    return out.getvalue()


def _csv_cell(cell: Cell) -> str:
    """The exact value; before a text that a spreadsheet would compute stands an apostrophe.

    Source: OWASP, "CSV Injection". What is made of numbers, -3 or -0.2 to 0.2, stays as it is.
    """
    text = raw(cell)
    return f"'{text}" if text.startswith(FORMULA_SIGNS) and not NUMBERS.fullmatch(text) else text


def markdown_text(document: Document) -> str:
    """The heading, the table and the remarks in Markdown, without bars."""
    table = document.table.for_people()
    letterings = [full(table, place, NO_BARS) for place in range(len(table.columns))]
    titles = map(titled, table.columns, letterings)
    rows = zip(*(lettering.texts for lettering in letterings), strict=True)
    lines = [
        "| " + " | ".join(titles) + " |",
        "|" + "|".join("---:" if column.numeric else "---" for column in table.columns) + "|",
        *("| " + " | ".join(_cell(text) for text in row) + " |" for row in rows),
    ]
    items = ((f"- {name}", *(f"  - {line}" for line in own)) for name, own in document.explained)
    return _framed(document, "\n".join(lines), "\n".join(line for item in items for line in item))


def json_text(document: Document) -> str:
    """The data as one strict JSON document: a line for each key, and for each layer."""
    lines = [f'  "{key}": {_json_value(value)}' for key, value in document.data.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def plain_text(document: Document, table: str | None = None, *, coloured: bool = False) -> str:
    """Heading, table and remarks with a blank line between them; of a text also its colours."""
    if coloured and document.coloured:
        return _framed(document, document.coloured)
    if document.body:
        return _framed(document, harmless(document.body))
    return _framed(document, table or aligned(document.table))


def _framed(document: Document, middle: str, explained: str | None = None) -> str:
    """What is in the middle between heading and remarks; its cells are harmless already."""
    heading, remarks = (
        harmless("\n".join(lines)) for lines in (document.heading, document.remarks)
    )
    if explained is None:
        explained = _indented(document.explained)
    return "\n\n".join(filter(None, (heading, middle, harmless(explained), remarks))) + "\n"


def _indented(explained: list[tuple[str, list[str]]]) -> str:
    """A line for each layer, and under it where its numbers are from."""
    return "\n".join("\n".join((name, *(f"  {line}" for line in own))) for name, own in explained)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _json_value(value: object) -> str:
    import json

    if isinstance(value, list) and value and isinstance(value[0], dict):
        items = ",\n".join(f"    {json.dumps(item, allow_nan=False)}" for item in value)
        return f"[\n{items}\n  ]"
    return json.dumps(value, allow_nan=False)
