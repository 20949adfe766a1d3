"""`calibrate`: the rates of this machine, measured and kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.cli.terminal.progress import say
from convcalc.cli.terminal.streams import note, warn
from convcalc.errors import printable
from convcalc.execute.planning import calibrate as rates
from convcalc.execute.planning.kept_rates import cache_path
from convcalc.execute.planning.machine import as_data
from convcalc.render.table import Column, Document, Table

if TYPE_CHECKING:
    from collections.abc import Callable

    from convcalc.cli.parsing.requests import DocumentRequest
    from convcalc.execute.planning.machine import CostRates
    from convcalc.render.table import Cell


def _measured() -> Callable[[], CostRates]:
    """What measures every rate once, and says which time it is."""
    count = 0

    def measure() -> CostRates:
        nonlocal count
        count += 1
        say(f"round {count}, of {rates.MOST_ROUNDS} at most")
        return rates.measure()

    return measure


def calibrate(given: DocumentRequest) -> Document:
    """`convcalc calibrate`; the rates as a table."""
    found = rates.calibrate(_measured())
    machine = found.machine
    rates.keep(machine)
    if not found.trusted:
        warn(
            f"this machine seems busy: {found.widest} differed by a factor of {found.spread:.1f} "
            f"between the best two of {found.rounds} rounds; calibrate again when it is quiet"
        )
    if not given["quiet"]:
        note(f"wrote {printable(str(cache_path()))}")
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
    data |= {"rounds": found.rounds, "spread": round(found.spread, 3), "widest": found.widest}
    return Document(data, Table(columns, rows), ["per second; call and import in seconds"])
