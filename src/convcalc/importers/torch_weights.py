"""The weights that a user's own model has."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import torch
from torch import nn

from convcalc.importers.loading import found, guarded
from convcalc.importers.torch_building import model_of
from convcalc.importers.torch_libraries import library_maker
from convcalc.importers.torch_missing import with_missing_operators
from convcalc.importers.torch_scripts import loaded_script

if TYPE_CHECKING:
    from collections.abc import Collection

    import numpy as np

    from convcalc.importers.target import Target


def own_weights(target: Target) -> dict[str, np.ndarray] | None:
    """The arrays of numpy in the `state_dict` of a model that is there; None of what makes one.

    Raises:
        DataError: the file cannot be imported, or has no such object.
    """
    if target.is_script:
        value: object = loaded_script(target)
    else:
        value = None if target.called else found(target)
    if not isinstance(value, nn.Module):
        return None
    with guarded(target, "reading its weights"):
        return {name: tensor.detach().cpu().numpy() for name, tensor in value.state_dict().items()}


def buffers_of(target: Target, names: Collection[str]) -> dict[str, np.ndarray]:
    """The arrays of those buffers of a model that are called so; it is made, if it is not there.

    Whole numbers and truths are float32 where that is exact, as all arrays of a network.

    Raises:
        DataError: the model cannot be made.
    """
    model = made_model(target)
    return {name: _floats(tensor) for name, tensor in model.named_buffers() if name in names}


def parameters_and_buffers(
    target: Target, names: Collection[str], seed: int
) -> dict[str, np.ndarray]:
    """Arrays of a model that is made anew, with parameters that torch draws with a seed.

    Raises:
        DataError: the model cannot be made.
    """
    torch.manual_seed(seed)
    model = made_model(target)
    both = chain(model.named_parameters(), model.named_buffers())
    return {name: _floats(tensor) for name, tensor in both if name in names}


def made_model(target: Target) -> nn.Module:
    """A model with values, for inference."""
    if target.is_script:
        value: object = loaded_script(target)
    elif target.is_library:
        value = with_missing_operators(lambda: library_maker(target))[0].make
    else:
        value = with_missing_operators(lambda: found(target))[0]
    return model_of(target, value, "cpu")


def _floats(tensor: torch.Tensor) -> np.ndarray:
    own = tensor.detach().cpu()
    if own.dtype.is_floating_point:
        return own.numpy()
    small = own.dtype == torch.bool or bool((own.abs() <= EXACT).all())
    return own.to(torch.float32 if small else torch.float64).numpy()


EXACT = 2**24
"""Whole numbers up to this one are exact in float32."""
