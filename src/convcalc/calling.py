"""Which layers of a network a PyTorch model calls as functions instead of as modules.

PyTorch has two ways to write a ReLU: a module, `nn.ReLU()`, and a call, `functional.relu(x)`.
They compute the same, but a tool that counts by hooks on modules sees the first one only. Which
way a network was written in is no part of its layers, so that it is told by names: of kinds, of
layers, of blocks as `stage1.0` of `stage1.0.2`, or of one word of labels, as `pool` of `head.pool`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from convcalc.errors import UsageError, nearest, printable
from convcalc.layers import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from convcalc.network import Network, Node

_DECLARED = re.compile(r"^# functions (.+)$", re.MULTILINE)

ONLY_MODULES = frozenset(
    ("conv", "convt", "dw", "pw", "sep", "linear", "bn", "gn", "in", "prelu", "layerscale")
)
"""Kinds with weights, which a module must hold; of `ln` a module of one's own holds them."""


def called_as_function(node: Node, functions: Sequence[str]) -> bool:
    """Whether a layer is called as a function, where `functions` are the names that are.

    A name is that of a kind, or a label, or the first words of labels, or one word of them; the
    last two mean those layers that can be functions. A word that is a kind means the kind.
    """
    kind = node.layer.kind
    return any(
        name == kind or (name not in KINDS and (name == node.label or _is_below(node, name)))
        for name in functions
        if kind not in ONLY_MODULES
    )


def check_functions(network: Network, functions: Sequence[str]) -> None:
    """Every name must mean something that can be a function. Kinds may be absent from the network.

    Raises:
        UsageError: a name is unknown, or means a layer whose weights a module must hold.
    """
    if isinstance(functions, str):
        shown = printable(functions, 60)
        raise UsageError(f"functions: expected names, as ('relu', 'gap'); got the text '{shown}'")
    for name in functions:
        if name in KINDS:
            kinds = {name}
        else:
            kinds = {node.layer.kind for node in network.nodes if node.label == name} or {
                node.layer.kind for node in network.nodes if _is_below(node, name)
            }
        shown = printable(name, 60)
        if not kinds:
            hint = nearest(name, [*KINDS, *_labels(network)])
            known = hint or "; kinds, labels and their first words are known"
            raise UsageError(f"functions: no kind or label is called '{shown}'{known}")
        if kinds <= ONLY_MODULES:
            raise UsageError(
                f"functions: '{shown}' cannot be called as a function: its weights need a module"
            )


def _is_below(node: Node, name: str) -> bool:
    """Whether a label begins with the name, or has it as a word; a number alone is a place."""
    if node.label.startswith(f"{name}."):
        return True
    return not name.isdigit() and name in node.label.split(".")


def _labels(network: Network) -> Iterator[str]:
    """Every label, and every path that labels begin with."""
    for node in network.nodes:
        words = node.label.split(".")
        yield from (".".join(words[:end]) for end in range(1, len(words) + 1))
        yield from (word for word in words if not word.isdigit())


def declared_functions(text: str) -> tuple[str, ...]:
    r"""The names that a comment `# functions relu gap` of a spec gives.

    Example:
        >>> declared_functions("# functions relu gap\nconv:8,k3 relu gap")
        ('relu', 'gap')
    """
    match = _DECLARED.search(text)
    return tuple(match.group(1).split()) if match else ()
