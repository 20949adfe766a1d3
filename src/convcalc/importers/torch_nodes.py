"""The nodes of a network, written call by call while a model is run."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from convcalc.errors import LayerError
from convcalc.importers.torch_calls import Call, sample_shape
from convcalc.importers.torch_kinds import layer_of
from convcalc.importers.torch_steps import ALIASES, VIEWS, steps_of
from convcalc.importers.torch_stored import stored_of
from convcalc.layers import Costs, Elementwise, Layer, Opaque, View
from convcalc.layers.base import field_behind
from convcalc.layers.joins import Join, Scale
from convcalc.layers.named_operations import ELEMENTWISE
from convcalc.layers.shared import Shared
from convcalc.network.graph import INPUT, Node
from convcalc.network.stored import Stored
from convcalc.receptive import IDENTITY

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from convcalc.importers.torch_steps import Steps
    from convcalc.layers import Fields, Shape
    from convcalc.network.stored import Computed

AMONG_SAMPLES = ("it reduces over all samples", "it drops elements at random")
"""What calls do that no sample shows by itself."""

UNNAMED = ("hardshrink", "softshrink", "tanhshrink", "threshold", "logsigmoid", "rrelu")
"""Calls that look at each element by itself, of which no operation is known by its name."""


Rule: TypeAlias = "Callable[[Call], Layer | None]"
ComputedOf: TypeAlias = "Callable[[Call, Mapping[int, int], Shape, Costs], Computed | None]"
StoredOf: TypeAlias = "Callable[[Call, Layer, Sequence[Shape]], Stored]"


class Cost(NamedTuple):
    """What was found of a call.

    Attributes:
        params: The parameters that it is the first to read.
        macs: Multiply-accumulates, with those that made what it reads of parameters.
        own: Those of the call itself.
    """

    params: int
    macs: int
    own: int


class Nodes:
    """The nodes so far, with what leaves each and what it sees.

    Attributes:
        nodes: The nodes.
        unnamed: How often each call without a kind was made.
        macs: The multiply-accumulates of each node.
        main: Of calls that are several nodes, by the last one that which has their products.
    """

    def __init__(
        self,
        shape: Shape,
        rules: Sequence[Rule] = (layer_of,),
        stored: StoredOf | None = None,
        moved: Callable[[View, Call], View] = lambda view, call: view,  # noqa: ARG005
        computed: ComputedOf | None = None,
    ) -> None:
        self.nodes: list[Node] = []
        self._rules = rules
        self._moved = moved
        self._computed = computed
        self._stored = stored or (lambda call, layer, shapes: stored_of(call, layer, shapes, None))
        self.unnamed: Counter[str] = Counter()
        self.macs: list[int] = []
        self.main: dict[int, int] = {}
        self._shapes: dict[int, Shape] = {INPUT: shape}
        self._fields: dict[int, Fields | None] = {INPUT: (IDENTITY,) * (len(shape) - 1)}
        self._labels: Counter[str] = Counter()

    def add(
        self,
        call: Call,
        inputs: Sequence[int],
        label: str,
        cost: Cost,
        *,
        first: bool,
        nodes: Mapping[int, int] | None = None,
    ) -> int:
        """The index of a new node, the last one if a call is several.

        Args:
            call: What was called.
            inputs: The nodes that it reads.
            label: What it is called, but for a number where there are several.
            cost: What was found of it.
            first: Whether the node that it reads first is its first argument.
            nodes: The node of each tensor that it reads, by the tensor's id.
        """
        begin = len(self.nodes)
        end = self._add(call, inputs, label, cost, first=first, nodes=nodes or {})
        self._compute(begin, end, call, nodes or {})
        return end

    def _add(
        self,
        call: Call,
        inputs: Sequence[int],
        label: str,
        cost: Cost,
        *,
        first: bool,
        nodes: Mapping[int, int],
    ) -> int:
        out = sample_shape(call.out)
        if call.before and call.name not in VIEWS:
            sizes = tuple(max(1, size) for size in out)
            return self.write(View(call.name, sizes), inputs, out, label, call)
        layer, inputs, held = self._kind(call, inputs, out, cost.own, first=first)
        if layer is None:
            written = self._written(call, nodes, out, label, cost)
            if written is not None:
                return written
            layer = self._opaque(call.name, inputs, out, cost)
        elif cost.macs == cost.own and held and not cost.params:
            layer = Shared(call.name, layer, out, {}, cost.macs)
        elif (held, cost.own) != (cost.params, cost.macs):
            layer = Opaque(call.name, out, cost.params, cost.macs, like=layer)
        return self.write(layer, inputs, out, label, call)

    def _compute(self, begin: int, end: int, call: Call, nodes: Mapping[int, int]) -> None:
        """Has the call itself computed, where a layer that it is written as does not."""
        written = self.nodes[begin : end + 1]
        if self._computed is None or self.are_computed(begin, end):
            return
        refusals = [node.stored.refusal for node in written if node.stored is not None]
        if any(refusal in AMONG_SAMPLES for refusal in refusals):
            return
        costs = Costs()
        for node in written:
            shapes = self._arriving(node.inputs)[1]
            costs += node.layer.costs(*shapes) or Costs()  # type: ignore[union-attr]
        found = self._computed(call, nodes, self._shapes[end], costs)
        if found is not None:
            self.compute(end, found)

    def are_computed(self, begin: int, end: int) -> bool:
        """Whether nodes can be run, and are all that the model computes there."""
        return all(map(_is_computed, self.nodes[begin : end + 1]))

    def compute(self, index: int, found: Computed) -> None:
        """Has a node computed by another layer than the one that it shows."""
        stored = (self.nodes[index].stored or Stored({}))._replace(computed=found)
        self.nodes[index] = replace(self.nodes[index], stored=stored)

    def write(
        self,
        layer: Layer,
        inputs: Sequence[int],
        out: Shape,
        label: str,
        source: Call | Stored | None = None,
    ) -> int:
        """The index of a new node of a layer that is known to fit, and to give the shape `out`.

        Args:
            layer: The layer.
            inputs: The nodes that it reads.
            out: The shape that leaves it.
            label: What it is called, but for a number where there are several.
            source: Where its arrays are stored, or the call that it is written for, which tells.
        """
        index = len(self.nodes)
        self._fields[index] = field_behind(layer, *self._arriving(inputs))
        self._shapes[index] = out
        shapes = self._arriving(inputs)[1]
        if type(layer) is View and isinstance(source, Call) and len(inputs) == 1:
            layer = self._moved(layer, source)
        stored = self._stored(source, layer, shapes) if isinstance(source, Call) else source
        self.nodes.append(Node(layer, tuple(inputs), self._unique(label), stored=stored))
        costs = layer.costs(*shapes)
        self.macs.append(costs.macs if costs else 0)
        return index

    def _written(
        self, call: Call, nodes: Mapping[int, int], out: Shape, label: str, cost: Cost
    ) -> int | None:
        """The last node of the layers that a call is; None where no layers are known to be."""
        if cost.macs != cost.own or call.name == "written":
            return None
        for steps in steps_of(call):
            known = self._checked(steps, nodes, out, cost)
            if known is None:
                continue
            first, end = len(self.nodes), len(self.nodes) + len(known) - 1
            named = next((n for n, (layer, *_) in enumerate(known) if layer.has_weights()), None)
            main = end if named is None else first + named
            for layer, inputs, shape in known:
                is_main = len(self.nodes) == main
                own = label if is_main else f"{label}.{layer.kind}"
                places = [place if place >= INPUT else first - 2 - place for place in inputs]
                self.write(layer, places, shape, own, call if is_main else None)
            products = [n for n in range(first, end + 1) if self.macs[n]]
            self.main[end] = products[0] if products else end
            return end
        return None

    def _checked(
        self, steps: Steps, nodes: Mapping[int, int], out: Shape, cost: Cost
    ) -> list[tuple[Layer, list[int], Shape]] | None:
        """Each step with its inputs and shape; None unless all that they come to is right.

        Inputs from -2 on downwards are the steps 0, 1, ... themselves.
        """
        found: list[tuple[Layer, list[int], Shape]] = []
        macs = params = 0
        for layer, given in steps:
            inputs = [
                -2 - one if isinstance(one, int) else nodes.get(id(one))
                for one in given
                if isinstance(one, int) or id(one) in nodes
            ]
            places = [place for place in inputs if place is not None]
            shapes = [found[-2 - p][2] if p < INPUT else self._shapes[p] for p in places]
            missing = len(places) < len(given) and not isinstance(layer, View | Elementwise)
            if missing or not places:
                return None
            try:
                shape, costs = layer.out_shape(*shapes), layer.costs(*shapes)
                params += sum(map(prod, layer.weight_shapes(*shapes).values()))
            except (LayerError, ValueError, IndexError, TypeError):
                return None
            if costs is None:
                return None
            macs += costs.macs
            found.append((layer, places, shape))
        right = found[-1][2] == out and (macs, params) == (cost.own, cost.params)
        return found if right else None

    def _kind(
        self, call: Call, inputs: Sequence[int], out: Shape, macs: int, *, first: bool
    ) -> tuple[Layer | None, Sequence[int], int]:
        """The layer that a call is, what it reads in the layer's order, and its parameters."""
        for rule in self._rules:
            layer = rule(call)
            read = inputs
            if isinstance(layer, Scale):
                read = sorted(inputs, key=lambda node: self._shapes[node] != out)
            if layer is None or not _fits(layer, read, first=first):
                continue
            held = self._params_of(layer, read, out, macs)
            if held is not None:
                return layer, read, held
        return None, inputs, 0

    def _params_of(self, layer: Layer, inputs: Sequence[int], out: Shape, macs: int) -> int | None:
        """The parameters of a layer; None unless its shape and multiply-accumulates are right."""
        fields, shapes = self._arriving(inputs)
        try:
            costs = layer.costs(*shapes)
            right = layer.out_shape(*shapes) == out and costs is not None and costs.macs == macs
            if not right or not _has_axes(field_behind(layer, fields, shapes), out):
                return None
            return sum(map(prod, layer.weight_shapes(*shapes).values()))
        except (LayerError, ValueError, IndexError):
            return None  # it does not fit, or not the axes that arrive

    def _opaque(self, name: str, inputs: Sequence[int], out: Shape, cost: Cost) -> Opaque:
        """A layer that is known by its name, its shape and its cost."""
        self.unnamed[name] += 1
        alike = all(self._shapes[node] == out for node in inputs)
        if alike and _by_element(name):
            return Opaque(name, None, cost.params, cost.macs, elementwise=True)
        return Opaque(name, tuple(max(1, size) for size in out), cost.params, cost.macs)

    def _arriving(self, inputs: Sequence[int]) -> tuple[list[Fields | None], list[Shape]]:
        return [self._fields[node] for node in inputs], [self._shapes[node] for node in inputs]

    def _unique(self, label: str) -> str:
        """The label, with a number where it is there already: relu, relu-2."""
        self._labels[label] += 1
        count = self._labels[label]
        return label if count == 1 else self._unique(f"{label}-{count}")


def _fits(layer: Layer, inputs: Sequence[int], *, first: bool) -> bool:
    """Whether a layer reads so many nodes, of which the first may have to be its own."""
    if isinstance(layer, View):
        return True
    if isinstance(layer, Join) and not (isinstance(layer, Elementwise) and len(inputs) == 1):
        return len(inputs) > 1
    return len(inputs) == 1 and first


def _is_computed(node: Node) -> bool:
    """Whether the layer of a node can be run, and is all that the model computes there."""
    layer = node.layer
    assert isinstance(layer, Layer)
    if node.stored is not None and node.stored.computed is not None:
        return True
    refused = node.stored is not None and node.stored.refusal is not None
    return layer.computable and layer.refusal is None and not refused


def _by_element(name: str) -> bool:
    """Whether a call looks at each element by itself, where all shapes are the same."""
    return ALIASES.get(name, name) in ELEMENTWISE or name in UNNAMED


def plain_name(name: str) -> str:
    """The name of a function without the underscores of other ways to write it.

    Example:
        >>> [plain_name(name) for name in ("relu_", "__getitem__", "__iadd__")]
        ['relu', 'getitem', 'add']
    """
    plain = re.sub(r"\W", "", name).strip("_")
    plain = IN_PLACE.get(plain, plain)
    return plain if plain[:1].isalpha() and plain.isascii() and plain != "in" else f"call_{plain}"


IN_PLACE = {
    **{f"i{name}": name for name in ("add", "sub", "mul", "truediv", "pow")},
    "radd": "add",
    "rmul": "mul",
    "multiply": "mul",
    "swapaxes": "transpose",
}
"""Operators by the name of the function that does the same."""


def _has_axes(field: Fields | None, out: Shape) -> bool:
    """Whether a field, if it is known, has each axis; features keep those that they came from."""
    return field is None or len(out) == 1 or len(field) == len(out) - 1
