"""Networks as other programs have them: models of torch, their source, ONNX."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from convcalc.errors import ParameterError, UsageError, described

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    import numpy as np
    import torch  # noqa: TID251 - a name for type checkers

    from convcalc.layers import Shape
    from convcalc.network.graph import Network

LONGEST_PATH = 4096
"""Characters of the name of a file, on any system; a longer text is none."""

__all__ = ["to_onnx", "to_source", "to_torch"]


def to_torch(
    network: Network,
    input_shape: Shape,
    functions: Sequence[str] = (),
    weights: Mapping[str, np.ndarray | torch.Tensor] | str | os.PathLike[str] | None = None,
) -> torch.fx.GraphModule:
    """A network as a model of torch; `Network.to_torch` says what it is.

    Raises:
        UsageError: torch is not installed.
    """
    if find_spec("torch") is None:
        raise UsageError("torch is not installed; pip install 'convcalc[torch]' brings it")
    from convcalc.export.torch_module import torch_module

    if weights is not None:
        _check_weights(weights)
    return torch_module(network, input_shape, functions, weights)


def to_onnx(network: Network, input_shape: Shape, weights: Mapping[str, np.ndarray]) -> bytes:
    """The bytes of an .onnx of a network and its weights, for a batch of any size.

    Args:
        network: The network.
        input_shape: (channels, *sizes) of one sample.
        weights: An array for each name of `network.tensor_shapes`; they become float32.

    Raises:
        UsageError: onnx is not installed, or a kind has no form in ONNX.
        DataError: weights are missing, unknown or of another shape.
    """
    if find_spec("onnx") is None:
        raise UsageError("onnx is not installed; pip install 'convcalc[onnx]' brings it")
    from convcalc.export.onnx_model import onnx_model

    return onnx_model(network, input_shape, weights)


def to_source(network: Network, input_shape: Shape) -> str:
    """The text of a Python file that defines a network as a torch.nn.Module, the class Net.

    Its weights have the network's names, and it computes what `Network.to_torch` gives.

    Raises:
        UsageError: torch is not installed, or has no form for a kind or no place for a label.
    """
    if find_spec("torch") is None:
        raise UsageError("torch is not installed; pip install 'convcalc[torch]' brings it")
    from convcalc.export.torch_source import torch_source

    return torch_source(network, input_shape)


def _check_weights(weights: object) -> None:
    """Raises where a caller gave neither arrays by name nor a file.

    Raises:
        ParameterError: it is neither.
    """
    from collections.abc import Mapping
    from os import PathLike

    is_file = isinstance(weights, str | PathLike) and len(str(weights)) <= LONGEST_PATH
    if not is_file and not isinstance(weights, Mapping):
        raise ParameterError(
            "weights", f"expected arrays by their names, or a file; got {described(weights)}"
        )
