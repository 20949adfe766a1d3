"""Names that torchvision gives to layers of the reference networks.

A file beside this module lists them, in the order of the layers that have weights.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, TypeVar

from convcalc.layers import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from convcalc.network.graph import Network

T = TypeVar("T")

FILE = os.path.join(os.path.dirname(__file__), "torchvision_names.txt")
AUXILIARY = ("aux1", "aux2", "AuxLogits", "aux_classifier")
"""First words of layers that are for training alone."""


def without_torchvision_names(
    given: Mapping[str, T], network: Network
) -> tuple[dict[str, T], str | None]:
    """Arrays by the network's own labels, where they have torchvision's for all of its layers.

    What is for training alone is left out.

    Returns:
        The arrays, and a note where names changed.
    """
    own = [node.label for node in network.nodes if KINDS[node.layer.kind].has_weights()]
    found = {name.rpartition(".")[0] for name in given}
    if found <= set(own):
        return dict(given), None
    wanted = {name for name in found if name.partition(".")[0] not in AUXILIARY}
    for model, names in torchvision_layers():
        if len(names) == len(own) and set(names) == wanted:
            label_of = dict(zip(names, own, strict=True))
            renamed = {
                f"{label_of[layer]}.{end}": array
                for name, array in given.items()
                for layer, _, end in [name.rpartition(".")]
                if layer in label_of
            }
            return renamed, f"the names of the weights are those of torchvision's {model}"
    return dict(given), None


def torchvision_layers() -> Iterator[tuple[str, list[str]]]:
    """Each model with its layers that have weights.

    Example:
        >>> dict(torchvision_layers())["alexnet"][:2]
        ['features.0', 'features.3']
    """
    with open(FILE, encoding="utf-8") as file:
        text = file.read().replace("\n    ", " ")
    for line in text.splitlines():
        model, _, names = line.partition(": ")
        if not line.startswith("#"):
            yield model, [name for word in names.split() for name in _expanded(word)]


def _expanded(word: str) -> list[str]:
    """The names that one word stands for: a.{b,c} is a.b and a.c."""
    match = re.fullmatch(r"(.*)\{(.*)\}", word)
    return [match[1] + end for end in match[2].split(",")] if match else [word]
