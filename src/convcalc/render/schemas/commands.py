"""Which types the documents of each command have; their modules are loaded when asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from convcalc.render.schemas.derive import row_schema, schema_of

if TYPE_CHECKING:
    from convcalc.render.schemas.derive import Schema

DOCUMENTS = {
    "shape": ("reports", "ReportDocument"),
    "flops": ("reports", "FlopsDocument"),
    "rf": ("reports", "ReportDocument"),
    "summary": ("reports", "ReportDocument"),
    "memory": ("reports", "MemoryDocument"),
    "roofline": ("reports", "RooflineDocument"),
    "compare": ("reports", "CompareDocument"),
    "diff": ("reports", "DiffDocument"),
    "solve": ("answers", "LayerSolutions", "ChainSolutions", "InputSolutions"),
    "sizes": ("answers", "SizesDocument"),
    "check": ("answers", "CheckDocument"),
    "devices": ("reference", "DevicesDocument"),
    "layers": ("reference", "KindsDocument"),
    "networks": ("reference", "NetworksDocument"),
    "weights": ("reference", "WeightsDocument"),
    "calibrate": ("reference", "CalibrateDocument"),
    "run": ("computing", "RunDocument", "PlanDocument", "StatsDocument"),
    "explain": ("computing", "ExplainDocument"),
}
"""The module of each command's documents, and their types."""

ROWS = {"sweep": ("answers", "SweepRow")}
"""The module and type of a line, for commands that print one for each row."""


def schema_for(command: str) -> Schema:
    """The JSON Schema, 2020-12, of what a command prints with `--format json`.

    Of `sweep` it is that of one line.

    Raises:
        KeyError: the command prints no JSON.
    """
    if command in ROWS:
        module, name = ROWS[command]
        return row_schema(getattr(_module(module), name), command)
    module, *names = DOCUMENTS[command]
    found = _module(module)
    return schema_of(*(getattr(found, name) for name in names), command=command)


def _module(name: str) -> object:
    return import_module(f"convcalc.render.schemas.{name}")
