"""Everything about a network in one table."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from convcalc.analysis.report import CONVENTION_TEXT
from convcalc.render.documents import (
    MACS,
    OUTPUT,
    PARAMS,
    heading,
    known_macs,
    layer_table,
    repeats_remarks,
    report_data,
    report_remarks,
    unknown_fields_remarks,
)
from convcalc.render.folding import of_leaving, summed
from convcalc.render.table import Cell, Column, Document, Share, per_axis, ranked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.analysis import LayerReport, Report
    from convcalc.receptive import Field

COLUMNS = [
    OUTPUT._replace(optional=3),
    PARAMS._replace(optional=2),
    MACS,
    Column("share", "share", numeric=True, of_block=summed),
    Column("receptive_field", "field", optional=4, of_block=of_leaving),
]


def summary_document(report: Report) -> Document:
    """Shape, parameters, multiply-accumulates, their share and the field of each layer."""
    totals = report.totals
    cells = [_cells(row, totals.macs) for row in report.layers]
    output = report.output_shape if report.layers else None
    table = layer_table(report, COLUMNS, cells)
    # A summary is of a network, and has its name and its total even if that is one layer.
    index, label, *others = table.columns
    table.columns = [index._replace(hidden=True), label._replace(hidden=False), *others]
    table.total = ["", "total", "", output, totals.params, totals.macs, "", ""]
    remarks = [*report_remarks(report), CONVENTION_TEXT]
    remarks.append("field: size/effective stride/start of the receptive field")
    remarks += repeats_remarks(report)
    remarks += unknown_fields_remarks(report)
    if any(field.whole for row in report.layers for field in row.receptive_field or ()):
        remarks.append("field with *: the whole input is seen, here or on another path")
    return Document(partial(report_data, "summary", report), table, heading(report), remarks)


def _cells(row: LayerReport, all_macs: int) -> list[Cell]:
    fields = row.receptive_field
    text = fields_text(fields)
    return [
        row.output_shape,
        row.params,
        known_macs(row),
        Share(row.macs, all_macs),
        None if text is None else ranked(text, [field.size for field in fields or ()]),
    ]


def fields_text(fields: Sequence[Field] | None) -> str | None:
    """size/stride/start, the axes apart where they differ; a star for the whole input.

    Where fractions have bars of their own, commas are between the three: 3, 1/4, -3/2. None where
    they are not known.
    """
    if fields is None:
        return None
    if not fields:
        return ""
    parts = (
        per_axis(field.size for field in fields),
        per_axis(field.effective_stride for field in fields),
        per_axis(field.start for field in fields),
    )
    comma = ", " if any("/" in part for part in parts) else "/"
    return comma.join(parts) + ("*" if any(field.whole for field in fields) else "")
