"""Small whole numbers for layers that are explained without a file: easy to add up in the head."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np

from convcalc.layers.normalisation import Norm

if TYPE_CHECKING:
    from convcalc.layers import Shape
    from convcalc.network.graph import Network

INPUTS = 5
"""Inputs are 0 to 4."""

WEIGHTS = (-1, 0, 1, 2, -2, 1, 0, -1)
"""What weights are, in an order without a pattern."""

MIXING = ((16, 0x85EBCA6B), (13, 0xC2B2AE35))
"""Shifts and factors that mix the bits of a number: Appleby, MurmurHash3, `fmix32`."""


def made_up_input(shape: Shape, dtype: str) -> np.ndarray:
    """Numbers from 0 to 4, the same for every call."""
    return (_scattered(prod(shape)) % INPUTS).reshape(1, *shape).astype(dtype)


def made_up_weights(network: Network, shape: Shape, dtype: str) -> dict[str, np.ndarray]:
    """Weights from -2 to 2, biases from 0 to 2, and what a `bn` makes whole numbers of them with.

    A normalisation has weights of 1 and 2, so that no channel is lost, and a `bn` variances that
    are 1 with its epsilon.
    """
    norms = {
        step.node.label: step.layer for step in network.walk(shape) if isinstance(step.layer, Norm)
    }
    weights = {}
    for name, size in network.tensor_shapes(shape).items():
        numbers = _scattered(prod(size)).reshape(size)
        label, _, own_name = name.rpartition(".")
        norm = norms.get(label)
        if norm is not None and own_name == "running_var":
            own = np.full(size, max(0.0, 1 - norm.eps))
        elif "bias" in name:
            own = numbers % 3
        elif norm is not None and own_name == "weight":
            own = 1 + numbers % 2
        else:
            own = np.array(WEIGHTS)[numbers % len(WEIGHTS)]
        weights[name] = own.astype(dtype)
    return weights


def _scattered(count: int) -> np.ndarray:
    """Whole numbers that look as if they were drawn, the same for every call."""
    mixed = np.arange(1, count + 1, dtype=np.uint32)
    for shift, factor in MIXING:
        mixed ^= mixed >> shift
        mixed *= np.uint32(factor)
    return (mixed ^ (mixed >> 16)).astype(np.int64)
