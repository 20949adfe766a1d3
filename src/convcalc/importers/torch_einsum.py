"""`einsum` of two factors as a product of matrices, with their axes put in order around it."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, TypeAlias

from convcalc.layers import MatMul, Permute, Reshape

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from convcalc.layers import Layer, Shape

Products: TypeAlias = "list[tuple[Layer, tuple[int, ...]]]"
"""Layers and what they read: the number of an earlier one, or -1 and -2 for the two factors."""


def products_of(
    equation: str, shapes: Sequence[Shape], dropped: Sequence[bool], out: Shape
) -> Iterator[Products]:
    """The layers of `equation`, if it is one product of matrices.

    Every letter of a factor must be in the other one or in the result. Letters in both factors and
    in the result count the matrices, those in one and the result are rows and columns, and those in
    both and not in the result are summed over.

    Args:
        equation: As torch.einsum's, with an arrow and without dots.
        shapes: The samples of both factors.
        dropped: Whether a factor's first letter is a batch of one, and no axis of its sample.
        out: The sample of the result.
    """
    left, arrow, result = equation.replace(" ", "").partition("->")
    factors = left.split(",")
    if not arrow or "." in equation or len(factors) != 2 or len(shapes) != 2:
        return
    gone = {factor[0] for factor, first in zip(factors, dropped, strict=True) if first}
    a, b = ("".join(one for one in factor if one not in gone) for factor in factors)
    result = "".join(one for one in result if one not in gone)
    sizes = {**dict(zip(a, shapes[0], strict=True)), **dict(zip(b, shapes[1], strict=True))}
    if any(len(set(word)) < len(word) for word in (a, b, result)) or set(result) - set(a + b):
        return
    counted = [one for one in result if one in a and one in b]
    rows = [one for one in result if one in a and one not in b]
    columns = [one for one in result if one in b and one not in a]
    summed = [one for one in a if one in b and one not in result]
    if len(counted) + len(rows) + len(summed) < len(a) or not summed:
        return
    if len(counted) + len(columns) + len(summed) < len(b):
        return
    yield _written(a, b, result, (counted, rows, columns, summed), sizes, out)


def _written(
    a: str,
    b: str,
    result: str,
    groups: tuple[list[str], list[str], list[str], list[str]],
    sizes: dict[str, int],
    out: Shape,
) -> Products:
    counted, rows, columns, summed = groups
    number, height, width, depth = (prod(sizes[one] for one in group) for group in groups)
    lead = (number,) if counted else ()
    found: Products = []
    one = _arranged(found, -1, a, [*counted, *rows, *summed], (*lead, height, depth), sizes)
    other = _arranged(found, -2, b, [*counted, *summed, *columns], (*lead, depth, width), sizes)
    found.append((MatMul(), (one, other)))
    made = [*counted, *rows, *columns]
    shape = tuple(sizes[one] for one in made)
    if shape != (*lead, height, width):
        found.append((Reshape(shape), (len(found) - 1,)))
    if made != list(result):
        order = tuple(made.index(one) for one in result)
        found.append((Permute(order), (len(found) - 1,)))
    if tuple(sizes[one] for one in result) != out:
        found.append((Reshape(out), (len(found) - 1,)))
    return found


def _arranged(
    found: Products, factor: int, word: str, order: list[str], shape: Shape, sizes: dict[str, int]
) -> int:
    """The layer that gives a factor with its letters in an order, as (count, rows, columns)."""
    last = factor
    if list(word) != order:
        found.append((Permute(tuple(word.index(one) for one in order)), (last,)))
        last = len(found) - 1
    if tuple(sizes[one] for one in order) != shape:
        found.append((Reshape(shape), (last,)))
        last = len(found) - 1
    return last
