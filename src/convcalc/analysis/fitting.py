"""How much of a network fits an input: the layers before the first one that does not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from convcalc.analysis.report import layer_reports
from convcalc.errors import LayerError, SpecError

if TYPE_CHECKING:
    from convcalc.layers import Shape
    from convcalc.network.graph import Network


def fitting_part(network: Network, input_shape: Shape) -> Network:
    """The layers before the first one that does not fit, as a network that ends with the last.

    Args:
        network: All layers.
        input_shape: (channels, *spatial sizes) of one sample.
    """
    fitting = _fitting_layers(network, input_shape)
    ends = {name: index for name, index in network.ends.items() if index < fitting}
    return replace(network, nodes=network.nodes[:fitting], end=None, ends=ends, source=None)


def _fitting_layers(network: Network, input_shape: Shape) -> int:
    """How many layers stand before the first one that does not fit."""
    fitting = 0
    try:
        for _ in layer_reports(network, input_shape):
            fitting += 1
    except (LayerError, SpecError):
        return fitting
    return fitting
