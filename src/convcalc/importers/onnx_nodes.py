"""The nodes of a network, written node by node of an ONNX graph."""

from __future__ import annotations

from collections import Counter
from math import prod
from typing import TYPE_CHECKING

from convcalc.errors import DataError, LayerError, printable
from convcalc.importers.onnx_counting import macs_of
from convcalc.importers.onnx_kinds import PASSED, REGROUPING, ROUNDING, plans_of
from convcalc.importers.onnx_names import label_of, plain
from convcalc.importers.onnx_plans import Recipe
from convcalc.importers.onnx_types import is_float
from convcalc.layers import Input, Opaque, Parameter
from convcalc.layers.base import field_behind
from convcalc.layers.shared import Shared
from convcalc.network.graph import INPUT, Node
from convcalc.receptive import IDENTITY, UNSEEN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcalc.importers.onnx_calls import Call, Tensor
    from convcalc.importers.onnx_names import Name, Names
    from convcalc.importers.onnx_plans import Plan
    from convcalc.layers import Fields, Layer, Shape

NOT_LEARNED = (
    *("Resize", "Upsample", "Clip", "Pad", "Range", "Dropout", "TopK", "OneHot", "Slice"),
    *("QuantizeLinear", "DynamicQuantizeLinear", "NonMaxSuppression", "Where", "Pow"),
)
"""Operations that read numbers which decide what they do, and no weights."""


class Nodes:
    """The nodes so far, with what leaves each and what it sees.

    Attributes:
        nodes: The nodes.
        recipes: How the array of each weight is made, by its name in the network.
        unnamed: How often there was a node without a kind, by its operation.
        unshaped: The same of nodes the shape of whose result nobody knows.
    """

    def __init__(self, elements: Mapping[str, int], names: Names) -> None:
        self.nodes: list[Node] = []
        self.recipes: dict[str, Recipe] = {}
        self.unnamed: Counter[str] = Counter()
        self.unshaped: Counter[str] = Counter()
        self._elements = elements
        self._names = names
        self._owned: set[str] = set()
        self._of: dict[str, int] = {}
        self._constants: dict[tuple[str, Shape], int] = {}
        self._shapes: dict[int, Shape] = {}
        self._fields: dict[int, Fields | None] = {}
        self._labels: Counter[str] = Counter()

    def begin(self, tensor: Tensor) -> None:
        """Names the tensor that is the network's input."""
        self._of[tensor.name] = INPUT
        self._shapes[INPUT] = tensor.sample
        self._fields[INPUT] = (IDENTITY,) * (len(tensor.sample) - 1)

    def begin_another(self, tensor: Tensor) -> None:
        """A further input of the network."""
        label = self._unique(plain(tensor.name))
        layer = Input(tensor.sample)
        self._of[tensor.name] = self._written(layer, (INPUT,), label, tensor.sample)

    def node_of(self, name: str) -> int | None:
        """The node whose result a tensor is; None where no input has reached it."""
        return self._of.get(name)

    @property
    def owned(self) -> frozenset[str]:
        """The parameters that nodes have."""
        return frozenset(self._owned)

    def add(self, call: Call, read: set[str], macs: int | None, roots: frozenset[str]) -> None:
        """Writes what a node gives.

        Args:
            call: The node.
            read: The tensors that somebody reads.
            macs: Its multiply-accumulates; None where nobody knows.
            roots: Further parameters that it is made of: those of its inner graphs.
        """
        if self._passes(call):
            self._of[call.out.name] = self._of[call.x.name]
            return
        owed = sum(self._take(one) for one in call.inputs if one is not None)
        wanted = [
            place
            for place, one in enumerate(call.outputs)
            if one is not None and one.name in read and not one.is_constant
        ] or [0]
        for place in wanted:
            asked = call._replace(place=place)
            try:
                self._of[asked.out.name] = self._add(asked, macs, owed, roots)
            except LayerError as error:
                shown = printable(asked.out.name, 60)
                raise DataError(f"the {call.op} '{shown}' cannot be a layer: {error}") from None
            macs, owed, roots = (macs and 0), 0, frozenset()

    def _passes(self, call: Call) -> bool:
        """Whether a node gives the very elements that it was given, on the same axes."""
        if call.op not in (*PASSED, *REGROUPING) or call.x.is_constant:
            return False
        if call.op in ROUNDING and is_float(call.x) and not is_float(call.out):
            return False
        known = call.x.shape is not None and call.out.shape is not None
        return known and call.x.sample == call.out.sample

    def _take(self, tensor: Tensor) -> int:
        owed, tensor.owed = tensor.owed, 0
        return owed if tensor.is_constant else 0

    def _add(self, call: Call, macs: int | None, owed: int, roots: frozenset[str]) -> int:
        name = self._names.of(call)
        live = [
            self._of[one.name] for one in call.inputs if one is not None and one.name in self._of
        ]
        shape = _shape_told(call.out)
        if shape is None:
            self.unshaped[call.op] += 1
        known = shape is not None and macs is not None
        plans = (self._checked(plan, call, macs or 0) for plan in plans_of(call)) if known else ()
        found = next(filter(None, plans), None)
        if found is None:
            roots |= _roots_read(call)
            new = self._own(roots)
            self.unnamed[call.op] += 1
            total = None if macs is None else macs + owed
            layer: Layer = self._opaque(call, shape or (1,), self._count(new), total)
            return self._written(layer, live or [INPUT], self._label(name, bool(new)), shape)
        plan, seen = found
        inputs = [self._node(call, place) for place in plan.inputs]
        layer = self._with_weights(plan, call, inputs, owed)
        label = self._label(name, bool(plan.weights))
        index = self._written(layer, inputs, label, shape, seen)
        for own, recipe in plan.weights.items():
            self.recipes[f"{self.nodes[index].label}.{own}"] = recipe
        return index

    def _checked(self, plan: Plan, call: Call, macs: int) -> tuple[Plan, Fields | None] | None:
        """The plan, if it reads all results that arrive and has the node's shape and products.

        With it what the node sees.
        """
        arriving = {
            place
            for place, one in enumerate(call.inputs)
            if one is not None and one.name in self._of
        }
        if not arriving <= set(plan.inputs):
            return None
        arrived = [self._arriving(call, place) for place in plan.inputs]
        shapes, fields = [shape for shape, _ in arrived], [seen for _, seen in arrived]
        out = call.out.sample
        try:
            costs = plan.layer.costs(*shapes)
            right = plan.layer.out_shape(*shapes) == out and costs is not None
            if not right or costs is None or costs.macs != (0 if call.place else macs):
                return None
            if plan.layer.tensor_shapes(*shapes).keys() != plan.weights.keys():
                return None
            seen = field_behind(plan.layer, fields, shapes)
        except (LayerError, ValueError, IndexError):
            return None  # it does not fit, or not the axes that arrive
        fits = seen is None or len(out) == 1 or len(seen) == len(out) - 1
        return (plan, seen) if fits else None

    def _arriving(self, call: Call, place: int) -> tuple[Shape, Fields | None]:
        """The shape of an input and what it sees; of an array of the model's own nothing."""
        node = self._of.get(call.tensor(place).name)
        if node is not None:
            return self._shapes[node], self._fields[node]
        shape = _operand_shape(call, place)
        return shape, (UNSEEN,) * max(1, len(shape) - 1)

    def _node(self, call: Call, place: int) -> int:
        """The node of an input; an array of the model's own becomes one where it is read first."""
        tensor = call.tensor(place)
        if tensor.name in self._of:
            return self._of[tensor.name]
        shape = _operand_shape(call, place)
        known = self._constants.get((tensor.name, shape))
        if known is not None:
            return known
        learned = prod(shape) > 1 and not (tensor.roots or frozenset()) & self._owned
        new = self._own(tensor.roots or frozenset()) if learned else frozenset()
        layer: Layer = Parameter(shape)
        if self._count(new) != prod(shape):
            name = "parameter"
            layer = (
                Opaque(name, shape, self._count(new), 0, like=layer)
                if new
                else Shared(name, layer, shape, {}, 0)
            )
        label = self._unique(label_of(tensor.name))
        index = self._written(layer, (INPUT,), label, shape)
        self.recipes[f"{label}.weight"] = Recipe.of(tensor, lambda array: array.reshape(shape))
        self._constants[tensor.name, shape] = index
        return index

    def _with_weights(self, plan: Plan, call: Call, inputs: list[int], owed: int) -> Layer:
        """The layer, with those of its weights that no layer before it has, and no others."""
        shapes = [self._shapes[node] for node in inputs]
        weights = plan.layer.weight_shapes(*shapes)
        counted: dict[str, Shape] = {}
        new: set[str] = set()
        for name, shape in weights.items():
            roots = _roots_of(plan.weights[name])
            if roots and not roots & self._owned:
                counted[name] = shape
                new |= roots
        read: set[str] = set()
        for recipe in plan.weights.values():
            read |= _roots_of(recipe)
        self._owned |= read
        macs = owed + (macs_of(call) or 0)
        if counted == weights and sum(map(prod, counted.values())) == self._count(new) and not owed:
            return plan.layer
        name, out = plain(call.op), call.out.sample
        if sum(map(prod, counted.values())) != self._count(new):
            return Opaque(name, out, self._count(new), macs, like=plan.layer)
        return Shared(name, plan.layer, out, counted, macs)

    def _own(self, roots: frozenset[str]) -> frozenset[str]:
        """Those of some parameters that no node has had so far."""
        new = roots - self._owned
        self._owned |= new
        return new

    def _count(self, roots: frozenset[str] | set[str]) -> int:
        return sum(self._elements[root] for root in roots)

    def _opaque(self, call: Call, shape: Shape, params: int, macs: int | None) -> Opaque:
        """A layer that is known by its name, its shape and its cost."""
        return Opaque(plain(call.op), tuple(max(1, size) for size in shape), params, macs)

    def _label(self, name: Name, owns: bool) -> str:
        if name.path and (owns or name.alone):
            return self._unique(name.path)
        return self._unique(f"{name.path}.{name.own}".removeprefix("."))

    def _written(
        self,
        layer: Layer,
        inputs: Sequence[int],
        label: str,
        shape: Shape | None,
        seen: Fields | None = None,
    ) -> int:
        index = len(self.nodes)
        if seen is None:
            shapes = [self._shapes[node] for node in inputs]
            seen = field_behind(layer, [self._fields[node] for node in inputs], shapes)
        self._fields[index] = seen
        self._shapes[index] = shape or (1,)
        self.nodes.append(Node(layer, tuple(inputs), label))
        return index

    def _unique(self, label: str) -> str:
        """The label, with a number where it is there already: relu, relu-2."""
        self._labels[label] += 1
        count = self._labels[label]
        return label if count == 1 else self._unique(f"{label}-{count}")


def _shape_told(tensor: Tensor) -> Shape | None:
    return None if tensor.shape is None else tuple(max(1, size) for size in tensor.sample)


def _roots_of(recipe: Recipe) -> frozenset[str]:
    return frozenset().union(*(tensor.roots or () for tensor in recipe.tensors))


def _operand_shape(call: Call, place: int) -> Shape:
    """The sizes of an array of the model's own beside samples: without the axis of a batch of 1."""
    tensor = call.tensor(place)
    whole = len(tensor.known) == len(call.out.known) and call.out.has_batch
    return tensor.sample if whole else tensor.known or (1,)


def _roots_read(call: Call) -> frozenset[str]:
    """The parameters that a node reads which is no kind of ours."""
    if call.op in NOT_LEARNED:
        return frozenset()
    single = macs_of(call) == 0
    return frozenset().union(
        *(
            one.roots
            for one in call.inputs
            if one is not None and one.roots and not (single and one.known and prod(one.known) == 1)
        )
    )
