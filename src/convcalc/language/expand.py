"""From a tree to the flat list of nodes: blocks, repeats and definitions are written out.

A node is labelled by its path: the place (or the label) of each item that it is in, as the modules
of nested `torch.nn.Sequential`s are, so that 3x{conv bn} at place 2 holds 2.0.0, 2.0.1, 2.1.0, ...
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from convcalc.errors import Diagnostic, printable
from convcalc.language import Block, Call, Definition, Jump, Repeat
from convcalc.language.bind import BindErrors, DeferredLayer, bind
from convcalc.language.expressions import Operation
from convcalc.language.scope import Scope
from convcalc.language.source import CallOrigin
from convcalc.language.tree import LONGEST_NAME, Axes, Comment, Ends, Place
from convcalc.language.values import evaluate
from convcalc.layers import KINDS
from convcalc.layers.other_names import kind_hint
from convcalc.network.graph import INPUT, Node

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import TypeAlias

    from convcalc.language import Item, Value
    from convcalc.language.bound_layers import BoundLayers
    from convcalc.layers import Layer

    Written: TypeAlias = "Call | Block | Repeat | Jump | Definition"

MOST_STEPS = 250_000
"""Items, branches and operations written out; beyond that it is a typing error, no network."""

MOST_FAULTS = 20
"""Faults after which the rest is not looked at."""

DEEPEST = 150
"""Blocks, repeats and definitions inside one another."""


class Unreadable(Exception):  # noqa: N818 - a signal that ends the lowering, the fault is noted
    """Nothing more can be written out."""


class Lowering:
    """One tree, written out; `nodes` are the result and `problems` what stood in the way."""

    def __init__(self, text: str, built_in: Mapping[str, Definition], bound: BoundLayers) -> None:
        self.text = text
        self.nodes: list[Node] = []
        self.problems: list[Diagnostic] = []
        self.built_in = built_in
        self.open: list[str] = []
        self.steps = 0
        self.faults = 0
        self.paths: set[str] = set()
        self.ends: dict[str, int] = {}
        self.bodies: dict[int, list[Written]] = {}
        self.shown: Place | None = None
        self.bound = bound

    def sequence(
        self, items: Sequence[Item], source: int, scope: Scope, path: str, depth: int
    ) -> int:
        """Each item after the one before it; the node that the last one ends with."""
        number, begin, before = 0, len(self.nodes), source
        for item in self.without_comments(items):
            self.count_step(item)
            if isinstance(item, Definition):
                self.define(item, scope)
                continue
            if isinstance(item, Jump):
                source = self.jump(item, scope, source)
                continue
            label = item.call.label if isinstance(item, Block) else item.label
            if label in scope.labels:
                self.fault(f"the label '{printable(label or '', 60)}' is set twice", item)
                continue
            name, first, arriving = f"{path}{label or number}", len(self.nodes), source
            source = self.item(item, source, scope, name, depth)
            self.note_end(name, first, arriving, source)
            if label is not None:
                scope.labels[label] = source
            number += 1
        self.note_end(path.removesuffix("."), begin, before, source)
        return source

    def note_end(self, name: str, begin: int, arriving: int, end: int) -> None:
        """Where what was lowered since node `begin` ends, if that is not its last node."""
        if end != len(self.nodes) - 1 and (begin < len(self.nodes) or end != arriving):
            self.ends[name] = end

    def item(
        self, item: Call | Block | Repeat, source: int, scope: Scope, path: str, depth: int
    ) -> int:
        """The node that one item ends with."""
        if depth > DEEPEST:
            self.fault(f"nested more than {DEEPEST} deep", item)
            raise Unreadable
        if len(path) > LONGEST_NAME:
            shown = f"{len(path)} characters in the name of a layer and of the blocks around it"
            self.fault(f"{shown}; at most {LONGEST_NAME} are read: shorten the labels", item)
            return source
        match item:
            case Repeat():
                return self.repeat(item, source, scope, path, depth)
            case Block():
                return self.block(item, source, scope, path, depth)
        definition = scope.definition(item.kind) or self.built_in.get(item.kind)
        if definition is not None:
            return self.use(definition, item, source, scope, path, depth)
        kind = self.kind(item, scope)
        if kind is not None and kind.joins and not kind.stands_alone:
            self.fault(f"{item.kind} needs branches, as {item.kind}{{conv:64,k3,p1 | }}", item)
            kind = None
        if kind is None:
            return source
        return self.add(item, source, (source if kind.reads else INPUT,), scope, path)

    def block(self, item: Block, source: int, scope: Scope, path: str, depth: int) -> int:
        """The node that joins the branches of a block, each lowered from the same source."""
        name = item.call.kind
        if scope.definition(name) or name in self.built_in:
            self.fault(f"'{printable(name, 60)}' is a definition, which takes no branches", item)
            return source
        kind = self.kind(item.call, scope)
        if kind is not None and not kind.joins:
            joining = ", ".join(sorted(name for name, other in KINDS.items() if other.joins))
            self.fault(f"{item.call.kind} has no branches; the kinds that have are {joining}", item)
            return source
        ends = []
        before: dict[str, int] = {}
        for number, branch in enumerate(item.branches):
            self.count_step(item)
            inner = Scope(scope.parameters, scope, beside=before)
            ends.append(self.sequence(branch, source, inner, f"{path}.{number}.", depth + 1))
            before.update(inner.labels)
        if kind is None:
            return source
        inputs = kind.branch_inputs(source, ends)
        if inputs is None:
            self.fault(f"{item.call.kind} takes {kind.branches}, got {len(ends)} branches", item)
            return source
        return self.add(item.call, source, inputs, scope, path)

    def repeat(self, item: Repeat, source: int, scope: Scope, path: str, depth: int) -> int:
        """The node that the last turn of a repeat ends with."""
        try:
            count = evaluate(item.count, scope.parameters, source, scope.node_of)
        except ValueError as error:
            self.fault(str(error), item)
            return source
        if not isinstance(count, int) or count < 0 or count > MOST_STEPS:
            self.fault(f"a repeat takes a number of 0 to {MOST_STEPS}", item)
            return source
        for turn in range(count):
            self.count_step(item)
            inner = Scope(scope.parameters, scope)
            source = self.sequence(item.body, source, inner, f"{path}.{turn}.", depth + 1)
        return source

    def use(
        self,
        definition: Definition,
        call: Call,
        source: int,
        scope: Scope,
        path: str,
        depth: int,
    ) -> int:
        """The node that the body of a definition ends with, for the arguments of a call."""
        if definition.name in self.open:
            chain = " -> ".join([*self.open, definition.name])
            self.fault(f"a definition cannot use itself: {printable(chain)}", call)
            return source
        parameters = self.parameters(definition, call, source, scope)
        if parameters is None:
            return source
        outside = self.shown
        if definition is self.built_in.get(definition.name):
            # Its body is not in this text: whatever is wrong there is wrong with its use.
            self.shown = self.shown or call.place
        self.open.append(definition.name)
        inner = Scope(parameters, scope)
        source = self.sequence(definition.body, source, inner, f"{path}.", depth + 1)
        self.open.pop()
        self.shown = outside
        return source

    def parameters(
        self, definition: Definition, call: Call, source: int, scope: Scope
    ) -> dict[str, Value] | None:
        """What a use of a definition gives for each of its parameters."""
        names = [name for name, _ in definition.parameters]
        self.count_step(call, len(names) + _operations(call))
        given: dict[str, Value] = {}
        faults = self.faults
        for index, argument in enumerate(call.arguments):
            name = argument.key
            if name is None and index < len(names):
                name = names[index]
            if name not in names or name in given:
                takes = printable(f"{definition.name}({', '.join(names)})")
                what = "is given twice to" if name in given else "is no parameter of"
                shown = f"{printable(name, 60)} {what}" if name else "one value too many for"
                self.fault_at(f"{shown} {takes}", argument.place)
                continue
            try:
                given[name] = evaluate(argument.value, scope.parameters, source, scope.node_of)
            except ValueError as error:
                self.fault_at(str(error), argument.place)
        missing = [name for name, value in definition.parameters if value is None]
        for name in missing:
            if name not in given and self.faults == faults:
                shown = printable(f"{definition.name} needs a value for {name}")
                self.fault_at(shown, call.place)
        if self.faults > faults:
            return None
        return self.with_defaults(definition, given, source, call, scope)

    def with_defaults(
        self,
        definition: Definition,
        given: dict[str, Value],
        source: int,
        call: Call,
        scope: Scope,
    ) -> dict[str, Value] | None:
        """The given parameters and the defaults of the others, in the order of the definition."""
        for name, default in definition.parameters:
            if name in given or default is None:
                continue
            self.count_step(call, _operations_of(default))
            try:
                given[name] = evaluate(default, given, source, scope.node_of)
            except ValueError as error:
                shown = printable(f"{name} of {definition.name}", 60)
                self.fault_at(f"{shown}: {error}", call.place)
                return None
        return given

    def add(self, call: Call, source: int, inputs: tuple[int, ...], scope: Scope, path: str) -> int:
        """One more node; equal calls with equal parameters are bound once and share their layer."""
        key = self.bound.key(call, scope.parameters)
        layer: Layer | DeferredLayer | None = self.bound.get(key)
        reads: tuple[int, ...] = ()
        if layer is None:
            self.count_step(call, _operations(call))
            try:
                layer, reads = bind(call, scope.parameters, source, scope.node_of, self.nodes)
            except BindErrors as faults:
                for message, argument in faults.found:
                    self.fault_at(message, argument.place if argument else call.place)
                return source
            if not isinstance(layer, DeferredLayer) and not reads:
                self.bound.keep(key, layer)
        if path in self.paths:
            self.fault_at(f"two layers are called '{printable(path, 60)}'", call.place)
        self.paths.add(path)
        if self.shown is not None:
            call = replace(call, arguments=(), place=self.shown)
        self.nodes.append(Node(layer, (*inputs, *reads), path, CallOrigin(self.text, call)))
        return len(self.nodes) - 1

    def kind(self, call: Call, scope: Scope) -> type[Layer] | None:
        """The class of a kind, or None and a fault."""
        kind = KINDS.get(call.kind.lower())
        if kind is None:
            known = [*self.built_in, *_definitions(scope)]
            hint = kind_hint(call.kind, known) or "; `convcalc layers` lists the kinds"
            end = call.place.start + len(call.kind)
            message = f"unknown kind '{printable(call.kind, 60)}'{hint}"
            self.fault_at(message, Place(call.place.start, end))
        return kind

    def jump(self, item: Jump, scope: Scope, source: int) -> int:
        """The node of a label."""
        node = scope.label(item.label)
        if node is None:
            self.fault(scope.unknown(item.label), item)
            return source
        return node

    def define(self, item: Definition, scope: Scope) -> None:
        """A definition, known from here on."""
        if item.name.lower() in KINDS:
            self.fault(f"'{printable(item.name, 60)}' is a kind of layer already", item)
        elif item.name in scope.definitions:
            self.fault(f"'{printable(item.name, 60)}' is defined twice", item)
        else:
            scope.definitions[item.name] = item

    def without_comments(self, items: Sequence[Item]) -> list[Written]:
        """What is written out of a sequence, looked for once however often it is repeated."""
        if id(items) not in self.bodies:
            self.bodies[id(items)] = [item for item in items if not isinstance(item, Comment)]
        return self.bodies[id(items)]

    def count_step(self, item: Item, steps: int = 1) -> None:
        """One more item, or so many operations in it, as long as there are not too many."""
        self.steps += steps
        if self.steps > MOST_STEPS:
            self.fault(f"more than {MOST_STEPS} layers and repeats", item)
            raise Unreadable

    def fault(self, message: str, item: Item) -> None:
        """A fault of an item as a whole."""
        self.fault_at(message, item.place)

    def fault_at(self, message: str, place: Place) -> None:
        """A fault at a place; a repeated body has its faults in every turn, which must end."""
        place = self.shown or place
        self.problems.append(Diagnostic(message, place.start, place.end))
        self.faults += 1
        if self.faults >= MOST_FAULTS:
            raise Unreadable


def _operations(call: Call) -> int:
    """The operations in the arguments of a call."""
    return sum(_operations_of(argument.value) for argument in call.arguments)


def _operations_of(value: object) -> int:
    """The operations in a value."""
    match value:
        case Operation():
            return value.size
        case Axes(axes):
            return sum(map(_operations_of, axes))
        case Ends():
            return sum(map(_operations_of, value))
        case _:
            return 0


def _definitions(scope: Scope | None) -> list[str]:
    names: list[str] = []
    while scope is not None:
        names += scope.definitions
        scope = scope.outer
    return names
