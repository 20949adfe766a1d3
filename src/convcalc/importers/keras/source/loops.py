"""Loops of source text: how large they are, and those within one expression."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from convcalc.importers.keras.source.builtin import items_of
from convcalc.importers.keras.source.comparing import truth
from convcalc.importers.keras.source.touching import forget, makes_layers, reached
from convcalc.importers.keras.source.values import MAX_VALUES

if TYPE_CHECKING:
    from convcalc.importers.keras.source.assigning import Assignments
    from convcalc.importers.keras.source.scope import Scope
    from convcalc.importers.keras.source.values import Values

_MOST_GENERATORS = 5


class Loops:
    """Follows loops within expressions, and weighs those of statements.

    Args:
        values: Works expressions out.
        names: Gives names their values.
        scope: What is known.
    """

    def __init__(self, values: Values, names: Assignments, scope: Scope) -> None:
        self._values, self._names, self._scope = values, names, scope
        self._weights: dict[int, int] = {}

    def weight(self, loop: ast.For) -> int:
        """The nodes of a loop that makes no layers, those within loops and functions many times."""
        found = self._weights.get(id(loop))
        if found is None:
            several = list(reached(loop.body, self._scope.values, frozenset(), self._scope))
            nodes = [node for part, _, _ in several for one in part for node in ast.walk(one)]
            if any(map(makes_layers, nodes)):
                found = 0
            else:
                inner = len(several) > 1 or any(isinstance(one, ast.For) for one in nodes)
                found = len(nodes) * (100 if inner else 1)
            self._weights[id(loop)] = found
        return found

    def listed(self, node: ast.ListComp | ast.GeneratorExp) -> object:
        """The list that an expression with `for` in it makes."""
        found: list[object] = []
        with self._scope.inside(self._scope.values.new_child()):
            whole = len(node.generators) <= _MOST_GENERATORS and self._made(node, 0, found)
        if not whole:
            unknown = self._values.unknown(node)
            forget([node], self._scope, unknown)
            return unknown
        return found

    def _made(
        self, node: ast.ListComp | ast.GeneratorExp, number: int, found: list[object]
    ) -> bool:
        """Whether all values of such a list are known to be made."""
        if number == len(node.generators):
            found.append(self._values(node.elt))
            return len(found) <= MAX_VALUES
        part = node.generators[number]
        items = items_of(self._values(part.iter))
        if items is None or part.is_async:
            return False
        for item in items:
            self._names.give(part.target, item)
            tests = [truth(self._values(test)) for test in part.ifs]
            if None in tests:
                return False
            if all(tests) and not self._made(node, number + 1, found):
                return False
        return True
