"""The inputs of a network: what they are called, and which of several things is for which."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

from convcalc.errors import UsageError, printable
from convcalc.layers.sources import Input

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from convcalc.layers import Shape
    from convcalc.network.graph import Network

T = TypeVar("T")

FIRST = "input"
"""What the first input is called where no model has a name for it."""


class Further(NamedTuple):
    """An input beside the first: its label, and the shape of one sample."""

    label: str
    shape: Shape


def further_inputs(network: Network) -> list[Further]:
    """The inputs beside the first, in the order of the nodes."""
    return [
        Further(node.label, node.layer.shape)
        for node in network.nodes
        if isinstance(node.layer, Input)
    ]


def input_names(network: Network) -> list[str]:
    """What the inputs of a network are called, the first one first."""
    return [network.input_name or FIRST, *(one.label for one in further_inputs(network))]


def by_name(names: Sequence[str], given: Iterable[tuple[str, T]]) -> dict[str, T]:
    """What is given for each input: that with a name for its own, others in order for the rest.

    Args:
        names: All inputs in their order.
        given: Names, which may be empty, and what is given.

    Raises:
        UsageError: there is no such input, more is given than there are, or nothing for the first.
    """
    pairs = list(given)
    found: dict[str, T] = {}
    for name, one in pairs:
        shown = printable(name, 60)
        if name and name not in names:
            raise UsageError(f"the network has no input '{shown}'; it has {_listed(names)}")
        if name in found:
            raise UsageError(f"the input '{shown}' is given twice")
        if name:
            found[name] = one
    left = [name for name in names if name not in found]
    unnamed = [one for name, one in pairs if not name]
    if len(unnamed) > len(left):
        raise UsageError(
            f"the network has {len(names)} input{'s' * (len(names) > 1)}, {len(pairs)} are given"
        )
    found |= dict(zip(left, unnamed, strict=False))
    if names[0] not in found:
        raise UsageError(missing_input(names, names[0]))
    return found


def missing_input(names: Sequence[str], name: str) -> str:
    """What is said where one of several inputs is missing."""
    return (
        f"the network reads {_listed(names)}, and '{printable(name, 60)}' is not given: an array "
        f"for each in this order, or {printable(name, 60)}=FILE.npy"
    )


def _listed(names: Sequence[str]) -> str:
    """The inputs in words."""
    shown = printable(", ".join(names[:8]), 200) + (", ..." if len(names) > 8 else "")
    return f"the inputs {shown}" if len(names) > 1 else f"one input, {shown}"
