"""Figures that other tools give of a model, by the node that they belong to."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from convcalc.layers import Layer
from convcalc.network.measured import Amount, Measured

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from convcalc.layers import Shape
    from convcalc.network.graph import Node

TOOLS = ("torch", "fvcore", "torchinfo", "ptflops", "thop")


class Unknown(NamedTuple):
    """A call under which are operations that may have products, and no formula.

    Attributes:
        node: The node that it became, if it did.
        name: The function.
        module: The path of the module at work.
        place: File and line of the call.
        shape: What came out, of one sample.
        operations: Those operations.
    """

    node: int | None
    name: str
    module: str
    place: str
    shape: Shape
    operations: tuple[str, ...]


class Seen:
    """The figures of every tool, by the node that they belong to.

    Attributes:
        amounts: The parts of each node and tool; None where the tool fails.
        nodes: The nodes so far, which the recorder writes.
        main: Of calls that are several nodes, by the last one that which has their products.
        unknown: The calls of unknown cost.
        hearing: The function of the call that is heard of at the moment.
    """

    def __init__(self, nodes: Sequence[Node], main: Mapping[int, int]) -> None:
        self.nodes = nodes
        self._main = main
        self.amounts: defaultdict[int, dict[str, list[Amount] | None]] = defaultdict(dict)
        self.unknown: list[Unknown] = []
        self.hearing: object = None
        self._waiting: list[tuple[str, list[Amount] | None]] = []

    def add(self, tool: str, since: int, read: Callable[[], Iterable[Amount] | None]) -> None:
        """Notes what a tool counts of what has been called since there were so many nodes."""
        try:
            given = read()
            found = None if given is None else [one for one in given if one.amount]
        except Exception:
            found = None  # the tool itself would end here
        if found == []:
            return
        if len(self.nodes) > since:
            last = len(self.nodes) - 1
            self._note(self._main.get(last, last), tool, found)
        else:
            self._waiting.append((tool, found))

    def _note(self, node: int, tool: str, found: list[Amount] | None) -> None:
        kept = self.amounts[node]
        before = kept.get(tool, [])
        kept[tool] = None if before is None or found is None else before + found

    def finish(self) -> None:
        """Gives what belongs to no node to the last one."""
        for tool, found in self._waiting:
            self._note(max(0, len(self.nodes) - 1), tool, found)
        self._waiting.clear()

    def left_over(self, layer: Layer, macs: int) -> Measured:
        """What was found beside all nodes, where there is none, as of a layer of its own."""
        found = {} if self.nodes else self.amounts.get(0, {})
        return Measured(layer, 1, macs, {tool: _times(found.get(tool, []), 1) for tool in TOOLS})

    def measured(self, node: int, batch: int, macs: int, factor: int = 1) -> Measured:
        """All of it for one node, every figure times a factor."""
        layer = self.nodes[node].layer
        assert isinstance(layer, Layer)
        found = self.amounts.get(node, {})
        return Measured(
            layer,
            batch,
            macs * factor,
            {tool: _times(found.get(tool, []), factor) for tool in TOOLS},
        )


def _times(found: list[Amount] | None, factor: int) -> tuple[Amount, ...] | None:
    if found is None:
        return None
    return tuple(one._replace(amount=one.amount * factor) for one in found)
