"""The layers of a network as a page shows them, in order, each with the shapes around it."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, TypedDict

from convcalc.layers.stages import Staged
from convcalc.render.page.known import convolution, known_layer
from convcalc.render.page.layers import triple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.layers import Shape
    from convcalc.network.graph import Network, Step
    from convcalc.render.page.layers import PageConvolution, PageLayer, PagePooling


class PageNode(TypedDict):
    """A layer with its place in the network.

    Attributes:
        label: Its name.
        spec: It in the language of specs.
        sources: The nodes that it reads, -1 for the input.
        layer: Its parameters.
        rank: The axes of what arrives; of features 1, of a sequence 2.
        leaving: The axes of what leaves.
    """

    label: str
    spec: str
    sources: list[int]
    layer: PageLayer
    rank: int
    leaving: int


class Placed(TypedDict):
    """A node with the names of its weights and the shapes around it."""

    node: PageNode
    prefix: str
    arriving: tuple[Shape, ...]
    leaving: Shape


def placed_nodes(network: Network, shape: Shape) -> list[Placed]:
    """Every layer of a network in order; a separable convolution is two of them.

    Raises:
        UsageError: a page cannot show one of them, or its shapes have too many axes.
    """
    triple(shape)
    placed: list[Placed] = []
    ends: dict[int, int] = {-1: -1}
    for index, step in enumerate(network.walk(shape)):
        sources = [ends[source] for source in step.node.inputs]
        placed.extend(_nodes(step, sources, len(placed)))
        ends[index] = len(placed) - 1
    return placed


def end_of(network: Network, placed: Sequence[Placed]) -> int:
    """Which of the page's nodes has the network's result."""
    label = network.nodes[network.output].label
    return max(at for at, one in enumerate(placed) if one["node"]["label"] == label)


def _nodes(step: Step, sources: list[int], at: int) -> list[Placed]:
    """One node, or of a separable convolution one for each of its stages."""
    if not isinstance(step.layer, Staged):
        known = known_layer(step.layer, step.arriving)
        return [_placed(step, known, sources, step.leaving)]
    stages = list(step.layer.walk(step.arriving[0]))
    placed = []
    for number, (prefix, stage, arriving) in enumerate(stages):
        known = convolution(stage, arriving)
        if number == 0 and len(stages) > 1:
            known["multiplier"] = stage.out_channels // arriving[0]
        own = sources if number == 0 else [at + number - 1]
        one = _placed(step, known, own, stage.out_shape(arriving))
        placed.append(one | {"prefix": one["prefix"] + prefix, "arriving": (arriving,)})
    return placed


def _placed(step: Step, layer: PageLayer, sources: list[int], leaving: Shape) -> Placed:
    label = step.node.label
    node: PageNode = {
        "label": label,
        "spec": step.layer.spec(),
        "sources": sources,
        "layer": layer,
        "rank": len(step.arriving[0]),
        "leaving": len(leaving),
    }
    triple(leaving)
    return {"node": node, "prefix": f"{label}.", "arriving": step.arriving, "leaving": leaving}


def squares_of(placed: Sequence[Placed]) -> int:
    """The squares of all inputs, with padding or zeros put in, and of all outputs."""
    return sum(map(_squares, placed))


def _squares(one: Placed) -> int:
    out, layer = one["leaving"], one["node"]["layer"]
    if layer["op"] == "convolution" or layer["op"] == "pooling":
        sides = [_side(layer, axis, own) for axis, own in enumerate(triple(out)[1:])]
        return layer["channels"] * prod(sides) + prod(out)
    return sum(map(prod, one["arriving"])) + prod(out)


def _side(layer: PageConvolution | PagePooling, axis: int, own: int) -> int:
    """Places of an axis that windows lie on, as `placesOf` of the page's scripts have it."""
    size, stride, before = layer["size"][axis], layer["stride"][axis], layer["before"][axis]
    extent = layer["dilation"][axis] * (layer["kernel"][axis] - 1) + 1
    padded = size + before + layer["after"][axis]
    if layer["op"] == "pooling":  # in ceil mode the last window may hang over
        return max(padded, (own - 1) * stride + extent)
    if not layer["transposed"]:
        return padded
    return max((size - 1) * stride + 1, own + before) - min(before - extent + 1, 0)
