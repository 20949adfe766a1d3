"""Which `bn` can be folded into the layer before it, so that it costs nothing at inference."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from convcalc.layers import ConvTranspose, Linear
from convcalc.layers.convolution import Convolution
from convcalc.layers.stages import Staged
from convcalc.network.graph import INPUT, Network
from convcalc.network.subgraph import without_nodes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.layers import Shape
    from convcalc.network.graph import Step


class Absorption(NamedTuple):
    """A layer that takes up the `bn` after it.

    Attributes:
        host: The index of the layer.
        norm: The index of the `bn`.
        prefix: What the names of the weights begin with whose outputs the `bn` reads.
        groups: Of a transposed convolution, whose weight is (C, O/groups, *k); None where the
            output channels are the first axis.
    """

    host: int
    norm: int
    prefix: str
    groups: int | None


def absorptions(network: Network, input_shape: Shape) -> tuple[Absorption, ...]:
    """Every `bn` that reads a convolution or a linear layer which nothing else reads.

    `bn` is y*a + c per channel, a = weight / sqrt(var + eps) and c = bias - mean*a. The layer
    before it is y = sum w*x + b, with the same b in every output, whatever its padding: so that
    y*a + c = sum (w*a)*x + (b*a + c). Source: derived.

    A linear layer works on the last axis and `bn` on the channels: both are the same axis on
    features only.

    Raises:
        ShapeError, SpecError: a layer does not fit.
    """
    steps = list(network.walk(input_shape))
    readers = Counter(source for node in network.nodes for source in node.inputs)
    readers[network.output] += 1  # who runs the network reads it too
    found = []
    for index, step in enumerate(steps):
        source = step.node.inputs[0]
        if step.layer.kind != "bn" or source == INPUT or readers[source] > 1:
            continue
        host = _host(steps[source])
        if host is not None:
            found.append(Absorption(source, index, *host))
    return tuple(found)


def absorbed(network: Network, input_shape: Shape, pairs: Sequence[Absorption]) -> Network:
    """The network without these `bn`, in which the layers before them have a bias.

    Raises:
        ShapeError, SpecError: a layer does not fit.
    """
    hosts = {network.nodes[pair.host].label for pair in pairs}
    rest = without_nodes(network, input_shape, {pair.norm: pair.host for pair in pairs})
    nodes = tuple(
        replace(node, layer=replace(node.layer, bias=True))  # type: ignore[type-var]
        if node.label in hosts
        else node
        for node in rest.nodes
    )
    return replace(rest, nodes=nodes)


def _host(step: Step) -> tuple[str, int | None] | None:
    """The prefix and the groups of a layer that can take up a `bn`; None if it cannot."""
    layer, arriving = step.layer, step.arriving[0]
    if isinstance(layer, ConvTranspose):
        return "", layer.groups
    if isinstance(layer, Staged):
        return list(layer.stages(arriving[0]))[-1], None
    if isinstance(layer, Convolution) or (isinstance(layer, Linear) and len(arriving) == 1):
        return "", None
    return None
