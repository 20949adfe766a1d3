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

    from convcalc.inverse.input_for import Inputs
    from convcalc.inverse.layer import Solution, Solved
    from convcalc.inverse.pattern import Found
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
        Column("why", "why", wraps=True),
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


def chains_document(
    found: Found, pattern: str, field: int | None, output: Shape | None, *, every: bool
) -> Document:
    """Chains of layers with a receptive field or an output.

    Args:
        found: The chains.
        pattern: What they are of.
        field: The field that was wanted.
        output: The output that was wanted.
        every: Whether to show all of them.
    """
    columns = [
        Column("rank", "#", numeric=True),
        Column("layers", "layers", numeric=True),
        Column("field", "field", numeric=True),
        Column("output_shape", "output", optional=1),
        Column("spec", "chain", wraps=True),
    ]
    shown = found.chains if every else found.chains[:SHOWN]
    rows: list[list[Cell]] = [
        [rank, chain.layers, chain.field, chain.output, chain.spec]
        for rank, chain in enumerate(shown or found.nearest, 1)
    ]
    goals = [f"a receptive field of {field}"] if field is not None else []
    goals += [f"an output of {written(output)}"] if output is not None else []
    goal = " and ".join(goals)
    count = len(found.chains)
    remarks = [f"{count - len(shown):,} more; --all shows every one"] if count > len(shown) else []
    data: JsonObject = {
        "schema_version": SCHEMA_VERSION,
        "command": "solve",
        "pattern": pattern,
        "field": field,
        "output": None if output is None else list(output),
        "count": count,
        "chains": [chain._asdict() for chain in shown],
    }
    document = Document(data, Table(columns, rows), [f"{pattern} with {goal}"], remarks)
    if not found.chains:
        data["nearest"] = [chain._asdict() for chain in found.nearest]
        document.heading = [f"none of {pattern} has {goal}; the nearest:"]
        document.failure = NegativeAnswer(f"no chain found with {goal}")
    return document


def inputs_document(found: Inputs, wanted: Shape, *, every: bool) -> Document:
    """Inputs of which a network makes an output of some sizes.

    Args:
        found: The inputs.
        wanted: The spatial sizes.
        every: Whether to show all of them.
    """
    shown = found.found if every else found.found[:SHOWN]
    columns = [
        Column("input", "input"),
        Column("output", "output"),
        Column("dropped", "dropped at an edge", numeric=True),
    ]
    rows: list[list[Cell]] = [[shape, wanted, dropped] for shape, dropped in shown]
    rows += [[shape, sizes, None] for shape, sizes in found.nearest]
    goal = f"an output of {written(wanted)}"
    data: JsonObject = {
        "schema_version": SCHEMA_VERSION,
        "command": "solve",
        "output": list(wanted),
        "count": len(found.found),
        "inputs": [{"input": list(shape), "dropped": most} for shape, most in shown],
    }
    more = len(found.found) - len(shown)
    remarks = [f"{more:,} more; --all shows every one"] if more else []
    document = Document(data, Table(columns, rows), [f"inputs for {goal}"], remarks)
    if not found.found:
        data["nearest"] = [
            {"input": list(shape), "output": list(sizes)} for shape, sizes in found.nearest
        ]
        document.heading = [f"no input gives {goal}; the nearest:"]
        document.failure = NegativeAnswer(f"no size up to {found.last} gives {goal}")
    return document
