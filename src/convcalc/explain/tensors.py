"""Operations on whole tensors: products of two inputs, operations by name, axes in other orders."""

from __future__ import annotations

from math import prod

from convcalc.explain.equation import (
    GIVEN,
    KEPT,
    Explainer,
    Here,
    Rule,
    Said,
    no_costs,
    product,
)
from convcalc.layers.named_operations import ELEMENTWISE
from convcalc.layers.reduce import REDUCTIONS

PRODUCT = Rule("MACs", "outputs * the elements that each sums over")
SCORES = Rule("MACs", "scores * (features of a query + features of a value)")
EACH = Rule("operations", "those of one element * elements")
REDUCED = Rule("operations", "those of one element * elements read + those of one result * results")


def _given(here: Here) -> list[Said]:
    return [GIVEN] * len(here.out)


def _permuted(here: Here) -> list[Said]:
    return [Said("", f"axis {axis} of the input") for axis in here.layer.order]


def _multiplied(here: Here) -> list[Said]:
    """Leading axes as they arrive, the rows of the first and the columns of the second."""
    one, other = here.shapes
    rows = [Said("", "rows of the first input")] * (len(one) > 1)
    columns = [Said("", "columns of the second input")] * (len(other) > 1)
    leading = len(here.out) - len(rows) - len(columns)
    return [*[KEPT] * leading, *rows, *columns][: len(here.out)]


def _product_costs(here: Here) -> dict[str, str]:
    return {"MACs": f"{product(here.out)} * {here.shape[-1]}"}


def _attended(here: Here) -> list[Said]:
    return [*[KEPT] * (len(here.out) - 1), Said("", "features of a value")]


def _attention_costs(here: Here) -> dict[str, str]:
    """Scores and means of values, and a softmax of each row of scores."""
    query, key, value, *mask = here.shapes
    rows, size = product(query[:-1]), key[-2]
    added = f" + {size}" if mask else ""
    costs = {
        "MACs": f"{rows} * {size} * ({query[-1]} + {value[-1]})",
        "add": f"{rows} * (2*{size} - 1{added})",
        "compare": f"{rows} * ({size} - 1)",
        "divide": f"{rows} * {size}",
        "exponent": f"{rows} * {size}",
    }
    return costs | ({} if here.layer.scale == 1 else {"multiply": product(query)})


def _spread(here: Here) -> list[Said]:
    """The largest size of any input along each axis, aligned at the end."""
    axes = len(here.out)
    aligned = [(1,) * (axes - len(shape)) + shape for shape in here.shapes]
    different = [tuple(dict.fromkeys(sizes)) for sizes in zip(*aligned, strict=True)]
    return [
        KEPT if len(sizes) == 1 else Said(f"max({', '.join(map(str, sizes))})")
        for sizes in different
    ]


def _named(here: Here) -> dict[str, str]:
    each = ELEMENTWISE[here.layer.name].each._asdict()
    return {name: f"{count} * {product(here.out)}" for name, count in each.items() if count}


def _reduced(here: Here) -> list[Said]:
    """The axes that stay, and 1 for each that is gone and kept."""
    gone = here.layer.places(here.shape)
    one = Said("", "the axis is gone; 1 is kept in its place")
    if here.layer.keepdim:
        return [one if axis in gone else KEPT for axis in range(len(here.out))]
    left = len(here.shape) - len(gone)
    return [KEPT] * left or [Said("", "no axis is left")]


def _reduction_costs(here: Here) -> dict[str, str]:
    each, once = (part._asdict() for part in REDUCTIONS[here.layer.name])
    read, results = product(here.shape), product(here.out)
    costs = {}
    for name in each:
        parts = [f"{each[name]} * {read}"] * bool(each[name] and prod(here.shape))
        parts += [f"{once[name]} * {results}"] * bool(once[name])
        if parts:
            costs[name] = " + ".join(parts)
    return costs


EXPLAINED = {
    "input": Explainer(_given, no_costs),
    "parameter": Explainer(_given, no_costs),
    "permute": Explainer(_permuted, no_costs),
    "view": Explainer(_given, no_costs),
    "matmul": Explainer(_multiplied, _product_costs, rules=(("flops", PRODUCT),)),
    "attention": Explainer(_attended, _attention_costs, rules=(("flops", SCORES),)),
    "elementwise": Explainer(_spread, _named, rules=(("flops", EACH),)),
    "reduce": Explainer(_reduced, _reduction_costs, rules=(("flops", REDUCED),)),
}
