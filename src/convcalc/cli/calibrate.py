"""`calibrate`: the rates of this machine, measured and kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcalc.cli.console import note
from convcalc.execute.machine import as_data, cache_path
from convcalc.execute.rates import keep, measure
from convcalc.render.table import Column, Document, Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcalc.render.table import Cell


def calibrate(given: Mapping[str, Any]) -> Document:
    """`convcalc calibrate`; the rates as a table."""
    machine = measure()
    keep(machine)
    if not given["quiet"]:
        note(f"wrote {cache_path()}")
    columns = [
        Column("rate", "rate"),
        Column("numpy", "numpy", numeric=True),
        Column("torch", "torch", numeric=True),
    ]
    rows: list[list[Cell]] = [
        [name, f"{one:.3g}", f"{other:.3g}"]
        for name, one, other in zip(
            machine.numpy._fields, machine.numpy, machine.torch, strict=True
        )
    ]
    rows.append(["import (s)", "", f"{machine.torch_import:.3g}"])
    if machine.planes is not None:
        own = machine.planes._asdict()
        rows += [
            [f"OpenCV {name}", f"{own[name]:.3g}", ""] for name in ("sums", "transforms", "call")
        ]
    data = {"schema_version": 1, "command": "calibrate", **as_data(machine)}
    return Document(data, Table(columns, rows), ["per second; call and import in seconds"])
