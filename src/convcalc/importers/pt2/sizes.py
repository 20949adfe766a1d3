"""Sizes of an exported program: numbers, or expressions of sizes that were left open."""

from __future__ import annotations

import ast
import operator
import re
from fractions import Fraction
from math import ceil, floor, prod
from typing import TYPE_CHECKING

from convcalc.arrayfile.json_values import as_object, held
from convcalc.errors import DataError, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MAX_CHARACTERS = 1000
"""Characters of an expression: torch writes a few dozen."""

LARGEST_SIZE = 10**15

_BINARY: Mapping[type, Callable[[Fraction, Fraction], Fraction]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: lambda a, b: Fraction(a // b),
    ast.Div: operator.truediv,
    ast.Mod: operator.mod,
}


def _power(base: Fraction, exponent: Fraction) -> Fraction:
    if exponent.denominator > 1 or not -8 <= exponent <= 8:
        raise ValueError("power")
    return Fraction(base ** int(exponent))


_FUNCTIONS: Mapping[str, Callable[..., Fraction]] = {
    "Integer": Fraction,
    "Rational": Fraction,
    "Add": lambda *parts: sum(parts, Fraction(0)),
    "Mul": lambda *parts: prod(parts, start=Fraction(1)),
    "Pow": _power,
    **dict.fromkeys(("FloorDiv", "CleanDiv"), lambda a, b: Fraction(a // b)),
    "IntTrueDiv": operator.truediv,
    "CeilDiv": lambda a, b: Fraction(-(-a // b)),
    **dict.fromkeys(("FloorToInt", "TruncToInt", "floor"), lambda a: Fraction(floor(a))),
    **dict.fromkeys(("CeilToInt", "ceiling"), lambda a: Fraction(ceil(a))),
    **dict.fromkeys(("Mod", "PythonMod"), operator.mod),
    "Max": max,
    "Min": min,
}
"""What sympy's `srepr` writes, and torch's own functions of sizes."""

_SYMBOL = re.compile(r"Symbol\('(\w+)'[^()]*\)")


def size_of(given: object, open_sizes: Mapping[str, int]) -> int:
    """A size, an expression worked out for values of the sizes that were left open.

    Raises:
        DataError: it is neither.
    """
    if isinstance(given, int) and not isinstance(given, bool):
        return given
    if isinstance(given, dict) and len(given) == 1:
        ((kind, value),) = given.items()
        if kind == "as_int" and isinstance(value, int):
            return value
        if kind == "as_expr" and isinstance(value, dict):
            return _worked_out(value, open_sizes)
    raise DataError("a size of the exported program is no number")


def symbol_of(given: object) -> str | None:
    """The name of a size that was left open; None where it is a number or follows from others."""
    if isinstance(given, dict) and isinstance(given.get("as_expr"), dict):
        text = str(given["as_expr"].get("expr_str", ""))
        match = _SYMBOL.fullmatch(text)
        return match[1] if match else text if text.isidentifier() else None
    return None


def hint_of(given: object) -> int | None:
    """What an open size was in the example that the program was exported with."""
    hint = as_object(held(given, "as_expr")).get("hint")
    value = hint.get("as_int") if isinstance(hint, dict) else None
    return value if isinstance(value, int) else None


def _worked_out(expression: Mapping[str, object], open_sizes: Mapping[str, int]) -> int:
    text = str(expression.get("expr_str", ""))
    try:
        if len(text) > MAX_CHARACTERS:
            raise ValueError("too long")
        value = _value(ast.parse(text, mode="eval").body, open_sizes)
        if value.denominator > 1:
            raise ValueError("no whole number")
    except (
        SyntaxError,
        ValueError,
        KeyError,
        TypeError,
        ZeroDivisionError,
        RecursionError,
        AssertionError,
    ):
        shown = printable(text, 60)
        raise DataError(f"the exported program has a size '{shown}', which is not known") from None
    return int(value)


def _value(node: ast.expr, open_sizes: Mapping[str, int]) -> Fraction:
    """An expression of numbers; a part beyond all sizes is a ValueError."""
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        value = Fraction(node.value)
    elif isinstance(node, ast.Name):
        value = Fraction(open_sizes[node.id])
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        value = -_value(node.operand, open_sizes)
    elif isinstance(node, ast.BinOp):
        pair = _value(node.left, open_sizes), _value(node.right, open_sizes)
        power = isinstance(node.op, ast.Pow)
        value = _power(*pair) if power else _BINARY[type(node.op)](*pair)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        value = _called(node, node.func.id, open_sizes)
    else:
        raise ValueError("no expression")
    if abs(value) > LARGEST_SIZE:
        raise ValueError("too large")
    return value


def _called(node: ast.Call, name: str, open_sizes: Mapping[str, int]) -> Fraction:
    """A symbol by its name, or a function of numbers."""
    if name == "Symbol":
        (symbol,) = node.args
        assert isinstance(symbol, ast.Constant)
        return Fraction(open_sizes[str(symbol.value)])
    return Fraction(_FUNCTIONS[name](*(_value(one, open_sizes) for one in node.args)))
