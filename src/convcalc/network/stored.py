"""Where a layer's arrays are in the model that it was read from, and why it cannot be run alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcalc.layers import Layer


class Computed(NamedTuple):
    """A layer that is run in the place of the one that a network shows.

    Attributes:
        layer: The layer.
        inputs: The nodes that it reads.
    """

    layer: Layer
    inputs: tuple[int, ...]


class Stored(NamedTuple):
    """What of a model's own names and values a layer was read with.

    Attributes:
        names: The name in the model's `state_dict` of each weight, by the layer's own name of it. A
            weight that the model computes of its parameters has none.
        refusal: Why the layer, computed from its inputs and weights, is not what the model
            computes: a mask, a state to begin with, a step of another size; None if it is.
        computed: What computes all of it.
    """

    names: Mapping[str, str]
    refusal: str | None = None
    computed: Computed | None = None
