"""The weights of a network by name, checked against what it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

from convcalc.errors import DataError, nearest, printable
from convcalc.layers.base import format_shape

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from convcalc.layers import Shape
    from convcalc.network.graph import Network

T = TypeVar("T")


class Shaped(Protocol):
    """An array of any library, known by its shape."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Elements along each axis."""


MOST_FAULTS = 3
"""Weights that one message names."""

PREFIXES = ("module.", "_orig_mod.")
"""What wrappers of PyTorch put before the names of all weights of a model."""

NAMES = {"weight", "bias", "running_mean", "running_var"}
"""Last words of names by which PyTorch tells arrays of one layer apart."""


def without_counters(given: Mapping[str, T]) -> dict[str, T]:
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


def without_prefix(given: Mapping[str, T], network: Network) -> tuple[dict[str, T], str | None]:
    """The arrays by the names that they have in the model itself, and a note where that changed.

    Models that were trained in DataParallel or by torch.compile have a word before every name.
    """
    found = dict(given)
    words = []
    while prefix := next((p for p in PREFIXES if _are_all_behind(p, found, network)), None):
        found = {name.removeprefix(prefix): array for name, array in found.items()}
        words.append(prefix)
    return found, f"'{''.join(words)}' is left out of the names of the weights" if words else None


def _are_all_behind(prefix: str, given: Mapping[str, T], network: Network) -> bool:
    """Whether all names begin with a prefix, which is no word of the network's own."""
    if not given or not all(name.startswith(prefix) for name in given):
        return False
    return not any(f"{node.label}.".startswith(prefix) for node in network.nodes)


def in_order(given: Mapping[str, np.ndarray], needed: Mapping[str, Shape]) -> dict[str, np.ndarray]:
    """The arrays by the names of the network's weights, one after the other.

    Arrays of equal shapes are told apart by the last word of their names, where both have one of
    PyTorch's: a mean is never taken for a bias.

    Raises:
        DataError: their number, a shape or such a word differs; the first of them is named.
    """
    arrays = without_counters(given)
    unfit = _first_unfit(arrays, needed)
    if unfit is not None:
        number, own, name = unfit
        raise DataError(
            f"the weights do not fit in order: array {number} is '{printable(own)}' "
            f"({format_shape(arrays[own].shape)}), the network needs '{name}' "
            f"({format_shape(needed[name])}) there; --weights-by name compares names"
        )
    if len(arrays) != len(needed):
        raise DataError(
            f"the weights do not fit in order: there are {len(arrays):,} arrays, "
            f"the network needs {len(needed):,}"
        )
    return dict(zip(needed, arrays.values(), strict=True))


def _first_unfit(
    arrays: Mapping[str, Shaped], needed: Mapping[str, Shape]
) -> tuple[int, str, str] | None:
    """The number and both names of the first array that is not the one needed in its place."""
    for number, (own, name) in enumerate(zip(arrays, needed, strict=False), start=1):
        words = {own.rpartition(".")[2], name.rpartition(".")[2]}
        if arrays[own].shape != needed[name] or (len(words) > 1 and words <= NAMES):
            return number, own, name
    return None


def check_weights(given: Mapping[str, Shaped], needed: Mapping[str, Shape]) -> None:
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
        if len(missing) == len(needed) == len(given) and _first_unfit(given, needed) is None:
            more += "; all fit in their order: --weights-by order"
        raise DataError("the weights do not fit: " + "; ".join(faults[:MOST_FAULTS]) + more)


def _beside(name: str, given: Mapping[str, object], needed: Mapping[str, Shape]) -> list[str]:
    """The weights of the same layer that are there; one that is missing is named as such."""
    label = name.rpartition(".")[0]
    return [other for other in needed if other in given and other.rpartition(".")[0] == label]


def of_modules(
    given: Mapping[str, np.ndarray], network: Network, shape: Shape
) -> tuple[dict[str, np.ndarray], list[str]]:
    """The arrays of a model by the names of its network's weights, and the names of the others.

    A node knows the names of its arrays in the model's `state_dict`, which may lack or have axes of
    one element. A node of which that is not known has the path of its module, and names are alike.

    Args:
        given: The arrays by the names of the model's `state_dict`.
        network: The network that the model was read as, or a part of it.
        shape: (channels, *sizes) of one sample.

    Raises:
        DataError: an array has not as many elements as its weight.
    """
    arrays = without_counters(given)
    found: dict[str, np.ndarray] = {}
    used = set()
    for step in network.walk(shape):
        stored = {} if step.node.stored is None else step.node.stored.names
        for own, needed in step.layer.tensor_shapes(*step.arriving).items():
            name = f"{step.node.label}.{own}"
            kept = stored.get(own, name)
            if kept in arrays:
                found[name] = _shaped(kept, arrays[kept], needed)
                used.add(kept)
    return found, [name for name in arrays if name not in used]


def _shaped(name: str, array: np.ndarray, needed: Shape) -> np.ndarray:
    """An array with the axes of the weight that it is, but for axes of one element.

    Raises:
        DataError: its sizes are others.
    """
    if array.shape == needed:
        return array
    if [size for size in array.shape if size > 1] != [size for size in needed if size > 1]:
        raise DataError(
            f"the weights do not fit: '{printable(name)}' is {format_shape(array.shape)}, the "
            f"network needs {format_shape(needed)}"
        )
    return array.reshape(needed)
