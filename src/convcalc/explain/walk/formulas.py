"""Functions of single elements, and normalisations, with the numbers of one output put in."""

from __future__ import annotations

import re
from itertools import product
from math import exp
from typing import TYPE_CHECKING, Any, TypeAlias

from convcalc.explain.walk.data import Calculation, number_text
from convcalc.layers.dims import place_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from convcalc.explain.walk.data import Number, Place, Values
    from convcalc.layers import Layer

MOST_TERMS = 16
"""Terms that a calculation writes out; of more it says how many there are."""

FUNCTIONS = {
    "relu": "max({x}, 0)",
    "relu6": "min(max({x}, 0), 6)",
    "hardtanh": "min(max({x}, {min_val}), {max_val})",
    "leakyrelu": "max({x}, 0) + {negative_slope} * min({x}, 0)",
    "rrelu": "max({x}, 0) + {negative_slope} * min({x}, 0)",
    "prelu": "max({x}, 0) + {weight} * min({x}, 0)",
    "elu": "max({x}, 0) + {alpha} * (exp(min({x}, 0)) - 1)",
    "celu": "max({x}, 0) + {alpha} * (exp(min({x}, 0) / {alpha}) - 1)",
    "selu": "1.050701 * (max({x}, 0) + 1.673263 * (exp(min({x}, 0)) - 1))",
    "sigmoid": "1 / (1 + exp({-x}))",
    "silu": "{x} / (1 + exp({-x}))",
    "gelu": "{x} / 2 * erfc({-x} / sqrt(2))",
    "mish": "{x} * tanh(log(1 + exp({x})))",
    "tanh": "tanh({x})",
    "tanhshrink": "{x} - tanh({x})",
    "softsign": "{x} / (1 + abs({x}))",
    "softshrink": "{x} - min(max({x}, {-lambd}), {lambd})",
    "logsigmoid": "0 - log(1 + exp({-x}))",
    "hardsigmoid": "min(max({x} + 3, 0), 6) / 6",
    "hardswish": "{x} * min(max({x} + 3, 0), 6) / 6",
    "layerscale": "{x} * {weight}",
}
"""Kinds that make each element by itself, with the names of parameters and weights in braces."""

GELU_BY_TANH = "{x} / 2 * (1 + tanh(sqrt(2 / 3.141593) * ({x} + 0.044715 * {x}^3)))"

NORM = "({x} - {mean}) / sqrt({variance} + {eps})"

SHARES = {
    "softmax": "exp({x} - {largest}) / {sum}",
    "softmin": "exp({-x} - {largest}) / {sum}",
    "logsoftmax": "{x} - {largest} - log({sum})",
}
"""Kinds that share out along one axis: the largest of it is taken off first, against overflow."""

Sets: TypeAlias = "Callable[[Any, tuple[int, ...], Place], Iterable[range]]"

SETS: dict[str, Sets] = {
    "gn": lambda layer, shape, place: (
        _group(shape[0] // layer.num_groups, place[0]),
        *map(range, shape[1:]),
    ),
    "in": lambda _layer, shape, place: (range(place[0], place[0] + 1), *map(range, shape[1:])),
    "ln": lambda layer, shape, place: _along(place_of(layer.dim, shape), shape, place),
}
"""The elements of the input that a mean and a variance are taken over, as a range of each axis."""


def calculations(
    layer: Layer, values: Values, weights: Mapping[str, Values], place: Place, result: Number
) -> tuple[Calculation, ...]:
    """How an output comes of the input where the kind's formula is known here; else nothing.

    Args:
        layer: The layer, whose result has the shape of its input.
        values: What arrives, (channels, *spatial).
        weights: Its weights by name.
        place: (channel, *position) of the output.
        result: What it came to.
    """
    if layer.kind in SHARES:
        return _shared(layer, values, place, result)
    if layer.kind == "bn" or layer.kind in SETS:
        return _normalised(layer, values, weights, place, result)
    form = FUNCTIONS.get(layer.kind)
    if form is None:
        return ()
    if getattr(layer, "approximate", None) == "tanh":
        form = GELU_BY_TANH
    known = {name: getattr(layer, name) for name in _names(form) if hasattr(layer, name)}
    if "weight" in weights:
        own = weights["weight"]
        known["weight"] = own[(place[0] if own.shape[0] > 1 else 0,)]
    return (_calculation(form, {"x": values[place], **known}, result),)


def _calculation(form: str, known: Mapping[str, Number], value: Number) -> Calculation:
    """A formula by its names, and with their numbers."""
    name = re.sub(r"[{}]", "", form)
    return Calculation(name, re.sub(r"\{(-?)(\w+)\}", lambda one: _put(one, known), form), value)


def _put(found: re.Match[str], known: Mapping[str, Number]) -> str:
    value = known[found[2]]
    return number_text(-value if found[1] else value)


def _names(form: str) -> set[str]:
    return set(re.findall(r"\{-?(\w+)\}", form))


def _normalised(
    layer: Any, values: Values, weights: Mapping[str, Values], place: Place, result: Number
) -> tuple[Calculation, ...]:
    """The mean and the variance, which `bn` has from training, and what they make of an element."""
    steps: list[Calculation] = []
    at = (place[0],)
    if layer.kind == "bn":
        mean, variance = weights["running_mean"][at], weights["running_var"][at]
    else:
        places = product(*SETS[layer.kind](layer, values.shape, place))
        steps += _statistics([values[one] for one in places])
        mean, variance = (step.value for step in steps)
    known = {"x": values[place], "mean": mean, "variance": variance, "eps": layer.eps}
    form = NORM
    if layer.affine:
        at = (place[place_of(layer.dim, values.shape)],) if layer.kind == "ln" else at
        form += " * {weight} + {bias}"
        known |= {"weight": weights["weight"][at], "bias": weights["bias"][at]}
    return (*steps, _calculation(form, known, result))


def _statistics(elements: list[Number]) -> list[Calculation]:
    """The mean of some elements, and their variance around it."""
    count = len(elements)
    mean = sum(elements) / count
    variance = sum((one - mean) ** 2 for one in elements) / count
    squares = [f"({number_text(one)} - {number_text(mean)})^2" for one in elements[:MOST_TERMS]]
    texts = [number_text(one) for one in elements[:MOST_TERMS]]
    return [
        _of_many("mean", texts, count, mean),
        _of_many("variance", squares, count, variance),
    ]


def _of_many(name: str, terms: list[str], count: int, value: Number) -> Calculation:
    """A mean, written out if its terms are few."""
    if count > MOST_TERMS:
        return Calculation(f"{name} of {count:,} elements", "", value)
    return Calculation(name, f"({' + '.join(terms)}) / {count}", value)


def _shared(layer: Any, values: Values, place: Place, result: Number) -> tuple[Calculation, ...]:
    """The largest along an axis, the sum of the powers, and the share of one element."""
    sign = -1 if layer.kind == "softmin" else 1
    axis = place_of(layer.dim, values.shape)
    along = [sign * values[one] for one in product(*_along(axis, values.shape, place))]
    largest = max(along)
    total = sum(exp(one - largest) for one in along)
    powers = [f"exp({number_text(one)} - {number_text(largest)})" for one in along[:MOST_TERMS]]
    few = len(along) <= MOST_TERMS
    summed = Calculation("sum", " + ".join(powers), total)
    step = summed if few else Calculation(f"sum of {len(along):,} powers", "", total)
    known = {"x": values[place], "largest": largest, "sum": total}
    return step, _calculation(SHARES[layer.kind], known, result)


def _along(axis: int, shape: tuple[int, ...], place: Place) -> tuple[range, ...]:
    """All of one axis, at a place along the others."""
    return tuple(
        range(size) if number == axis else range(at, at + 1)
        for number, (at, size) in enumerate(zip(place, shape, strict=True))
    )


def _group(size: int, channel: int) -> range:
    first = channel // size * size
    return range(first, first + size)
