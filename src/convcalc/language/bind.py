"""From a written call to a layer: kinds, keys, words and values, looked up in the layer classes."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, NamedTuple

from convcalc.errors import MOST_PROBLEMS, ParameterError, nearest, printable
from convcalc.language.examples import hint_of
from convcalc.language.expressions import AtLabel
from convcalc.language.printer import write_call
from convcalc.language.tree import Argument, Axes, Block, Call, Definition, Ends, Repeat
from convcalc.language.values import evaluate, filled, is_open, measured, no_labels, plain, waits
from convcalc.layers import KINDS
from convcalc.layers.other_names import kind_hint

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from convcalc.language.tree import Item, Value
    from convcalc.layers import Layer, Shape
    from convcalc.layers.link import Link
    from convcalc.network.graph import Node


OPEN = object()
"""Stands for a value that holds a parameter of a definition, which is no default yet."""


_FIELDS: dict[type[Layer], tuple[dataclasses.Field[object], ...]] = {}
"""The parameters of each kind: `dataclasses` looks for them anew each time."""


def fields_of(kind: type[Layer]) -> tuple[dataclasses.Field[object], ...]:
    """The parameters of a kind."""
    found = _FIELDS.get(kind)
    if found is None:
        found = _FIELDS[kind] = dataclasses.fields(kind)
    return found


class BindErrors(Exception):  # noqa: N818 - several parameter errors, each with its argument
    """What is wrong with a call: messages, each with its argument, or None for the whole call."""

    def __init__(self, found: list[tuple[str, Argument | None]]) -> None:
        self.found = found
        super().__init__(found)


@dataclasses.dataclass(frozen=True)
class DeferredLayer:
    """A layer whose parameters need shapes that are known only with an input.

    `values` are the arguments by their long names; each `InputChannels` and `AtLabel` in them names
    its node.
    """

    kind: str
    values: tuple[tuple[str, object], ...]

    def at(self, shape: Callable[[int], Shape]) -> Layer:
        """The layer, where `shape(node)` is what leaves a node, -1 for the network's input.

        Raises:
            ParameterError: a value is impossible.
        """
        values = {}
        for name, value in self.values:
            try:
                values[name] = plain(filled(value, {}, lambda it: measured(it, shape)))
            except ValueError as error:
                raise ParameterError(name, str(error)) from None
        return KINDS[self.kind](**values)


class Bound(NamedTuple):
    """The layer of a call, and the nodes that it reads beside the one before it."""

    layer: Layer | DeferredLayer
    reads: tuple[int, ...] = ()


def bind(
    call: Call,
    parameters: Mapping[str, Value],
    source: int,
    node_of: Callable[[str], int] = no_labels,
    nodes: Sequence[Node] = (),
) -> Bound:
    """The layer of a call inside a definition with these parameters, after node `source`.

    `node_of` finds the place of a label among the `nodes`, or raises ValueError.

    Raises:
        BindErrors: arguments are unknown, impossible, missing or given twice.
    """
    kind = KINDS[call.kind.lower()]
    values: dict[str, object] = {}
    found: list[tuple[str, Argument | None]] = []
    reads: list[int] = []
    for index, argument in enumerate(call.arguments):
        try:
            given = evaluate(argument.value, parameters, source, node_of)
            name, word = _resolve(kind, argument, given, first=index == 0)
            value: object = evaluate(word, parameters, source, node_of)  # it may be a label
            if name in values:
                raise ParameterError(name, "is given twice")
            values[name], inputs = _checked(kind, name, value, nodes)
            reads += inputs
        except ValueError as error:
            found.append((str(error), argument))
            if len(found) > MOST_PROBLEMS:
                break
    found += [] if found else _missing(kind, call, values)
    if found:
        raise BindErrors(found)
    if any(map(waits, values.values())):
        return Bound(DeferredLayer(kind.kind, _normal(kind, values)), tuple(reads))
    return Bound(_layer(kind, call, values), tuple(reads))


def _layer(kind: type[Layer], call: Call, values: Mapping[str, object]) -> Layer:
    """The layer of a call, whose values are known and allowed one by one."""
    try:
        return kind(**values)
    except ParameterError as error:
        raise BindErrors([(str(error), argument_of(call, error.parameter))]) from None


def _checked(
    kind: type[Layer], name: str, value: object, nodes: Sequence[Node]
) -> tuple[object, tuple[int, ...]]:
    """The value of a parameter, which it may have as far as it is known, and the nodes it reads.

    Raises:
        ValueError: it is impossible.
    """
    rule = kind.rules()[name]
    reads: tuple[int, ...] = ()
    if isinstance(value, AtLabel) and rule.labels == "layer":
        value, reads = _linked(value, nodes)
    if waits(value):
        return value, reads
    value = _inner(value) if isinstance(value, Call) else plain(value)
    rule.normalise(name, value)
    return value, reads


def _inner(call: Call) -> Layer:
    """The layer that stands in brackets, which can name no label and not the channels that arrive.

    Raises:
        ValueError: it is none.
    """
    if call.kind.lower() not in KINDS:
        raise ValueError(f"unknown kind '{printable(call.kind, 60)}'{kind_hint(call.kind)}")
    try:
        layer = bind(call, {}, -1).layer
    except BindErrors as errors:
        raise ValueError(errors.found[0][0]) from None
    if isinstance(layer, DeferredLayer):
        raise ValueError(f"({write_call(call)}) must not depend on what arrives")
    return layer


def _linked(value: AtLabel, nodes: Sequence[Node]) -> tuple[Link, tuple[int, ...]]:
    """The layer at a label, and what it reads."""
    from convcalc.layers.link import Link

    if value.node is None or value.node < 0:
        return Link(value.label, None), ()
    node = nodes[value.node]
    return Link(value.label, node.layer), node.inputs


def _normal(kind: type[Layer], values: Mapping[str, object]) -> tuple[tuple[str, object], ...]:
    """The values in the order of the fields, known ones normalised and defaults left out."""
    found = []
    for field in fields_of(kind):
        if field.name not in values:
            continue
        value = values[field.name]
        if not waits(value):
            value = field.metadata["rule"].normalise(field.name, value)
        if value != field.default:
            found.append((field.name, value))
    return tuple(found)


def argument_of(call: Call, parameter: str) -> Argument | None:
    """The argument of a call that sets a parameter, by the parameter's long name."""
    kind = KINDS[call.kind.lower()]
    for index, argument in enumerate(call.arguments):
        try:
            if _resolve(kind, argument, argument.value, first=index == 0)[0] == parameter:
                return argument
        except ValueError:
            continue
    return None


def named_value(kind: str, argument: Argument, *, first: bool) -> tuple[str, object]:
    """The long name of the parameter that an argument sets, and what a layer would keep of it.

    Args:
        kind: The kind of the layer.
        argument: The argument; its value must be known.
        first: Whether it is the first one, which needs no key.

    Raises:
        ValueError: there is no such parameter, or the value is impossible or not known.
    """
    layer = KINDS[kind]
    name, value = _resolve(layer, argument, argument.value, first=first)
    if is_open(value):
        raise ValueError(f"{name} is not known yet")
    return name, layer.rules()[name].normalise(name, plain(value))


def canonical(call: Call) -> Call:
    """The call in its shortest form: short keys in the order of the fields, no defaults.

    A call that cannot be bound, such as the use of a definition, stays as it is.
    """
    kind = KINDS.get(call.kind.lower())
    if kind is None:
        return call
    try:
        return _canonical(kind, call)
    except ValueError:  # it stands in a definition that is never used, or waits for a word
        return call


def _canonical(kind: type[Layer], call: Call) -> Call:
    given: dict[str, Argument] = {}
    for index, argument in enumerate(call.arguments):
        name, value = _resolve(kind, argument, argument.value, first=index == 0)
        given[name] = dataclasses.replace(argument, key=name, value=value)
    fields = sorted(fields_of(kind), key=lambda field: field.name != kind.positional)
    values = {
        field.name: _normalised(field, given[field.name].value)
        for field in fields
        if field.name in given
    }
    arguments = [
        _shortest(field, given[field.name], bare=field.name == kind.positional)
        for field in fields
        if field.name in given
        and (values[field.name] is OPEN or values[field.name] != kind.implied(field, values))
    ]
    return dataclasses.replace(call, kind=kind.kind, arguments=tuple(arguments))


def canonical_items(items: Sequence[Item]) -> tuple[Item, ...]:
    """Every call of a tree in its shortest form; the structure stays."""
    found: list[Item] = []
    for item in items:
        match item:
            case Call():
                found.append(canonical(item))
            case Block(call, branches):
                inside = tuple(canonical_items(branch) for branch in branches)
                found.append(dataclasses.replace(item, call=canonical(call), branches=inside))
            case Repeat() | Definition():
                found.append(dataclasses.replace(item, body=canonical_items(item.body)))
            case _:
                found.append(item)
    return tuple(found)


def _shortest(field: dataclasses.Field[object], argument: Argument, *, bare: bool) -> Argument:
    short, value = field.metadata["short"], argument.value
    if not is_open(value):
        # What the layer would keep of it: 1:1 is 1, and any case of a word is one word.
        value = _written(field.metadata["rule"].normalise(field.name, plain(value)))
    if isinstance(value, bool):
        return dataclasses.replace(argument, key=None, value=short if value else f"no{short}")
    if isinstance(value, str) and value in field.metadata["rule"].words:
        return dataclasses.replace(argument, key=None, value=value)
    return dataclasses.replace(argument, key=None if bare else short, value=value)


def _written(value: Any) -> Value | bool:
    """A normalised value as the tree writes it."""
    if not isinstance(value, tuple):
        return value  # type: ignore[no-any-return]
    return Axes(tuple(Ends(*axis) if isinstance(axis, tuple) else axis for axis in value))


def _normalised(field: dataclasses.Field[object], value: object) -> object:
    """What the layer would keep of a value, as far as that is known."""
    if is_open(value):
        return OPEN
    return field.metadata["rule"].normalise(field.name, plain(value))


def _missing(
    kind: type[Layer], call: Call, values: Mapping[str, object]
) -> list[tuple[str, Argument | None]]:
    found: list[tuple[str, Argument | None]] = []
    for field in fields_of(kind):
        if field.default is dataclasses.MISSING and field.name not in values:
            bare = field.name == kind.positional
            value = hint_of(kind.kind, field.name)
            example = f"{call.kind}:{value}" if bare else f"{field.metadata['short']}{value}"
            found.append((f"{call.kind} needs {field.name}, written {example}", None))
    return found


def _resolve(
    kind: type[Layer], argument: Argument, value: Value, *, first: bool
) -> tuple[str, Value]:
    """The long name of the parameter that an argument sets, and its value."""
    name = kind.positional if first else None
    if argument.key is not None:
        name, value = _named(kind, argument.key, value)
    if isinstance(value, str) and name is not None and kind.rules()[name].labels:
        value = AtLabel(value)
    if isinstance(value, str) and argument.key is None:
        return _worded(kind, value)
    if name is not None:
        return name, value
    keys = ", ".join(_keys(kind))
    known = f"; name it: {keys}" if keys else "; it has no parameters"
    raise ParameterError(kind.kind, f"a bare number has no meaning here{known}")


def _named(kind: type[Layer], key: str, value: Value) -> tuple[str, Value]:
    for field in fields_of(kind):
        if key.lower() in (field.name, field.metadata["short"]):
            return field.name, value
    word = f"{key}{value}".lower().replace("_", "-")  # as reflect101, which has a number in it
    if isinstance(value, int) and any(word in rule.words for rule in kind.rules().values()):
        return _worded(kind, word)
    hint = nearest(key, [*_keys(kind), *kind.rules()])
    if key.lower() == "constant" and "padding_mode" in kind.rules():
        hint = "; a layer in front of it pads with a number: pad:1,constant=0.5"
    raise ParameterError(
        kind.kind,
        f"has no parameter '{printable(key, 60)}'{hint or '; it has ' + ', '.join(_keys(kind))}",
    )


def _worded(kind: type[Layer], word: str) -> tuple[str, Value]:
    """A word by itself: the name of a switch, `no` and that name, or a value such as `same`."""
    plain = word.lower().replace("_", "-")
    known: list[str] = []
    for field in fields_of(kind):
        rule = field.metadata["rule"]
        if rule.switch:
            switches = {field.metadata["short"]: True, f"no{field.metadata['short']}": False}
            if plain in switches:
                return field.name, switches[plain]
            known += switches
        if plain in rule.words:
            return field.name, word
        known += rule.words
    keys = _keys(kind)
    if plain in keys:
        raise ParameterError(kind.kind, f"'{plain}' needs a value, as {plain}3")
    expected = f"; expected a key and a value, as {keys[0]}3" if keys else "; it has no parameters"
    hint = nearest(word, known) or expected
    raise ParameterError(kind.kind, f"does not know the word '{printable(word, 60)}'{hint}")


def _keys(kind: type[Layer]) -> list[str]:
    return [field.metadata["short"] for field in fields_of(kind)]
