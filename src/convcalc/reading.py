"""From the text of a spec to a network: calls are bound to kinds and parameters.

The names of kinds, keys and words all come from the layer classes; faults are gathered, so that a
text is corrected in one go, and each points at the word it is about.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from convcalc.errors import ParameterError, Problem, SpecError, nearest, printable
from convcalc.layers import KINDS
from convcalc.network import Network, Origin
from convcalc.spec import read_calls

if TYPE_CHECKING:
    from convcalc.layers import Layer
    from convcalc.spec import Argument, Call, Value

MOST_PROBLEMS = 10
"""Faults of one text that are shown."""


def parse(text: str) -> Network:
    """The network that a spec describes.

    Args:
        text: Layers separated by blanks, as "conv:64,k3,p1 dw:k3 pw:128".

    Raises:
        SpecError: the text has faults; every one of them is named, with a caret under its word.

    Example:
        >>> parse("dw:k3  pw:n=4").spec()
        'dw:k3 pw:4'
    """
    calls, problems = read_calls(text)
    layers = []
    origins = []
    for call in calls:
        places: dict[str, tuple[int, int]] = {}
        layer = _bind(call, places, problems)
        if layer is not None:
            layers.append(layer)
            origins.append(Origin(text, call.start, call.end, places))
    if problems:
        in_order = sorted(problems, key=lambda problem: problem.start)
        raise SpecError(text, in_order[:MOST_PROBLEMS])
    if not layers:
        raise SpecError(text, [Problem("expected a layer, as conv:64,k3,p1; found none", 0, 1)])
    return Network.chain(layers, origins)


def _bind(call: Call, places: dict[str, tuple[int, int]], problems: list[Problem]) -> Layer | None:
    """The layer of a call, or None and its faults; `places` receives where each parameter is."""
    kind = KINDS.get(call.kind.lower())
    if kind is None:
        known = f"; the kinds are {', '.join(sorted(KINDS))}"
        hint = nearest(call.kind, KINDS) or known
        message = f"unknown kind '{printable(call.kind)}'{hint}"
        problems.append(Problem(message, call.start, call.kind_end))
        return None
    found = len(problems)
    values: dict[str, Value | bool] = {}
    for index, argument in enumerate(call.arguments):
        try:
            name, value = _resolve(kind, argument, first=index == 0)
            if name in values:
                raise ParameterError(name, "is given twice")
            kind.rules()[name].normalise(name, value)
        except ParameterError as error:
            problems.append(Problem(str(error), argument.start, argument.end))
            continue
        values[name] = value
        places[name] = (argument.start, argument.end)
    if len(problems) > found:
        return None
    return _built(kind, values, call, places, problems)


def _built(
    kind: type[Layer],
    values: dict[str, Value | bool],
    call: Call,
    places: dict[str, tuple[int, int]],
    problems: list[Problem],
) -> Layer | None:
    missing = [
        field
        for field in dataclasses.fields(kind)
        if field.default is dataclasses.MISSING and field.name not in values
    ]
    for field in missing:
        bare = field.name == kind.positional
        example = f"{call.kind}:64" if bare else f"{field.metadata['short']}3"
        message = f"{call.kind} needs {field.name}, written {example}"
        problems.append(Problem(message, call.start, call.end))
    if missing:
        return None
    try:
        return kind(**values)
    except ParameterError as error:
        start, end = places.get(error.parameter, (call.start, call.end))
        problems.append(Problem(str(error), start, end))
        return None


def _resolve(kind: type[Layer], argument: Argument, *, first: bool) -> tuple[str, Value | bool]:
    """The long name of the parameter that an argument sets, and its value."""
    if argument.key is not None:
        return _named(kind, argument.key), argument.value
    if isinstance(argument.value, str):
        return _worded(kind, argument.value)
    if first and kind.positional:
        return kind.positional, argument.value
    raise ParameterError(
        kind.kind, f"a bare number has no meaning here; name it: {', '.join(_keys(kind))}"
    )


def _named(kind: type[Layer], key: str) -> str:
    for field in dataclasses.fields(kind):
        if key.lower() in (field.name, field.metadata["short"]):
            return field.name
    hint = nearest(key, [*_keys(kind), *kind.rules()])
    raise ParameterError(
        kind.kind,
        f"has no parameter '{printable(key)}'{hint or '; it has ' + ', '.join(_keys(kind))}",
    )


def _worded(kind: type[Layer], word: str) -> tuple[str, Value | bool]:
    """A word by itself: the name of a switch, `no` and that name, or a value such as `same`."""
    plain = word.lower().replace("_", "-")
    known: list[str] = []
    for field in dataclasses.fields(kind):
        rule = field.metadata["rule"]
        if isinstance(field.default, bool):
            switches = {field.metadata["short"]: True, f"no{field.metadata['short']}": False}
            if plain in switches:
                return field.name, switches[plain]
            known += switches
        if plain in rule.words:
            return field.name, word
        known += rule.words
    hint = nearest(word, known) or f"; expected a key and a value, as {_keys(kind)[0]}3"
    raise ParameterError(kind.kind, f"does not know the word '{printable(word)}'{hint}")


def _keys(kind: type[Layer]) -> list[str]:
    return [field.metadata["short"] for field in dataclasses.fields(kind)]
