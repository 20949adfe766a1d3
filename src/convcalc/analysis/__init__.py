"""What can be said of a network from shapes alone."""

from convcalc.analysis.report import LayerReport, Report, Totals, analyze, layer_reports, totals_of
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
