"""What names stand for in source text: whole numbers, modules and lists of them that it assigns.

    hidden = 64                      wide, narrow = 8, 2 * hidden
    layers = [nn.Linear(8, hidden)]  layers.append(nn.ReLU())  layers += [nn.Tanh()]

A name whose value could be another where the model is made stands for nothing: one with several
values, one that a loop or a function gives, a list that is changed in a loop or in another way, and
a module with parameters that is used twice, whose parameters are there once.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from convcalc.language.pytorch.module import Module
from convcalc.language.pytorch.reader import values_at
from convcalc.language.pytorch.table import form_of
from convcalc.layers.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_NAMES = 200
"""Names of a model that are looked for."""

_NAME = r"[A-Za-z_][\w.]*+"
_STATEMENT = re.compile(
    rf"(?P<names>{_NAME}(?:[ \t]*+,[ \t]*+{_NAME}){{0,20}}+)[ \t]*+(?P<sign>\+?=)(?!=)[ \t]*+"
    r"|(?P<list>[A-Za-z_]\w*+)\.(?P<method>append|extend)\("
)
_CHANGE = re.compile(rf"(?<![\w.])(?P<name>{_NAME})[ \t]*+(?:\(|\[|(?:[-+*/%&|^]|//|\*\*|:)=)")
_METHODS = ("append", "extend", "insert", "pop", "remove", "clear", "reverse", "sort")
_GIVEN = re.compile(
    rf"\bfor\b(?P<loop>(?:[ \t,(*]*+(?!in\b){_NAME})*+)"
    r"|\b(?:def[ \t]++\w++[ \t]*+\(|lambda\b)(?P<function>[^)\n]{0,500}+(?:\n[^)\n]{0,200}+){0,9}+)"
)
_USED = re.compile(rf"(?<![\w.]){_NAME}(?![ \t]*+(?:\(|=(?!=)))")
_CONSTANTS = {"True", "False", "None", "for", "in", "if", "else"}
_WORD = re.compile(_NAME)
_KEYWORD_ARGUMENT = re.compile(r"[^\n#]*,[ \t\r]*$")


class Statement(NamedTuple):
    """One that gives a name a value: `sign` is "=", "+=", "append" or "extend".

    `indent` is how far its line is indented, `number` which of the values with commas between them
    it is, and `place` where the first of these begins.
    """

    name: str
    sign: str
    indent: int
    number: int
    of: int
    place: int


class Assigned(NamedTuple):
    """Values by name, and where the statements stand that gave them, from start to end."""

    values: dict[str, object]
    places: list[tuple[int, int]]


def assigned(text: str, start: int, stop: int) -> Assigned:
    """What the names that are used from `start` to `stop` stand for, by the text before.

    Args:
        text: Source text without prompts.
        start: Where the model begins.
        stop: Where it ends.
    """
    uses = Counter(_USED.findall(text, start, stop))
    wanted = set(uses) - _CONSTANTS
    found: dict[str, list[Statement]] = {}
    if not wanted:
        return Assigned({}, [])
    for one in reversed(list(_statements(text, start))):
        if one.name in wanted:
            wanted.update(_USED.findall(text, one.place, text.find("\n", one.place)))
            found.setdefault(one.name, []).append(one)
    given, changes = _given_elsewhere(text), _changes(text, wanted, start)
    result = Assigned({}, [])
    for name, statements in list(reversed(found.items()))[:MOST_NAMES]:
        changed = sum(one.sign != "=" for one in statements)
        if name not in given and changed == changes.get(name, 0):
            _give(text, name, statements[::-1], result)
    shared = [name for name, value in result.values.items() if uses[name] > 1 and _counts(value)]
    for name in shared:
        del result.values[name]
    return result


def _counts(value: object) -> bool:
    """Whether a value has parameters, or may have, which are counted once however often used."""
    if not isinstance(value, tuple | Module):
        return False
    form = form_of(value.name) if isinstance(value, Module) else None
    return form is None or KINDS[form.kind].has_weights()


def _give(text: str, name: str, statements: list[Statement], result: Assigned) -> None:
    """The value of one name, if all its statements come to one."""
    values: list[object] = []
    places = []
    for one in statements:
        found, end = values_at(text, one.place, result.values)
        if len(found) != one.of or one.indent != statements[0].indent:
            return
        value = found[one.number]
        values.append((value,) if one.sign == "append" else value)
        places.append((text.rfind("\n", 0, one.place) + 1, end))
    if all(isinstance(value, tuple) for value in values) and _makes_one_list(statements):
        whole: object = tuple(one for value in values if isinstance(value, tuple) for one in value)
    else:
        whole = values[0] if all(value == values[0] for value in values) else None
    parts = whole if isinstance(whole, tuple) else (whole,)
    known = all(map(_is_module, parts)) or all(isinstance(one, int) for one in parts)
    if known and statements[0].sign == "=":
        result.values[name] = whole
        result.places.extend(places)


def _is_module(value: object) -> bool:
    """Whether a value is a module, and no call of a function."""
    return isinstance(value, Module) and value.name[:1].isupper()


def _makes_one_list(statements: list[Statement]) -> bool:
    """Whether a list is made once, and then only grows."""
    return [one.sign for one in statements].count("=") == 1


def _statements(text: str, stop: int) -> Iterator[Statement]:
    """The statements before `stop` that begin a line."""
    place = 0
    while place < stop:
        end = text.find("\n", place) + 1 or len(text)
        line = text[place:end]
        indent = len(line) - len(line.lstrip())
        found = _STATEMENT.match(text, place + indent, min(end, stop))
        if found is not None and found.end() == stop:
            return  # the statement that the model stands in
        if found is not None and found["list"]:
            yield Statement(found["list"], found["method"], indent, 0, 1, found.end())
        elif found is not None and not _KEYWORD_ARGUMENT.match(line):
            names = _WORD.findall(found["names"])
            for number, name in enumerate(names):
                yield Statement(name, found["sign"], indent, number, len(names), found.end())
        place = end


def _given_elsewhere(text: str) -> set[str]:
    """The names that a loop or a function of a text gives values to."""
    return {
        word
        for found in _GIVEN.finditer(text)
        for word in _WORD.findall(found["loop"] or found["function"] or "")
    }


def _changes(text: str, wanted: set[str], stop: int) -> dict[str, int]:
    """How often each name is changed before `stop`: by a method of lists, an item, or `+=`."""
    counts: dict[str, int] = {}
    for found in _CHANGE.finditer(text, 0, stop):
        name = found["name"]
        owner, _, method = name.rpartition(".")
        if found.group().endswith("(") and method in _METHODS:
            name = owner
        if name in wanted:
            counts[name] = counts.get(name, 0) + 1
    return counts
