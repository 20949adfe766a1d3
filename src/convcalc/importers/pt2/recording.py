"""The operations of an exported program written down as nodes, one after the other."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from convcalc.importers.pt2.calls import arrays_in, call_of
from convcalc.importers.pt2.macs import macs_of
from convcalc.importers.pt2.program import Array
from convcalc.importers.torch_calls import sample_shape
from convcalc.importers.torch_kinds import layer_of
from convcalc.importers.torch_nodes import Cost, Nodes
from convcalc.importers.torch_operations import weighted_layer_of
from convcalc.importers.torch_stored import stored_of
from convcalc.importers.written import plain_label
from convcalc.importers.written import plain_name as opaque_name
from convcalc.layers import Input, Linear, Opaque, Parameter
from convcalc.layers.shared import Shared
from convcalc.network.graph import INPUT
from convcalc.network.stored import Stored

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from convcalc.importers.pt2.program import Operation
    from convcalc.importers.torch_calls import Call
    from convcalc.layers import Layer, Shape

PASSED = (
    *("alias", "clone", "contiguous", "detach", "detach_", "to", "_to_copy", "lift_fresh_copy"),
    *("type_as", "positive", "_assert_tensor_metadata", "lift_fresh"),
)
"""Operations that give the elements that they were given."""

VIEWS = (
    *("view", "reshape", "slice", "select", "transpose", "permute", "unsqueeze", "squeeze", "t"),
    *("expand", "flatten", "unbind", "split", "chunk", "split_with_sizes", "narrow", "view_as"),
    *("diagonal", "unfold", "unflatten", "as_strided", *PASSED[:1], "detach"),
)
"""Operations whose results share the memory of what they are given."""

PRODUCTS = ("mm", "addmm", "matmul")
"""Products with a matrix, which is a weight whose axes have been exchanged."""

JOINING = ("add", "add_", "sub", "mul", "mul_", "cat", "concat", "div")
"""Operations that a learned array has a part in by itself."""

NEW = (
    *("zeros_like", "ones_like", "full_like", "empty_like", "rand_like", "randn_like"),
    *("new_zeros", "new_ones", "new_full", "new_empty", "sym_size"),
)
"""Operations that take nothing but the shape of what they are given."""


@dataclass
class Value:
    """What a tensor holds: the result of a node, or something made of parameters alone.

    Attributes:
        node: The index of the node; None where no input has reached it.
        parameters: Those that it was made from, which whoever reads it first is charged for.
        macs: The multiply-accumulates that made it.
        make: Writes the node when it is first read: one of several results.
    """

    node: int | None = None
    parameters: set[str] = field(default_factory=set)
    macs: int = 0
    make: Callable[[], int] | None = None


class Recorder:
    """Writes the nodes of operations.

    Attributes:
        written: The nodes so far.
        owned: The names of the parameters that they have.
        unknown: How often operations occur whose products are not known.
    """

    def __init__(self, shape: Shape, parents: Collection[str]) -> None:
        self.written = Nodes(shape, (layer_of, weighted_layer_of), self._stored)
        self.owned: set[str] = set()
        self.unknown: dict[str, int] = {}
        self._parents = parents
        self._values: dict[str, Value] = {}
        self._bases: dict[str, Array] = {}
        self._elements: Mapping[str, int] = {}
        self._names: dict[str, str] = {}
        self._buffers: set[str] = set()
        self._turned: dict[str, str] = {}  # matrices with their axes exchanged; vectors as they are

    def begin(
        self,
        inputs: Sequence[Array],
        parameters: Mapping[str, Array],
        buffers: Mapping[str, Array],
    ) -> None:
        """Names the inputs, the parameters and the buffers, each by its own name."""
        for number, array in enumerate(inputs):
            node = INPUT
            if number:
                shape = tuple(max(1, size) for size in sample_shape(array))
                node = self.written.write(Input(shape), (INPUT,), shape, plain_label(array.name))
            self._values[array.name] = Value(node)
        for name, array in parameters.items():
            self._values[array.name] = Value(parameters={name})
        self._names = {array.name: name for name, array in {**parameters, **buffers}.items()}
        self._buffers = {array.name for array in buffers.values()}
        self._turned = {a.name: self._names[a.name] for a in parameters.values() if a.dim() == 1}
        self._elements = {name: array.numel() for name, array in parameters.items()}

    def node_of(self, name: str) -> int | None:
        """The node whose result a tensor holds; None where no input has reached it."""
        return self._value(name).node

    def unreached(self) -> dict[str, int]:
        """The elements of each parameter that no node has."""
        return {name: size for name, size in self._elements.items() if name not in self.owned}

    def note(self, operation: Operation) -> None:
        """Takes note of what one operation gives."""
        arriving = arrays_in(operation.named)
        if not operation.results:
            return
        if operation.name in JOINING and any(
            self._value(a.name).node is not None for a in arriving
        ):
            for array in arriving:
                self._learned(array)
        values = [self._value(array.name) for array in arriving]
        inputs = [value.node for value in values if value.node is not None]
        # The first argument of a product that is added to something is what is added.
        first = bool(values) and (values[0].node is not None or operation.name == "addmm")
        if operation.name in VIEWS and arriving:
            for array in operation.results:
                self._bases[array.name] = self._bases.get(arriving[0].name, arriving[0])
        alone = operation.name == "cat" and len(values) == 1
        if (operation.name in PASSED and values) or alone:
            self._values[operation.results[0].name] = values[0]
            return
        macs = macs_of(operation)
        debt = Value(macs=macs or 0)
        for value in values:
            debt.parameters |= value.parameters
            debt.macs += value.macs
            value.macs = 0
        self._note_turned(operation, arriving)
        if not inputs or operation.name in NEW:
            for array in operation.results:
                self._values[array.name] = debt
            return
        self._write(operation, inputs, debt, macs, first=first)

    def _stored(self, call: Call, layer: Layer, shapes: Sequence[Shape]) -> Stored:
        """Where the weights of a layer are stored: by the names of the program's arrays."""
        if call.name in PRODUCTS and isinstance(layer, Linear):
            arrays = {"weight": call.named.get("mat2", call.named.get("other"))}
            arrays |= {"bias": call.named["input"]} if layer.bias else {}
            names = {own: _named(one, self._turned) for own, one in arrays.items()}
            return Stored({own: name for own, name in names.items() if name is not None})
        return stored_of(call, layer, shapes, lambda array: _named(array, self._names))

    def _note_turned(self, operation: Operation, arriving: Sequence[Array]) -> None:
        """Takes note of a matrix of the model whose two axes are exchanged."""
        if operation.name in ("permute", "t", "transpose") and arriving[0].dim() == 2:
            name = self._names.get(arriving[0].name)
            if name is not None:
                self._turned[operation.results[0].name] = name

    def _learned(self, array: Array) -> None:
        """A node of its own for a parameter, or all its elements with other axes; for a buffer."""
        value = self._value(array.name)
        if array.name in self._buffers and value.node is None:
            shape, name = sample_shape(array), self._names[array.name]
            layer = Shared("parameter", Parameter(shape), shape, {}, 0)
            stored = Stored({"weight": name})
            node = self.written.write(layer, (INPUT,), shape, plain_label(name), stored)
            self._values[array.name] = Value(node)
        free = value.node is None and value.parameters and not value.parameters & self.owned
        size = sum(self._elements[name] for name in value.parameters)
        if not free or value.macs or size != array.numel():
            return
        shape = sample_shape(array)
        label = plain_label(min(value.parameters))
        stored = Stored({"weight": min(value.parameters)})
        node = self.written.write(Parameter(shape), (INPUT,), shape, label, stored)
        self.owned |= value.parameters
        self._values[array.name] = Value(node)

    def _write(
        self, operation: Operation, inputs: list[int], debt: Value, macs: int | None, *, first: bool
    ) -> None:
        """The node of each tensor that an operation gives; products make them together."""
        array, *others = operation.results
        node = self._node(operation, 0, inputs, debt, macs, first=first)
        self._values[array.name] = Value(node)
        sources = inputs if macs == 0 else [node]
        for place, other in enumerate(others, start=1):
            later = partial(self._node, operation, place, sources, Value(), 0, first=first)
            self._values[other.name] = Value(make=later)
        if operation.name.endswith("_") and not operation.name.endswith("__"):
            self._overwrite(arrays_in(operation.named)[0], operation.results[0])

    def _node(
        self,
        operation: Operation,
        place: int,
        inputs: list[int],
        debt: Value,
        macs: int | None,
        *,
        first: bool,
    ) -> int:
        """The node of one of the tensors that an operation gives."""
        array = operation.results[place]
        if macs is None:
            return self._unknown(operation, array, inputs, debt)
        call = call_of(operation, array, operation.results[:place])
        label = self._label(operation, call.name, debt)
        cost = Cost(self._charged(debt), debt.macs, macs)
        nodes = self._nodes(arrays_in(operation.named))
        return self.written.add(call, inputs, label, cost, first=first, nodes=nodes)

    def _nodes(self, arrays: Sequence[Array]) -> dict[int, int]:
        """The node of each tensor that an input has reached, by the tensor's id."""
        pairs = [(array, self._value(array.name).node) for array in arrays]
        return {id(array): node for array, node in pairs if node is not None}

    def _unknown(
        self, operation: Operation, array: Array, inputs: Sequence[int], debt: Value
    ) -> int:
        """An operation of which nothing is known but what it gives."""
        name = opaque_name(operation.name)
        self.unknown[name] = self.unknown.get(name, 0) + 1
        shape = tuple(max(1, size) for size in sample_shape(array))
        label = self._label(operation, name, debt)
        layer = Opaque(name, shape, self._charged(debt))
        return self.written.write(layer, inputs, shape, label)

    def _overwrite(self, target: Array, result: Array) -> None:
        """What was written into holds the result, and so does a part of what it is a view of."""
        node = self._values[result.name].node
        self._values[target.name] = Value(node)
        base = self._bases.get(target.name)
        before = None if base is None else self._value(base.name).node
        if base is None or node is None:
            return
        shape = tuple(max(1, size) for size in sample_shape(base))
        inputs = [node] if before is None else [before, node]
        layer = Opaque("written", shape, 0, 0)
        self._values[base.name] = Value(self.written.write(layer, inputs, shape, "written"))

    def _value(self, name: str) -> Value:
        value = self._values.setdefault(name, Value())
        if value.make is not None:
            value.node, value.make = value.make(), None
        return value

    def _charged(self, debt: Value) -> int:
        """The elements of the parameters that nobody has read before."""
        new = debt.parameters - self.owned
        self.owned |= new
        return sum(self._elements[name] for name in new)

    def _label(self, operation: Operation, name: str, debt: Value) -> str:
        """The path of the module, with the name of the operation where it has others."""
        path, kind = operation.path[-1] if operation.path else ("", "")
        alone = kind.startswith("torch.nn.modules") and path not in self._parents
        if path and (debt.parameters or alone):
            return plain_label(path)
        return plain_label(f"{path}.{name}")


def _named(argument: object, names: Mapping[str, str]) -> str | None:
    """What a tensor of the program is called; None of what is no tensor, or has no name."""
    return names.get(argument.name) if isinstance(argument, Array) else None
