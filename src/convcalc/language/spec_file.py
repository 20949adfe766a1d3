"""A network as a file of the spec language, whatever it was read from."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from convcalc.errors import printable
from convcalc.language.bind import canonical_items
from convcalc.language.printer import write_file, write_line
from convcalc.language.repeats import folded, label_of
from convcalc.language.source import TreeSource
from convcalc.language.tree import Comment, Place, Repeat
from convcalc.language.unparse import NodeSource, reads_as
from convcalc.layers import Layer
from convcalc.layers.base import format_shape
from convcalc.network.graph import Network

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.language.tree import Item
    from convcalc.layers import Shape

LONGEST_LINE = 100
LINE = Place(breaks=1)
"""The place of what begins a line."""

_INPUT = re.compile(r"#\s*input\b", re.ASCII)


def spec_file(network: Network, input_shape: Shape | None) -> str:
    """The text of a network, with the input that it is meant for in a comment.

    One that was read from a text keeps its definitions, lines and comments. Of others each layer
    stands behind its label, and the modules of a model begin their lines.

    Args:
        network: The network.
        input_shape: (channels, *sizes) of one sample, by default the one that the network names.

    Raises:
        UsageError: a label is none of the language.
        ShapeError, SpecError: a layer that waits for shapes does not fit.
    """
    shape = network.input_shape if input_shape is None else input_shape
    source = network.source
    if isinstance(source, TreeSource):
        items = canonical_items(source.items)
        kept = (item for item in items if not _names_input(item))
        return write_file(tuple(items if shape == network.input_shape else (*_head(shape), *kept)))
    nodes = network.nodes
    if shape is not None and any(not isinstance(node.layer, Layer) for node in nodes):
        nodes = tuple(replace(step.node, layer=step.layer) for step in network.walk(shape))
    items = _shortest(Network(nodes, network.end))
    said = (*_functions(network), *network.notes)
    notes = [Comment(f"# {printable(text, 2000)}", LINE) for text in said]
    return write_file((*_head(shape), *notes, *_in_lines(items)))


def _shortest(network: Network) -> tuple[Item, ...]:
    """The items of nodes, as repeats where these give the same nodes."""
    items = NodeSource(network.nodes, network.end).items()
    repeated = folded(items)
    return repeated if repeated != items and reads_as(repeated, network) else items


def _functions(network: Network) -> list[str]:
    return ["functions " + " ".join(network.functions)] if network.functions else []


def _head(shape: Shape | None) -> tuple[Item, ...]:
    return () if shape is None else (Comment(f"# input {format_shape(shape)}", LINE),)


def _names_input(item: Item) -> bool:
    return isinstance(item, Comment) and _INPUT.match(item.text) is not None


def _in_lines(items: Sequence[Item]) -> list[Item]:
    """The items, behind a line break where the module is another one, or the line is full."""
    found: list[Item] = []
    module, width = "", LONGEST_LINE
    for item in items:
        label = label_of(item)
        own = module if label is None else label.rpartition(".")[0]
        size = len(write_line([item])) + 1
        if isinstance(item, Repeat) and size > LONGEST_LINE:
            found.append(replace(item, body=tuple(_in_lines(item.body)), place=LINE))
            width = LONGEST_LINE  # what is behind its brace begins a line
            continue
        if own != module or width + size > LONGEST_LINE:
            found.append(replace(item, place=LINE))
            width = 0
        else:
            found.append(item)
        module, width = own, width + size
    return found
