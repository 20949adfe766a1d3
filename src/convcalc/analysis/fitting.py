"""How much of a network fits an input, and which inputs near it all of the network fits."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from convcalc.analysis.report import layer_reports
from convcalc.errors import LayerError, SpecError
from convcalc.network.usual_input import fits

if TYPE_CHECKING:
    from convcalc.layers import Shape
    from convcalc.network.graph import Network

FARTHEST = 64
"""How far from a size others are tried."""

MOST_STEPS = 100_000
"""Layers that are asked in one search, so that it ends at once for a large network too."""


def fitting_part(network: Network, input_shape: Shape) -> Network:
    """The layers before the first one that does not fit, as a network that ends with the last.

    Args:
        network: All layers.
        input_shape: (channels, *spatial sizes) of one sample.
    """
    fitting = _fitting_layers(network, input_shape)
    ends = {name: index for name, index in network.ends.items() if index < fitting}
    return replace(network, nodes=network.nodes[:fitting], end=None, ends=ends, source=None)


def inputs_that_fit(network: Network, input_shape: Shape) -> tuple[Shape, ...]:
    """The nearest smaller and the nearest larger input that every layer fits, as far as there are.

    Sizes are tried one by one, up to 64 away from each spatial size and all axes alike; where the
    sizes differ, each axis takes the one nearest to its own. What is given was tried as a whole.

    Args:
        network: The layers.
        input_shape: (channels, *spatial sizes) of one sample, which does not fit.

    Example:
        >>> import convcalc
        >>> network = convcalc.parse("residual{conv:8,k2,s2 convt:3,k2,s2 | }")
        >>> inputs_that_fit(network, (3, 5, 7))
        ((3, 4, 6), (3, 6, 8))
    """
    if any(node.expects and node.expects.refusal for node in network.nodes):
        return ()
    farthest = min(FARTHEST, MOST_STEPS // (4 * len(network.nodes)))
    channels, *sizes = input_shape
    found = []
    for direction in (-1, 1):
        nearest = [
            _size_that_fits(network, input_shape, size, direction * farthest) for size in sizes
        ]
        shape = (channels, *nearest)
        if all(nearest) and fits(network, shape):
            found.append(shape)
    return tuple(found)


def _size_that_fits(network: Network, input_shape: Shape, size: int, farthest: int) -> int:
    """The nearest size, up to so far away, that fits on every axis; 0 if there is none."""
    channels, axes = input_shape[0], len(input_shape) - 1
    step = 1 if farthest > 0 else -1
    tried = range(size, max(0, size + farthest + step), step)
    return next((one for one in tried if fits(network, (channels, *(one,) * axes))), 0)


def _fitting_layers(network: Network, input_shape: Shape) -> int:
    """How many layers stand before the first one that does not fit."""
    fitting = 0
    try:
        for _ in layer_reports(network, input_shape):
            fitting += 1
    except (LayerError, SpecError):
        return fitting
    return fitting
