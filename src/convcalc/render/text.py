"""Tables as text that never depends on a terminal: aligned, CSV, Markdown, JSON, or stacked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from convcalc.errors import harmless
from convcalc.render.table import raw

if TYPE_CHECKING:
    from convcalc.render.table import Cell, Document, Table

FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""

NUMBERS = re.compile(r"[-+]?(?:inf|\d[\d.,/:x eto+-]*)")
"""Numbers, sizes and ranges: without a letter that begins a function's name, or a cell's."""


def aligned(table: Table, *, short: bool = False) -> str:
    """The table in columns of spaces, whole values whatever their width."""
    texts = table.texts(short=short)
    titles = [column.title for column in table.columns]
    widths = [max(map(len, column)) for column in zip(titles, *texts, strict=True)]
    body = [_line(row, widths, table) for row in texts]
    rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
    if table.total:
        body.insert(-1, rule)
    return "\n".join([_line(titles, widths, table), rule, *body])


def stacked(table: Table) -> str:
    """One field per line, a blank line between rows: for screens too narrow for columns."""
    width = max(len(column.title) for column in table.columns)
    blocks = [
        "\n".join(
            f"{column.title:<{width}}  {text}"
            for column, text in zip(table.columns, row, strict=True)
            if text
        )
        for row in table.texts()
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
    """The heading, the table and the remarks in Markdown."""
    table = document.table
    lines = [
        "| " + " | ".join(column.title for column in table.columns) + " |",
        "|" + "|".join("---:" if column.numeric else "---" for column in table.columns) + "|",
        *("| " + " | ".join(_cell(text) for text in row) + " |" for row in table.texts()),
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


def _line(row: list[str], widths: list[int], table: Table) -> str:
    cells = (
        text.rjust(width) if column.numeric else text.ljust(width)
        for text, width, column in zip(row, widths, table.columns, strict=True)
    )
    return "  ".join(cells).rstrip()


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _json_value(value: object) -> str:
    import json

    if isinstance(value, list) and value and isinstance(value[0], dict):
        items = ",\n".join(f"    {json.dumps(item, allow_nan=False)}" for item in value)
        return f"[\n{items}\n  ]"
    return json.dumps(value, allow_nan=False)
