"""Layers folded into the blocks that they stand in, down to a given depth."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from convcalc.analysis.report import totals_of
from convcalc.layers.base import format_shape

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcalc.analysis.report import LayerReport, Report, Totals


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

    def __repr__(self) -> str:
        return (
            f"<block {self.label}: {len(self.layers)} layers -> "
            f"{format_shape(self.last.output_shape)}, {self.totals.params:,} params, "
            f"{self.totals.macs:,} MACs>"
        )


def fold(layers: Sequence[LayerReport], depth: int | None, output: int | None = None) -> list[Fold]:
    """Runs of layers whose labels agree in their first `depth` parts; None folds nothing.

    `output` is the layer that the network ends with, which is read by who runs it; None is the
    last one.
    """
    if depth is None:
        return [Fold(row.label, (row,), row) for row in layers]
    last_reader = _last_readers(layers, output)
    groups = groupby(layers, key=lambda row: tuple(row.label.split(".")[:depth]))
    return [_fold(".".join(parts), tuple(rows), last_reader) for parts, rows in groups]


def folded(label: str, rows: Sequence[LayerReport], report: Report) -> Fold:
    """Some layers of a report as one block of that label."""
    return _fold(label, tuple(rows), _last_readers(report.layers, report.output))


def _last_readers(layers: Sequence[LayerReport], output: int | None) -> dict[int, int]:
    """The last layer that reads each one; who runs the network reads after all of them."""
    found = {source: row.index for row in layers for source in row.inputs}
    found[len(layers) - 1 if output is None else output] = len(layers)
    return found


def _fold(label: str, rows: tuple[LayerReport, ...], last_reader: Mapping[int, int]) -> Fold:
    leaving = [row for row in rows if last_reader.get(row.index, -1) > rows[-1].index]
    return Fold(label, rows, leaving[-1] if leaving else rows[-1])
