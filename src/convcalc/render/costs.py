"""What a network costs: the tables of `convcalc flops`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from convcalc.analysis.report import CONVENTION_NAME, Parts
from convcalc.layers.base import ElementOps
from convcalc.render.documents import (
    INDEX,
    MACS,
    OUTPUT,
    PARAMS,
    SPEC,
    heading,
    known_macs,
    report_data,
    report_remarks,
)
from convcalc.render.table import Cell, Column, Document, Table, signed, written

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.analysis import LayerReport, Report
    from convcalc.analysis.conventions.base import Reason
    from convcalc.analysis.conventions.real_taps import RealTaps

BIAS_ADDS = Column("bias_adds", "bias adds", numeric=True)


def flops_document(report: Report) -> Document:
    """Parameters, multiply-accumulates, and FLOPs or the total of another convention."""
    if report.convention.name == CONVENTION_NAME:
        last = [Column("flops", "FLOPs", numeric=True), BIAS_ADDS]
    else:
        last = [Column("total", f"{report.convention.name} total", numeric=True)]
    columns = [INDEX, SPEC, OUTPUT, PARAMS, MACS, *last]
    keys = [column.key for column in columns[3:]]
    rows: list[list[Cell]] = [
        [row.index, row.spec, row.output_shape, *_figures(row, keys)] for row in report.layers
    ]
    totals = report.totals
    total: list[Cell] = ["", "total", "", *(getattr(totals, key) for key in keys)]
    return Document(
        partial(report_data, "flops", report),
        Table(columns, rows, total if len(rows) > 1 else None),
        heading(report),
        _remarks(report),
    )


def detail_document(report: Report) -> Document:
    """Every cost in a column of its own: parameters by part, operations by type."""
    columns = [
        INDEX,
        SPEC,
        *(Column(name, f"{name} params", numeric=True) for name in Parts._fields),
        MACS,
        BIAS_ADDS,
        *(Column(name, name, numeric=True) for name in ElementOps._fields),
        Column("activations", "activations", numeric=True),
    ]
    rows = [_detail(row) for row in report.layers]
    sums: list[Cell] = [
        sum(part for part in column if isinstance(part, int))
        for column in zip(*(row[2:] for row in rows), strict=True)
    ]
    total: list[Cell] = ["", "total", *sums]
    convolved = f"{report.totals.mac_activations:,} activations leave layers with MACs"
    return Document(
        partial(report_data, "flops", report),
        Table(columns, rows, total if len(rows) > 1 else None),
        heading(report),
        [convolved, *_remarks(report)],
    )


def real_taps_document(report: Report, counts: Sequence[RealTaps]) -> Document:
    """The multiply-accumulates beside those whose products are of real elements."""
    columns = [
        INDEX,
        SPEC,
        OUTPUT,
        MACS,
        Column("real_macs", "real MACs", numeric=True),
        Column("zero_insertion_macs", "zero insertion", numeric=True),
    ]
    shown = any(count.zero_insertion is not None for count in counts)
    rows: list[list[Cell]] = [
        [row.index, row.spec, row.output_shape, known_macs(row), count.real, count.zero_insertion]
        for row, count in zip(report.layers, counts, strict=True)
    ]
    real = sum(count.real or 0 for count in counts)
    total: list[Cell] = ["", "total", "", report.totals.macs, real, ""]
    table = Table(columns, rows, total if len(rows) > 1 else None)
    data = report_data("flops", report)
    data["real_taps"] = {
        "layers": [
            {
                "index": row.index,
                "real_macs": count.real,
                "zero_insertion_macs": count.zero_insertion,
            }
            for row, count in zip(report.layers, counts, strict=True)
        ],
        "totals": {"real_macs": real},
    }
    remarks = ["real MACs: without products of zero padding, and without those that are cropped"]
    if shown:
        remarks.append(
            "zero insertion: a dense convolution of the input with zeros between its elements"
        )
    else:
        table = table.without(len(columns) - 1)
    return Document(data, table, heading(report), [*remarks, *_remarks(report)])


def _figures(row: LayerReport, keys: Sequence[str]) -> list[Cell]:
    """The figures of a layer under these names; nothing where they are not known."""
    return [getattr(row, key) if row.counted or key == "params" else None for key in keys]


def _detail(row: LayerReport) -> list[Cell]:
    costs: list[Cell] = [row.macs, row.bias_adds, *row.elements]
    if not row.counted:
        costs = [None] * len(costs)
    return [row.index, row.spec, *row.params_by_part, *costs, row.activations]


def _remarks(report: Report) -> list[str]:
    """The convention, and what is not in the totals."""
    return [*report_remarks(report), *_mistakes(report), report.convention.text]


def _mistakes(report: Report) -> list[str]:
    """What the convention counts wrong by its own rule, with what that adds to the total."""
    amounts: dict[tuple[str, Reason], int] = {}
    for row in report.layers:
        for reason, amount in row.terms:
            if reason.wrong:
                amounts[row.kind, reason] = amounts.get((row.kind, reason), 0) + amount
    return [
        f"{kind}: {reason.text}, {written(signed(amount))}: {reason.wrong}"
        for (kind, reason), amount in amounts.items()
    ]
