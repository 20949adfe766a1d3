"""Convolutions beside what could stand in their place: what each saves, and by which formula."""

from convcalc.analysis.compare.comparing import Change, Comparison, Outcome, compare
from convcalc.analysis.compare.table import EXAMPLES, VARIANTS, read_variant, read_variants
from convcalc.analysis.compare.variant import Formula, Variant

__all__ = [
    "EXAMPLES",
    "VARIANTS",
    "Change",
    "Comparison",
    "Formula",
    "Outcome",
    "Variant",
    "compare",
    "read_variant",
    "read_variants",
]
