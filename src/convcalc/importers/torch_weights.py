"""The weights that a user's own model has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import nn

from convcalc.importers.loading import found, guarded
from convcalc.importers.torch_scripts import loaded_script

if TYPE_CHECKING:
    from convcalc.importers.target import Target


def own_weights(target: Target) -> dict[str, Any] | None:
    """The arrays of numpy in the `state_dict` of a model that is there; None of what makes one.

    Raises:
        DataError: the file cannot be imported, or has no such object.
    """
    if target.is_script:
        value: Any = loaded_script(target)
    else:
        value = None if target.called else found(target)
    if not isinstance(value, nn.Module):
        return None
    with guarded(target, "reading its weights"):
        return {name: tensor.detach().cpu().numpy() for name, tensor in value.state_dict().items()}
