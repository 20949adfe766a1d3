"""A user's class, function or model as a model that may be run: never the user's own object."""

from __future__ import annotations

import copy
import inspect
from itertools import chain
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from convcalc.errors import ConvcalcError, DataError, printable
from convcalc.importers.loading import check_arguments, guarded
from convcalc.importers.torch_scripts import script_on
from convcalc.network.usual_input import DEFAULT_INPUT, USUAL_SIZES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from convcalc.importers.target import Target
    from convcalc.layers import Shape


def model_of(target: Target, value: object, device: str) -> nn.Module:
    """The model that a target means, for inference, with its parameters on a device.

    On "meta" a class is made there, without memory; one that cannot be (it needs the values of
    tensors) is made on the CPU, and its parameters are left out of a copy.

    Args:
        target: What was asked for.
        value: The object of that name.
        device: "meta" or "cpu".

    Raises:
        DataError: it raised, needs arguments, or is no model.
    """
    if isinstance(value, nn.Module) and not target.called:
        with guarded(target, "copying it"):
            return _copied(value, device).eval()
    name = printable(".".join(target.path), 60)
    if _holds_weights(value):
        raise DataError(f"'{name}' is {WEIGHTS}")
    if not callable(value) or isinstance(value, nn.Module):
        raise DataError(f"'{name}' is {_typed(value)}; expected a model, or what makes one")
    check_arguments(target, value)
    with guarded(target, f"making {name}"):
        made = _made(target, value, device, name)
        if device == "meta" and any(one.device.type != "meta" for one in _tensors(made)):
            made = _copied(made, device)
        return made.eval()


def _made(target: Target, value: Callable[..., object], device: str, name: str) -> nn.Module:
    try:
        with torch.device(device):
            made = value(*target.positional, **target.named)
    except ConvcalcError:
        raise
    except Exception:
        if device == "cpu":
            raise
        made = value(*target.positional, **target.named)
    if _holds_weights(made):
        raise DataError(f"'{name}' gives {WEIGHTS}")
    if not isinstance(made, nn.Module):
        raise DataError(f"'{name}' gives {_typed(made)}; expected a model, torch.nn.Module")
    return made


WEIGHTS = "weights by their names (a state_dict), which have no architecture; expected a model"


def _holds_weights(value: object) -> bool:
    """Whether something is a state_dict."""
    values = list(value.values()) if isinstance(value, dict) else []
    return bool(values) and all(isinstance(one, torch.Tensor) for one in values)


def _copied(model: nn.Module, device: str) -> nn.Module:
    """A copy of a model; on "meta" its parameters and buffers have no memory."""
    scripts = [one for one in model.modules() if isinstance(one, torch.jit.ScriptModule)]
    memo: dict[int, object] = {id(one): script_on(one, device) for one in scripts}
    if device == "meta":
        for tensor in _tensors(model):
            if not is_lazy(tensor):
                twin = torch.empty_like(tensor, device="meta", requires_grad=False)
                is_own = isinstance(tensor, nn.Parameter)
                memo[id(tensor)] = nn.Parameter(twin, requires_grad=False) if is_own else twin
    return copy.deepcopy(model, memo)


def _tensors(model: nn.Module) -> chain[torch.Tensor]:
    return chain(model.parameters(), model.buffers())


def _typed(value: object) -> str:
    return f"an object of the type {printable(type(value).__name__, 60)}"


def parameters_of(function: Callable[..., object]) -> Mapping[str, inspect.Parameter]:
    """The parameters of a function by their names; none where they cannot be found out."""
    try:
        return inspect.signature(function).parameters
    except (TypeError, ValueError):
        return {}


def assumed_shape(model: nn.Module) -> Shape:
    """The input of a model where none is given: what its first layer takes, of a usual size."""
    for module in model.modules():
        channels = getattr(module, "in_channels", None)
        kernel = getattr(module, "kernel_size", None)
        if isinstance(channels, int) and isinstance(kernel, tuple) and channels > 0:
            return (channels, *USUAL_SIZES[min(3, len(kernel))][0])
        if isinstance(module, nn.Linear) and module.in_features > 0:
            return (module.in_features,)
    return DEFAULT_INPUT
