"""A model of PyTorch that a program holds, as a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.errors import DataError, ParameterError, UsageError, described
from convcalc.importers.target import Target
from convcalc.importers.torch_target import check_torch, whole
from convcalc.network.given_inputs import given_inputs

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch

    from convcalc.network.graph import Network

IN_PYTHON = {
    "whole numbers are asked for as -i 128:int64": "whole numbers are given as a tensor of them",
    "has one -i": "has one input",
}
"""What a command line is told to type, and what is said of it in Python."""


def from_torch(
    model: torch.nn.Module,
    *inputs: Sequence[int] | torch.Tensor,
    **named: Sequence[int] | torch.Tensor,
) -> Network:
    """The network of a model of PyTorch: a layer for each call that its forward makes.

    A copy of the model is run once in eval mode on tensors without values; the model itself and its
    weights are not touched. Layers have the paths of their modules as labels. What is no kind of
    layer here is `opaque`, with its multiply-accumulates where they are known. What has to be said
    of the run is in the network's `notes`.

    Args:
        model: The model.
        inputs: What forward takes, in its order: (channels, *sizes) of one sample, of the dtype of
            the model's parameters; or a tensor with its samples in front, of which shape and dtype
            count. Without one what the first layer takes, of a usual size.
        named: Those that are given by the names of forward's parameters.

    Raises:
        UsageError: torch is not installed.
        ParameterError: the model is none, an input is neither a shape nor a tensor, or forward
            takes more of them, or fewer.
        DataError: forward raised; the message has its reason and line.

    Example:
        >>> import torch
        >>> network = from_torch(torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), torch.nn.ReLU()))
        >>> network.analyze((3, 32, 32)).totals.macs
        194400
    """
    given = given_inputs(inputs, named)
    _check_model(model)
    from convcalc.importers.torch_model import network_of_object

    kind = type(model)
    try:
        network = network_of_object(Target(kind.__module__, (kind.__qualname__,)), model, given)
        return whole(network)
    except UsageError as error:
        told = str(error).removeprefix("--input: ").partition(": -i ")[0]
        raise ParameterError("inputs", told) from None
    except DataError as error:
        told = str(error)
        for typed, here in IN_PYTHON.items():
            told = told.replace(typed, here)
        batch = any(len(one.shape) > 3 and one.shape[0] == 1 for one in given)
        told += "\n  a shape is that of one sample, without a batch in front" if batch else ""
        raise DataError(told) from None


def _check_model(model: object) -> None:
    """Refuses what is no model.

    Raises:
        UsageError: torch is not installed.
        ParameterError: it is none.
    """
    check_torch()
    import torch

    if not isinstance(model, torch.nn.Module):
        made = "; make one of the class first" if isinstance(model, type) else ""
        told = described(model)
        raise ParameterError("model", f"expected a torch.nn.Module, got {told}{made}")
