"""The inputs near one that does not fit, which every layer of a network takes."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from convcalc.errors import LayerError, SpecError
from convcalc.inverse.model_weights import ModelWeights
from convcalc.inverse.rule import rule_of
from convcalc.layers.base import format_shape

if TYPE_CHECKING:
    from convcalc.inverse.rule import SizeRule
    from convcalc.layers import Shape
    from convcalc.network.graph import Network

FARTHEST = 64
"""How far from a size others are tried."""

MOST_STEPS = 100_000
"""Layers that are asked in one search, so that it ends at once for a large network too."""


class Nearby(NamedTuple):
    """Inputs near one that does not fit.

    Attributes:
        shapes: The nearest smaller and the nearest larger one, as far as there are.
        rule: The sizes around the first axis's that fit, all axes alike; None if none was tried.
    """

    shapes: tuple[Shape, ...] = ()
    rule: SizeRule | None = None

    def __str__(self) -> str:
        """The sizes in words, and the rule where they repeat.

        Example:
            >>> import convcalc
            >>> network = convcalc.parse("residual{conv:8,k4,s4 convt:3,k4,s4 | }")
            >>> print(nearby_inputs(network, (3, 50, 50)))
            48, 52: multiples of 4
        """
        sizes = (
            str(shape[1]) if len(set(shape[1:])) == 1 else format_shape(shape[1:])
            for shape in self.shapes
        )
        repeats = self.rule and not self.rule.exceptions and self.rule.period > 1
        return ", ".join(sizes) + (f": {self.rule}" if repeats else "")


def nearby_inputs(network: Network, input_shape: Shape) -> Nearby:
    """The nearest inputs that every layer takes.

    Sizes are tried one by one, up to 64 away from each spatial size and all axes alike; where the
    sizes differ, each axis takes the one nearest to its own. What is given was tried as a whole.

    Args:
        network: The layers.
        input_shape: (channels, *spatial sizes) of one sample, which does not fit.

    Example:
        >>> import convcalc
        >>> network = convcalc.parse("residual{conv:8,k2,s2 convt:3,k2,s2 | }")
        >>> nearby_inputs(network, (3, 5, 7)).shapes
        ((3, 4, 6), (3, 6, 8))
    """
    if any(node.expects and node.expects.refusal for node in network.nodes):
        return Nearby()
    channels, *sizes = input_shape
    if not sizes:
        return Nearby()
    farthest = min(FARTHEST, MOST_STEPS // (4 * len(network.nodes)))
    first, last = max(1, sizes[0] - farthest), sizes[0] + farthest
    known: dict[int, bool] = {}
    model = ModelWeights(network)

    def taken(size: int) -> bool:
        if size not in known:
            known[size] = _fits(model, (channels, *(size,) * len(sizes)))
        return known[size]

    found = []
    for step in (-1, 1):
        nearest = [
            next(filter(taken, range(size, max(0, size + step * (farthest + 1)), step)), 0)
            for size in sizes
        ]
        shape = (channels, *nearest)
        if all(nearest) and _fits(model, shape):
            found.append(shape)
    if not found:
        return Nearby()
    return Nearby(tuple(found), rule_of(list(filter(taken, range(first, last + 1))), first, last))


def _fits(model: ModelWeights, shape: Shape) -> bool:
    """Whether every layer takes what arrives at it."""
    try:
        deque(model.walk(shape), maxlen=0)
    except (LayerError, SpecError):
        return False
    return True
