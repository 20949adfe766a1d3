"""Two networks side by side, as the layers that differ and what that comes to."""

from __future__ import annotations

from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING

from convcalc.analysis.blocks import folded
from convcalc.analysis.diff import (
    CHANGED,
    EQUAL,
    ONLY_A,
    ONLY_B,
    RESHAPED,
    REWIRED,
    paired_blocks,
)
from convcalc.analysis.report import CONVENTION_NAME, CONVENTION_TEXT, totals_of
from convcalc.network.graph import INPUT
from convcalc.render.documents import (
    LABEL,
    MACS,
    OUTPUT,
    PARAMS,
    SCHEMA_VERSION,
    SPEC,
    heading,
    known_macs,
    output_remarks,
    partial_remarks,
    report_data,
)
from convcalc.render.table import Cell, Column, Document, Json, Table

if TYPE_CHECKING:
    from convcalc.analysis.blocks import Fold
    from convcalc.analysis.diff import Difference, Pair, PairedBlock, Quantity
    from convcalc.analysis.report import LayerReport, Report

COLUMNS = [
    Column("network", "in"),
    LABEL,
    SPEC,
    OUTPUT,
    PARAMS,
    MACS,
    Column("status", "difference", optional=1),
]

WORDS = {
    EQUAL: "equal",
    CHANGED: "changed",
    RESHAPED: "the same on another shape",
    REWIRED: "the same but reading other layers",
    ONLY_A: "only in A",
    ONLY_B: "only in B",
}
"""What a status means, in the sentence below the table."""

SHORT = {RESHAPED: "other shape", REWIRED: "other inputs", ONLY_A: "only in A", ONLY_B: "only in B"}
"""Those words, shortened for the table."""

NAMES = {
    "params": "params",
    "macs": "MACs",
    "activations": "activations",
    "peak_memory": "peak of live activations in bytes (float32)",
    "field": "receptive field",
}


def difference_document(
    difference: Difference, *, complete: bool = False, depth: int | None = None
) -> Document:
    """The layers in which two networks differ, and their totals.

    Args:
        difference: How the layers correspond.
        complete: Whether equal layers are shown one by one, and not as a number.
        depth: Parts of the labels down to which blocks are shown; None shows layers.
    """
    if depth is None:
        rows = _layer_rows(difference, complete=complete)
    else:
        blocks = paired_blocks(difference.pairs, depth)
        rows = [row for block in blocks for row in _block_rows(block, difference)]
    reports = (difference.a, difference.b)
    above = [
        f"{letter}: {f'{name}, ' * bool(name)}{line}"
        for letter, name, report in zip("AB", difference.names, reports, strict=True)
        for line in heading(report)
    ]
    return Document(partial(_data, difference), Table(COLUMNS, rows), above, _remarks(difference))


def _layer_rows(difference: Difference, *, complete: bool) -> list[list[Cell]]:
    """The layers that differ one by one, equal ones between them as a number."""
    rows: list[list[Cell]] = []
    for equal, run in groupby(difference.pairs, key=lambda pair: pair.status == EQUAL):
        pairs = list(run)
        if equal and not complete and len(pairs) > 1:
            layers = [pair.a for pair in pairs if pair.a is not None]
            rows.append(_sum_row("both", folded("", layers, difference.a), WORDS[EQUAL]))
        else:
            rows += [row for pair in pairs for row in _pair_rows(pair, difference)]
    return rows


def _block_rows(block: PairedBlock, difference: Difference) -> list[list[Cell]]:
    """One row for a block that is equal in both, else one for each network."""
    alike = sum(pair.status == EQUAL for pair in block.pairs)
    if len(block.pairs) == 1:
        return _pair_rows(block.pairs[0], difference)
    sides = [("A", block.a, [pair.a for pair in block.pairs])]
    sides.append(("B", block.b, [pair.b for pair in block.pairs]))
    if alike == len(block.pairs):
        sides, word = [("both", *sides[0][1:])], WORDS[EQUAL]
    else:
        word = f"{len(block.pairs) - alike} of {len(block.pairs)} differ"
    reports = {"A": difference.a, "both": difference.a, "B": difference.b}
    return [
        _sum_row(letter, folded(label, [one for one in rows if one], reports[letter]), word)
        for letter, label, rows in sides
        if label
    ]


def _sum_row(letter: str, block: Fold, word: str) -> list[Cell]:
    """Several layers as one row: their sums, and the output that leaves them."""
    label, layers, leaving = block
    sums = totals_of(layers)
    macs = sums.macs if any(row.counted for row in layers) else None
    spec = layers[0].spec if len(layers) == 1 else f"{len(layers)} layers"
    return [letter, label, spec, leaving.output_shape, sums.params, macs, word]


def _pair_rows(pair: Pair, difference: Difference) -> list[list[Cell]]:
    status = SHORT.get(pair.status, WORDS[pair.status])
    if pair.status == EQUAL and pair.a is not None:
        return [_row("both", pair.a, difference.a, pair.status, status)]
    sides = (("A", pair.a, difference.a), ("B", pair.b, difference.b))
    return [
        _row(letter, row, report, pair.status, status)
        for letter, row, report in sides
        if row is not None
    ]


def _row(letter: str, row: LayerReport, report: Report, status: str, word: str) -> list[Cell]:
    spec = row.spec
    if status == REWIRED:
        read = (report.layers[i].label if i >= 0 else "the input" for i in row.inputs)
        spec += f" (reads {', '.join(read)})"
    return [letter, row.label, spec, row.output_shape, row.params, known_macs(row), word]


def _remarks(difference: Difference) -> list[str]:
    remarks = [_counts(difference), *map(_quantity, difference.quantities)]
    if difference.outputs_differ:
        ends = (_output_name(report) for report in (difference.a, difference.b))
        remarks.append("the outputs are not alike: A ends with {}, B with {}".format(*ends))
    if difference.a.input != difference.b.input:
        remarks.append("the networks are meant for different inputs; -i takes both on the same one")
    if difference.in_order:
        remarks.append("too many layers differ to look for the best pairs: paired by their place")
    for report, network in ((difference.a, " in A"), (difference.b, " in B")):
        remarks += [*output_remarks(report, network), *partial_remarks(report, network)]
    return [*remarks, CONVENTION_TEXT]


def _output_name(report: Report) -> str:
    """The layer that a network ends with, as it is written and by its label."""
    if report.output == INPUT:
        return "its input"
    row = report.layers[report.output]
    return f"{row.spec} ({row.label})"


def _counts(difference: Difference) -> str:
    """How many layers differ, and in what way."""
    counted = {status: difference.count(status) for status in WORDS if status != EQUAL}
    differing = sum(counted.values())
    if not differing and difference.outputs_differ:
        return f"the layers are alike: {len(difference.pairs)} layers, all equal"
    if not differing:
        return f"the networks are alike: {len(difference.pairs)} layers, all equal"
    ways = ", ".join(f"{count} {WORDS[status]}" for status, count in counted.items() if count)
    return f"{differing} of {len(difference.pairs)} layers differ: {ways}"


def _quantity(quantity: Quantity) -> str:
    name, a, b = NAMES[quantity.name], quantity.a, quantity.b
    if a == b:
        return f"{name}: {a:,} in both"
    change = f"{abs(b - a):,} {'more' if b > a else 'fewer'}"
    ratio = "" if quantity.ratio is None else f", ratio {float(quantity.ratio):.5f}"
    return f"{name}: {a:,} in A, {b:,} in B: {change}{ratio}"


def _data(difference: Difference) -> dict[str, Json]:
    reports = zip("ab", difference.names, (difference.a, difference.b), strict=True)
    return {
        "schema_version": SCHEMA_VERSION,
        "command": "diff",
        "convention": {"name": CONVENTION_NAME, "text": CONVENTION_TEXT},
        "status": "partial" if difference.a.unknown or difference.b.unknown else "complete",
        **{letter: _side(name, report) for letter, name, report in reports},
        "pairs": [
            {
                "status": pair.status,
                "a": None if pair.a is None else pair.a.index,
                "b": None if pair.b is None else pair.b.index,
            }
            for pair in difference.pairs
        ],
        "counts": {status: difference.count(status) for status in WORDS},
        "totals": {quantity.name: _quantity_data(quantity) for quantity in difference.quantities},
    }


def _side(name: str, report: Report) -> dict[str, Json]:
    data = report_data("diff", report)
    kept = ("input", "batch", "dtype", "layers", "output_layer", "totals")
    return {"name": name, **{key: data[key] for key in kept}}


def _quantity_data(quantity: Quantity) -> dict[str, Json]:
    ratio = quantity.ratio
    return {
        "a": quantity.a,
        "b": quantity.b,
        "difference": quantity.b - quantity.a,
        "ratio": None if ratio is None else float(ratio),
        "exact": None if ratio is None else str(ratio),
    }
