"""What expressions of source text come to: numbers, texts, lists of them; nothing is evaluated.

Only what is written here is worked out: an expression of any other kind has no value.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, TypeGuard

from convcalc.errors import printable
from convcalc.importers.keras.source.objects import Tensor, Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from convcalc.importers.keras.source.objects import Place
    from convcalc.importers.keras.source.statements import Source

MAX_DEPTH = 100
"""Expressions within expressions."""

LARGEST = 10**18
"""Whole numbers that are worked out are smaller."""

MAX_VALUES = 10_000
"""Values of a list."""

_OPERATIONS: Mapping[type[ast.operator], tuple[str, Callable[[float, float], float]]] = {
    ast.Add: ("Add", lambda one, other: one + other),
    ast.Sub: ("Subtract", lambda one, other: one - other),
    ast.Mult: ("Multiply", lambda one, other: one * other),
    ast.Div: ("TrueDivide", lambda one, other: one / other),
    ast.FloorDiv: ("FloorDivide", lambda one, other: one // other),
    ast.Mod: ("Mod", lambda one, other: one % other),
    ast.Pow: ("Power", lambda one, other: one**other),
}
"""Operations: the class of Keras that they are on tensors, and what they are on numbers."""


class Values:
    """Works expressions out.

    Args:
        source: The text.
        names: What its names stand for.
        call: What a call comes to.
        operate: What an operation on tensors comes to, of its class and operands.
    """

    def __init__(
        self,
        source: Source,
        names: dict[str, object],
        call: Callable[[ast.Call], object],
        operate: Callable[[str, list[object], ast.expr], object],
    ) -> None:
        self._source, self._names = source, names
        self._called, self._operate = call, operate
        self._depth = 0
        self._kinds: dict[type, Callable[..., object]] = {
            ast.Attribute: self._attribute,
            ast.BinOp: self._binary,
            ast.Call: self._called,
            ast.Compare: self._compare,
            ast.Constant: lambda node: node.value,
            ast.IfExp: self._conditional,
            ast.List: lambda node: self._items(node.elts),
            ast.Name: self._name,
            ast.NamedExpr: self._assignment,
            ast.Subscript: self._subscript,
            ast.Tuple: self._tuple,
            ast.UnaryOp: self._unary,
        }

    def __call__(self, node: ast.expr) -> object:
        """What an expression comes to, `Unknown` where the text does not tell."""
        work = self._kinds.get(type(node))
        if work is None or self._depth >= MAX_DEPTH:
            return self.unknown(node)
        self._depth += 1
        try:
            return work(node)
        finally:
            self._depth -= 1

    def place(self, node: ast.expr) -> Place:
        """Where an expression stands."""
        return self._source.place(node)

    def unknown(self, node: ast.expr, reason: str = "") -> Unknown:
        """That an expression has no value, with its own text or another reason."""
        place = self._source.place(node)
        shown = printable(self._source.text[slice(*place)], 60)
        return Unknown(reason or f"'{shown}' has no value that the text tells", place)

    def _name(self, node: ast.Name) -> object:
        return self._names[node.id] if node.id in self._names else self.unknown(node)

    def _assignment(self, node: ast.NamedExpr) -> object:
        value = self._names[node.target.id] = self(node.value)
        return value

    def _tuple(self, node: ast.Tuple) -> object:
        items = self._items(node.elts)
        return tuple(items) if isinstance(items, list) else items

    def _items(self, nodes: list[ast.expr]) -> object:
        """The values of a list, with those of a starred one in their place."""
        found: list[object] = []
        for node in nodes:
            if not isinstance(node, ast.Starred):
                found.append(self(node))
                continue
            several = self(node.value)
            if not _is_sequence(several):
                return several if isinstance(several, Unknown) else self.unknown(node)
            found += several
        return found if _fits(found) else self.unknown(nodes[0])

    def _attribute(self, node: ast.Attribute) -> object:
        self(node.value)  # a call in front of the dot has its effect
        return self.unknown(node)

    def _unary(self, node: ast.UnaryOp) -> object:
        value = self(node.operand)
        if isinstance(value, Unknown):
            return value
        if isinstance(node.op, ast.Not):
            return not value if _is_plain(value) else self.unknown(node)
        if isinstance(node.op, ast.USub) and _is_number(value):
            return -value
        return self.unknown(node)

    def _binary(self, node: ast.BinOp) -> object:
        one, other = self(node.left), self(node.right)
        for value in (one, other):
            if isinstance(value, Unknown):
                return value
        name, work = _OPERATIONS.get(type(node.op), ("", None))
        if isinstance(one, Tensor) or isinstance(other, Tensor):
            return self._operate(name, [one, other], node)
        if work is None:
            return self.unknown(node)
        if _is_number(one) and _is_number(other):
            return self._number(node, work, one, other)
        return self._joined(node, one, other)

    def _number(
        self, node: ast.BinOp, work: Callable[[float, float], float], one: float, other: float
    ) -> object:
        """What an operation on two numbers gives; a quotient that is whole is a whole number."""
        if isinstance(node.op, ast.Pow) and not 0 <= other < 60:
            return self.unknown(node)
        if max(abs(one), abs(other)) >= LARGEST:
            return self.unknown(node)
        try:
            result = work(one, other)
        except (ArithmeticError, ValueError):
            return self.unknown(node)
        if isinstance(result, complex) or not abs(result) < LARGEST:
            return self.unknown(node)
        whole = isinstance(one, int) and isinstance(other, int) and result == int(result)
        return int(result) if whole else result

    def _joined(self, node: ast.BinOp, one: object, other: object) -> object:
        """Lists one behind the other, or several times."""
        result: object = None
        if isinstance(node.op, ast.Add):
            if isinstance(one, list) and isinstance(other, list):
                result = [*one, *other]
            elif isinstance(one, tuple) and isinstance(other, tuple):
                result = (*one, *other)
        elif isinstance(node.op, ast.Mult) and _is_sequence(one) and isinstance(other, int):
            result = one * other if len(one) * abs(other) <= MAX_VALUES else None
        return result if result is not None and _fits(result) else self.unknown(node)

    def _subscript(self, node: ast.Subscript) -> object:
        value = self(node.value)
        if isinstance(value, Unknown):
            return self.unknown(node)  # "x_train.shape[1:]", not "x_train.shape"
        if not _is_sequence(value):
            return self.unknown(node)
        if isinstance(node.slice, ast.Slice):
            parts = (node.slice.lower, node.slice.upper, node.slice.step)
            ends = [None if part is None else self(part) for part in parts]
            place: object = slice(*ends) if all(map(_is_end, ends)) else None
        else:
            place = self(node.slice)
        try:
            return value[place] if isinstance(place, int | slice) else self.unknown(node)
        except (IndexError, ValueError):
            return self.unknown(node)

    def _compare(self, node: ast.Compare) -> object:
        one, other = self(node.left), self(node.comparators[0])
        if len(node.ops) > 1 or not (_is_plain(one) and _is_plain(other)):
            return self.unknown(node)
        if isinstance(node.ops[0], ast.Eq | ast.Is):
            return one == other
        if isinstance(node.ops[0], ast.NotEq | ast.IsNot):
            return one != other
        return self.unknown(node)

    def _conditional(self, node: ast.IfExp) -> object:
        test = self(node.test)
        if not _is_plain(test):
            return self.unknown(node)
        return self(node.body if test else node.orelse)


def _fits(value: object) -> bool:
    """Whether a list has few enough values, those of lists within it too."""
    left, count = [(value, 0)], 0
    while left:
        item, depth = left.pop()
        count += 1
        if count > MAX_VALUES or depth > MAX_DEPTH:
            return False
        if _is_sequence(item):
            left += [(one, depth + 1) for one in item[: MAX_VALUES + 1]]
    return True


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_sequence(value: object) -> TypeGuard[list[object] | tuple[object, ...]]:
    return isinstance(value, list | tuple) and not isinstance(value, Unknown)


def _is_end(value: object) -> bool:
    return value is None or (isinstance(value, int) and abs(value) < LARGEST)


def _is_plain(value: object) -> bool:
    """Whether a value is a number, a text or nothing."""
    return value is None or isinstance(value, int | float | str)
