"""An ONNX file that is run: a network for the array that it is given, and its own weights."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from convcalc.cli.parsing.onnx_argument import check_installed, onnx_path
from convcalc.cli.parsing.values import text_of
from convcalc.network.subgraph import needed_nodes, without_nodes

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from convcalc.cli.commands.run.request import RunRequest
    from convcalc.execute.job import Weights
    from convcalc.execute.settings import Settings
    from convcalc.layers import Shape
    from convcalc.network.graph import Network


class OnnxNetwork(NamedTuple):
    """A network of an ONNX file, what it is run on, and its own weights."""

    network: Network
    array: np.ndarray
    weights: Weights


def onnx_network(
    request: RunRequest, settings: Settings, read: Callable[[str], np.ndarray]
) -> OnnxNetwork | None:
    """What `--network` names, if it is an ONNX file; open axes have the sizes of the input.

    Raises:
        DataError: the file or the input cannot be used.
    """
    path = onnx_path([text_of("network", request.network or "")])
    if path is None:
        return None
    check_installed()
    from convcalc.importers.onnx_model import imported
    from convcalc.importers.onnx_weights import arrays_of

    array = read(request.array)
    found = imported(path, array=_channels_first(array, settings))
    network = found.network if settings.until else computed_part(found.network)

    def own(part: Network, _: Shape) -> dict[str, np.ndarray]:
        return arrays_of(path, found, part)

    return OnnxNetwork(network, array, own)


def computed_part(network: Network) -> Network:
    """The nodes that the result depends on: others may be of kinds that cannot be computed."""
    needed = set(needed_nodes(network, network.output))
    others = {index: index for index in range(len(network.nodes)) if index not in needed}
    if not others or network.input_shape is None:
        return network
    part = without_nodes(network, network.input_shape, others)
    return replace(part, notes=network.notes)


def _channels_first(array: np.ndarray, settings: Settings) -> Shape:
    """The shape of an array as models have it."""
    shape: Shape = array.shape
    if not settings.channels_last or len(shape) < 3:
        return shape
    *batch, high, wide, channels = shape
    return (*batch[:1], channels, *batch[1:], high, wide)
