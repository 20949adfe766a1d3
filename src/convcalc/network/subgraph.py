"""Parts of a network: what leads to one node, and the network without some of its nodes."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from convcalc.errors import UsageError, nearest, printable
from convcalc.layers import KINDS
from convcalc.network.graph import INPUT, Network, leading_to
from convcalc.network.stored import Stored

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from convcalc.layers import Shape
    from convcalc.network.graph import Node


def last_node(network: Network, until: str | None) -> int:
    """The index of the node of this label, or of the one that the block of this name ends with.

    None asks for the one that the network ends with, which may be the input (-1).

    Raises:
        UsageError: there is none; the message names the nearest.
    """
    if until is None:
        return network.output
    labels = [node.label for node in network.nodes]
    if until in labels:
        return labels.index(until)
    if until in network.ends:
        if network.ends[until] == INPUT:
            shown = printable(until, 60)
            raise UsageError(f"'{shown}' ends with the input itself: nothing is computed for it")
        return network.ends[until]
    inside = [index for index, own in enumerate(labels) if own.startswith(f"{until}.")]
    if inside:
        return inside[-1]
    known = dict.fromkeys(name for own in labels for name in _names(own))
    some = f"; the last one is '{labels[-1]}'" if labels else ""
    hint = printable(nearest(until, known) or some)
    raise UsageError(f"no layer or block is called '{printable(until, 60)}'{hint}")


def needed_nodes(network: Network, last: int) -> list[int]:
    """The indices of the nodes that node `last` depends on, and its own, in order."""
    return sorted(leading_to([node.inputs for node in network.nodes], last))


def part_until(network: Network, input_shape: Shape, label: str) -> Network:
    """The network that ends with the node or block `label`, without what that does not depend on.

    Raises:
        UsageError: there is no such node.
        ShapeError, SpecError: a layer up to there does not fit.
    """
    last = last_node(network, label)
    ended = replace(_settled(network, input_shape, last + 1), end=last)
    return _kept(ended, needed_nodes(network, last), {})


def without_idle(network: Network, input_shape: Shape) -> Network:
    """The network without layers that its output does not depend on, if one cannot be run.

    Raises:
        ShapeError, SpecError: a layer does not fit.
    """
    needed = needed_nodes(network, network.output)
    idle = set(range(len(network.nodes))).difference(needed)
    if all(KINDS[network.nodes[index].layer.kind].computable for index in idle):
        return network
    return _kept(_settled(network, input_shape, len(network.nodes)), needed, {})


def as_computed(network: Network, until: str | None = None) -> Network:
    """The network with the layers that are run in the place of those that it shows.

    Nodes that only others of the same call have read are gone, unless one of them may be asked for.

    Args:
        network: The network of a model that was followed.
        until: The label of a node that is asked for.
    """
    nodes = [_computed(node) for node in network.nodes]
    if all(new is old for new, old in zip(nodes, network.nodes, strict=True)):
        return network
    changed = replace(network, nodes=tuple(nodes))
    if until is not None:
        return changed
    kept = _kept(changed, needed_nodes(changed, changed.output), {})
    return replace(kept, notes=network.notes, trace=network.trace)


def _computed(node: Node) -> Node:
    stored = node.stored
    if stored is None or stored.computed is None:
        return node
    layer, inputs = stored.computed
    names = {name: name for name in layer.tensor_shapes()} if layer.has_weights() else {}
    return replace(node, layer=layer, inputs=inputs, stored=Stored(names))


def without_nodes(network: Network, input_shape: Shape, removed: Mapping[int, int]) -> Network:
    """The network without some nodes; who read one of them reads the node it is mapped to.

    Raises:
        ShapeError, SpecError: a layer does not fit.
    """
    kept = [index for index in range(len(network.nodes)) if index not in removed]
    return _kept(_settled(network, input_shape, len(network.nodes)), kept, removed)


def _names(label: str) -> list[str]:
    """A label and the blocks around it: a.0.1, a.0, a."""
    parts = label.split(".")
    return [".".join(parts[:end]) for end in range(len(parts), 0, -1)]


def _settled(network: Network, input_shape: Shape, count: int) -> Network:
    """The first nodes; layers that wait for shapes are known, as they name nodes by index."""
    steps = islice(network.walk(input_shape), count)
    nodes = tuple(replace(step.node, layer=step.layer) for step in steps)
    return Network(
        nodes,
        network.end,
        functions=network.functions,
        input_shape=network.input_shape,
        input_name=network.input_name,
    )


def _kept(network: Network, kept: Collection[int], removed: Mapping[int, int]) -> Network:
    """The kept nodes under their new indices."""
    places = {INPUT: INPUT} | {index: place for place, index in enumerate(kept)}
    nodes = [network.nodes[index] for index in kept]
    return Network(
        tuple(
            replace(
                node, inputs=tuple(places[removed.get(source, source)] for source in node.inputs)
            )
            for node in nodes
        ),
        places[removed.get(network.output, network.output)],
        functions=network.functions,
        input_shape=network.input_shape,
        input_name=network.input_name,
    )
