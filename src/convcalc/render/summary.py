"""Everything about a network in one table."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from convcalc.analysis.blocks import fold
from convcalc.analysis.report import CONVENTION_TEXT
from convcalc.render.documents import (
    OUTPUT,
    heading,
    repeats_remarks,
    report_data,
    report_remarks,
    unknown_fields_remarks,
)
from convcalc.render.table import Cell, Column, Document, Share, Table, per_axis

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.analysis import Report
    from convcalc.analysis.blocks import Fold
    from convcalc.receptive import Field

COLUMNS = [
    Column("label", "name"),
    Column("spec", "layer", folds=True),
    OUTPUT,
    Column("params", "params", numeric=True),
    Column("macs", "MACs", numeric=True),
    Column("share", "share", optional=2),
    Column("receptive_field", "field", optional=1),
]


def summary_document(report: Report, depth: int | None = None) -> Document:
    """Shape, parameters, multiply-accumulates, their share and the receptive field of each layer.

    Args:
        report: All layers.
        depth: Parts of the labels down to which blocks are shown; None shows every layer.
    """
    folds = fold(report.layers, depth, report.output)
    totals = report.totals
    rows = [_row(one, totals.macs) for one in folds]
    output = report.output_shape if report.layers else None
    total: list[Cell] = ["total", "", output, totals.params, totals.macs, "", ""]
    remarks = [*report_remarks(report), CONVENTION_TEXT]
    remarks.append("field: size/effective stride/start of the receptive field")
    remarks += repeats_remarks(report)
    remarks += unknown_fields_remarks(report)
    if any(field.whole for row in report.layers for field in row.receptive_field or ()):
        remarks.append("field with *: the whole input is seen, here or on another path")
    return Document(
        partial(report_data, "summary", report),
        Table(COLUMNS, rows, total),
        heading(report),
        remarks,
    )


def _row(one: Fold, all_macs: int) -> list[Cell]:
    spec = one.last.spec if one.is_single else f"{len(one.layers)} layers"
    return [
        one.label,
        spec,
        one.last.output_shape,
        one.totals.params,
        one.totals.macs if any(row.counted for row in one.layers) else None,
        Share(one.totals.macs, all_macs),
        fields_text(one.last.receptive_field),
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
