"""Weights of an untrained network, drawn by the rules of the analysis."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from convcalc.network.initialisation import initial_rules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcalc.layers import Shape
    from convcalc.network.graph import Network
    from convcalc.network.initialisation import Initial


def initial_weights(
    network: Network,
    input_shape: Shape,
    seed: int | None,
    dtype: str = "float32",
    whole: Network | None = None,
) -> Iterator[tuple[str, np.ndarray]]:
    """The name and array of everything that running needs, one after the other.

    Args:
        seed: What the values are drawn with; None draws none, and leaves 0 in their place.
        dtype: A dtype of numpy; every dtype has the same values, drawn as float32.
        whole: The network that this one is a part of, where it is: it has the values of that.

    Raises:
        ShapeError, SpecError: a layer does not fit the input.
    """
    for name, rule in initial_rules(network, input_shape, whole).items():
        yield name, _array(rule, name, seed, dtype)


def _array(rule: Initial, name: str, seed: int | None, dtype: str) -> np.ndarray:
    """One array. Its values depend on the seed, its name and its rule, and on no other array."""
    if seed is None or not rule.is_drawn:
        return np.full(rule.shape, rule.value_with(seed), dtype)
    sequence = np.random.SeedSequence(seed, spawn_key=tuple(name.encode()))
    drawn = np.random.Generator(np.random.PCG64(sequence)).random(rule.shape, dtype=np.float32)
    drawn *= np.float32(2 * rule.bound)
    drawn -= np.float32(rule.bound)
    return drawn.astype(dtype, copy=False)
