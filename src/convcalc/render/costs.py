"""What a network costs: the tables of `convcalc flops`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from convcalc.analysis.report import CONVENTION_NAME, Parts
from convcalc.layers.base import ElementOps
from convcalc.render.documents import (
    MACS,
    OUTPUT,
    PARAMS,
    heading,
    known_macs,
    layer_table,
    report_data,
    report_remarks,
)
from convcalc.render.folding import summed
from convcalc.render.table import Cell, Column, Document, signed, written

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.analysis import LayerReport, Report
    from convcalc.analysis.conventions.base import Reason
    from convcalc.analysis.conventions.real_taps import RealTaps

BIAS_ADDS = Column("bias_adds", "bias adds", numeric=True, optional=3, of_block=summed)


def flops_document(report: Report) -> Document:
    """Parameters, multiply-accumulates, and FLOPs or the total of another convention."""
    if report.convention.name == CONVENTION_NAME:
        flops = Column("flops", "FLOPs", numeric=True, optional=1, of_block=summed)
        last = [flops, BIAS_ADDS]
    else:
        title = f"{report.convention.name} total"
        last = [Column("total", title, numeric=True, of_block=summed)]
    columns = [OUTPUT._replace(optional=2), PARAMS, MACS, *last]
    keys = [column.key for column in columns[1:]]
    cells = [[row.output_shape, *_figures(row, keys)] for row in report.layers]
    total: list[Cell] = ["", *(getattr(report.totals, key) for key in keys)]
    return Document(
        partial(report_data, "flops", report),
        layer_table(report, columns, cells, total),
        heading(report),
        _remarks(report),
    )


def detail_document(report: Report) -> Document:
    """Every cost in a column of its own: parameters by part, operations by type."""
    columns = [
        *(_figure(name, f"{name} params") for name in Parts._fields),
        MACS,
        BIAS_ADDS,
        *(_figure(name, name) for name in ElementOps._fields),
        _figure("activations", "activations"),
    ]
    cells = [_detail(row) for row in report.layers]
    sums: list[Cell] = [
        sum(part for part in column if isinstance(part, int)) for column in zip(*cells, strict=True)
    ]
    convolved = f"{report.totals.mac_activations:,} activations leave layers with MACs"
    return Document(
        partial(report_data, "flops", report),
        layer_table(report, columns, cells, sums),
        heading(report),
        [convolved, *_remarks(report)],
    )


def real_taps_document(report: Report, counts: Sequence[RealTaps]) -> Document:
    """The multiply-accumulates beside those whose products are of real elements."""
    columns = [
        OUTPUT,
        MACS,
        _figure("real_macs", "real MACs"),
        _figure("zero_insertion_macs", "zero insertion"),
    ]
    shown = any(count.zero_insertion is not None for count in counts)
    cells: list[list[Cell]] = [
        [row.output_shape, known_macs(row), count.real, count.zero_insertion]
        for row, count in zip(report.layers, counts, strict=True)
    ]
    real = sum(count.real or 0 for count in counts)
    table = layer_table(report, columns, cells, ["", report.totals.macs, real, ""])
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
        table = table.without(len(table.columns) - 1)
    return Document(data, table, heading(report), [*remarks, *_remarks(report)])


def _figure(key: str, title: str) -> Column:
    return Column(key, title, numeric=True, of_block=summed)


def _figures(row: LayerReport, keys: Sequence[str]) -> list[Cell]:
    """The figures of a layer under these names; nothing where they are not known."""
    return [getattr(row, key) if row.counted or key == "params" else None for key in keys]


def _detail(row: LayerReport) -> list[Cell]:
    costs: list[Cell] = [row.macs, row.bias_adds, *row.elements]
    if not row.counted:
        costs = [None] * len(costs)
    return [*row.params_by_part, *costs, row.activations]


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
