"""Convolutions beside what could stand in their place, as one table, and the formulas below it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.analysis.report import CONVENTION_TEXT
from convcalc.render.documents import (
    INDEX,
    MACS,
    OUTPUT,
    PARAMS,
    SPEC,
    heading,
    repeats_remarks,
    report_data,
    report_remarks,
    unknown_fields_remarks,
)
from convcalc.render.summary import fields_text
from convcalc.render.table import Cell, Column, Document, Json, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from convcalc.analysis.compare import Change, Comparison, Outcome
    from convcalc.analysis.report import LayerReport, Totals

COLUMNS = [
    INDEX,
    Column("variant", "variant"),
    SPEC,
    OUTPUT,
    PARAMS._replace(exact=True),
    MACS._replace(exact=True),
    Column("ratio", "ratio", numeric=True),
    Column("activations", "activations", numeric=True, optional=1),
    Column("receptive_field", "field", optional=2),
]

WIDTH = 80
"""Where the lines below the table are broken, on any screen."""

MOST_FORMULAS = 8
"""Different lines that are shown of one variant; JSON has those of every layer."""

MOST_LAYERS = 8
"""Layers that such a line names."""


def comparison_document(comparison: Comparison) -> Document:
    """Each convolution and what every variant makes of it: shape, costs, ratio and formula."""
    original = comparison.original
    several = len(comparison.outcomes) > 1
    remarks: list[str] = []
    for outcome in comparison.outcomes:
        remarks += _formulas(outcome, several)
        remarks += _left(outcome)
    if len(original.layers) > 1:
        remarks += [_whole(outcome, original.totals, several) for outcome in comparison.outcomes]
    return Document(
        _data(comparison),
        Table(COLUMNS, _rows(comparison)),
        heading(original),
        [
            *map(_wrapped, [*remarks, *report_remarks(original)]),
            *unknown_fields_remarks(original),
            *repeats_remarks(original),
            CONVENTION_TEXT,
            "field: size/effective stride/start",
        ],
    )


def _rows(comparison: Comparison) -> list[list[Cell]]:
    """For each convolution that anything replaces: itself, then its replacements."""
    rows: dict[int, list[list[Cell]]] = {}
    for outcome in comparison.outcomes:
        for change in outcome.changes:
            own = change.original
            below = rows.setdefault(own.index, [_row(own.index, "standard", [own], own, 1.0)])
            ratio = float(change.ratio)
            below.append(_row(own.index, outcome.variant, change.stages, change.totals, ratio))
    return [row for index in sorted(rows) for row in rows[index]]


def _row(
    index: int,
    variant: str,
    stages: Sequence[LayerReport],
    sums: LayerReport | Totals,
    ratio: float,
) -> list[Cell]:
    return [
        index,
        variant,
        " ".join(stage.spec for stage in stages),
        stages[-1].output_shape,
        sums.params,
        sums.macs,
        ratio,
        sums.activations,
        fields_text(stages[-1].receptive_field),
    ]


def _formulas(outcome: Outcome, several: bool) -> list[str]:
    """The measured ratio and the formula, layers of which both are equal together."""
    named = f", {outcome.variant}" if several else ""
    texts = _together((change.original.index, _formula(change)) for change in outcome.changes)
    lines = [f"{_layers(where)}{named}: {text}" for text, where in texts.items()]
    if len(lines) > MOST_FORMULAS:
        more = f"{len(lines) - MOST_FORMULAS} more ratios{named}: --format json has all of them"
        lines[MOST_FORMULAS:] = [more]
    return lines


def _formula(change: Change) -> str:
    measured = f"measured ratio {float(change.ratio):.5f}"
    if change.formula is None:
        return f"{measured}; {change.note}"
    symbols, numbers, value, _ = change.formula
    where = f"; {change.note}" if change.note else ""
    return f"{measured}; {symbols} = {numbers} = {float(value):.5f}{where}"


def _left(outcome: Outcome) -> list[str]:
    """The layers that were left as they are, those of one reason together."""
    reasons = _together((change.original.index, change.reason) for change in outcome.unchanged)
    lines = [
        f"{outcome.variant} leaves {_layers(where)} as {'it is' if len(where) == 1 else 'they are'}"
        f": {reason}"
        for reason, where in reasons.items()
    ]
    if len(lines) > MOST_FORMULAS:
        more = f"{outcome.variant} has {len(lines) - MOST_FORMULAS} more reasons: --format json"
        lines[MOST_FORMULAS:] = [more]
    return lines


def _whole(outcome: Outcome, before: Totals, several: bool) -> str:
    after = outcome.report.totals
    named = f", {outcome.variant}" if several else ""
    return (
        f"whole network{named}: {before.macs:,} MACs against {after.macs:,}, "
        f"ratio {float(outcome.ratio):.5f}; params {before.params:,} against {after.params:,}"
    )


def _together(items: Iterable[tuple[int, str]]) -> dict[str, list[int]]:
    """The layers of each text, in the order in which the texts first appear."""
    found: dict[str, list[int]] = {}
    for index, text in items:
        found.setdefault(text, []).append(index)
    return found


def _layers(indices: Sequence[int]) -> str:
    """Layers by their numbers: layer 0; layers 0, 3; layers 0, 3, ... 50 (17 of them)."""
    if len(indices) == 1:
        return f"layer {indices[0]}"
    if len(indices) <= MOST_LAYERS:
        return f"layers {', '.join(map(str, indices))}"
    first = ", ".join(map(str, indices[: MOST_LAYERS - 2]))
    return f"layers {first}, ... {indices[-1]} ({len(indices)} of them)"


def _wrapped(line: str) -> str:
    """A line of several statements, each in a line of its own where they do not fit in one."""
    if len(line) <= WIDTH:
        return line
    import textwrap

    return "\n".join(
        textwrap.fill(
            statement,
            WIDTH,
            initial_indent="  " if number else "",
            subsequent_indent="    ",
            break_long_words=False,
            break_on_hyphens=False,
        )
        for number, statement in enumerate(line.split("; "))
    )


def _data(comparison: Comparison) -> dict[str, Json]:
    data = report_data("flops", comparison.original)
    data["compare"] = [_outcome_data(outcome) for outcome in comparison.outcomes]
    return data


def _outcome_data(outcome: Outcome) -> dict[str, Json]:
    report = report_data("flops", outcome.report)
    return {
        "variant": outcome.variant,
        "spec": outcome.network.spec(),
        "layers": report["layers"],
        "totals": report["totals"],
        "ratios": [_ratio_data(change) for change in outcome.changes],
        "unchanged": [
            {"index": change.original.index, "reason": change.reason}
            for change in outcome.unchanged
        ],
    }


def _ratio_data(change: Change) -> dict[str, Json]:
    formula = change.formula
    return {
        "index": change.original.index,
        "stages": [stage.index for stage in change.stages],
        "params": change.totals.params,
        "macs": change.totals.macs,
        "activations": change.totals.activations,
        "measured": float(change.ratio),
        "exact": str(change.ratio),
        "symbols": formula and formula.symbols,
        "formula": formula and formula.numbers,
        "formula_value": formula and float(formula.value),
        "note": change.note or None,
    }
