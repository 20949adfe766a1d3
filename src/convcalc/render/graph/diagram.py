"""What is drawn of a network: boxes with shapes and costs, arrows, and the blocks around them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from convcalc.analysis.blocks import fold
from convcalc.layers.activations import Activation
from convcalc.layers.adaptive import Adaptive
from convcalc.layers.base import SeveralInputs, format_shape
from convcalc.layers.convolution import Convolution
from convcalc.layers.normalisation import Norm
from convcalc.layers.pooling import Pool
from convcalc.layers.stages import Staged
from convcalc.network.graph import INPUT
from convcalc.render.table import written

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from convcalc.analysis import Report
    from convcalc.analysis.blocks import Fold
    from convcalc.layers import Layer

LONGEST_LINE = 48
"""Characters of a line in a box."""

FAMILIES = {
    "convolution": (Convolution, Staged),
    "pooling": (Pool, Adaptive),
    "activation": (Activation,),
    "norm": (Norm,),
    "join": (SeveralInputs,),
}
"""What is drawn alike, by the classes of the layers."""


class Box(NamedTuple):
    """A layer, a folded block, or the input.

    Attributes:
        name: Its label.
        lines: What it is, what leaves it, what it costs.
        family: What it is drawn like.
        path: The blocks that it lies in, the outermost first.
        is_output: Whether the network ends with it.
    """

    name: str
    lines: tuple[str, ...]
    family: str
    path: tuple[str, ...]
    is_output: bool = False

    @property
    def is_named(self) -> bool:
        """Whether its name says what it is, and stands above the rest; of a layer its kind does."""
        return self.family in ("block", "input")


class Diagram(NamedTuple):
    """Boxes in the order of the network, and arrows between them by their places."""

    boxes: tuple[Box, ...]
    arrows: tuple[tuple[int, int], ...]


class Group(NamedTuple):
    """Boxes of one block, beside each other: places of boxes, and groups inside."""

    name: str
    members: tuple[int | Group, ...]


def diagram_of(report: Report, depth: int | None = None) -> Diagram:
    """The picture of a network.

    Args:
        report: All layers.
        depth: Parts of the labels down to which blocks are shown; None shows every layer.
    """
    folds = fold(report.layers, depth, report.output)
    place_of = {row.index: place for place, one in enumerate(folds, 1) for row in one.layers}
    place_of[INPUT] = 0
    first = Box("input", (format_shape(report.input),), "input", (), report.output == INPUT)
    end = place_of[report.output]
    boxes = [_box(one, place == end) for place, one in enumerate(folds, 1)]
    arrows = {
        (place_of[source], place_of[row.index]): None
        for row in report.layers
        if row.layer.reads
        for source in row.inputs
    }
    return Diagram((first, *boxes), tuple(pair for pair in arrows if pair[0] != pair[1]))


def groups_of(diagram: Diagram) -> tuple[int | Group, ...]:
    """The boxes in their blocks; a block that is all of the one around it is not drawn."""
    return tuple(_grouped(diagram, range(len(diagram.boxes)), 0))


def _grouped(diagram: Diagram, places: Sequence[int], depth: int) -> Iterator[int | Group]:
    start = 0
    while start < len(places):
        end = _end(diagram, places, start, depth)
        inside = places[start:end]
        if end - start == 1:
            yield places[start]
        elif end - start == len(places):
            yield from _grouped(diagram, inside, depth + 1)
        else:
            name = ".".join(diagram.boxes[inside[0]].path[: depth + 1])
            yield Group(name, tuple(_grouped(diagram, inside, depth + 1)))
        start = end


def _end(diagram: Diagram, places: Sequence[int], start: int, depth: int) -> int:
    """Where the block ends that a box lies in, behind the last place of it."""
    block = diagram.boxes[places[start]].path[: depth + 1]
    end = start + 1
    if len(block) > depth:
        while end < len(places) and diagram.boxes[places[end]].path[: depth + 1] == block:
            end += 1
    return end


def _box(one: Fold, is_output: bool) -> Box:
    counts = [row.macs for row in one.layers if row.counted]
    macs = sum(counts) if counts else None
    size = format_shape(one.last.output_shape)
    cost = "MACs not known" if macs is None else f"{written(macs, short=True)} MACs" if macs else ""
    lines = (_kind(one), "  ".join(filter(None, (size, cost))))
    path = tuple(one.label.split(".")[:-1])
    family = _family(one.last.layer) if len(one.layers) == 1 else "block"
    return Box(_cut(written(one.label)), tuple(map(_cut, lines)), family, path, is_output)


def _kind(one: Fold) -> str:
    return one.last.spec if len(one.layers) == 1 else f"{len(one.layers):,} layers"


def _family(layer: Layer) -> str:
    """What a layer is drawn like, with others that do the same."""
    alike = (name for name, classes in FAMILIES.items() if isinstance(layer, classes))
    usual = "weights" if layer.has_weights() else "other"
    return next(alike, usual) if layer.reads else "input"


def _cut(text: str) -> str:
    """A line without its middle, where it is longer than a box is wide."""
    if len(text) <= LONGEST_LINE:
        return text
    half = LONGEST_LINE // 2
    return f"{text[:half]}\N{HORIZONTAL ELLIPSIS}{text[1 - half :]}"
