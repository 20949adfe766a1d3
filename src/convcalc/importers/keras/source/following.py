"""Source text followed in straight lines: what each statement makes of the names and models."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from convcalc.errors import printable
from convcalc.importers.keras.source.calling import Calls, is_of_torch
from convcalc.importers.keras.source.legacy import SIGNS
from convcalc.importers.keras.source.objects import (
    INSTEAD,
    Model,
    Tensor,
    Unknown,
    Use,
    inputs_of,
    tensors_in,
)
from convcalc.importers.keras.source.scope import Scope
from convcalc.importers.keras.source.signatures import class_of
from convcalc.importers.keras.source.statements import Unread

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from convcalc.importers.keras.source.statements import Source, Statement

_ADDED = re.compile(r"[ \t]*+([A-Za-z_]\w*+)\.add\(")
_NAMED = re.compile(r"[ \t]*+([A-Za-z_]\w*+)[ \t]*+=(?!=)")
_CALLED = re.compile(r"([A-Za-z_]\w*+)\(")

_KINDS = {
    ast.FunctionDef: "a function",
    ast.AsyncFunctionDef: "a function",
    ast.ClassDef: "a class",
    ast.For: "a loop",
    ast.While: "a loop",
    ast.If: "a condition that the text does not decide",
    ast.Match: "a condition that the text does not decide",
    ast.AsyncFor: "a loop",
}
"""What is not followed, in words."""


class Following:
    """Follows the statements of a text.

    Attributes:
        models: The models that are made, in order.
        unfollowed: Statements with layers in them that are not followed, and why.
        read: The lines that the model is read from, first and last of each statement.
        notes: What is assumed.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._scope = Scope(is_old=any(sign in source.text for sign in SIGNS))
        self._calls = Calls(source, self._scope)
        self.unfollowed: list[Unknown] = []
        self.read: list[tuple[int, int]] = []
        left = source.statements()[::-1]
        while left:
            left += reversed(self._follow(left.pop()))

    @property
    def models(self) -> list[Model]:
        """The models that are made, in order."""
        return self._calls.models

    @property
    def notes(self) -> list[str]:
        """What is assumed."""
        return self._scope.notes

    def without_model(self) -> list[Model]:
        """The model that the tensors of a text make, where it ends before `Model(...)`.

        It has one output: the tensor that nothing reads.
        """
        read = {id(one.use) for use in self._calls.uses for one in tensors_in(_given(use))}
        ends = [use for use in self._calls.uses if id(use) not in read and tensors_in(_given(use))]
        if len(ends) != 1:
            return []
        values = self._scope.values.items()
        names = [name for name, one in values if isinstance(one, Tensor) and one.use is ends[0]]
        label = names[0] if names else ends[0].layer.name
        model = Model(label, label, ends[0].place, [], [], [Tensor(ends[0])])
        model.inputs = inputs_of(model)
        shown = printable(label, 60)
        self._scope.note(f"the text makes no Model: '{shown}' is taken for its output")
        return [model]

    def _follow(self, statement: Statement) -> Sequence[Statement]:
        """What a statement makes of the names; those within it that are to be followed."""
        if isinstance(statement, Unread):
            self._passed_by_text(statement)
        elif isinstance(statement, ast.Import | ast.ImportFrom):
            self._scope.aliases.update(
                {one.asname: one.name.rpartition(".")[2] for one in statement.names if one.asname}
            )
            self._note_read(statement)
        elif isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign):
            self._assign(statement)
        elif isinstance(statement, ast.Expr):
            self._effect(statement)
        elif isinstance(statement, ast.With | ast.Try):
            self._note_read(statement, statement.lineno)
            return statement.body
        elif isinstance(statement, ast.If):
            return self._condition(statement)
        elif type(statement) in _KINDS:
            self._passed(statement)
        return ()

    def _note_read(self, statement: ast.stmt, last: int | None = None) -> None:
        self.read.append((statement.lineno, last or statement.end_lineno or statement.lineno))

    def _assign(self, statement: ast.Assign | ast.AnnAssign | ast.AugAssign) -> None:
        """Gives names their values."""
        if statement.value is None:
            return
        if isinstance(statement, ast.AugAssign):
            node = ast.BinOp(_read_again(statement.target), statement.op, statement.value)
            value = self._calls.values(ast.copy_location(node, statement))
            targets: Sequence[ast.expr] = [statement.target]
        else:
            value = self._calls.values(statement.value)
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        for target in targets:
            self._give(target, value)
        if not isinstance(value, Unknown):
            self._note_read(statement)

    def _give(self, target: ast.expr, value: object) -> None:
        """Gives one name a value, or several those of a list or of a layer of several results."""
        if isinstance(target, ast.Name):
            self._scope.values[target.id] = value
            if isinstance(value, Model) and value.label is None:
                value.label = target.id
        elif isinstance(target, ast.Tuple | ast.List):
            several: Sequence[object] = ()
            if isinstance(value, Tensor):
                several = [Tensor(value.use, number) for number in range(len(target.elts))]
            elif isinstance(value, list | tuple) and not isinstance(value, Unknown):
                several = value
            if len(several) != len(target.elts):
                several = [self._calls.values.unknown(target) for _ in target.elts]
            for one, own in zip(target.elts, several, strict=True):
                self._give(one, own)
        elif isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name):
            name = target.value.id
            self._scope.values[name] = self._calls.values.unknown(target)  # filters[0] = 64

    def _effect(self, statement: ast.Expr) -> None:
        """A call that is a statement: what a model is added to, and what has no effect."""
        node = statement.value
        if isinstance(node, ast.Constant):
            self._note_read(statement)  # a text says nothing of the model
            return
        name, method = _method_of(node)
        if name and method == "add":
            self._owner(name, statement)
        owner, count = self._scope.values.get(name), len(self.models)
        self._calls.values(node)
        changed = isinstance(owner, Model) and method in ("add", "pop", "build")
        grown = isinstance(owner, list) and method == "append"
        if changed or grown or len(self.models) > count:
            self._note_read(statement)

    def _owner(self, name: str, statement: ast.stmt) -> None:
        """The model that is added to: one that the text does not make is taken for an empty one."""
        value = self._scope.values.get(name)
        if isinstance(value, Model | list):
            return
        if isinstance(value, Unknown) or (
            name not in self._scope.values and _has_layers(statement)
        ):
            made = Model(name, self._scope.made.next("Sequential"), self._source.place(statement))
            if isinstance(value, Unknown):
                made.spoil(value)
            else:
                shown = printable(name, 60)
                self._scope.note(
                    f"'{shown}' is not made in the text, so it is taken for an empty Sequential"
                )
            self._scope.values[name] = made
            self.models.append(made)

    def _condition(self, statement: ast.If) -> Sequence[ast.stmt]:
        """What is known to be done."""
        test = self._calls.values(statement.test)
        if isinstance(test, Unknown):
            self._passed(statement)
            return ()
        self._note_read(statement, statement.lineno)
        return statement.body if test else statement.orelse

    def _passed(self, statement: ast.stmt) -> None:
        """Leaves a function, class, loop or condition out: what it changes is not known."""
        what = _KINDS[type(statement)]
        name = getattr(statement, "name", "")
        called = f", {printable(name, 60)}," if name else ""
        unknown = Unknown(
            f"{what}{called} is not run, and the model needs it; write its lines out, or {INSTEAD}",
            self._source.place(statement),
        )
        if name:
            self._scope.values[name] = unknown
            self._scope.functions.add(name)
        else:
            for changed in _changed(statement):
                self._spoil(changed, unknown)
        if _has_layers(statement):
            self.unfollowed.append(unknown)

    def _spoil(self, name: str, unknown: Unknown) -> None:
        """What a name stands for is no longer known."""
        value = self._scope.values.get(name)
        if isinstance(value, Model):
            value.spoil(unknown)
        self._scope.values[name] = unknown

    def _passed_by_text(self, unread: Unread) -> None:
        """Leaves lines out that are no Python: what they would change is not known."""
        classes = [name for name in _CALLED.findall(unread.text) if _makes(name)]
        reason = f"this is no Python that can be read: {printable(unread.reason, 100)}"
        unknown = Unknown(reason, unread.place)
        for match in (_ADDED.match(unread.text), _NAMED.match(unread.text)):
            if match is not None and (classes or match[1] in self._scope.values):
                self._spoil(match[1], unknown)
        if classes and (_ADDED.match(unread.text) or _NAMED.match(unread.text)):
            self.unfollowed.append(unknown)


def _given(use: Use) -> object:
    """What a call is given."""
    return [use.args, use.kwargs]


def _read_again(target: ast.expr) -> ast.expr:
    """A target as an expression that is read."""
    return (
        ast.copy_location(ast.Name(target.id), target) if isinstance(target, ast.Name) else target
    )


def _method_of(node: ast.expr) -> tuple[str, str]:
    """The variable and the method of a call like `model.add(...)`; nothing of others."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        owner = node.func.value
        return (owner.id, node.func.attr) if isinstance(owner, ast.Name) else ("", "")
    return "", ""


def _changed(statement: ast.stmt) -> Iterable[str]:
    """The names that a statement gives values to, or adds layers to."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Call):
            name, method = _method_of(node)
            if name and method in ("add", "pop", "append", "insert", "extend"):
                yield name


def _makes(name: str) -> bool:
    return class_of(name) is not None or name in ("Sequential", "Model", "Input")


def _has_layers(statement: ast.stmt) -> bool:
    """Whether a statement makes layers or models of Keras, or begins a class of such."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Call):
            func = node.func
            if isinstance(func, ast.Name) and _makes(func.id):
                return True
            if isinstance(func, ast.Attribute) and _makes(func.attr) and not is_of_torch(func):
                return True
    return False
