"""Networks as other programs have them: models of torch."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from convcalc.errors import UsageError

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    import torch  # noqa: TID251 - a name for type checkers

    from convcalc.layers import Shape
    from convcalc.network.graph import Network

__all__ = ["to_torch"]


def to_torch(
    network: Network,
    input_shape: Shape,
    functions: Sequence[str] = (),
    weights: Mapping[str, Any] | str | os.PathLike[str] | None = None,
) -> torch.fx.GraphModule:
    """A network as a model of torch; `Network.to_torch` says what it is.

    Raises:
        UsageError: torch is not installed.
    """
    if find_spec("torch") is None:
        raise UsageError("torch is not installed; pip install 'convcalc[torch]' brings it")
    from convcalc.export.torch_module import torch_module

    return torch_module(network, input_shape, functions, weights)
