"""Layers folded into the blocks that they stand in, down to a given depth."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from convcalc.analysis.report import totals_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.analysis.report import LayerReport, Totals


@dataclass(frozen=True)
class Fold:
    """Neighbouring layers of one block.

    Attributes:
        label: What their labels have in common.
        layers: The layers, at least one.
        totals: The sums over them.
    """

    label: str
    layers: tuple[LayerReport, ...]
    totals: Totals

    @property
    def last(self) -> LayerReport:
        """The layer whose output leaves the block."""
        return self.layers[-1]

    @property
    def is_single(self) -> bool:
        """Whether nothing was folded."""
        return len(self.layers) == 1


def fold(layers: Sequence[LayerReport], depth: int | None) -> list[Fold]:
    """Runs of layers whose labels agree in their first `depth` parts; None folds nothing."""
    if depth is None:
        return [_fold(row.label, (row,)) for row in layers]
    groups = groupby(layers, key=lambda row: tuple(row.label.split(".")[:depth]))
    return [_fold(".".join(parts), tuple(rows)) for parts, rows in groups]


def _fold(label: str, rows: tuple[LayerReport, ...]) -> Fold:
    return Fold(label, rows, totals_of(rows))
