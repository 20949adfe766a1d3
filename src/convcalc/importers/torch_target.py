"""Models of PyTorch that are run: where torch is installed, and to their end."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING

from convcalc.errors import DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.importers.target import Target
    from convcalc.layers import Shape
    from convcalc.network.given_inputs import GivenInput
    from convcalc.network.graph import Network


def check_torch() -> None:
    """Torch has to be there.

    Raises:
        UsageError: it is not.
    """
    if find_spec("torch") is None:
        raise UsageError("a model of PyTorch needs torch; pip install 'convcalc[torch]' brings it")


def run_target(
    target: Target,
    shape: Shape | None,
    batch: int = 1,
    given: Sequence[GivenInput] | None = None,
) -> Network:
    """The network of a model, as `torch_model.network_of` finds it by running it.

    Raises:
        UsageError: torch is not installed, or the model takes other inputs.
        DataError: the model's code raised before its first call, or there is no such model.
    """
    check_torch()
    from convcalc.importers.torch_model import network_of

    return network_of(target, shape, batch, given)


def whole(network: Network) -> Network:
    """A network that was followed to its end; of one that could not be a note says where it ends.

    Raises:
        DataError: it ended by a fault of the model or its input.
    """
    trace = network.trace
    if trace is None or trace.stop is None:
        return network
    if not trace.failed:
        return replace(network, notes=(*network.notes, trace.ending))
    raise DataError(trace.ending)
