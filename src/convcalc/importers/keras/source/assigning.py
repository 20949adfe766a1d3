"""Names of source text get their values."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from convcalc.importers.keras.source.objects import Lost, Made, Model, Tensor, Unknown, is_lost

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.importers.keras.source.calling import Calls
    from convcalc.importers.keras.source.scope import Scope


COUNTS_NOT = {"trainable", "name", "_name", "loss", "optimizer", "stop_training", "run_eagerly"}
"""What a layer or a model may be given behind its making without another shape or number."""


class Assignments:
    """Gives names their values.

    Args:
        calls: Works expressions out.
        scope: Holds the names.
    """

    def __init__(self, calls: Calls, scope: Scope) -> None:
        self._calls, self._scope = calls, scope

    def assign(self, statement: ast.Assign | ast.AnnAssign | ast.AugAssign) -> bool:
        """Does what an assignment says; whether the value is known."""
        if statement.value is None:
            return False
        if isinstance(statement, ast.AugAssign):
            owner = self._list_of(statement.target)
            if owner is not None:
                return self._extend(owner, statement)
            node = ast.BinOp(_read_again(statement.target), statement.op, statement.value)
            value = self._calls.values(ast.copy_location(node, statement))
            targets: Sequence[ast.expr] = [statement.target]
        else:
            value = self._calls.values(statement.value)
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        for target in targets:
            self.give(target, value)
        return not isinstance(value, Unknown)

    def _list_of(self, target: ast.expr) -> list[object] | None:
        """The list that a name stands for."""
        value = self._scope.values.get(target.id) if isinstance(target, ast.Name) else None
        return value if isinstance(value, list) else None

    def _extend(self, owner: list[object], statement: ast.AugAssign) -> bool:
        """Puts values behind those of a list, whoever else holds it, as `+=` does."""
        more = self._calls.values(statement.value)
        known = not isinstance(more, Unknown) and isinstance(statement.op, ast.Add)
        if known and isinstance(more, list | tuple):
            self._calls.extend(owner, list(more), statement.value)
            return True
        owner[:] = [Lost(*self._calls.values.unknown(statement.value))]
        return False

    def give(self, target: ast.expr, value: object) -> None:
        """Gives one name a value, or several those of a list or of a layer of several results."""
        if isinstance(target, ast.Name):
            self._scope.values[target.id] = value
            outer = isinstance(value, Model) and value.depth > self._scope.depth
            if isinstance(value, Model) and (value.label is None or outer):
                value.label, value.depth = target.id, self._scope.depth
        elif isinstance(target, ast.Tuple | ast.List):
            self._give_several(target, value)
        elif isinstance(target, ast.Subscript):
            changed = self._calls.values(target.value)
            if isinstance(changed, list):
                changed[:] = [Lost(*self._calls.values.unknown(target))]  # filters[0] = 64
        elif isinstance(target, ast.Attribute) and target.attr not in COUNTS_NOT:
            self._change(target)

    def _give_several(self, target: ast.Tuple | ast.List, value: object) -> None:
        """Gives each of several names its part of a value."""
        several: Sequence[object] = ()
        if isinstance(value, Tensor):
            several = [Tensor(value.use, number) for number in range(len(target.elts))]
        elif not isinstance(value, Unknown) and isinstance(value, list | tuple):
            several = () if is_lost(value) else value
        starred = any(isinstance(one, ast.Starred) for one in target.elts)
        if len(several) != len(target.elts) or starred:
            known = isinstance(value, Unknown)
            why = value if known else self._calls.values.unknown(target)
            several = [why] * len(target.elts)
        for one, own in zip(target.elts, several, strict=True):
            self.give(one.value if isinstance(one, ast.Starred) else one, own)

    def _change(self, target: ast.Attribute) -> None:
        """A layer or model whose parameter is given anew, `conv.use_bias = False`, is not read.

        Whether Keras sees it depends on what was built before.
        """
        owner: ast.expr = target.value
        while isinstance(owner, ast.Attribute | ast.Subscript):  # model.layers[-1].units = 3
            owner = owner.value
        changed = self._calls.values(owner)
        if isinstance(changed, Made | Model):
            _, place = self._calls.values.unknown(target)
            reason = "this is changed behind its making; write it where the layer is made"
            changed.spoil(Unknown(reason, place))


def _read_again(target: ast.expr) -> ast.expr:
    """A target as an expression that is read."""
    return (
        ast.copy_location(ast.Name(target.id), target) if isinstance(target, ast.Name) else target
    )
