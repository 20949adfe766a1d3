"""The input sizes that a network takes, as a document."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from convcalc.render.documents import SCHEMA_VERSION
from convcalc.render.table import Column, Document, Table, written

if TYPE_CHECKING:
    from convcalc.inverse.sizes import Sizes
    from convcalc.render.table import Cell, JsonObject

MOST_DROPPING = 4
"""Layers that drop elements which are named."""


def sizes_document(found: Sizes, near: int | None, unused: int | None) -> Document:
    """The rule, and a row for each layer at which other sizes end.

    Args:
        found: The sizes.
        near: A size that was asked about.
        unused: How many elements of an axis were allowed to be dropped.
    """
    columns = [
        Column("label", "layer", dotted=True),
        Column("spec", "spec", wraps=True),
        Column("sizes", "sizes", numeric=True),
        Column("example", "as", numeric=True),
        Column("reason", "why it does not fit", wraps=True),
    ]
    rows: list[list[Cell]] = [
        [one.label, one.spec, one.sizes, one.example, one.reason] for one in found.breaking
    ]
    rule = found.rule
    channels = f"{found.channels} channel{'s' * (found.channels != 1)}"
    axes = f"{found.axes} equal axes" if found.axes > 1 else "one axis"
    dropless = "" if unused is None else " and drop nothing" if unused == 0 else " and drop little"
    heading = [
        f"sizes that fit{dropless}: {rule}",
        f"({channels}, {axes}; {rule.first} to {rule.last})",
    ]
    if near is not None:
        heading.append(_near(found, near))
    remarks = [f"every size from {rule.first} to {rule.last} was tried"]
    if unused is not None:
        remarks.insert(0, _dropping(found, unused))
    if found.model_input is not None:
        remarks.append(
            f"a model that was read for {written(found.model_input)}: its weights keep their "
            "shapes, and sizes that its code computes what they were"
        )
    source = partial(_data, found, near)
    if not rows:
        body = "every layer takes every size of the range"
        return Document(source, Table(columns, rows), heading, remarks, body)
    return Document(source, Table(columns, rows), heading, remarks)


def _near(found: Sizes, near: int) -> str:
    sizes = found.near(near)
    if sizes == (near,):
        return f"{near} fits"
    if not sizes:
        return f"nothing near {near} fits"
    return f"near {near}: {' and '.join(map(str, sizes))}"


def _dropping(found: Sizes, unused: int) -> str:
    """What is left out of the rule because layers drop elements."""
    which = "no element" if unused == 0 else f"at most {unused} elements of an axis"
    told = f"sizes at which {which} at an edge is dropped"
    if not found.dropping:
        return f"{told}; all others do not fit"
    named = [f"{label} (at {count} sizes)" for label, count in found.dropping[:MOST_DROPPING]]
    more = len(found.dropping) - MOST_DROPPING
    names = ", ".join(named) + (f" and {more} more" if more > 0 else "")
    return f"{told}; elsewhere some are by {names}"


def _data(found: Sizes, near: int | None) -> JsonObject:
    rule = found.rule
    data: JsonObject = {
        "schema_version": SCHEMA_VERSION,
        "command": "sizes",
        "channels": found.channels,
        "axes": found.axes,
        "range": [rule.first, rule.last],
        "rule": str(rule),
        "period": rule.period,
        "residues": list(rule.residues),
        "start": rule.start,
        "exceptions": list(rule.exceptions),
        "count": len(rule.sizes()),
    }
    if near is not None:
        data |= {"near": near, "nearest": list(found.near(near))}
    data["breaking"] = [one._asdict() for one in found.breaking]
    data["dropping"] = [{"label": label, "count": count} for label, count in found.dropping]
    return data
