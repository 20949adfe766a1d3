"""Which models and lists statements may change that are not followed."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from convcalc.importers.keras.source.objects import Function, spoil
from convcalc.importers.keras.source.signatures import class_of

if TYPE_CHECKING:
    from collections import ChainMap
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from convcalc.importers.keras.source.objects import Unknown
    from convcalc.importers.keras.source.scope import Scope

_CHANGES = {
    *("add", "pop", "append", "insert", "extend", "remove", "clear", "sort", "reverse", "build"),
}
"""Methods that change a model or a list."""

_FRESH = (ast.List, ast.ListComp, ast.Dict, ast.Constant, ast.BinOp)
"""What makes a list that nobody else holds."""


def method_of(node: ast.AST) -> tuple[str, str]:
    """The variable and the method of a call like `model.add(...)`; nothing of others."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        owner: ast.expr = node.func.value
        while isinstance(owner, ast.Subscript | ast.Attribute):  # blocks[0].append(x)
            owner = owner.value
        return (owner.id, node.func.attr) if isinstance(owner, ast.Name) else ("", "")
    return "", ""


def stored(statements: Iterable[ast.AST]) -> set[str]:
    """The names that statements give values to, without those of functions within them."""
    names = set()
    for node in own_nodes(statements):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
    return names


def own_nodes(statements: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """All nodes of statements but those inside the functions and classes that they define."""
    left = list(statements)
    while left:
        node = left.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            left += ast.iter_child_nodes(node)


def locals_of(function: Function) -> set[str]:
    """The names of its own that a function has."""
    taken = function.parameters
    own = {one.arg for one in (*taken.posonlyargs, *taken.args, *taken.kwonlyargs)}
    return own | {one.arg for one in (taken.vararg, taken.kwarg) if one} | stored(function.body)


def reached(
    statements: Sequence[ast.AST], names: ChainMap[str, object], own: AbstractSet[str], scope: Scope
) -> Iterator[tuple[Sequence[ast.AST], ChainMap[str, object], AbstractSet[str]]]:
    """Statements, and those of the functions that they may call, with the names that these see.

    Args:
        statements: The first of them.
        names: What they see.
        own: The names among these that are made inside.
        scope: Counts the work.
    """
    left = [(statements, names, own)]
    seen: set[int] = set()
    while left:
        nodes, names, own = left.pop()
        yield nodes, names, own
        for node in _walked(nodes):
            scope.spend()
            value = None
            if isinstance(node, ast.Name) and node.id not in own:
                value = names.get(node.id)
            if isinstance(value, Function) and id(value) not in seen:
                seen.add(id(value))
                left.append((value.body, value.frame, locals_of(value)))


def forget(
    statements: Sequence[ast.AST],
    scope: Scope,
    unknown: Unknown,
    names: ChainMap[str, object] | None = None,
    own: AbstractSet[str] = frozenset(),
) -> bool:
    """What statements that are not followed may change is not known from here on.

    Args:
        statements: They, which may call functions of the text.
        scope: What is known.
        unknown: Why they are not followed.
        names: What names stand for there, unless it is what they do here.
        own: Names that are made inside.

    Returns:
        Whether they may change what the names of their own are given.
    """
    outside: list[object] = []
    given: list[object] = []
    changes = False
    first = scope.values if names is None else names
    for nodes, seen, inner in reached(statements, first, own, scope):
        fresh = _fresh(nodes)
        for node in _walked(nodes):
            for name in _changed(node):
                changes |= name in inner and name not in fresh
                outside += [] if name in inner else [seen.get(name)]
            if isinstance(node, ast.Call) and _names_function(node, seen):
                named = (one.id for one in ast.walk(node) if isinstance(one, ast.Name))
                given += [seen.get(name) for name in named if name not in inner]
            elif isinstance(node, ast.Global | ast.Nonlocal):
                for name in node.names:
                    holder = next((one for one in seen.maps if name in one), seen.maps[-1])
                    holder[name] = unknown
    for value in (*outside, *(given if changes else ())):
        spoil(value, unknown)
    return changes


def has(nodes: Iterable[ast.AST], test: Callable[[ast.AST], bool]) -> bool:
    """Whether one of the nodes, or of those within them, is as a test says."""
    return any(map(test, _walked(nodes)))


def makes(name: str) -> bool:
    """Whether what is called so makes layers or models of Keras."""
    return class_of(name) is not None or name in ("Sequential", "Model", "Input")


def makes_layers(node: ast.AST) -> bool:
    """Whether a node is a call that makes layers or models of Keras."""
    if not isinstance(node, ast.Call):
        return False
    func = node.func
    if isinstance(func, ast.Attribute):
        return makes(func.attr) and not is_of_torch(func)
    return isinstance(func, ast.Name) and makes(func.id)


def is_of_torch(func: ast.Attribute) -> bool:
    """Whether a class is one of PyTorch's, as `nn.Sequential`: of TensorFlow nn has functions."""
    owner = func.value
    name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
    return name == "nn" and func.attr[:1].isupper()


def _names_function(node: ast.Call, names: Mapping[str, object]) -> bool:
    """Whether a call is of a function of the text, or gets one."""
    parts = (node.func, *node.args, *(one.value for one in node.keywords))
    return any(isinstance(n, ast.Name) and isinstance(names.get(n.id), Function) for n in parts)


def _fresh(statements: Sequence[ast.AST]) -> set[str]:
    """Names that are given nothing but lists and numbers made there."""
    fresh: set[str] = set()
    others: set[str] = set()
    for node in _walked(statements):
        if isinstance(node, ast.Assign):
            whole = all(isinstance(target, ast.Name) for target in node.targets)
            kept = fresh if whole and isinstance(node.value, _FRESH) else others
            kept |= {one.id for one in _walked(node.targets) if isinstance(one, ast.Name)}
    return fresh - others


def _walked(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    for node in nodes:
        yield from ast.walk(node)


def _changed(node: ast.AST) -> list[str]:
    """The names whose value a node changes, as it has them: model.add(...), sizes[0] = 3."""
    if isinstance(node, ast.Call):
        name, method = method_of(node)
        return [name] if name and method in _CHANGES else []
    if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
        return [node.target.id]
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del):
        return [one.id for one in ast.walk(node.value) if isinstance(one, ast.Name)]
    return []
