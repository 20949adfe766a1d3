"""What can be said of a network from shapes alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcalc.analysis.report import LayerReport, Report, Totals, analyze, layer_reports, totals_of

if TYPE_CHECKING:
    from convcalc.analysis.separable import SeparableComparison, compare_separable

__all__ = [
    "LayerReport",
    "Report",
    "SeparableComparison",
    "Totals",
    "analyze",
    "compare_separable",
    "layer_reports",
    "totals_of",
]


def __getattr__(name: str) -> Any:
    """A comparison, loaded when it is first used."""
    if name not in ("SeparableComparison", "compare_separable"):
        raise AttributeError(f"module 'convcalc.analysis' has no attribute {name!r}")
    from convcalc.analysis import separable

    return getattr(separable, name)
