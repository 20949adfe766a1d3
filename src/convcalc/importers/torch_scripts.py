"""Files of TorchScript: programs of torch that are loaded and run without Python of their own."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import torch

from convcalc.errors import DataError, printable
from convcalc.importers.loading import guarded

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

    from convcalc.importers.target import Target

_load: Callable[..., nn.Module] = torch.jit.load
_save: Callable[..., None] = torch.jit.save


def loaded_script(target: Target) -> nn.Module:
    """The program of a file, on the CPU.

    Raises:
        DataError: torch cannot load it.
    """
    with guarded(target, "loading it"):
        try:
            return _load(target.where, map_location="cpu").eval()
        except (RuntimeError, ValueError, OSError) as error:
            first = printable(str(error).strip().partition("\n")[0], 200)
            shown = f"'{printable(target.where)}' is a TorchScript program"
            raise DataError(f"{shown} that torch cannot load: {first}") from None


def script_on(model: torch.jit.ScriptModule, device: str) -> nn.Module:
    """A copy of a program with its parameters on a device."""
    written = io.BytesIO()
    _save(model, written)
    written.seek(0)
    return _load(written, map_location=device).eval()
