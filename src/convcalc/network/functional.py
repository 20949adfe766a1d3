"""Which layers of a network a PyTorch model calls as functions instead of as modules.

PyTorch has two ways to write a ReLU: a module, `nn.ReLU()`, and a call, `functional.relu(x)`.
They compute the same, but a tool that counts by hooks on modules sees the first one only. Which
way a network was written in is no part of its layers, so that it is told by names: of kinds, of
layers, of blocks as `stage1.0` of `stage1.0.2`, or of one word of labels, as `pool` of `head.pool`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from itertools import chain
from typing import TYPE_CHECKING

from convcalc.errors import UsageError, described, nearest, printable
from convcalc.layers import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from convcalc.network.graph import Network, Node

_DECLARED = re.compile(r"^# functions (.+)$", re.MULTILINE)

WITHOUT_MODULE = ("ln",)
"""Kinds with weights that are called as functions by modules of one's own, which hold the weights.
"""


def only_module(kind: str) -> bool:
    """Whether layers of a kind cannot be called as functions: a module must hold their weights."""
    return KINDS[kind].has_weights() and kind not in WITHOUT_MODULE


class Functions:
    """The names of what is called as a function, looked up for one layer after another.

    A name is that of a kind, or a label, or the first words of labels, or one word of them; the
    last two mean those layers that can be functions. A word that is a kind means the kind.
    """

    def __init__(self, names: Iterable[str]) -> None:
        chosen = frozenset(names)
        self.kinds = chosen.intersection(KINDS)
        self.places = chosen - self.kinds
        self.below: dict[str, bool] = {"": False}

    def __contains__(self, node: Node) -> bool:
        """Whether a layer is called as a function."""
        kind = node.layer.kind
        named = kind in self.kinds or (bool(self.places) and self.names(node.label))
        return named and not only_module(kind)

    def names(self, label: str) -> bool:
        """Whether a label, its first words or one of its words are among the names.

        What holds of the first words holds of all labels that begin so, and is decided once.
        """
        passed = []
        while label not in self.below:
            passed.append(label)
            start, _, word = label.rpartition(".")
            if label in self.places or (word in self.places and not word.isdigit()):
                self.below[label] = True
            else:
                label = start
        for path in passed:
            self.below[path] = self.below[label]
        return self.below[label]


def check_functions(network: Network, functions: Sequence[str]) -> None:
    """Every name must mean something that can be a function. Kinds may be absent from the network.

    Raises:
        UsageError: a name is unknown, or means a layer whose weights a module must hold.
    """
    if isinstance(functions, str):
        shown = printable(functions, 60)
        raise UsageError(f"functions: expected names, as ('relu', 'gap'); got the text '{shown}'")
    names = list(functions) if isinstance(functions, list | tuple) else [functions]
    if not all(isinstance(name, str) for name in names):
        wrong = next(name for name in names if not isinstance(name, str))
        raise UsageError(f"functions: expected names, as ('relu', 'gap'); got {described(wrong)}")
    labels = {node.label: {node.layer.kind} for node in network.nodes} if functions else {}
    below = _kinds_below(network) if functions else {}
    for name in functions:
        kinds = {name} if name in KINDS else labels.get(name) or below.get(name)
        shown = printable(name, 60)
        if not kinds:
            hint = nearest(name, chain(KINDS, _labels(network)))
            known = hint or "; kinds, labels and their first words are known"
            raise UsageError(f"functions: no kind or label is called '{shown}'{known}")
        if all(map(only_module, kinds)):
            raise UsageError(
                f"functions: '{shown}' cannot be called as a function: its weights need a module"
            )


def _kinds_below(network: Network) -> dict[str, set[str]]:
    """The kinds whose labels begin with a path, or have a word; a number alone is a place.

    A path that had a kind before has passed it on to the paths above it.
    """
    found: defaultdict[str, set[str]] = defaultdict(set)
    passed: set[tuple[str, str]] = set()
    for node in network.nodes:
        path, kind = node.label, node.layer.kind
        while path and (path, kind) not in passed:
            passed.add((path, kind))
            start, _, word = path.rpartition(".")
            if not word.isdigit():
                found[word].add(kind)
            if start:
                found[start].add(kind)
            path = start
    return found


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
