"""Normalisations by what arrives: a mean, a variance, and what they make of an element."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Final, TypeAlias

from convcalc.explain.walk.data import Calculation, number_text
from convcalc.explain.walk.functions import letters, put_in
from convcalc.layers.dims import place_of
from convcalc.layers.normalisation import GroupNorm, InstanceNorm, LayerNorm

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcalc.explain.walk.data import Number, Place, Values
    from convcalc.layers import Layer

MOST_TERMS: Final = 16
"""Terms that a calculation writes out; of more it says how many there are."""

Own: TypeAlias = GroupNorm | InstanceNorm | LayerNorm


def normalised(
    layer: Layer, values: Values, weights: Mapping[str, Values], place: Place, result: Number
) -> tuple[Calculation, ...]:
    """How a normalisation comes to an output; nothing of layers that are none of these.

    Args:
        layer: The layer.
        values: What arrives, (channels, *spatial).
        weights: Its weights by name.
        place: (channel, *position) of the output.
        result: What it came to.
    """
    if not isinstance(layer, Own):
        return ()
    elements = [values[one] for one in product(*_together(layer, values.shape, place))]
    mean, variance = _statistics(elements)
    own = {"x": values[place], "mean": mean.value, "variance": variance.value}
    form = f"({{x}} - {{(mean)}}) / sqrt({{variance}} + {layer.eps:g})"
    if layer.affine:
        axis = place_of(layer.dim, values.shape) if isinstance(layer, LayerNorm) else 0
        at = (place[axis],)
        form += " * {(weight)} + {(bias)}"
        own |= {"weight": weights["weight"][at], "bias": weights["bias"][at]}
    return mean, variance, Calculation(letters(form), put_in(form, own), result)


def _together(layer: Own, shape: tuple[int, ...], place: Place) -> tuple[range, ...]:
    """The elements that the mean of an output is taken over, as a range of each axis."""
    match layer:
        case LayerNorm():
            axis = place_of(layer.dim, shape)
            around = [range(at, at + 1) for at in place]
            return (*around[:axis], range(shape[axis]), *around[axis + 1 :])
        case GroupNorm():
            size = shape[0] // layer.num_groups
            first = place[0] // size * size
            return (range(first, first + size), *map(range, shape[1:]))
        case InstanceNorm():
            return (range(place[0], place[0] + 1), *map(range, shape[1:]))


def _statistics(elements: list[Number]) -> tuple[Calculation, Calculation]:
    """The mean of some elements, and their variance around it."""
    count = len(elements)
    mean = sum(elements) / count
    variance = sum((one - mean) ** 2 for one in elements) / count
    told = [number_text(one) for one in elements[:MOST_TERMS]]
    squares = [
        put_in("({x} - {(mean)})^2", {"x": one, "mean": mean}) for one in elements[:MOST_TERMS]
    ]
    return _of_many("mean", told, count, mean), _of_many("variance", squares, count, variance)


def _of_many(name: str, terms: list[str], count: int, value: Number) -> Calculation:
    """A mean, written out if its terms are few."""
    if count > MOST_TERMS:
        return Calculation(f"{name} of {count:,} elements", "", value)
    return Calculation(name, f"({' + '.join(terms)}) / {count}", value)
