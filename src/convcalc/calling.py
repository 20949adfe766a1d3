"""Which layers a model calls as functions and not as modules: F.relu(x), or nn.ReLU()(x).

Both compute the same. Counters that hang hooks on modules do not see functions, and some count
them in another way, so that the total of such a counter depends on how a model is written.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from convcalc.errors import UsageError, nearest, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.network import Network, Node

_DECLARED = re.compile(r"^# functions (.+)$", re.MULTILINE)


def called_as_function(node: Node, functions: Sequence[str]) -> bool:
    """Whether a node is called as a function.

    Args:
        node: The layer in its place.
        functions: Names of kinds, as "relu", of labels and blocks from the outermost on, as
            "head.pool" or "head", or of a label wherever it stands, as "pool".
    """
    return bool(functions) and not _names(node).isdisjoint(functions)


def check_functions(network: Network, functions: Sequence[str]) -> None:
    """Every name must be that of a kind, a block or a label of the network.

    Raises:
        UsageError: one is not; the message has the nearest.
    """
    known: dict[str, None] = {}
    for node in network.nodes:
        known.update(dict.fromkeys(_names(node)))
    for name in functions:
        if name not in known:
            raise UsageError(
                f"functions: the network has no kind or label '{printable(name, 60)}'"
                f"{nearest(name, known)}"
            )


def _names(node: Node) -> set[str]:
    """Every name that means a node; a number alone is a place and means its block only."""
    parts = node.label.split(".")
    blocks = {".".join(parts[:length]) for length in range(1, len(parts) + 1)}
    labels = {part for part in parts if not part.isdigit()}
    return blocks | labels | {getattr(node.layer, "kind", node.label)}


def declared_functions(text: str) -> tuple[str, ...]:
    r"""The names that a comment `# functions relu gap` of a spec gives.

    Example:
        >>> declared_functions("# functions relu gap\nconv:8,k3 relu gap")
        ('relu', 'gap')
    """
    match = _DECLARED.search(text)
    return tuple(match.group(1).split()) if match else ()
