"""Source text followed: what each statement makes of the names and models."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from convcalc.errors import printable
from convcalc.importers.keras.source.assigning import Assignments
from convcalc.importers.keras.source.builtin import items_of
from convcalc.importers.keras.source.calling import Calls
from convcalc.importers.keras.source.comparing import truth
from convcalc.importers.keras.source.functions import defined, methods
from convcalc.importers.keras.source.legacy import SIGNS
from convcalc.importers.keras.source.loops import Loops
from convcalc.importers.keras.source.objects import (
    INSTEAD,
    Function,
    Model,
    Unknown,
    Use,
)
from convcalc.importers.keras.source.scope import MOST_STEPS, Scope
from convcalc.importers.keras.source.statements import Unread
from convcalc.importers.keras.source.touching import (
    forget,
    has,
    makes,
    makes_layers,
    method_of,
    own_nodes,
    stored,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from convcalc.importers.keras.source.statements import Source, Statement

_CHANGED = re.compile(
    r"[ \t]*+(?:(?P<defined>def|class)[ \t]++(?=\w))?+(?P<name>[A-Za-z_]\w*+)"
    r"(?(defined)|(?:\.(?:add|append|extend)\(|[ \t]*+[-+*/]?=(?!=)))"
)
"""A line that changes what a name stands for, or that defines it."""

_CALLED = re.compile(r"([A-Za-z_]\w*+)\(")

MOST_ROUNDS = 1000
"""Rounds of a loop that are followed."""

_MOST_IDLE = 20_000
"""Nodes that a loop which makes no layers may have in all its rounds."""

_KINDS = {
    ast.AsyncFunctionDef: "a function",
    ast.ClassDef: "a class",
    ast.While: "a loop",
    ast.Match: "a condition that the text does not decide",
    ast.AsyncFor: "a loop",
}
"""What is not followed, in words."""


@dataclass
class _Rounds:
    """A loop, and what its rounds take that are left."""

    loop: ast.For
    items: Iterator[object]


class _Leaving(NamedTuple):
    """That a function may be left here: why it is not known whether it is."""

    unknown: Unknown


_Work: TypeAlias = "Statement | _Rounds | _Leaving"


class Following:
    """Follows the statements of a text.

    Attributes:
        functions: The functions that the text defines at its top.
        called: Which of them are called.
        alone: The expression that the text is if it is nothing else, and its value.
        unfollowed: Statements with layers in them that are not followed, and why.
        read: The lines that the model is read from, first and last of each statement.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        steps = MOST_STEPS + len(source.text)
        self._scope = Scope(is_old=any(sign in source.text for sign in SIGNS), steps=steps)
        self._calls = Calls(source, self._scope, self._function, self._listed)
        self._names = Assignments(self._calls, self._scope)
        self._loops = Loops(self._calls.values, self._names, self._scope)
        self.functions: list[Function] = []
        self.called: set[int] = set()
        self.alone: tuple[ast.expr | None, object] = (None, None)
        self.unfollowed: list[Unknown] = []
        self.read: set[tuple[int, int]] = set()
        self._run(source.statements)

    @property
    def models(self) -> list[Model]:
        """The models that are made, in order."""
        return self._calls.models

    @property
    def uses(self) -> list[Use]:
        """The calls of layers, in order."""
        return self._calls.uses

    @property
    def scope(self) -> Scope:
        """What is known at the end."""
        return self._scope

    def result_of(self, function: Function) -> object:
        """What a function gives that is called with nothing."""
        name = ast.Name(function.name, lineno=function.line, col_offset=0)
        node = ast.Call(name, [], [], lineno=function.line, col_offset=0)
        node.end_lineno, node.end_col_offset = function.line, function.place[1]
        return self._calls.returned(function, [], {}, node)

    def _function(self, function: Function) -> object:
        """What the lines of a function give, its parameters having their values."""
        self.called.add(id(function))
        self.read.add((function.line, max(function.line, function.body[0].lineno - 1)))
        return self._run(function.body)

    def _run(self, statements: Sequence[Statement]) -> object:
        """Follows statements; what they return."""
        left: list[_Work] = [*reversed(statements)]
        while left:
            one = left.pop()
            if isinstance(one, _Rounds):
                left += self._next_round(one)
            elif isinstance(one, _Leaving):
                rest = [work for work in left if isinstance(work, ast.stmt)]
                loops = [work.loop for work in left if isinstance(work, _Rounds)]
                forget([*rest, *loops], self._scope, one.unknown)
                return one.unknown
            elif isinstance(one, ast.Return):
                self._note_read(one)
                value = None if one.value is None else self._calls.values(one.value)
                if self._scope.depth:
                    return value
            else:
                left += reversed(self._follow(one))
        return None

    def _next_round(self, rounds: _Rounds) -> list[_Work]:
        """The statements of the next round of a loop, the last first; nothing behind the last."""
        for item in rounds.items:
            self._scope.spend()
            self._names.give(rounds.loop.target, item)
            return [rounds, *reversed(rounds.loop.body)]
        return []

    def _follow(self, statement: Statement) -> Sequence[_Work]:
        """What a statement makes of the names; what is to be followed next."""
        if isinstance(statement, Unread):
            self._passed_by_text(statement)
            return ()
        self._scope.place = self._source.place(statement)
        self._scope.spend()
        if isinstance(statement, ast.With | ast.Try | ast.If | ast.For):
            return self._block(statement)
        if isinstance(statement, ast.Raise) and self._scope.depth:
            return [_Leaving(Unknown("an error is raised here", self._scope.place))]
        if type(statement) in _KINDS:
            return self._passed(statement, _KINDS[type(statement)])
        self._simple(statement)
        return ()

    def _simple(self, statement: ast.stmt) -> None:
        """What a statement without others in it makes of the names; a function is one."""
        if isinstance(statement, ast.Import | ast.ImportFrom):
            self._scope.aliases.update(
                {one.asname: one.name.rpartition(".")[2] for one in statement.names if one.asname}
            )
            self._note_read(statement)
        elif isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign):
            if self._names.assign(statement):
                self._note_read(statement)
        elif isinstance(statement, ast.Expr):
            self._effect(statement)
        elif isinstance(statement, ast.FunctionDef):
            self._define(statement)
        elif isinstance(statement, ast.Delete):
            forget([statement], self._scope, self._calls.values.unknown(statement.targets[0]))

    def _block(self, statement: ast.With | ast.Try | ast.If | ast.For) -> Sequence[_Work]:
        """The statements of a block that are to be followed."""
        if isinstance(statement, ast.For):
            return self._loop(statement)
        if isinstance(statement, ast.If):
            test = truth(self._calls.values(statement.test))
            if test is None:
                return self._passed(statement, "a condition that the text does not decide")
        self._note_read(statement, statement.lineno)
        if isinstance(statement, ast.Try):
            return [*statement.body, *statement.orelse, *statement.finalbody]
        if isinstance(statement, ast.If):
            return statement.body if test else statement.orelse
        for item in statement.items:
            value = self._calls.values(item.context_expr)
            if item.optional_vars is not None:
                self._names.give(item.optional_vars, value)
        return statement.body

    def _loop(self, loop: ast.For) -> Sequence[_Work]:
        """A loop over values that are known."""
        items = items_of(self._calls.values(loop.iter))
        jumps = [one for one in own_nodes(loop.body) if isinstance(one, ast.Break | ast.Continue)]
        if jumps or loop.orelse:
            word = type(jumps[0]).__name__.lower() if jumps else "else"
            return self._passed(loop, f"a loop with '{word}'")
        if items is None:
            what = f"a loop of more than {MOST_ROUNDS:,} rounds, or of what the text does not tell,"
            return self._passed(loop, what)
        if len(items) > MOST_ROUNDS or len(items) * self._loops.weight(loop) > _MOST_IDLE:
            return self._passed(loop, f"a loop of {len(items):,} rounds")
        self._note_read(loop, loop.lineno)
        return [_Rounds(loop, iter(items))]

    def _listed(self, node: ast.ListComp | ast.GeneratorExp) -> object:
        return self._loops.listed(node)

    def _define(self, statement: ast.FunctionDef) -> None:
        """Keeps a function for the lines that call it."""
        function = defined(statement, self._calls.values, self._scope)
        self._scope.values[statement.name] = function
        self._scope.functions.add(statement.name)
        if not self._scope.depth:
            self.functions.append(function)

    def _note_read(self, statement: ast.stmt, last: int | None = None) -> None:
        self.read.add((statement.lineno, last or statement.end_lineno or statement.lineno))

    def _effect(self, statement: ast.Expr) -> None:
        """A call that is a statement: what a model is added to, and what has no effect."""
        node = statement.value
        if isinstance(node, ast.Constant):
            self._note_read(statement)  # a text says nothing of the model
            return
        name, method = method_of(node)
        if name and method == "add" and not self._scope.depth:
            self._owner(name, statement)
        owner, count = self._scope.values.get(name), len(self.models)
        steps = len(self.called)
        value = self._calls.values(node)
        if [statement] == self._source.statements:
            self.alone = (node, value)
            self._note_read(statement)
        changed = isinstance(owner, Model) and method in ("add", "pop", "build")
        grown = isinstance(owner, list) and method in ("append", "extend", "pop")
        if changed or grown or len(self.models) > count or len(self.called) > steps:
            self._note_read(statement)

    def _owner(self, name: str, statement: ast.stmt) -> None:
        """The model that is added to: one that the text does not make is taken for an empty one."""
        value = self._scope.values.get(name)
        if isinstance(value, Model | list):
            return
        if isinstance(value, Unknown) or (
            name not in self._scope.values and has([statement], makes_layers)
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

    def _passed(self, statement: ast.stmt, what: str) -> Sequence[_Work]:
        """Leaves a class, loop or condition out: what it changes is not known."""
        name = getattr(statement, "name", "")
        called = f", {printable(name, 60)}," if name else ""
        unknown = Unknown(
            f"{what}{called} is not run, and the model needs it; write its lines out, or {INSTEAD}",
            self._source.place(statement),
        )
        if name:
            self._scope.values[name] = unknown
            self._scope.functions.add(name)
            if isinstance(statement, ast.ClassDef):
                found = methods(statement, self._calls.values, self._scope)
                self._scope.classes[unknown] = found
        else:
            forget([statement], self._scope, unknown)
            for changed in stored([statement]):
                self._spoil(changed, unknown)
        if has([statement], makes_layers):
            self.unfollowed.append(unknown)
        leaves = any(isinstance(node, ast.Return) for node in own_nodes([statement]))
        return [_Leaving(unknown)] if leaves and self._scope.depth else ()

    def _spoil(self, name: str, unknown: Unknown) -> None:
        """What a name stands for is no longer known."""
        value = self._scope.values.get(name)
        if isinstance(value, Model):
            value.spoil(unknown)
        self._scope.values[name] = unknown

    def _passed_by_text(self, unread: Unread) -> None:
        """Leaves lines out that are no Python: what they would change is not known."""
        classes = [name for name in _CALLED.findall(unread.text) if makes(name)]
        reason = f"this is no Python that can be read: {printable(unread.reason, 100)}"
        unknown = Unknown(reason, unread.place)
        changed = _changed_by(unread)
        for name in changed:
            if classes or name in self._scope.values:
                self._spoil(name, unknown)
        if classes and changed:
            self.unfollowed.append(unknown)


def _changed_by(unread: Unread) -> list[str]:
    """The names that lines may change which are no Python; of a function its own name alone."""
    lines = unread.text.split("\n")
    first = _CHANGED.match(lines[0])
    if first is not None and first["defined"]:
        return [first["name"]]
    found = map(_CHANGED.match, lines if unread.is_block else lines[:1])
    return [one["name"] for one in found if one is not None]
