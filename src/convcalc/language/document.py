"""A network as a JSON document, which holds its nodes as they are and is read at once.

    {"convcalc_network": 1,
     "input": [3, 32, 32],                       of one sample, or null
     "nodes": [
       {"label": "conv1", "spec": "conv:8,k3,p1", "inputs": [null]},      null is the input
       {"label": "add", "spec": "residual", "inputs": ["conv1", null]}],
     "output": "add"}                            the last node, if it is not there

A view may have its "moves", an `opaque` like another layer the weights that are "counted" with it.
Beside these `functions`, `ends` (blocks that do not end with their last node) and `notes`. A node
reads nodes before it alone, so that no document describes a cycle.
"""

from __future__ import annotations

import json
from dataclasses import fields, replace
from math import prod
from typing import TYPE_CHECKING, TypeVar

from convcalc.errors import DataError, UsageError, printable
from convcalc.language.bind import BindErrors, bind
from convcalc.language.expand import MOST_STEPS
from convcalc.language.parser import read_tree
from convcalc.language.tree import LONGEST_NAME, Call
from convcalc.language.unparse import NodeSource
from convcalc.layers import KINDS, Layer, Opaque, View
from convcalc.layers.link import Link
from convcalc.layers.other_names import kind_hint
from convcalc.layers.parameters import LARGEST
from convcalc.layers.rearranged import Rearranged, move_of
from convcalc.layers.shared import Shared
from convcalc.network.graph import INPUT, Network, Node

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcalc.language.bind import Bound, DeferredLayer
    from convcalc.layers import Shape

KEY = "convcalc_network"
VERSION = 1
LONGEST_SPEC = 10_000
MOST_NOTES = 100
LONGEST_NOTE = 2000


def write_document(network: Network, input_shape: Shape | None = None) -> str:
    """The document of a network, a node in a line; reading it gives an equal network.

    Args:
        network: The nodes. Parameters that wait for shapes become those of the input.
        input_shape: (channels, *sizes) of one sample, by default the one that the network names.

    Raises:
        UsageError: two nodes have one label, or a label is one that no document has.
        ShapeError, SpecError: a layer does not fit.
    """
    shape = network.input_shape if input_shape is None else input_shape
    nodes = network.nodes
    if shape is not None and any(not isinstance(node.layer, Layer) for node in nodes):
        nodes = tuple(replace(step.node, layer=step.layer) for step in network.walk(shape))
    labels = _checked_labels([node.label for node in nodes])
    lines = [json.dumps(_record(node, nodes, labels)) for node in nodes]
    head: dict[str, object] = {KEY: VERSION, "input": None if shape is None else list(shape)}
    tail: dict[str, object] = {}
    if network.end is not None:
        tail["output"] = labels[network.end]
    if network.functions:
        tail["functions"] = list(network.functions)
    if network.ends:
        tail["ends"] = {name: labels[end] for name, end in network.ends.items()}
    if network.notes:
        tail["notes"] = list(network.notes)
    body = "[\n    " + ",\n    ".join(lines) + "\n  ]"
    parts = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in head.items()]
    parts.append(f'"nodes": {body}')
    parts += [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in tail.items()]
    return "{\n  " + ",\n  ".join(parts) + "\n}\n"


def _checked_labels(labels: Sequence[str]) -> dict[int, str | None]:
    """The label of each node by its index; None for the input."""
    seen: set[str] = set()
    for label in labels:
        if label in seen:
            raise UsageError(f"two layers are called '{printable(label, 60)}'; label one otherwise")
        if problem := _label_problem(label):
            raise UsageError(f"a layer is called '{printable(label, 60)}': {problem}")
        seen.add(label)
    return {INPUT: None, **dict(enumerate(labels))}


def _label_problem(label: str) -> str | None:
    if not label or not label.isprintable() or " " in label:
        return "a label has neither blanks nor signs that cannot be printed"
    return f"a label has at most {LONGEST_NAME} characters" if len(label) > LONGEST_NAME else None


def _record(
    node: Node, nodes: Sequence[Node], labels: Mapping[int, str | None]
) -> dict[str, object]:
    """A node as an object of JSON; a layer that another names reads what that reads."""
    layer = node.layer
    if not isinstance(layer, Layer):
        raise UsageError(f"{layer.kind} '{node.label}' needs the shape of the input: give it (-i)")
    inputs = node.inputs
    links = [field.name for field in fields(layer) if isinstance(getattr(layer, field.name), Link)]
    for name in links:
        named = getattr(layer, name).layer
        inputs, read = node.inputs[:1], node.inputs[1:]
        places = (i for i, one in enumerate(nodes) if (one.inputs, one.layer) == (read, named))
        layer = replace(layer, **{name: Link(str(labels[next(places, INPUT)]), named)})
    record = {"label": node.label, "spec": layer.spec(), "inputs": [labels[i] for i in inputs]}
    return record | _beside_the_spec(layer)


def _beside_the_spec(layer: Layer) -> dict[str, object]:
    """What no text says of a layer: the moves of a view, and which of its weights are its own."""
    if isinstance(layer, Rearranged):
        return {"moves": [[word, list(numbers)] for word, numbers in layer.moves]}
    if isinstance(layer, Shared):
        return {"counted": {name: list(own) for name, own in layer.own.items()}}
    return {}


def _with_more(layer: Layer | DeferredLayer, record: Mapping[str, object]) -> Layer | DeferredLayer:
    """A layer with what a document says beside its spec.

    Raises:
        ValueError: it is not what such a layer has.
    """
    if "moves" in record:
        moves = [_of(list, one, "a move") for one in _of(list, record["moves"], "moves")]
        if type(layer) is not View or any(len(one) != 2 for one in moves):
            raise ValueError("moves are those of a view, each a word and its numbers")
        return Rearranged(layer.name, layer.out, [move_of(*one) for one in moves])
    if "counted" in record:
        counted = _of(dict, record["counted"], "counted")
        own = {name: _shape(sizes) or () for name, sizes in counted.items()}
        if not isinstance(layer, Opaque) or layer.like is None or layer.out is None:
            raise ValueError("counted weights are those of an opaque layer that is like another")
        if sum(map(prod, own.values())) != layer.params:
            raise ValueError("counted weights have other elements than its parameters")
        return Shared(layer.name, layer.like, layer.out, own, layer.macs or 0)
    return layer


def read_document(text: str, name: str) -> Network:
    """The network of a document.

    Args:
        text: All of it.
        name: What messages call it.

    Raises:
        DataError: it is no such document, or says something impossible; in one line.
    """
    try:
        content = json.loads(text, parse_constant=_no_number, object_pairs_hook=_once)
    except RecursionError:
        raise DataError(f"{name} is nested too deep for a network") from None
    except ValueError as error:
        raise DataError(f"{name} is no JSON: {printable(str(error))}") from None
    try:
        return _Reader(content).network()
    except ValueError as error:
        raise DataError(f"{name}: {error}") from None


def _no_number(word: str) -> float:
    raise ValueError(f"{word} is no number")


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object, whose keys may be there once."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("an object has a key twice")
    return found


class _Reader:
    """One document; faults are ValueErrors with the place in their words."""

    def __init__(self, content: object) -> None:
        version = content.get(KEY) if isinstance(content, dict) else None
        if not isinstance(content, dict) or version != VERSION:
            raise ValueError(
                f"expected '{KEY}': {VERSION}, got {printable(repr(version), 60)}: a document of "
                "a later version needs a later convcalc"
            )
        self.content: dict[str, object] = content
        self.index: dict[str | None, int] = {None: INPUT}
        self.nodes: list[Node] = []
        self.known: dict[str, Layer] = {}

    def network(self) -> Network:
        """The network."""
        records = _of(list, self.content.get("nodes"), "nodes")
        if not 1 <= len(records) <= MOST_STEPS:
            raise ValueError(f"expected 1 to {MOST_STEPS:,} nodes, got {len(records):,}")
        for number, record in enumerate(records):
            try:
                self.add(_of(dict, record, "a node"))
            except ValueError as error:
                label = record.get("label") if isinstance(record, dict) else None
                shown = f" ('{printable(label, 60)}')" if isinstance(label, str) else ""
                raise ValueError(f"node {number}{shown}: {error}") from None
        end = self.place(self.content["output"]) if "output" in self.content else None
        ends = _of(dict, self.content.get("ends", {}), "ends")
        nodes = tuple(self.nodes)
        return Network(
            nodes,
            end,
            NodeSource(nodes, end),
            functions=_texts(self.content.get("functions", []), "functions"),
            ends={printable(name, LONGEST_NAME): self.place(end) for name, end in ends.items()},
            input_shape=_shape(self.content.get("input")),
            notes=_texts(self.content.get("notes", []), "notes"),
        )

    def add(self, record: dict[str, object]) -> None:
        """One more node."""
        label = _of(str, record.get("label"), "label")
        if problem := _label_problem(label):
            raise ValueError(problem)
        if label in self.index:
            raise ValueError("an earlier node has this label")
        inputs = [self.place(item) for item in _of(list, record.get("inputs"), "inputs")]
        layer, inputs = self.layer(_of(str, record.get("spec"), "spec"), inputs)
        layer = _with_more(layer, record)
        self.index[label] = len(self.nodes)
        self.nodes.append(Node(layer, tuple(inputs), label))

    def place(self, label: object) -> int:
        """The index of a node by its label, of the input by null."""
        if label is None:
            return INPUT
        if not isinstance(label, str) or label not in self.index:
            shown = printable(label if isinstance(label, str) else repr(label), 60)
            raise ValueError(f"'{shown}' is no earlier node; null is the network's input")
        return self.index[label]

    def layer(self, spec: str, inputs: list[int]) -> tuple[Layer | DeferredLayer, list[int]]:
        """The layer of a spec and all that it reads; equal specs without labels share theirs."""
        if not inputs:
            raise ValueError("it reads nothing: the network's input is null, 'inputs': [null]")
        if spec not in self.known:
            layer, reads = self.bound(spec, inputs[0])
            if reads or not isinstance(layer, Layer):
                return layer, [*inputs, *reads]
            self.known[spec] = layer
        layer = self.known[spec]
        if not _takes(type(layer), inputs):
            kind = type(layer)
            takes = kind.branches if kind.joins else "one input"
            raise ValueError(f"{layer.kind} takes {takes}, got {len(inputs)} inputs")
        return layer, inputs

    def bound(self, spec: str, source: int) -> Bound:
        """The layer that a spec is, and what it reads beside its input."""
        items, problems = read_tree(spec) if len(spec) <= LONGEST_SPEC else ((), [])
        shown = printable(spec, 60)
        if problems:
            raise ValueError(f"'{shown}': {problems[0].message}")
        if len(items) != 1 or not isinstance(items[0], Call) or items[0].label:
            raise ValueError(f"expected the spec of one layer, as conv:64,k3, got '{shown}'")
        if items[0].kind.lower() not in KINDS:
            kind = items[0].kind
            raise ValueError(f"unknown kind '{printable(kind, 60)}'{kind_hint(kind)}")
        try:
            return bind(items[0], {}, source, self.place, self.nodes)
        except BindErrors as errors:
            raise ValueError(f"'{shown}': {errors.found[0][0]}") from None


def _takes(kind: type[Layer], inputs: Sequence[int]) -> bool:
    """Whether a kind reads so many nodes, with branches or without."""
    read = tuple(inputs)
    if len(read) == 1 and (kind.stands_alone or not kind.joins):
        return True
    if not kind.joins:
        return False
    branched = (
        kind.branch_inputs(read[0], read),
        kind.branch_inputs(read[0], read[1:]) if len(read) > 1 else None,
        kind.branch_inputs(read[-1], read[:-1]) if len(read) > 1 else None,
    )
    return read in branched


T = TypeVar("T", list[object], dict[str, object], str)


def _of(kind: type[T], value: object, name: str) -> T:
    """A value that must be of a type.

    Raises:
        ValueError: it is not, or not there.
    """
    if isinstance(value, kind):
        return value
    words: dict[type, str] = {list: "a list", dict: "an object", str: "a text"}
    got = "nothing" if value is None else printable(repr(value)[:200], 60)
    raise ValueError(f"{name}: expected {words[kind]}, got {got}")


def _texts(value: object, name: str) -> tuple[str, ...]:
    texts = _of(list, value, name)
    if len(texts) > MOST_NOTES:
        raise ValueError(f"{name}: at most {MOST_NOTES}, got {len(texts):,}")
    return tuple(printable(_of(str, text, name), LONGEST_NOTE) for text in texts)


def _shape(value: object) -> Shape | None:
    if value is None:
        return None
    sizes = _of(list, value, "input")
    shape = tuple(size for size in sizes if isinstance(size, int) and 1 <= size <= LARGEST)
    right = not any(isinstance(size, bool) for size in shape) and len(shape) == len(sizes)
    if not right or not 1 <= len(sizes) <= 10:
        raise ValueError(
            f"input: expected sizes, as [3, 224, 224], got {printable(repr(value), 60)}"
        )
    return shape
