"""Functions of Python on numbers and lists that source text calls, worked out."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from convcalc.importers.keras.source.objects import Unknown, is_lost, unknown_in
from convcalc.importers.keras.source.texts import text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MOST_ITEMS = 10_000
"""Values of a `range`."""

LARGEST = 10**18
"""Whole numbers that are worked out are smaller."""

_MOST_FACTORS = 20


def worked_out(name: str, given: list[object], *, is_bare: bool) -> object:
    """What a function of Python comes to; None where it is not worked out.

    Args:
        name: What it is called.
        given: Its arguments.
        is_bare: Whether no module stands before it: `range`, and not `tf.range`.

    Example:
        >>> worked_out("range", [1, 4], is_bare=True), worked_out("max", [8, 3], is_bare=True)
        ([1, 2, 3], 8)
    """
    if is_bare and name in _ITERATED and given:
        return _ITERATED[name](given)
    if unknown_in(given) is not None or not given:
        return None
    if name in _OF_ONE and len(given) == 1:
        return _OF_ONE[name](given[0])
    return _OF_NUMBERS[name](given) if is_bare and name in _OF_NUMBERS else None


def items_of(value: object) -> list[object] | None:
    """What a loop takes one after the other; None where that is not known."""
    if isinstance(value, Unknown) or not isinstance(value, list | tuple) or is_lost(value):
        return None
    return list(value)


def _range(given: list[object]) -> list[int] | None:
    ends = [one for one in given if isinstance(one, int) and abs(one) < LARGEST]
    if len(ends) != len(given) or len(ends) > 3 or (len(ends) == 3 and not ends[2]):
        return None
    numbers = range(*ends)
    return list(numbers) if len(numbers) <= MOST_ITEMS else None


def _enumerated(given: list[object]) -> list[object] | None:
    items, start = items_of(given[0]), given[1] if len(given) > 1 else 0
    if items is None or not isinstance(start, int) or len(given) > 2:
        return None
    return list(enumerate(items, start))


def _zipped(given: list[object]) -> list[object] | None:
    several = [items_of(one) for one in given]
    known = [one for one in several if one is not None]
    return list(zip(*known, strict=False)) if len(known) == len(several) else None


def _reversed(given: list[object]) -> list[object] | None:
    items = items_of(given[0])
    return None if items is None else items[::-1]


def _whole(value: object) -> int | None:
    if isinstance(value, int | float) and abs(value) < LARGEST:
        return int(value)
    return None


def _product(value: object) -> int | None:
    """The product of whole numbers in a list."""
    if not isinstance(value, list | tuple) or len(value) > _MOST_FACTORS:
        return None
    sizes = [one for one in value if isinstance(one, int)]
    return prod(sizes) if len(sizes) == len(value) else None


def _numbers(given: list[object]) -> list[float] | None:
    """The numbers that a function is given, as they are or in one list."""
    items = items_of(given[0]) if len(given) == 1 else given
    found = [one for one in items or () if isinstance(one, int | float)]
    return found if found and items is not None and len(found) == len(items) else None


def _of(work: Callable[[list[float]], object]) -> Callable[[list[object]], object]:
    def worked(given: list[object]) -> object:
        numbers = _numbers(given)
        return None if numbers is None else work(numbers)

    return worked


_ITERATED: Mapping[str, Callable[[list[object]], object]] = {
    "range": _range,
    "enumerate": _enumerated,
    "zip": _zipped,
    "reversed": _reversed,
}
_OF_ONE: Mapping[str, Callable[[object], object]] = {
    "int": _whole,
    "len": lambda one: len(one) if isinstance(one, list | tuple) else None,
    "list": lambda one: list(one) if isinstance(one, list | tuple) else None,
    "prod": _product,
    "str": text_of,
    "tuple": lambda one: tuple(one) if isinstance(one, list | tuple) else None,
}
_OF_NUMBERS: Mapping[str, Callable[[list[object]], object]] = {"max": _of(max), "min": _of(min)}
