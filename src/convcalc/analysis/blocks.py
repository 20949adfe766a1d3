"""Layers folded into the blocks that they stand in, down to a given depth."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from convcalc.analysis.report import totals_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.analysis.report import LayerReport, Totals


class Fold(NamedTuple):
    """Neighbouring layers of one block.

    Attributes:
        label: What their labels have in common.
        layers: The layers, at least one.
        last: The layer whose output leaves the block: read from outside, or else the last one.
    """

    label: str
    layers: tuple[LayerReport, ...]
    last: LayerReport

    @property
    def totals(self) -> Totals:
        """The sums over the layers."""
        return totals_of(self.layers)

    @property
    def is_single(self) -> bool:
        """Whether nothing was folded."""
        return len(self.layers) == 1


def fold(layers: Sequence[LayerReport], depth: int | None, output: int | None = None) -> list[Fold]:
    """Runs of layers whose labels agree in their first `depth` parts; None folds nothing.

    `output` is the layer that the network ends with, which is read by who runs it; None is the
    last one.
    """
    if depth is None:
        return [Fold(row.label, (row,), row) for row in layers]
    last_reader = {source: row.index for row in layers for source in row.inputs}
    last_reader[len(layers) - 1 if output is None else output] = len(layers)
    groups = groupby(layers, key=lambda row: tuple(row.label.split(".")[:depth]))
    folds = []
    for parts, group in groups:
        rows = tuple(group)
        leaving = [row for row in rows if last_reader.get(row.index, -1) > rows[-1].index]
        folds.append(Fold(".".join(parts), rows, leaving[-1] if leaving else rows[-1]))
    return folds
