"""Networks side by side: a row of figures for each."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from convcalc.analysis.report import CONVENTION_NAME, CONVENTION_TEXT
from convcalc.errors import DataError, UsageError, printable
from convcalc.render.documents import MACS, PARAMS, SCHEMA_VERSION
from convcalc.render.table import Cell, Column, Document, Json, Shown, Table, per_axis
from convcalc.several.comparing import reason

if TYPE_CHECKING:
    from convcalc.analysis.roofline.model import RooflineMachine
    from convcalc.errors import ConvcalcError
    from convcalc.several.comparing import NetworkComparison, NetworkFigures

COLUMNS = [
    Column("name", "network"),
    Column("input_shape", "input", optional=1),
    PARAMS,
    MACS,
    Column("activations", "activations", numeric=True, optional=2),
    Column("peak_memory_bytes", "peak bytes", numeric=True),
]
TIME = Column("seconds", "time (ms)", numeric=True)
FIELD = Column("field_size", "field", numeric=True)
FRONT = Column("front", "front")
FAILURE = Column("failure", "no figures because")

LONGEST_REASON = 60
"""Characters of a reason in the table; the error below it has all of the first."""

UNKNOWN = "a figure that is not known of every layer is left out: a dash"


def several_document(found: NetworkComparison) -> Document:
    """Parameters, costs, memory, the least time and the field of each network."""
    columns = [*COLUMNS, *([TIME] if found.machine else []), FIELD]
    columns += [FRONT] if found.pareto else []
    failed = any(one.failure for one in found.networks)
    columns += [FAILURE] if failed else []
    rows = [
        [_cells(one, mark)[column.key] for column in columns]
        for one, mark in zip(found.networks, found.on_front, strict=True)
    ]
    document = Document(partial(_data, found), Table(columns, rows), _heading(found))
    document.remarks = _remarks(found)
    document.failure = _failure(found)
    return document


def _cells(one: NetworkFigures, mark: bool) -> dict[str, Cell]:
    """The cells of one network by the names of their columns."""
    seconds = None if one.time is None else float(one.time)
    return {
        "name": one.name,
        "input_shape": one.input,
        "params": one.params,
        "macs": one.macs,
        "activations": one.activations,
        "peak_memory_bytes": one.memory,
        "seconds": None if seconds is None else Shown(f"{1000 * seconds:.4g}", seconds),
        "field_size": _field(one.field),
        "front": Shown("*" if mark else "", int(mark)),
        "failure": "" if one.failure is None else _reason(one.failure),
    }


def _field(sizes: tuple[int, ...] | None) -> Shown | None:
    """The size of a field: a number where all axes agree, as in most networks, else one an axis."""
    if not sizes:
        return None
    text = per_axis(f"{size:,}" for size in sizes)
    return Shown(text, sizes[0] if len(set(sizes)) == 1 else per_axis(sizes))


def _reason(failure: ConvcalcError) -> Shown:
    """Why there are no figures; on a screen not more than a line has room for."""
    text = reason(failure)
    return Shown(printable(text, LONGEST_REASON), text)


def _heading(found: NetworkComparison) -> list[str]:
    batch = f"batch {found.batch}, " if found.batch > 1 else ""
    machine = f", time on {_called(found.machine)}" if found.machine else ""
    return [f"{batch}{found.dtype}{machine}"]


def _called(machine: RooflineMachine) -> str:
    return machine.name or "the machine"


def _remarks(found: NetworkComparison) -> list[str]:
    known = [one for one in found.networks if one.failure is None]
    partial_ones = any(one.macs is None for one in known)
    return [
        *([UNKNOWN] if partial_ones else []),
        *([f"*: no other is as good in {found.pareto} and better in one"] if found.pareto else []),
        "peak bytes: activations that are alive at once; field: of the output, per axis",
        CONVENTION_TEXT,
    ]


def _failure(found: NetworkComparison) -> ConvcalcError | None:
    """What the command ends with where networks have no figures: the code of the first of them."""
    failed = [one for one in found.networks if one.failure is not None]
    if not failed or failed[0].failure is None:
        return None
    error = failed[0].failure
    verb = "has" if len(failed) == 1 else "have"
    message = f"{len(failed)} of {len(found.networks)} networks {verb} no figures"
    message += f"; the first is '{failed[0].name}': {reason(error)}"
    return DataError(message) if error.exit_code == DataError.exit_code else UsageError(message)


def _data(found: NetworkComparison) -> dict[str, Json]:
    machine = found.machine
    complete = all(one.failure is None and one.macs is not None for one in found.networks)
    return {
        "schema_version": SCHEMA_VERSION,
        "command": "compare",
        "batch": found.batch,
        "dtype": found.dtype,
        "convention": {"name": CONVENTION_NAME, "text": CONVENTION_TEXT},
        "status": "complete" if complete else "partial",
        "machine": None if machine is None else machine.name or None,
        "pareto": found.pareto,
        "networks": [
            _network_data(one, mark if found.pareto else None)
            for one, mark in zip(found.networks, found.on_front, strict=True)
        ],
    }


def _network_data(one: NetworkFigures, mark: bool | None) -> dict[str, Json]:
    return {
        "name": one.name,
        "input": None if one.input is None else list(one.input),
        "params": one.params,
        "macs": one.macs,
        "activations": one.activations,
        "peak_memory_bytes": one.memory,
        "seconds": None if one.time is None else float(one.time),
        "field": None if one.field is None else list(one.field),
        "front": mark,
        "failure": None if one.failure is None else reason(one.failure),
    }
