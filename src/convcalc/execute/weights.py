"""The weights of a network by name: checked against what it needs, or drawn at random."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from convcalc.errors import DataError, nearest, printable
from convcalc.layers.base import times

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcalc.layers import Shape


def without_counters(given: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The arrays that inference reads: PyTorch also stores how many batches `bn` has seen."""
    return {
        name: array
        for name, array in given.items()
        if name.rpartition(".")[2] != "num_batches_tracked"
    }


def check_weights(given: Mapping[str, np.ndarray], needed: Mapping[str, Shape]) -> None:
    """Every weight must be there, of its shape, and no other.

    Raises:
        DataError: one is missing, unknown or of another shape; up to three are named.
    """
    faults = [
        f"missing '{name}' ({times(shape)}){nearest(name, set(given) - set(needed))}"
        for name, shape in needed.items()
        if name not in given
    ]
    faults += [
        f"'{name}' is {times(given[name].shape)}, the network needs {times(shape)}"
        for name, shape in needed.items()
        if name in given and given[name].shape != shape
    ]
    faults += [f"no layer has a weight '{printable(name)}'" for name in given if name not in needed]
    if faults:
        more = f"; and {len(faults) - 3} more" if len(faults) > 3 else ""
        raise DataError("the weights do not fit: " + "; ".join(faults[:3]) + more)


def random_weights(needed: Mapping[str, Shape], seed: int) -> dict[str, np.ndarray]:
    """float32 weights, uniform within 1/sqrt(fan-in), the same for the same seed.

    The fan-in of a weight (O, C/g, *k) is C/g * prod(k), and its bias shares the bound; this is
    PyTorch's default, so that signals keep about their size from layer to layer. For the same
    reason the factors of a normalisation and its variances are drawn around 1.
    """
    generator = np.random.default_rng(seed)
    weights: dict[str, np.ndarray] = {}
    bound = 1.0
    for name, shape in needed.items():
        if len(shape) > 1:
            bound = float(np.prod(shape[1:])) ** -0.5
        factor = len(shape) == 1 and name.endswith(("weight", "running_var"))
        low, high = (0.5, 1.5) if factor else (-bound, bound)
        weights[name] = generator.uniform(low, high, shape).astype(np.float32)
    return weights
