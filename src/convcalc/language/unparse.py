"""From nodes back to a tree, the way of `expand` in reverse: for networks that no text described.

The branches of a block are found by their labels: those before a join called 2 are 2.0.*, 2.1.*,
... Repeats and definitions are not found again; what they held stands where it was written out,
and keeps its label. Where labels tell of no blocks, a join names its branches instead:
`residual{@a | @b}`.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from convcalc.errors import SpecError, UsageError
from convcalc.language import Block, Call, Jump, Repeat, read_tree, write_line
from convcalc.language.bind import DeferredLayer
from convcalc.language.expressions import AtLabel
from convcalc.language.parse import parse
from convcalc.language.source import TreeSource
from convcalc.layers import Layer
from convcalc.layers.link import Link
from convcalc.network.graph import INPUT, Network

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.language import Item
    from convcalc.network.graph import Node


def with_source(network: Network) -> Network:
    """The network with a tree to print it from, if any text gives just these nodes.

    Example:
        >>> from convcalc.layers import Conv
        >>> network = Network.chain([Conv(8, 3), Conv(8, 1)])
        >>> with_source(network).source == parse("conv:8,k3 conv:8,k1").source
        True
    """
    if any(isinstance(node.layer, DeferredLayer) for node in network.nodes):
        return network
    for nested in (True, False):
        items = _Raising(network, nested=nested).items()
        if reads_as(items, network):
            return replace(network, source=TreeSource(tuple(items)))
    return network


class NodeSource(NamedTuple):
    """Nodes that no text described, for printing them."""

    nodes: tuple[Node, ...]
    end: int | None

    def line(self) -> str:
        """All of it in the spec language, in one line.

        Raises:
            UsageError: a label or a layer is none of the language.
        """
        return write_line(self.items())

    def items(self) -> tuple[Item, ...]:
        """The items of the text.

        Raises:
            UsageError: there is no such text.
        """
        source = with_source(Network(self.nodes, self.end)).source
        if not isinstance(source, TreeSource):
            raise UsageError(
                "no text of the language gives just this network: a label is none, or a layer "
                "waits for shapes; a .json document holds it"
            )
        return source.items


def reads_as(items: Sequence[Item], network: Network) -> bool:
    """Whether items read as just the nodes of a network."""
    try:
        return parse(write_line(items)) == network
    except SpecError:
        return False


class _Raising:
    """One list of nodes, written as items; the nodes that a jump goes to need a label."""

    def __init__(self, network: Network, *, nested: bool) -> None:
        nodes = self.nodes = network.nodes
        self.output = network.output
        self.joins = {
            node.label: index
            for index, node in enumerate(nodes)
            if nested and self.joins_here(node)
        }
        self.calls: dict[int, Call] = {}
        self.prefixes: dict[int, str] = {}
        self.targets: set[int] = set()

    @staticmethod
    def layer(node: Node) -> Layer:
        """The layer of a node that waits for nothing."""
        assert isinstance(node.layer, Layer)
        return node.layer

    def joins_here(self, node: Node) -> bool:
        """Whether a node is written with branches."""
        layer = self.layer(node)
        return layer.joins and not (layer.stands_alone and len(node.inputs) == 1)

    def items(self) -> tuple[Item, ...]:
        """The whole list, which need not read as the same nodes if the labels mislead."""
        before = -1
        items: list[Item] = []
        while len(self.targets) > before:  # the first turn finds what the jumps go to
            before = len(self.targets)
            items, reached = self.sequence(0, len(self.nodes), INPUT, "")
            items += self.jump(reached, self.output)
        return tuple(items)

    def sequence(self, begin: int, end: int, source: int, prefix: str) -> tuple[list[Item], int]:
        """The nodes `begin` to `end`, the end left out, and the node that they end with."""
        items: list[Item] = []
        number = 0
        if INPUT in self.targets and not prefix:
            items.append(Repeat(0, (Call("identity"),), self.input_label))
            number = 1
        while begin < end:
            last = self.last_of(begin, end, prefix)
            node = self.nodes[last]
            self.prefixes[last] = prefix
            name = node.label.removeprefix(prefix)
            label = name if last in self.targets or name != str(number) else None
            if self.joins_here(node):
                items += self.block(begin, last, source, label)
            else:
                items += self.jump(source, node.inputs[0]) if self.layer(node).reads else []
                items.append(replace(self.call(node), label=label))
            source, begin, number = last, last + 1, number + 1
        return items, source

    def last_of(self, index: int, end: int, prefix: str) -> int:
        """The join whose branches begin with a node, the outermost one; else the node itself."""
        label = self.nodes[index].label
        parts = label.removeprefix(prefix).split(".")
        for count in range(1, len(parts)):
            join = self.joins.get(prefix + ".".join(parts[:count]), -1)
            if index < join < end:
                return join
        return index

    def block(self, begin: int, join: int, source: int, label: str | None) -> list[Item]:
        """A join after its branches, and the jump before it that some need."""
        node = self.nodes[join]
        kind = type(self.layer(node))
        items: list[Item] = []
        ends = node.inputs
        if kind.branch_inputs(source, ends) != ends:  # it reads the node before it by itself
            items, source, ends = self.jump(source, ends[0]), ends[0], ends[1:]
        branches = []
        for number, wanted in enumerate(ends):
            prefix = f"{node.label}.{number}."
            stop = begin
            while stop < join and self.nodes[stop].label.startswith(prefix) and self.joins:
                stop += 1
            branch, reached = self.sequence(begin, stop, source, prefix)
            branches.append((*branch, *self.jump(reached, wanted)))
            begin = stop
        return [*items, Block(replace(self.call(node), label=label), tuple(branches))]

    def jump(self, source: int, wanted: int) -> list[Item]:
        """What leads from one node to another: nothing, if it is the same."""
        if source == wanted:
            return []
        self.targets.add(wanted)
        if wanted == INPUT:
            return [Jump(self.input_label)]
        return [Jump(self.nodes[wanted].label.removeprefix(self.prefixes.get(wanted, "")))]

    @cached_property
    def input_label(self) -> str:
        """A label for the network's input, which no node has."""
        taken = {node.label for node in self.nodes}
        return next(name for name in ("input", *map("input{}".format, taken)) if name not in taken)

    def call(self, node: Node) -> Call:
        """The layer of a node as it is written."""
        layer = self.layer(node)
        if id(layer) not in self.calls:
            (call,), _ = read_tree(layer.spec())
            assert isinstance(call, Call)
            self.calls[id(layer)] = call
        own = self.calls[id(layer)]
        return own if len(node.inputs) == 1 or self.joins_here(node) else self.linked(own, node)

    def linked(self, call: Call, node: Node) -> Call:
        """The call with the label, as it is now, of the layer that it names."""
        named = next(value for value in vars(node.layer).values() if isinstance(value, Link))
        index = self.places.get((node.inputs[1:], named.layer))
        if index is None:
            return call
        self.targets.add(index)
        label = AtLabel(self.nodes[index].label.removeprefix(self.prefixes.get(index, "")))
        arguments = (
            replace(argument, value=label) if isinstance(argument.value, AtLabel) else argument
            for argument in call.arguments
        )
        return replace(call, arguments=tuple(arguments))

    @cached_property
    def places(self) -> dict[tuple[tuple[int, ...], object], int]:
        """The first node with some inputs and some layer: others with the same are as good."""
        last = len(self.nodes) - 1
        return {
            (node.inputs, node.layer): last - place
            for place, node in enumerate(reversed(self.nodes))
        }
