"""An ONNX file that is run: a network for the array that it is given, and its own weights."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from convcalc.cli.parsing.onnx_argument import onnx_path
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


class ReadInput(NamedTuple):
    """The array of an input: by its name, or by its place where that is empty."""

    name: str
    array: np.ndarray


class OnnxNetwork(NamedTuple):
    """A network of an ONNX file, what it is run on, and its own weights."""

    network: Network
    arrays: list[ReadInput]
    weights: Weights


def read_inputs(request: RunRequest, read: Callable[[str], np.ndarray]) -> list[ReadInput]:
    """The arrays of all inputs that the command line names."""
    return [ReadInput(name, read(path)) for name, path in request.input_files]


def onnx_network(
    request: RunRequest, settings: Settings, read: Callable[[str], np.ndarray]
) -> OnnxNetwork | None:
    """What `--network` names, if it is an ONNX file; open axes have the sizes of the inputs.

    Raises:
        DataError: the file or an input cannot be used.
    """
    path = onnx_path([text_of("network", request.network or "")])
    if path is None:
        return None
    from convcalc.importers.files.onnx_file import check_installed

    check_installed()
    from convcalc.importers.onnx_model import imported
    from convcalc.importers.onnx_weights import arrays_of

    arrays = read_inputs(request, read)
    shapes = [(name, _channels_first(array, settings)) for name, array in arrays]
    found = imported(path, arrays=shapes)
    network = found.network if settings.until else computed_part(found.network)
    labelled = [ReadInput(found.inputs.get(name, name), array) for name, array in arrays]

    def own(part: Network, _: Shape) -> dict[str, np.ndarray]:
        return arrays_of(path, found, part)

    return OnnxNetwork(network, labelled, own)


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
