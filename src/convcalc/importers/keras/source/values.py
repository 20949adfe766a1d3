"""What expressions of source text come to: numbers, texts, lists of them; nothing is evaluated.

Only what is written here is worked out: an expression of any other kind has no value.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, TypeGuard

from convcalc.errors import printable
from convcalc.importers.keras.source.builtin import LARGEST
from convcalc.importers.keras.source.comparing import compared, truth
from convcalc.importers.keras.source.objects import Model, Tensor, Unknown, is_lost
from convcalc.importers.keras.source.texts import MAX_TEXT, joined_text, text_of
from convcalc.importers.keras.source.touching import forget

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from convcalc.importers.keras.source.objects import Place
    from convcalc.importers.keras.source.scope import Scope
    from convcalc.importers.keras.source.statements import Source

MAX_DEPTH = 100
"""Expressions within expressions."""

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
        scope: What its names stand for.
        call: What a call comes to.
        operate: What an operation on tensors comes to, of its class and operands.
        tensors: The tensors of a model that an attribute of it means; None of others.
        others: What expressions of other kinds come to.
    """

    def __init__(
        self,
        source: Source,
        scope: Scope,
        call: Callable[[ast.Call], object],
        operate: Callable[[str, list[object], ast.expr], object],
        tensors: Callable[[Model, ast.Attribute], object],
        others: Mapping[type, Callable[..., object]],
    ) -> None:
        self._source, self._scope = source, scope
        self._called, self._operate, self._tensors = call, operate, tensors
        self._depth = 0
        self._kinds: dict[type, Callable[..., object]] = {
            ast.Attribute: self._attribute,
            ast.BinOp: self._binary,
            ast.BoolOp: self._either,
            ast.Call: self._called,
            ast.Compare: self._compare,
            ast.Constant: lambda node: node.value,
            ast.IfExp: self._conditional,
            ast.JoinedStr: self._text,
            ast.List: lambda node: self._items(node.elts),
            ast.Name: self._name,
            ast.NamedExpr: self._assignment,
            ast.Subscript: self._subscript,
            ast.Tuple: self._tuple,
            ast.UnaryOp: self._unary,
            **others,
        }

    def __call__(self, node: ast.expr) -> object:
        """What an expression comes to, `Unknown` where the text does not tell."""
        self._scope.spend()
        work = self._kinds.get(type(node))
        if work is None or self._depth >= MAX_DEPTH:
            unknown = self.unknown(node)
            forget([node], self._scope, unknown)  # what it may change all the same
            return unknown
        self._depth += 1
        try:
            value = work(node)
        finally:
            self._depth -= 1
        if _is_sequence(value):
            size = size_of(value)
            self._scope.spend(size // 5)  # short ones are the rule
            if size > MAX_VALUES:
                return self.unknown(node)
        return value

    def place(self, node: ast.expr | ast.stmt) -> Place:
        """Where an expression stands."""
        return self._source.place(node)

    def unknown(self, node: ast.expr, reason: str = "") -> Unknown:
        """That an expression has no value, with its own text or another reason."""
        place = self._source.place(node)
        start, end = place
        shown = printable(self._source.text[start : min(end, start + 100)], 60)
        return Unknown(reason or f"'{shown}' has no value that the text tells", place)

    def _name(self, node: ast.Name) -> object:
        names = self._scope.values
        return names[node.id] if node.id in names else self.unknown(node)

    def _assignment(self, node: ast.NamedExpr) -> object:
        value = self._scope.values[node.target.id] = self(node.value)
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
        value = self(node.value)  # a call in front of the dot has its effect
        found = self._tensors(value, node) if isinstance(value, Model) else None
        return self.unknown(node) if found is None else found

    def _unary(self, node: ast.UnaryOp) -> object:
        value = self(node.operand)
        if isinstance(value, Unknown):
            return value
        if isinstance(node.op, ast.Not):
            known = truth(value)
            return self.unknown(node) if known is None else not known
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
        if isinstance(one, str):
            result = joined_text(type(node.op), one, other)
        elif isinstance(node.op, ast.Add):
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
        if not _is_sequence(value) or is_lost(value):
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
        left = self(node.left)
        for sign, following in zip(node.ops, node.comparators, strict=True):
            right = self(following)
            found = compared(type(sign), left, right)
            if not found:
                return self.unknown(node) if found is None else False
            left = right
        return True

    def _either(self, node: ast.BoolOp) -> object:
        """`and` and `or`, whose last value is the first that decides."""
        value: object = None
        for one in node.values:
            value = self(one)
            known = truth(value)
            if known is None:
                rest = node.values[node.values.index(one) + 1 :]
                forget(rest, self._scope, self.unknown(node))
                return self.unknown(node)
            if known is isinstance(node.op, ast.Or):
                return value
        return value

    def _conditional(self, node: ast.IfExp) -> object:
        test = truth(self(node.test))
        if test is None:
            forget([node.body, node.orelse], self._scope, self.unknown(node))
            return self.unknown(node)
        return self(node.body if test else node.orelse)

    def _text(self, node: ast.JoinedStr) -> object:
        """A text with values in it: f"conv_{number}"."""
        found = ""
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                value = self(part.value)
                plain = part.format_spec is None and part.conversion == -1
                told = text_of(value) if plain else None
            else:
                told = text_of(self(part))
            if told is None:
                return self.unknown(node)
            found += told
        return found if len(found) <= MAX_TEXT else self.unknown(node)

    def several(self, nodes: Sequence[ast.expr]) -> list[object] | Unknown:
        """The values of arguments without names."""
        found = self._items(list(nodes))
        return found if isinstance(found, list) else self.unknown(nodes[0])


def _fits(value: object) -> bool:
    """Whether a list has few enough values, those of lists within it too."""
    return size_of(value) <= MAX_VALUES


def size_of(value: object) -> int:
    """The values of a list, those of lists within it too; more than `MAX_VALUES` ends it."""
    left, count = [(value, 0)], 0
    while left:
        item, depth = left.pop()
        count += 1
        if count > MAX_VALUES or depth > MAX_DEPTH:
            return MAX_VALUES + 1
        if _is_sequence(item):
            left += [(one, depth + 1) for one in item[: MAX_VALUES + 1]]
    return count


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_sequence(value: object) -> TypeGuard[list[object] | tuple[object, ...]]:
    return isinstance(value, list | tuple) and not isinstance(value, Unknown)


def _is_end(value: object) -> bool:
    return value is None or (isinstance(value, int) and abs(value) < LARGEST)
