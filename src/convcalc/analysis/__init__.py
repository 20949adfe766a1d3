"""What can be said of a network from shapes alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcalc.analysis.report import LayerReport, Report, Totals, analyze, layer_reports, totals_of

if TYPE_CHECKING:
    from convcalc.analysis.compare import Comparison, Outcome
    from convcalc.analysis.devices import DEVICES, Device, device_machine
    from convcalc.analysis.difference import Difference
    from convcalc.analysis.memory import MemoryReport, analyze_memory
    from convcalc.analysis.roofline import LayerRoofline, Machine, Roofline, report_roofline
    from convcalc.analysis.traffic import (
        LayerTraffic,
        ReportTraffic,
        Traffic,
        layer_traffic,
        report_traffic,
    )

__all__ = [
    "DEVICES",
    "Comparison",
    "Device",
    "Difference",
    "LayerReport",
    "LayerRoofline",
    "LayerTraffic",
    "Machine",
    "MemoryReport",
    "Outcome",
    "Report",
    "ReportTraffic",
    "Roofline",
    "Totals",
    "Traffic",
    "analyze",
    "analyze_memory",
    "device_machine",
    "layer_reports",
    "layer_traffic",
    "report_roofline",
    "report_traffic",
    "totals_of",
]

_HOMES = {
    "Comparison": "compare",
    "Outcome": "compare",
    "DEVICES": "devices",
    "Device": "devices",
    "device_machine": "devices",
    "Difference": "difference",
    "MemoryReport": "memory",
    "analyze_memory": "memory",
    "LayerRoofline": "roofline",
    "Machine": "roofline",
    "Roofline": "roofline",
    "report_roofline": "roofline",
    "LayerTraffic": "traffic",
    "ReportTraffic": "traffic",
    "Traffic": "traffic",
    "layer_traffic": "traffic",
    "report_traffic": "traffic",
}


def __getattr__(name: str) -> Any:
    """Everything beside the report, loaded when it is first used."""
    if name not in _HOMES:
        raise AttributeError(f"module 'convcalc.analysis' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"convcalc.analysis.{_HOMES[name]}"), name)
