"""The counts of every tool in one table, with what they differ by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.render.documents import heading, report_data, report_remarks
from convcalc.render.table import Cell, Column, Document, Json, Shown, Table, signed

if TYPE_CHECKING:
    from convcalc.analysis.conventions.reconcile import Difference, Reconciled, Reconciliation

COLUMNS = [
    Column("tool", "tool"),
    Column("total", "total", numeric=True, exact=True),
    Column("difference", "difference", numeric=True),
    Column("because", "because", wraps=True),
]


def reconciliation_document(reconciliation: Reconciliation) -> Document:
    """A row for each tool, and below it one for each reason that its total is not ours."""
    report = reconciliation.report
    rows: list[list[Cell]] = [
        ["convcalc", report.totals.total, "", "MACs of convolutions and matrix products"]
    ]
    for tool in reconciliation.tools:
        rows.append([tool.convention.tool, tool.total, signed(tool.difference), ""])
        # On a screen the name stands once; for machines each row says whose it is.
        own = Shown("", tool.convention.tool)
        rows += [[own, "", signed(part.amount), _because(part)] for part in tool.differences]
    return Document(
        _data(reconciliation), Table(COLUMNS, rows), heading(report), _remarks(reconciliation)
    )


def _because(part: Difference) -> str:
    return f"{', '.join(part.kinds)}: {part.reason.text}{' *' * bool(part.reason.wrong)}"


def _remarks(reconciliation: Reconciliation) -> list[str]:
    mistakes = {
        f"* {tool.convention.tool.split()[0]}, {part.reason.text}: {part.reason.wrong}": None
        for tool in reconciliation.tools
        for part in tool.differences
        if part.reason.wrong
    }
    unknown = [
        f"{tool.convention.tool}: without {', '.join(kinds)}, which it has no rule for here"
        for tool in reconciliation.tools
        if (kinds := dict.fromkeys(row.kind for row in tool.unknown if row.counted))
    ]
    return [*mistakes, *report_remarks(reconciliation.report), *unknown]


def _data(reconciliation: Reconciliation) -> dict[str, Json]:
    data = report_data("flops", reconciliation.report)
    data["reconciliation"] = [_tool_data(tool) for tool in reconciliation.tools]
    return data


def _tool_data(tool: Reconciled) -> dict[str, Json]:
    return {
        "convention": tool.convention.name,
        "tool": tool.convention.tool,
        "text": tool.convention.text,
        "source": tool.convention.source,
        "status": "partial" if tool.unknown else "complete",
        "unknown": [row.label for row in tool.unknown],
        "total": tool.total,
        "difference": tool.difference,
        "terms": [
            {
                "kinds": list(part.kinds),
                "amount": part.amount,
                "because": part.reason.text,
                "wrong": part.reason.wrong or None,
            }
            for part in tool.differences
        ],
    }
