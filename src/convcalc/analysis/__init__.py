"""What can be said of a network from shapes alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.analysis.report import LayerReport, Report, Totals, analyze, layer_reports, totals_of
from convcalc.lazy_names import loader_of

if TYPE_CHECKING:
    from convcalc.analysis.blocks import Fold, folded
    from convcalc.analysis.compare import Comparison, Outcome
    from convcalc.analysis.conventions.reconcile import Reconciliation, reconcile
    from convcalc.analysis.diff import Difference, difference
    from convcalc.analysis.memory.report import MemoryReport, analyze_memory
    from convcalc.analysis.memory.traffic import (
        LayerTraffic,
        ReportTraffic,
        Traffic,
        layer_traffic,
        report_traffic,
    )
    from convcalc.analysis.roofline.devices import DEVICES, Device, device_machine
    from convcalc.analysis.roofline.model import (
        LayerRoofline,
        Roofline,
        RooflineMachine,
        report_roofline,
    )

__all__ = [
    "DEVICES",
    "Comparison",
    "Device",
    "Difference",
    "Fold",
    "LayerReport",
    "LayerRoofline",
    "LayerTraffic",
    "MemoryReport",
    "Outcome",
    "Reconciliation",
    "Report",
    "ReportTraffic",
    "Roofline",
    "RooflineMachine",
    "Totals",
    "Traffic",
    "analyze",
    "analyze_memory",
    "device_machine",
    "difference",
    "folded",
    "layer_reports",
    "layer_traffic",
    "reconcile",
    "report_roofline",
    "report_traffic",
    "totals_of",
]

_MODULE_OF = {
    "Fold": "blocks",
    "folded": "blocks",
    "Comparison": "compare",
    "Outcome": "compare",
    "DEVICES": "roofline.devices",
    "Device": "roofline.devices",
    "device_machine": "roofline.devices",
    "Difference": "diff",
    "difference": "diff",
    "Reconciliation": "conventions.reconcile",
    "reconcile": "conventions.reconcile",
    "MemoryReport": "memory.report",
    "analyze_memory": "memory.report",
    "LayerRoofline": "roofline.model",
    "RooflineMachine": "roofline.model",
    "Roofline": "roofline.model",
    "report_roofline": "roofline.model",
    "LayerTraffic": "memory.traffic",
    "ReportTraffic": "memory.traffic",
    "Traffic": "memory.traffic",
    "layer_traffic": "memory.traffic",
    "report_traffic": "memory.traffic",
}

__getattr__ = loader_of(__name__, _MODULE_OF)
"""Everything beside the report, loaded when it is first used."""
