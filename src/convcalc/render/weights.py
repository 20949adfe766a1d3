"""The weights of a network as a list: names, shapes, bytes, and what they start from."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from convcalc.render.documents import SCHEMA_VERSION
from convcalc.render.table import Cell, Column, Document, Json, Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcalc.layers import Shape
    from convcalc.network.initialisation import Initial

DTYPE_BYTES = {"float32": 4, "float64": 8, "float16": 2}
"""Bytes of an element, for the dtypes that weights are written in; the usual one first."""

COLUMNS = [
    Column("name", "name"),
    Column("shape", "shape"),
    Column("numbers", "elements", numeric=True),
    Column("bytes", "bytes", numeric=True),
    Column("init", "starts as"),
]


def weights_document(
    rules: Mapping[str, Initial], input_shape: Shape, dtype: str, seed: int | None
) -> Document:
    """A row for everything that running needs; without a seed all parameters start as 0."""
    size = DTYPE_BYTES[dtype]
    elements = {name: prod(rule.shape) for name, rule in rules.items()}
    totals = {
        "arrays": len(rules),
        "numbers": sum(elements.values()),
        "params": sum(elements[name] for name, rule in rules.items() if rule.is_parameter),
        "bytes": size * sum(elements.values()),
    }
    rows: list[list[Cell]] = [
        [name, rule.shape, elements[name], size * elements[name], _start(rule, seed)]
        for name, rule in rules.items()
    ]
    total: list[Cell] = ["total", "", totals["numbers"], totals["bytes"], ""]
    data: dict[str, Json] = {
        "schema_version": SCHEMA_VERSION,
        "command": "weights",
        "input": list(input_shape),
        "dtype": dtype,
        "seed": seed,
        "status": "complete",
        "weights": [
            {
                "name": name,
                "shape": list(rule.shape),
                "dtype": dtype,
                "numbers": elements[name],
                "bytes": size * elements[name],
                "parameter": rule.is_parameter,
                "init": _start_data(rule, seed),
            }
            for name, rule in rules.items()
        ],
        "totals": totals,
    }
    return Document(data, Table(COLUMNS, rows, total))


def _start(rule: Initial, seed: int | None) -> str:
    if rule.is_drawn and seed is not None:
        return f"-{rule.bound:.4g} to {rule.bound:.4g}"
    return f"{rule.value_with(seed):g}"


def _start_data(rule: Initial, seed: int | None) -> dict[str, Json]:
    if rule.is_drawn and seed is not None:
        return {"distribution": "uniform", "low": -rule.bound, "high": rule.bound}
    return {"distribution": "constant", "value": rule.value_with(seed)}
