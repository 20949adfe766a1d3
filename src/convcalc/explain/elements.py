"""Layers that work on each element by itself, and those that normalise."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from convcalc.explain.equation import (
    KEPT,
    Explainer,
    Here,
    Rule,
    Said,
    kept_shape,
    no_costs,
    product,
    times,
)
from convcalc.layers.dims import place_of

if TYPE_CHECKING:
    from convcalc.layers.base import ElementOps

EACH = Rule("operations", "those of one element * elements")
SETS = Rule("operations", "those of one element * elements + those of one mean * means")
CHANNELS = Rule("operations", "those of one position, of C channels * positions")


def _each(here: Here) -> dict[str, str]:
    """The operations of one element, times the elements of the result."""
    return _per_element(here.layer.costs(here.shape).elements, here.out)


def _per_element(operations: ElementOps, shape: tuple[int, ...]) -> dict[str, str]:
    """All operations as so many of each element."""
    elements = prod(shape)
    counts = {name: count for name, count in operations._asdict().items() if count}
    return {name: f"{count // elements} * {product(shape)}" for name, count in counts.items()}


def _gated_shape(here: Here) -> list[Said]:
    half = place_of(here.layer.dim, here.shape)
    gated = Said(f"{here.shape[half]} / 2", "half are the gates")
    return [gated if place == half else KEPT for place in range(len(here.out))]


def _by_channels(here: Here) -> dict[str, str]:
    """Per position C - 1 comparisons, 2C - 1 additions, and C of each other operation."""
    channels, positions = here.layer.positions(here.shape)
    return {
        "add": f"(2*{channels} - 1) * {positions}",
        "compare": f"({channels} - 1) * {positions}",
        "divide": f"{channels} * {positions}",
        "exponent": f"{channels} * {positions}",
    }


def _logarithms(here: Here) -> dict[str, str]:
    channels, positions = here.layer.positions(here.shape)
    return {
        "add": f"(3*{channels} - 1) * {positions}",
        "compare": f"({channels} - 1) * {positions}",
        "exponent": f"({channels} + 1) * {positions}",
    }


def _folded(here: Here) -> dict[str, str]:
    """One multiplication and one addition per element, the fixed numbers put together first."""
    return {"multiply": product(here.out), "add": product(here.out)}


def _measured(here: Here) -> dict[str, str]:
    """Three additions and two products an element, beside those of each mean and variance."""
    sets, elements, affine = here.layer.sets(here.shape), product(here.out), int(here.layer.affine)
    return {
        "multiply": f"{2 + affine} * {elements}",
        "add": f"{3 + affine} * {elements} + {sets}",
        "divide": f"3 * {sets}",
        "exponent": str(sets),
    }


def _neighbours(here: Here) -> dict[str, str]:
    elements = product(here.out)
    return {
        "multiply": f"2 * {elements}",
        "add": times(here.layer.size, elements),
        "divide": elements,
        "exponent": elements,
    }


def _scaled(here: Here) -> dict[str, str]:
    return {"multiply": product(here.out)}


_RULES = (("flops", EACH),)

EXPLAINED = {
    "Activation": Explainer(kept_shape, _each, rules=_RULES),
    "glu": Explainer(_gated_shape, _each, rules=_RULES),
    "softmax": Explainer(kept_shape, _by_channels, rules=(("flops", CHANNELS),)),
    "softmin": Explainer(kept_shape, _by_channels, rules=(("flops", CHANNELS),)),
    "logsoftmax": Explainer(kept_shape, _logarithms, rules=(("flops", CHANNELS),)),
    "bn": Explainer(kept_shape, _folded, rules=_RULES),
    "Measured": Explainer(kept_shape, _measured, rules=(("flops", SETS),)),
    "lrn": Explainer(kept_shape, _neighbours, rules=_RULES),
    "layerscale": Explainer(kept_shape, _scaled, rules=_RULES),
    "dropout": Explainer(kept_shape, no_costs),
    "identity": Explainer(kept_shape, no_costs),
}
