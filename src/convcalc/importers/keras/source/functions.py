"""Functions that source text defines: what they take, and which of them are followed."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from convcalc.errors import nearest, printable
from convcalc.importers.keras.source.objects import INSTEAD, Function, Unknown
from convcalc.importers.keras.source.touching import own_nodes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcalc.importers.keras.source.scope import Scope
    from convcalc.importers.keras.source.values import Values

MOST_DEEP = 20
"""Functions that are followed within each other."""

_OF_KERAS = {"Model", "Layer", "Callback", "Constraint", "object"}
"""Classes whose methods change no model that they are given."""

_REFUSED: Mapping[type[ast.AST], str] = {
    ast.Global: "'global'",
    ast.Nonlocal: "'nonlocal'",
    ast.Yield: "'yield'",
    ast.YieldFrom: "'yield'",
    ast.Await: "'await'",
    ast.ClassDef: "a class",
    ast.AsyncFunctionDef: "'async'",
}


def defined(node: ast.FunctionDef, values: Values, scope: Scope) -> Function:
    """The function that a statement defines."""
    place = values.place(node)
    why = "a decorator" if node.decorator_list else _refused(node.args, node.body)
    shown = printable(node.name, 60)
    reason = (
        f"a function, {shown}, with {why} is not followed, and the model needs it; write its lines "
        f"out, or {INSTEAD}"
    )
    refusal = Unknown(reason, place) if why else None
    defaults = _defaults(node.args, values)
    frame, line = scope.values, node.lineno
    return Function(node.name, node.args, node.body, defaults, frame, place, line, refusal)


def methods(statement: ast.ClassDef, values: Values, scope: Scope) -> tuple[list[Function], bool]:
    """The functions of a class, and whether it has no others but those of Keras."""
    own = [
        defined(one, values, scope) for one in statement.body if isinstance(one, ast.FunctionDef)
    ]
    bases = {getattr(one, "attr", getattr(one, "id", "")) for one in statement.bases}
    return own, bases <= _OF_KERAS


def anonymous(node: ast.Lambda, values: Values, scope: Scope) -> Function:
    """The function that `lambda` makes."""
    body = [ast.copy_location(ast.Return(node.body), node)]
    why = _refused(node.args, body)
    refusal = values.unknown(node) if why else None
    defaults = _defaults(node.args, values)
    frame, place, line = scope.values, values.place(node), node.lineno
    return Function("lambda", node.args, body, defaults, frame, place, line, refusal)


def _refused(taken: ast.arguments, body: Sequence[ast.stmt]) -> str:
    """What a function has that is not followed, in words."""
    if taken.vararg or taken.kwarg:
        return "*args" if taken.vararg else "**kwargs"
    return next((_REFUSED[type(one)] for one in own_nodes(body) if type(one) in _REFUSED), "")


def _defaults(taken: ast.arguments, values: Values) -> dict[str, object]:
    """The values of parameters that need not be given."""
    ordered = [one.arg for one in (*taken.posonlyargs, *taken.args)]
    behind = ordered[len(ordered) - len(taken.defaults) :]
    found = {name: values(node) for name, node in zip(behind, taken.defaults, strict=True)}
    for one, node in zip(taken.kwonlyargs, taken.kw_defaults, strict=True):
        if node is not None:
            found[one.arg] = values(node)
    return found


def needed(function: Function) -> list[str]:
    """The parameters that must be given."""
    taken = function.parameters
    names = [one.arg for one in (*taken.posonlyargs, *taken.args, *taken.kwonlyargs)]
    return [name for name in names if name not in function.defaults]


def bound(
    function: Function, args: Sequence[object], kwargs: Mapping[str, object]
) -> dict[str, object] | str:
    """The parameters of a call with their values, or what is wrong with the call."""
    taken, name = function.parameters, printable(function.name, 60)
    first = [one.arg for one in taken.posonlyargs]
    ordered = [*first, *(one.arg for one in taken.args)]
    if len(args) > len(ordered):
        return f"{name}() takes {len(ordered)} arguments without a name, and {len(args)} are given"
    found = dict(zip(ordered, args, strict=False))
    named = {*ordered[len(first) :], *(one.arg for one in taken.kwonlyargs)}
    for key, value in kwargs.items():
        shown = printable(key, 40)
        if key not in named:
            return f"{name}() has no parameter '{shown}'{nearest(key, sorted(named))}"
        if key in found:
            return f"{name}() is given {shown} twice"
        found[key] = value
    missing = next((one for one in needed(function) if one not in found), None)
    if missing is not None:
        return f"{name}() is not given its {printable(missing, 40)}"
    return {**function.defaults, **found}
