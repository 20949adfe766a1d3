"""What a caller means by a network in Python, and what it is called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from convcalc.errors import ConvcalcError, ParameterError, described, printable
from convcalc.network.graph import Network
from convcalc.zoo.catalog import named_or_read

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LONGEST_NAME = 40
"""Characters of the text of a network that stand for its name."""


def network_of(value: object) -> Network:
    """A network: itself, a reference network by its name, or the layers of a text.

    Raises:
        ParameterError: it is none of these.
        SpecError: the text has faults.

    Example:
        >>> len(network_of("vgg16").nodes), network_of("conv:8,k3").spec()
        (40, 'conv:8,k3')
    """
    if isinstance(value, Network):
        return value
    if not isinstance(value, str):
        raise ParameterError(
            "network", f"expected a Network, a name or layers as text, got {described(value)}"
        )
    return named_or_read(value)


def name_of(value: object) -> str:
    """What a network is called: its name, or the beginning of its text."""
    if isinstance(value, str):
        return printable(" ".join(value.split()), LONGEST_NAME)
    try:
        return printable(network_of(value).spec(), LONGEST_NAME)
    except ConvcalcError:  # no text gives just this network
        return "a network"


def named_networks(values: Iterable[object]) -> Iterator[tuple[str, Network | ConvcalcError]]:
    """Each network with its name; in its place why it is none, where its text has faults.

    Args:
        values: Networks, names, texts, and mappings of names to these.

    Raises:
        ParameterError: one is none of these.
    """
    for value in values:
        pairs = value.items() if isinstance(value, Mapping) else [(None, value)]
        for name, one in pairs:
            try:
                network: Network | ConvcalcError = network_of(one)
            except ParameterError:
                raise
            except ConvcalcError as error:
                network = error
            yield name_of(one) if name is None else printable(str(name), LONGEST_NAME), network
