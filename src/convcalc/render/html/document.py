"""A document as one file of HTML, which loads nothing and is whole without scripts."""

from __future__ import annotations

from html import escape
from importlib.resources import files
from math import prod
from string import Template
from typing import TYPE_CHECKING

from convcalc.errors import harmless
from convcalc.render.html.blocks import Block, Row, with_blocks
from convcalc.render.table import Share, plain, written

if TYPE_CHECKING:
    from convcalc.render.table import Cell, Column, Document, Table


def html_text(document: Document) -> str:
    """The heading, the table and the remarks as a page, in light or dark as the reader has it."""
    return Template(_file("table.html")).substitute(
        title=_title(document),
        style=_file("table.css"),
        script=_file("table.mjs"),
        heading=_paragraphs(document.heading),
        table=html_table(document.table),
        explained=_explained(document.explained),
        remarks=_paragraphs(document.remarks),
    )


def html_table(table: Table) -> str:
    """The table alone, a row of its own before each block of several layers."""
    lines = [_row(table, row) for row in with_blocks(table)]
    total = f"<tfoot><tr>{_cells(table, table.total)}</tr></tfoot>" if table.total else ""
    titles = "".join(
        f"<th scope='col'{_kind(column)}><button type='button'>{escape(column.title)}</button></th>"
        for column in table.columns
        if not column.hidden
    )
    head = f"<thead><tr>{titles}</tr></thead>"
    body = "\n".join(["<tbody>", *lines, "</tbody>"])
    return "\n".join(filter(None, ("<table>", head, body, total, "</table>")))


def _row(table: Table, row: Row | Block) -> str:
    depth = f" style='--depth: {row.depth}'"
    if isinstance(row, Block):
        return f"<tr data-block={_quoted(row.path)}{depth}>{_block_cells(table, row)}</tr>"
    return f"<tr data-label={_quoted(row.label)}{depth}>{_cells(table, row.cells)}</tr>"


def _title(document: Document) -> str:
    return escape(harmless(": ".join(("convcalc", *document.heading[:1]))))


def _cells(table: Table, row: list[Cell]) -> str:
    return "".join(
        _cell(column, cell)
        for column, cell in zip(table.columns, row, strict=True)
        if not column.hidden
    )


def _cell(column: Column, cell: Cell) -> str:
    if isinstance(cell, Share):
        share = f" style='--share: {cell.value:.4f}'"
        return f"<td class='share'{_order(cell)}{share}>{escape(cell.drawn())}</td>"
    # A spec is broken after its commas, and nowhere else.
    text = escape(written(cell)).replace(",", ",<wbr>") if column.wraps else escape(written(cell))
    return f"<td{_kind(column)}{_order(cell)}>{text}</td>"


def _block_cells(table: Table, block: Block) -> str:
    """The name of a block, which folds it, how many layers it has, and what they add up to."""
    cells = []
    for column, cell in zip(table.columns, block.sums, strict=True):
        if column.hidden:
            continue
        if column.key == "label":
            name = escape(written(block.path))
            cells.append(f"<td><button type='button' aria-expanded='true'>{name}</button></td>")
        elif column.wraps:
            cells.append(f"<td>{block.layers:,} layers</td>")
        else:
            cells.append("<td></td>" if cell is None else _cell(column, cell))
    return "".join(cells)


def _kind(column: Column) -> str:
    return " class='number'" if column.numeric else ""


def _order(cell: Cell) -> str:
    """What rows are sorted by, where that is not the text: a number, the elements of a shape."""
    value = plain(cell)
    if isinstance(value, list):
        value = prod(value)
    return f" data-value='{value!r}'" if isinstance(value, int | float) else ""


def _quoted(text: str) -> str:
    return f"'{escape(harmless(text, kept=''))}'"


def _paragraphs(lines: list[str]) -> str:
    return "\n".join(f"<p>{escape(harmless(line))}</p>" for line in lines)


def _explained(explained: list[tuple[str, list[str]]]) -> str:
    """Where the numbers of each layer come from, to be opened."""
    return "\n".join(
        f"<details><summary>{escape(harmless(name))}</summary>\n{_paragraphs(own)}\n</details>"
        for name, own in explained
    )


def _file(name: str) -> str:
    return files("convcalc.render.html").joinpath(name).read_text(encoding="utf-8")
