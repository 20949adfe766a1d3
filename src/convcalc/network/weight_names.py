"""The weights of a network by name, checked against what it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.errors import DataError, nearest, printable
from convcalc.layers.base import format_shape

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from convcalc.layers import Shape
    from convcalc.network.graph import Network

MOST_FAULTS = 3
"""Weights that one message names."""


def without_counters(given: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The arrays that inference reads: PyTorch also stores how many batches `bn` has seen."""
    return {
        name: array
        for name, array in given.items()
        if name.rpartition(".")[2] != "num_batches_tracked"
    }


def of_layers(
    given: Mapping[str, np.ndarray], part: Network, whole: Network
) -> dict[str, np.ndarray]:
    """The arrays without those of layers of the whole network that its part does without."""
    kept = {node.label for node in part.nodes}
    own = tuple(f"{label}." for label in kept)
    others = tuple(f"{node.label}." for node in whole.nodes if node.label not in kept)
    return {
        name: array
        for name, array in given.items()
        if name.startswith(own) or not name.startswith(others)
    }


def check_weights(given: Mapping[str, np.ndarray], needed: Mapping[str, Shape]) -> None:
    """Every weight must be there, of its shape, and no other.

    Raises:
        DataError: one is missing, unknown or of another shape; up to three are named.
    """
    missing = [name for name in needed if name not in given]
    unfit = [name for name in needed if name in given and given[name].shape != needed[name]]
    unknown = [name for name in given if name not in needed]
    # Hints are looked for where they are shown: many names are slow to compare with many.
    faults = [
        f"missing '{name}' ({format_shape(needed[name])}){printable(nearest(name, unknown))}"
        for name in missing[:MOST_FAULTS]
    ]
    faults += [
        f"'{name}' is {format_shape(given[name].shape)}, the network needs "
        f"{format_shape(needed[name])}"
        for name in unfit[:MOST_FAULTS]
    ]
    faults += [
        f"no layer has a weight '{printable(name)}'{nearest(name, _beside(name, given, needed))}"
        for name in unknown[:MOST_FAULTS]
    ]
    if faults:
        number = len(missing) + len(unfit) + len(unknown)
        more = f"; and {number - MOST_FAULTS} more" if number > MOST_FAULTS else ""
        raise DataError("the weights do not fit: " + "; ".join(faults[:MOST_FAULTS]) + more)


def _beside(name: str, given: Mapping[str, np.ndarray], needed: Mapping[str, Shape]) -> list[str]:
    """The weights of the same layer that are there; one that is missing is named as such."""
    label = name.rpartition(".")[0]
    return [other for other in needed if other in given and other.rpartition(".")[0] == label]
