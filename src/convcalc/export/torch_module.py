"""A network as a torch.fx.GraphModule: real modules under its labels, and code that can be read."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import fx, nn

from convcalc.execute.arrays.biases import with_full_biases
from convcalc.execute.arrays.tensor_dtypes import check_tensor, dtype_name
from convcalc.execute.weights.files import read_weights
from convcalc.export.missing_forms import check_forms
from convcalc.export.torch_forms import FORMS
from convcalc.export.torch_place import LayerSite, Tree
from convcalc.layers.kinds import row_of
from convcalc.network.functional import Functions, check_functions
from convcalc.network.graph import INPUT
from convcalc.network.torchvision_names import without_torchvision_names
from convcalc.network.weight_names import check_weights, without_counters, without_prefix

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike

    from convcalc.layers import Shape
    from convcalc.network.graph import Network


def torch_module(
    network: Network,
    input_shape: Shape,
    functions: Sequence[str] = (),
    weights: Mapping[str, ArrayLike | torch.Tensor] | str | os.PathLike[str] | None = None,
) -> fx.GraphModule:
    """A network as a model of torch; `Network.to_torch` says what it is."""
    check_functions(network, functions)
    check_forms(network, FORMS, "PyTorch")
    called = Functions(functions)
    graph = fx.Graph()
    model = fx.GraphModule(nn.Module(), graph, class_name="Network")
    tree = Tree(model, nn.Module)
    values = {INPUT: graph.placeholder("x")}
    for index, step in enumerate(network.walk(input_shape)):
        place = LayerSite(
            tree,
            graph,
            step.node.label,
            step.arriving,
            tuple(values[source] for source in step.node.inputs),
            step.node in called,
        )
        write = row_of(FORMS, type(step.layer))
        assert write is not None
        values[index] = write(place, step.layer)
    graph.output(values[network.output])
    model.recompile()
    if isinstance(weights, str | os.PathLike):
        arrays, _ = without_prefix(read_weights(os.fspath(weights)).arrays, network)
        weights, _ = without_torchvision_names(arrays, network)
    if weights is not None:
        load(model, weights, network.tensor_shapes(input_shape))
    return model.eval()


def load(
    model: nn.Module, weights: Mapping[str, ArrayLike | torch.Tensor], needed: Mapping[str, Shape]
) -> None:
    """The weights of a model replaced by arrays of numpy or torch.

    Raises:
        DataError: one is missing, unknown, of another shape, or of integers that would lose digits.
    """
    tensors = {name: _tensor(weight) for name, weight in weights.items()}
    tensors = with_full_biases(tensors, needed)
    check_weights(without_counters(tensors), needed)
    with torch.no_grad():
        for name, own in model.state_dict().items():
            if name in tensors:
                check_tensor(f"'{name}'", tensors[name], dtype_name(own.dtype))
                own.copy_(tensors[name])


def _tensor(weight: ArrayLike | torch.Tensor) -> torch.Tensor:
    """An array as torch takes it: in the machine's order of bytes, and writable."""
    if isinstance(weight, torch.Tensor):
        return weight
    array = np.asarray(weight)
    return torch.from_numpy(array.astype(array.dtype.newbyteorder("="), copy=True))
