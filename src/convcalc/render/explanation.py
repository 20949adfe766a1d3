"""Documents with an explanation of their numbers: lines beside the table, and a field in JSON."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from convcalc.explain.symbols import legend_lines
from convcalc.render.documents import number

if TYPE_CHECKING:
    from convcalc.explain.equation import Equation
    from convcalc.explain.explaining import Explanation
    from convcalc.render.table import Document, Json, JsonObject


def with_explanation(document: Document, explanation: Explanation) -> Document:
    """A document of layers with where each of its numbers comes from."""
    explained = [(f"{row.place} {row.spec}", row.lines()) for row in explanation.layers]
    if explanation.rules:
        legend = legend_lines(explanation.meanings)
        explained.append(("formulas", [*explanation.rules, *legend]))

    def source() -> JsonObject:
        return _data(document, explanation)

    return replace(document, source=source, explained=explained)


def _data(document: Document, explanation: Explanation) -> JsonObject:
    """The JSON document, each of its layers with its equations."""
    layers = [
        layer | {"explained": [_equation_data(one) for one in own.equations]}
        for layer, own in zip(document.data["layers"], explanation.layers, strict=True)
    ]
    meant = "; ".join(explanation.meanings)
    rules = [*explanation.rules, *([f"where {meant}"] if meant else [])]
    return {**document.data, "layers": layers, "rules": rules}


def _equation_data(one: Equation) -> dict[str, Json]:
    return {
        "of": one.of or "size",
        "axis": one.axis or None,
        "value": number(one.value),
        "expression": one.said.expression or None,
        "remark": one.said.remark or None,
    }
