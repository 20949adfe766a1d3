"""The inputs of a network that give a wanted output size: every size is tried."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, NamedTuple

from convcalc.errors import LayerError, SpecError, UsageError
from convcalc.inverse.model_weights import ModelWeights
from convcalc.inverse.sizes import most_sizes
from convcalc.layers.base import format_shape
from convcalc.network.graph import INPUT

if TYPE_CHECKING:
    from convcalc.layers import Shape
    from convcalc.network.graph import Network

LAST = 4096
"""The last size that is tried."""

MOST_INPUTS = 5_000

BEYOND = 256
"""Sizes in a row that give more than is wanted on every axis, after which no others are tried."""


class Inputs(NamedTuple):
    """Inputs for a wanted output.

    Attributes:
        found: Each input, with the most elements of an axis that a layer drops at its edge; those
            that drop least first.
        nearest: Where there is none, (input, output sizes) just below and just above, all axes
            alike.
        last: The last size that was tried.
    """

    found: tuple[tuple[Shape, int], ...]
    nearest: tuple[tuple[Shape, tuple[int, ...]], ...]
    last: int


def inputs_for(
    network: Network, channels: int, sizes: tuple[int, ...], until: int | None = None
) -> Inputs:
    """Every input of which a network makes an output of some spatial sizes.

    Each wanted size is looked for with all axes of the input alike; where the sizes differ, each
    axis takes the inputs of its own, and what is given was tried as a whole. The search ends where
    the output has been larger than that for longer than strides of 256 repeat.

    Args:
        network: The layers.
        channels: Channels of the input.
        sizes: The wanted spatial sizes.
        until: The node whose result is meant; None is the network's own.

    Raises:
        UsageError: the output has other axes.

    Example:
        >>> import convcalc
        >>> found = inputs_for(convcalc.parse("conv:8,k3,s2,p1 conv:8,k3,s2,p1"), 3, (56, 56))
        >>> [shape for shape, dropped in found.found]
        [(3, 221, 221), (3, 222, 222), (3, 223, 223), (3, 224, 224)]
    """
    node = network.output if until is None else until
    axes = len(sizes)
    last = min(LAST, most_sizes(network))
    by_output: dict[int, list[int]] = {}
    outputs: dict[int, tuple[int, ...]] = {}
    beyond = 0
    model = ModelWeights(network)
    for size in range(1, last + 1):
        output = _output(model, (channels, *(size,) * axes), node)
        if output is None:
            continue
        if len(output) != axes + 1:
            raise UsageError(
                f"the output is {format_shape(output)}, which has no {axes} spatial axes; --until "
                "LABEL asks about a layer inside"
            )
        outputs[size] = output[1:]
        beyond = beyond + 1 if min(output[1:]) > max(sizes) else 0
        if beyond > BEYOND:
            last = size
            break
        if len(set(output[1:])) == 1:
            by_output.setdefault(output[1], []).append(size)
    found = []
    own = [by_output.get(size, []) for size in sizes]
    alike = len(set(sizes)) == 1
    for each in ((size,) * axes for size in own[0]) if alike else product(*own):
        shape = (channels, *each)
        output = _output(model, shape, node)
        if output is not None and output[1:] == sizes:
            found.append((shape, _dropped(network, shape, node)))
        if len(found) > MOST_INPUTS:
            raise UsageError(f"more than {MOST_INPUTS:,} inputs give that")
    nearest = () if found else _nearest(channels, sizes, outputs)
    return Inputs(tuple(sorted(found, key=lambda one: one[1])), nearest, last)


def _output(model: ModelWeights, shape: Shape, node: int) -> Shape | None:
    """What leaves a node; None where a layer before it does not fit."""
    if node == INPUT:
        return shape
    try:
        for place, step in enumerate(model.walk(shape)):
            if place == node:
                return step.leaving
    except (LayerError, SpecError):
        return None
    return None


def _dropped(network: Network, shape: Shape, node: int) -> int:
    """The most elements of an axis that a layer up to a node drops at its edge."""
    most = 0
    for place, step in enumerate(network.walk(shape)):
        most = max(most, *step.layer.dropped_input(step.arriving[0]), 0)
        if place == node:
            break
    return most


def _nearest(
    channels: int, sizes: tuple[int, ...], outputs: dict[int, tuple[int, ...]]
) -> tuple[tuple[Shape, tuple[int, ...]], ...]:
    """The inputs whose outputs lie next to the wanted one, below and above."""
    axes = len(sizes)
    below = [size for size, output in outputs.items() if output < sizes]
    above = [size for size, output in outputs.items() if output > sizes]
    ends = [max(below, key=lambda size: outputs[size])] if below else []
    ends += [min(above, key=lambda size: outputs[size])] if above else []
    return tuple(((channels, *(size,) * axes), outputs[size]) for size in ends)
