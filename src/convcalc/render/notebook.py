"""An answer as a notebook shows it: a table whose blocks open by a click, without any script."""

from __future__ import annotations

from html import escape
from itertools import groupby
from typing import TYPE_CHECKING

from convcalc.analysis.blocks import fold
from convcalc.analysis.report import Report
from convcalc.analysis.tabular import Layered
from convcalc.errors import harmless
from convcalc.layers.base import format_shape
from convcalc.render.answers import document_of_answer, shown_name
from convcalc.render.lettering import NO_BARS, full, titled

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from convcalc.analysis.blocks import Fold
    from convcalc.analysis.tabular import Tabular
    from convcalc.render.table import Table

MOST_ROWS = 5000
"""Rows that are shown; with more a browser becomes slow."""

SIDES = {
    True: ' style="text-align:right;padding:0 0.5em"',
    False: ' style="text-align:left;padding:0 0.5em"',
}
"""How cells of numbers stand, and all others."""


def folded_html(answer: Tabular) -> str:
    """The table of an answer in HTML, each block of layers folded into a line with its sums."""
    document = document_of_answer(answer)
    table = document.table.for_people()
    above = "<br>".join(map(_text, (shown_name(answer), *document.heading)))
    report = _report_of(answer)
    if report is not None and len(table.rows) == len(report.layers) <= MOST_ROWS:
        middle = "".join(_blocks(table, fold(report.layers, 1, report.output)))
    else:
        middle = _html_table(table, range(min(len(table.rows), MOST_ROWS)), total=True)
        if len(table.rows) > MOST_ROWS:
            middle += f"<p>and {len(table.rows) - MOST_ROWS:,} more rows</p>"
    below = escape(harmless("\n".join(document.remarks)))
    return f'<div><p>{above}</p>{middle}<pre style="font-size:smaller">{below}</pre></div>'


def _report_of(answer: Tabular) -> Report | None:
    """The layers that an answer has a row for, if it has."""
    if isinstance(answer, Report):
        return answer
    found = getattr(answer, "report", None) if isinstance(answer, Layered) else None
    return found if isinstance(found, Report) else None


def _blocks(table: Table, folds: Iterable[Fold]) -> Iterator[str]:
    """A table of the layers that stand alone, a line to open for each block, then the total."""
    runs = [(one, list(run)) for one, run in groupby(folds, key=lambda one: one.is_single)]
    for place, (alone, blocks) in enumerate(runs):
        if alone:
            total = place == len(runs) - 1
            yield _html_table(table, [one.last.index for one in blocks], total=total)
        for block in () if alone else blocks:
            rows = _html_table(table, [row.index for row in block.layers])
            yield f"<details><summary>{_text(_in_a_line(block))}</summary>{rows}</details>"
    if table.total and not (runs and runs[-1][0]):
        yield _html_table(table, (), total=True)


def _in_a_line(block: Fold) -> str:
    """A block by its name, what leaves it and what it costs."""
    shape = format_shape(block.last.output_shape)
    params, macs = block.totals.params, block.totals.macs
    cost = f"{params:,} params, {macs:,} MACs"
    return f"{block.label}: {len(block.layers)} layers to {shape}, {cost}"


def _html_table(table: Table, places: Iterable[int], *, total: bool = False) -> str:
    """Some rows under the titles of their columns, the total below them where it is asked for."""
    columns = [full(table, place, NO_BARS) for place in range(len(table.columns))]
    texts = list(zip(*(column.texts for column in columns), strict=True))
    chosen = [texts[place] for place in places]
    chosen += [texts[-1]] if total and table.total else []
    sides = [SIDES[column.numeric] for column in table.columns]
    head = "".join(
        f"<th{side}>{_text(titled(column, lettering))}</th>"
        for column, lettering, side in zip(table.columns, columns, sides, strict=True)
    )
    body = "".join(
        "<tr>"
        + "".join(f"<td{s}>{_text(t)}</td>" for t, s in zip(row, sides, strict=True))
        + "</tr>"
        for row in chosen
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _text(line: str) -> str:
    return escape(harmless(line, kept=""))
