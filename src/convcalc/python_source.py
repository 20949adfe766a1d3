"""What the text of a Python file defines, and which of it is the whole network; nothing is run."""

from __future__ import annotations

import ast
import warnings
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MOST_ARGUMENTS = 8
"""Arguments that an example names."""


class Defined(NamedTuple):
    """What a file defines at its top.

    Attributes:
        names: Its classes, and its functions with parentheses, whole networks first and what they
            are made of behind them; in a file without a class of torch, its `Sequential`s first.
        example: How the first is given, `UNet(n_channels=..., n_classes=...)`: with the arguments
            that it needs.
    """

    names: list[str]
    example: str


def defines_nothing(text: str) -> bool:
    """Whether the text of a Python file has no class and no function at its top.

    Raises:
        SyntaxError: it is no Python.
    """
    return not any(isinstance(node, ast.ClassDef | ast.FunctionDef) for node in _body(text))


def defines_class(text: str) -> bool:
    """Whether the text of a Python file has a class at its top.

    Raises:
        SyntaxError: it is no Python.
    """
    return any(isinstance(node, ast.ClassDef) for node in _body(text))


def defined(text: str) -> Defined:
    """What the text of a Python file defines, the name that is most likely asked for first.

    A whole network is a class or a function that no other class in the file uses, nor a function
    that makes a network without arguments; of several, what uses most of the others.

    Raises:
        SyntaxError: it is no Python.
    """
    body = _body(text)
    classes = {node.name: node for node in body if isinstance(node, ast.ClassDef)}
    functions = {node.name: node for node in body if isinstance(node, ast.FunctionDef)}
    modules = _modules(classes)
    makers = _makers(functions, modules)
    whole = modules | {name for name in makers if not _required(functions[name].args)}
    both = {**classes, **functions}
    parts = {name: (_names_in(both[name]) & whole) - {name} for name in whole}
    used = set().union(*parts.values())

    def place(name: str) -> tuple[bool, bool, int]:
        return name not in whole, name in used, 0 if name in used else -len(parts.get(name, ()))

    order = sorted(both, key=place)
    if not modules:
        order = [*_instances(body), *order]
    if not order:
        return Defined([], "")
    return Defined(
        [f"{name}()" if name in functions else name for name in order],
        order[0] + _arguments(order[0], classes, functions),
    )


def _body(text: str) -> list[ast.stmt]:
    """The statements of a text; none of one that Python's parser cannot take.

    Raises:
        SyntaxError: it is no Python.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of escapes such as \alpha in a docstring
            return ast.parse(text).body
    except (ValueError, RecursionError, MemoryError):
        return []


def _modules(classes: Mapping[str, ast.ClassDef]) -> set[str]:
    """The classes that are modules of torch, as far as the text tells."""
    known, derived = [], _by_name(classes, {name: _bases(node) for name, node in classes.items()})
    for name, node in classes.items():
        dotted = [_dotted(base) for base in node.bases]
        named = any("nn" in one or one[-1].endswith(("Module", "Sequential")) for one in dotted)
        if named or (dotted and _has_forward(node)):
            known.append(name)
    return _reached(known, derived)


def _has_forward(node: ast.ClassDef) -> bool:
    """Whether a class has a forward that is a method, which that of a gradient rule is not."""
    return any(
        isinstance(one, ast.FunctionDef) and one.name == "forward" and not one.decorator_list
        for one in node.body
    )


def _makers(functions: Mapping[str, ast.FunctionDef], modules: Iterable[str]) -> set[str]:
    """The functions that return what a class of the file makes, or another such function."""
    calls = {name: _returned_calls(node) for name, node in functions.items()}
    return _reached(modules, _by_name([*modules, *functions], calls)) & functions.keys()


def _returned_calls(function: ast.FunctionDef) -> set[str]:
    """The names whose calls a function returns, at once or under a name of its own."""
    made: dict[str, set[str]] = {}
    returned: list[ast.expr | None] = []
    for node in ast.walk(function):
        if isinstance(node, ast.Return):
            returned.append(node.value)
        elif isinstance(node, ast.Assign):
            for one in node.targets:
                if isinstance(one, ast.Name):
                    made.setdefault(one.id, set()).add(_called(node.value))
    kept = (made.get(one.id, set()) for one in returned if isinstance(one, ast.Name))
    return {_called(one) for one in returned}.union(*kept)


def _called(node: ast.expr | None) -> str:
    """What a value is a call of: `Net` of `Net(3)`, and of `Net(3).cuda().eval()`."""
    while isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        if not isinstance(node.func.value, ast.Call):
            break
        node = node.func.value
    return ".".join(_dotted(node.func)) if isinstance(node, ast.Call) else ""


def _dotted(node: ast.expr) -> list[str]:
    """The names of `torch.nn.Module`; an empty one in place of what is no name."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    return [node.id if isinstance(node, ast.Name) else "", *reversed(names)]


def _instances(body: Iterable[ast.stmt]) -> list[str]:
    """The names of networks of torch that are made at the top, where layers stand in a row."""
    found = {}
    for node in body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            *before, name = _called(node.value).split(".")
            if name == "Sequential" and not {"keras", "models"} & {*before}:
                found[node.targets[0].id] = node
    return list(found)


def _by_name(known: Iterable[str], uses: Mapping[str, set[str]]) -> dict[str, list[str]]:
    """Which names use each of those that are known."""
    users: dict[str, list[str]] = {name: [] for name in known}
    for name, used in uses.items():
        for one in used & users.keys():
            users[one].append(name)
    return users


def _reached(start: Iterable[str], users: Mapping[str, list[str]]) -> set[str]:
    """Some names, what uses them, what uses that, and so on."""
    found, waiting = set(start), list(start)
    while waiting:
        further = [name for name in users[waiting.pop()] if name not in found]
        found.update(further)
        waiting += further
    return found


def _bases(node: ast.ClassDef) -> set[str]:
    return {base.id for base in node.bases if isinstance(base, ast.Name)}


def _names_in(node: ast.AST) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}


def _arguments(
    name: str, classes: Mapping[str, ast.ClassDef], functions: Mapping[str, ast.FunctionDef]
) -> str:
    """The arguments that a class or function needs, `(a=..., b=...)`; nothing if it needs none."""
    needed = _required(functions[name].args) if name in functions else _constructor(name, classes)
    more = [*needed[:MOST_ARGUMENTS], *(["..."] if len(needed) > MOST_ARGUMENTS else [])]
    return f"({', '.join(more)})" if needed else ""


def _constructor(name: str, classes: Mapping[str, ast.ClassDef]) -> list[str]:
    """The arguments that a class needs, by its __init__ or that of a class that it is made of."""
    seen: set[str] = set()
    while name in classes and name not in seen:
        seen.add(name)
        for one in classes[name].body:
            if isinstance(one, ast.FunctionDef) and one.name == "__init__":
                return _required(one.args, 1)
        bases = [base.id for base in classes[name].bases if isinstance(base, ast.Name)]
        name = next((base for base in bases if base in classes), "")
    return []


def _required(arguments: ast.arguments, bound: int = 0) -> list[str]:
    """The arguments without a value of their own, as an example names them.

    Args:
        arguments: Those of a function.
        bound: How many of the first are given by Python: self.
    """
    unnamed = ["..." for _ in arguments.posonlyargs]
    ordered = [*unnamed, *(f"{one.arg}=..." for one in arguments.args)]
    pairs = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    named = [f"{one.arg}=..." for one, value in pairs if value is None]
    return ordered[bound : len(ordered) - len(arguments.defaults)] + named
