"""The tensors that a model's forward is called with."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

import torch

from convcalc.errors import UsageError, printable
from convcalc.importers.torch_building import parameters_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.network.given_inputs import GivenInput

BY_PLACE = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


class Arguments:
    """The tensors of some inputs, and how forward gets them.

    A forward with one parameter takes several as a list, or as a mapping where they have names.

    Attributes:
        tensors: Zeros, or without values on "meta", in the order in which they are given.
        labels: What the network calls each.
        are_one: Whether forward gets several as one list or mapping.
    """

    def __init__(
        self, model: torch.nn.Module, inputs: Sequence[GivenInput], device: str, batch: int
    ) -> None:
        self._places = _places(model)
        floats = (one.dtype for one in model.parameters() if one.is_floating_point())
        own = next(floats, torch.float32)
        self.tensors = [
            torch.zeros((batch, *one.shape), device=device, dtype=_dtype(one.dtype) or own)
            for one in inputs
        ]
        self._names = [one.name for one in inputs]
        self.are_one = len(inputs) > 1 and len(self._places) == 1 and not _takes_many(model)
        places = iter(name for name in self._places if name not in self._names)
        self.labels = [name or next(places, f"input{n}") for n, name in enumerate(self._names, 1)]

    def call(self, model: torch.nn.Module) -> object:
        """What forward gives."""
        pairs = list(zip(self._names, self.tensors, strict=True))
        if self.are_one:
            if all(self._names):
                return model(dict(pairs))
            return model(self.tensors)
        placed = [tensor for name, tensor in pairs if not name]
        return model(*placed, **{name: tensor for name, tensor in pairs if name})


def check_inputs(model: torch.nn.Module, asked: Sequence[GivenInput] | None) -> None:
    """Refuses fewer inputs than forward needs, and more than it takes.

    Args:
        model: The model.
        asked: What is given; None where whoever asks has no way to give several.

    Raises:
        UsageError: there are too few or too many, or one has a dtype or name that there is not.
    """
    parameters, inputs = parameters_of(model.forward), asked or ()
    if not parameters:
        return
    needed = [
        name
        for name, one in parameters.items()
        if one.default is inspect.Parameter.empty and one.kind in BY_PLACE
    ]
    signature = f"{type(model).__name__}.forward({', '.join(parameters)})"
    shown = printable(signature, 200)
    for one in inputs:
        if one.dtype and _dtype(one.dtype) is None:
            raise UsageError(f"--input: torch has no dtype '{printable(one.dtype, 40)}'")
    _check_names(model, inputs, shown)
    number = max(1, len(inputs))
    if number < len(needed):
        forms = " ".join(["-i SHAPE"] * len(needed))
        wanted = f"{shown} needs {len(needed)} inputs"
        if asked is None:
            raise UsageError(f"{wanted}; convcalc summary takes them, as {forms}")
        raise UsageError(
            f"{wanted}, {len(inputs) or 'none'} given: {forms}, one for each in this order, as "
            "-i 3x224x224 -i 128:int64"
        )
    places = _places(model)
    if number > len(places) > 1 and not _takes_many(model):
        raise UsageError(f"{shown} takes {len(places)} inputs at most, {number} given")


def _check_names(model: torch.nn.Module, inputs: Sequence[GivenInput], shown: str) -> None:
    """Inputs that have names are parameters of forward, or the keys of its only one.

    Raises:
        UsageError: one is neither.
    """
    parameters = parameters_of(model.forward)
    anything = any(one.kind is inspect.Parameter.VAR_KEYWORD for one in parameters.values())
    keys = len(inputs) > 1 and len(_places(model)) == 1 and all(one.name for one in inputs)
    unknown = next((one.name for one in inputs if one.name and one.name not in parameters), None)
    if unknown and not anything and not keys:
        raise UsageError(f"--input: {shown} has no input '{printable(unknown, 60)}'")


def _places(model: torch.nn.Module) -> list[str]:
    return [name for name, one in parameters_of(model.forward).items() if one.kind in BY_PLACE]


def _takes_many(model: torch.nn.Module) -> bool:
    kinds = {one.kind for one in parameters_of(model.forward).values()}
    return inspect.Parameter.VAR_POSITIONAL in kinds or not kinds


def _dtype(name: str) -> torch.dtype | None:
    found = getattr(torch, name, None) if name else None
    return found if isinstance(found, torch.dtype) else None
