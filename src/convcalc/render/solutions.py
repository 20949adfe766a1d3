"""Layers that give a wanted output, as a document."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from convcalc.errors import NegativeAnswer
from convcalc.inverse.ranges import written_numbers
from convcalc.render.documents import SCHEMA_VERSION
from convcalc.render.table import Column, Document, Table, per_axis, written

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.inverse.layer import Solution, Solved
    from convcalc.layers import Shape
    from convcalc.render.table import Cell, Json, JsonObject

SHOWN = 20
"""Solutions that are shown unless all are asked for."""


def solutions_document(
    solved: Solved, kind: str, input_shape: Shape, output_shape: Shape, *, every: bool
) -> Document:
    """The layers that were found, or the nearest and why there are none.

    Args:
        solved: What was found.
        kind: The kind that was looked for.
        input_shape: What goes in.
        output_shape: What was to come out.
        every: Whether to show all of them.
    """
    shown = solved.solutions if every else solved.solutions[:SHOWN]
    columns = [
        Column("rank", "#", numeric=True),
        Column("spec", "layer"),
        Column("output_shape", "output"),
        Column("unused", "unused", numeric=True),
        Column("why", "why", folds=True),
    ]
    rows: list[list[Cell]] = [
        [rank, one.layer.spec(), one.output, per_axis(one.unused), one.why]
        for rank, one in enumerate(shown or solved.nearest, 1)
    ]
    source = partial(_data, solved, shown, kind, input_shape, output_shape)
    heading = [f"{kind} from {written(input_shape)} to {written(output_shape)}"]
    document = Document(source, Table(columns, rows), heading, _remarks(solved, len(shown)))
    if not solved.solutions:
        wanted = written(output_shape)
        document.heading = [f"no {kind} from {written(input_shape)} to {wanted}; the nearest:"]
        document.failure = NegativeAnswer(f"no layer found: {solved.why_none}")
        if not solved.nearest:
            document.heading = [heading[0]]
    return document


def _remarks(solved: Solved, shown: int) -> list[str]:
    count = len(solved.solutions)
    remarks = []
    if count > shown:
        remarks.append(f"{count - shown:,} more; --all shows every one")
    if not solved.alike and count:
        remarks.append("no layer with the same numbers on every axis gives it")
    looked = " x ".join(dict.fromkeys(map(written_numbers, solved.looked)))
    return (
        remarks
        if all(len(one) == 1 for one in solved.looked)
        else [
            *remarks,
            f"looked at kernels {looked}",
        ]
    )


def _data(
    solved: Solved,
    shown: Sequence[Solution],
    kind: str,
    input_shape: Shape,
    output_shape: Shape,
) -> JsonObject:
    data: JsonObject = {
        "schema_version": SCHEMA_VERSION,
        "command": "solve",
        "kind": kind,
        "input": list(input_shape),
        "output": list(output_shape),
        "count": len(solved.solutions),
        "solutions": [_solution_data(one) for one in shown],
    }
    if not solved.solutions:
        data["why_none"] = solved.why_none
        data["nearest"] = [_solution_data(one) for one in solved.nearest]
    return data


def _solution_data(one: Solution) -> dict[str, Json]:
    return {
        "spec": one.layer.spec(),
        "output_shape": list(one.output),
        "unused": list(one.unused),
        "why": one.why,
    }
