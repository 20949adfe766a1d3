"""Conditions of source text that its values decide."""

from __future__ import annotations

import ast
import operator
from typing import TYPE_CHECKING

from convcalc.importers.keras.source.objects import (
    Function,
    Made,
    Model,
    is_lost,
    unknown_in,
)
from convcalc.importers.keras.source.texts import MAX_TEXT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_ORDERS: Mapping[type[ast.cmpop], Callable[[float, float], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


def truth(value: object) -> bool | None:
    """Whether a value counts as true; None where that is not known, as of a tensor."""
    if value is None or isinstance(value, int | float | str):
        return bool(value)
    if isinstance(value, Made | Model | Function):
        return True
    if isinstance(value, list) or type(value) is tuple:
        return None if is_lost(value) else bool(value)
    return None


def compared(sign: type[ast.cmpop], one: object, other: object) -> bool | None:
    """What a comparison comes to; None where that is not known.

    Example:
        >>> compared(ast.Gt, 3, 2), compared(ast.NotIn, "same", ["valid"])
        (True, True)
    """
    long = any(isinstance(text, str) and len(text) > MAX_TEXT for text in (one, other))
    if long or unknown_in([one, other]) is not None:
        return None
    work = _SAME.get(sign) or _SAME.get(_OPPOSITES.get(sign, sign))
    if work is not None:
        found = work(one, other)
        return found if found is None or sign in _SAME else not found
    if isinstance(one, int | float) and isinstance(other, int | float):
        return _ORDERS[sign](one, other)
    return None


def _equal(one: object, other: object) -> bool | None:
    return one == other if _is_comparable(one) and _is_comparable(other) else None


def _same(one: object, other: object) -> bool | None:
    if one is None or other is None:
        return one is other
    if isinstance(one, bool | str | int) and isinstance(other, bool | str | int):
        return type(one) is type(other) and one == other
    return None


def _within(one: object, other: object) -> bool | None:
    if isinstance(one, str) and isinstance(other, str):
        return one in other
    if isinstance(other, list | tuple) and _is_comparable(one) and _is_comparable(other):
        return one in other
    return None


def _is_comparable(value: object) -> bool:
    """Whether a value is a number, a text, nothing, or a list of such."""
    if isinstance(value, list | tuple):
        return all(map(_is_comparable, value))
    return value is None or isinstance(value, int | float | str)


_SAME: Mapping[type[ast.cmpop], Callable[[object, object], bool | None]] = {
    ast.Is: _same,
    ast.In: _within,
    ast.Eq: _equal,
}
_OPPOSITES: Mapping[type[ast.cmpop], type[ast.cmpop]] = {
    ast.IsNot: ast.Is,
    ast.NotIn: ast.In,
    ast.NotEq: ast.Eq,
}
