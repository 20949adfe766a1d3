"""A model of torch run once, and every call that it makes written down as a node.

A function mode names each call as its author wrote it, a dispatch mode inside it counts the
multiply-accumulates of the operations that the call comes to, and hooks on all modules tell whose
call it is. Nothing is left on the model.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import torch
from torch.overrides import TorchFunctionMode
from torch.utils.weak import WeakIdKeyDictionary

from convcalc.importers.fault_words import CHANNELS, add_channels
from convcalc.importers.torch_calls import PASSED, Call, sample_shape
from convcalc.importers.torch_computed import computed, constant
from convcalc.importers.torch_counting import macs_of
from convcalc.importers.torch_kinds import layer_of
from convcalc.importers.torch_learned import LearnedArrays
from convcalc.importers.torch_moved import moved
from convcalc.importers.torch_nodes import Cost, Nodes, plain_name
from convcalc.importers.torch_operations import call_of_operation, renamed, weighted_layer_of
from convcalc.importers.torch_places import place_now
from convcalc.importers.torch_steps import IN_ORDER, reads_arrays
from convcalc.importers.torch_stored import RECURRENT, keeps_elements, refusal_of, stored_of
from convcalc.importers.torch_tape import Tape
from convcalc.importers.torch_tracing import (
    Debt,
    Value,
    Values,
    shared_places,
    tensors_in,
    version_of,
    written_into,
)
from convcalc.layers import Input
from convcalc.network.graph import INPUT
from convcalc.network.stored import Computed
from convcalc.network.trace import Decision

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from convcalc.importers.torch_counting import ProductCounter
    from convcalc.importers.torch_tracing import Tensors
    from convcalc.importers.torch_types import TensorLike
    from convcalc.layers import Costs, Layer, Shape
    from convcalc.network.stored import Stored

NEW = (
    "new_zeros",
    "new_ones",
    "new_full",
    "new_empty",
    "new_tensor",
    "zeros_like",
    "ones_like",
    "full_like",
    "empty_like",
)
"""Calls that take nothing but the shape or type of what they are given."""


AS_VALUES = ("tolist", "numpy", "array")
"""Calls that give the elements of a tensor to Python without an operation of torch."""

ZEROS = ("zeros", "zeros_like", "new_zeros")
"""Calls that make tensors of zeros."""


class Recorder(TorchFunctionMode):
    """Writes the nodes of the calls that are made inside.

    Attributes:
        written: The nodes so far.
        owned: The names of the parameters that they have.
        charged: The multiply-accumulates that they have.
        module: The path of the module that is at work, and whether its calls carry its name alone.
        calls: The label of each call, without a number, and the node that has its products.
        failed: What the last call that failed raised, which TorchScript does not pass on.
        decisions: Where values decided that an input has reached, each place once.
    """

    def __init__(self, model: torch.nn.Module, counter: ProductCounter, shape: Shape) -> None:
        super().__init__()
        self.counter = counter
        self.written = Nodes(
            shape,
            (layer_of, weighted_layer_of),
            stored=self._stored,
            moved=moved,
            computed=self._computed,
        )
        self.owned: set[str] = set()
        self.charged = 0
        self.module = ("", False)
        self.calls: list[tuple[str, int]] = []
        self.failed: Exception | None = None
        self.decisions: dict[Decision, None] = {}
        self._parameters = dict(model.named_parameters())
        arrays = dict(chain(model.named_parameters(), model.named_buffers()))
        self._names = {id(one): name for name, one in arrays.items()}
        without_values = all(one.device.type == "meta" for one in arrays.values())
        self._tape = Tape(arrays) if without_values else None
        self._zeros: Tensors = WeakIdKeyDictionary()
        self._sources = LearnedArrays(self._parameters, self.written)
        self.values = Values({id(one): name for name, one in self._parameters.items()})

    def __torch_function__(
        self,
        func: Callable[..., object],
        types: object,
        args: tuple[object, ...] = (),
        kwargs: dict[str, object] | None = None,
    ) -> object:
        kwargs = kwargs or {}
        before = self.counter.macs
        arriving = list(tensors_in((args, kwargs)))
        versions = [version_of(tensor) for tensor in arriving]
        try:
            out = func(*args, **kwargs)
        except Exception as error:
            self.failed = error
            if str(error) == CHANNELS:
                add_channels(error, _call_of(func, args, kwargs, arriving[0]))
            _add_place(error, self.module[0])
            raise
        results = list(tensors_in(out))
        self._note_decision(_name_of(func), arriving)
        pairs = zip(arriving, versions, strict=True)
        changed = [tensor for tensor, version in pairs if version_of(tensor) != version]
        if changed:
            results = changed[:1]
        if results:
            call = _call_of(func, args, kwargs, results[0])
            # A call of TorchScript is heard while it is counted, and not yet added up.
            macs = self.counter.macs - before or macs_of(func, args, kwargs, out)
            self._note(call, arriving, results, macs, in_place=bool(changed))
        return out

    def _note_decision(self, name: str, arriving: Sequence[torch.Tensor]) -> None:
        """Takes note of a call that gives something made of values that an input has reached."""
        asked, self.counter.deciding = self.counter.deciding, []
        if name in AS_VALUES:
            asked = list(arriving)
        known = {id(tensor) for tensor in arriving}
        # What was made on the way inside a call is of everything that it was given.
        sources = arriving if any(id(one) not in known for one in asked) else asked
        if any(self.values.is_reached(tensor) for tensor in sources if asked):
            place = place_now()
            self.decisions[Decision(place.where, place.code, self.module[0])] = None

    def begin(self, arrays: Sequence[torch.Tensor], labels: Sequence[str]) -> None:
        """Names the tensors that are the inputs: the first is the network's, others are nodes."""
        self.values[arrays[0]] = Value(INPUT)
        for array, label in zip(arrays[1:], labels[1:], strict=True):
            shape = tuple(map(int, array.shape[1:])) or (1,)
            self.values[array] = Value(self.written.write(Input(shape), (INPUT,), shape, label))

    def node_of(self, tensor: torch.Tensor) -> int | None:
        """The node whose result a tensor holds; None where no input has reached it."""
        value = self.values[tensor]
        if value.make is not None:
            value.node, value.make = value.make(), None
        if value.overwritten is not None:
            sources = [node for node in (value.node, value.overwritten) if node is not None]
            module = (self.module[0], False)
            call, nodes = self._written_into(tensor, value)
            value.overwritten = value.writer = None
            value.node = self._add(call, sources, Debt(), module=module, nodes=nodes)
        return value.node

    def _written_into(self, tensor: torch.Tensor, value: Value) -> tuple[Call, dict[int, int]]:
        """The call that a write through another tensor is, and the nodes that it reads."""
        writer = value.writer
        if self._tape is None or writer is None or value.overwritten is None:
            return Call("written", (), {}, tensor), {}
        with torch._C.DisableTorchFunction():
            places = shared_places(tensor, writer)
        nodes = {id(writer): value.overwritten}
        if value.node is not None:
            nodes[id(tensor)] = value.node
        return Call("written", (tensor, writer, places), {}, tensor, (), written_into), nodes

    def _note(
        self,
        call: Call,
        arriving: Sequence[torch.Tensor],
        results: Sequence[torch.Tensor],
        macs: int,
        *,
        in_place: bool,
    ) -> None:
        """Takes note of what one call gives."""
        nodes = [self.node_of(tensor) for tensor in arriving]
        if reads_arrays(call.name) and any(node is not None for node in nodes):
            nodes = [self._learned(tensor) for tensor in arriving]
        inputs = [node for node in nodes if node is not None]
        passed = call.name in PASSED and bool(nodes) and not macs and not in_place
        passed = passed and refusal_of(call) is None
        if passed and nodes[0] is not None:
            self.values[results[0]] = Value(nodes[0])
            return
        self._note_zeros(call, arriving, results[0])
        empty = not any(one.numel() for one in results)
        if not inputs or call.name in NEW or passed or empty:
            debt = self._made(call, arriving, macs)
            if self._tape is not None and call.function is not None:
                self._tape.note(call.function, call.arguments, call.named, results)
            for tensor in results:
                self.values[tensor] = Value(debt=debt)
            return
        debt = self._owed(arriving, macs)
        # The first argument of a product that is added to something is what is added.
        first = nodes[0] is not None or call.name == "addmm"
        places = {id(one): at for one, at in zip(arriving, nodes, strict=True) if at is not None}
        node = self._add(call, inputs, debt, first=first, own=macs, nodes=places)
        if in_place:
            self.values.overwrite(results[0], node)
            return
        # Nothing can be read of one without elements.
        self.values[results[0]] = Value(node if results[0].numel() else None)
        for end, result in enumerate(results[1:], 2):
            later = self._later(call, results[:end], [node] if macs else inputs, first, places)
            self.values[result] = later if result.numel() else Value(None)

    def _owed(self, arriving: Sequence[torch.Tensor], macs: int) -> Debt:
        """What a call owes: its own products, and whatever is owed for what it is given."""
        debt = Debt(macs=macs)
        for tensor in arriving:
            debt.take(self.values[tensor].debt)
        return debt

    def _note_zeros(
        self, call: Call, arriving: Sequence[torch.Tensor], result: torch.Tensor
    ) -> None:
        """Takes note of whether a result is zeros, with which recurrent layers begin."""
        moved = bool(arriving) and arriving[0] in self._zeros and call.name in IN_ORDER | PASSED
        if call.name in ZEROS or moved:
            self._zeros[result] = True
        else:
            self._zeros.pop(result, None)

    def _stored(self, call: Call, layer: Layer, shapes: Sequence[Shape]) -> Stored:
        """Where the weights of a call's layer are stored; states of zeros are none."""
        if call.name in RECURRENT and len(call.arguments) > 1:
            first, states, *others = call.arguments
            if all(state in self._zeros for state in tensors_in(states)):
                call = call._replace(arguments=(first, None, *others))
        return stored_of(call, layer, shapes, self._name_of)

    def _computed(
        self, call: Call, nodes: Mapping[int, int], out: Shape, costs: Costs
    ) -> Computed | None:
        """What computes a call by its own function."""
        if self._tape is None:
            return None
        found = computed(call, nodes, out, costs, self._tape)
        return None if found is None else Computed(*found)

    def _make_constant(self, begin: int, end: int, tensor: torch.Tensor) -> None:
        """Has a tensor made of parameters alone, where the layers that it is cannot be run."""
        if self._tape is not None and not self.written.are_computed(begin, end):
            out = sample_shape(tensor)
            layer = constant(tensor, out, self._tape)
            self.written.compute(end, Computed(layer, (INPUT,)))

    def _name_of(self, tensor: object) -> str | None:
        """The name of the parameter or buffer whose elements a tensor holds in their order."""
        if id(tensor) in self._names:
            return self._names[id(tensor)]
        if not isinstance(tensor, torch.Tensor):
            return None
        debt = self.values[tensor].debt
        if len(debt.parameters) != 1 or debt.chain is None or debt.base is not None:
            return None
        (name,) = debt.parameters
        calls = (call for call, _ in debt.chain)
        return name if keeps_elements(calls, self._parameters[name].numel()) else None

    def _made(self, call: Call, arriving: Sequence[torch.Tensor], macs: int) -> Debt:
        """What is owed for a tensor that is made without any input."""
        debts = [(self.values[tensor].debt, tensor) for tensor in arriving]
        owing = [(debt, tensor) for debt, tensor in debts if debt.parameters]
        made = self._owed(arriving, macs)
        if macs:
            made.chain, made.base = [], sample_shape(call.out)
        elif len(owing) == 1 and owing[0][0].chain is not None and call.name not in NEW:
            before, tensor = owing[0]
            chain = before.chain or []
            made.chain, made.base = [*chain, (call, id(tensor))], before.base
        return made

    def _later(
        self,
        call: Call,
        results: Sequence[torch.Tensor],
        sources: list[int],
        first: bool,
        nodes: Mapping[int, int],
    ) -> Value:
        """One of several results, which becomes a node only if somebody reads it."""
        *before, own = (torch.empty(one.shape, device="meta") for one in results)
        other = call._replace(out=own, before=before)
        module = self.module

        def make() -> int:
            return self._add(other, sources, Debt(), first=first, module=module, nodes=nodes)

        return Value(make=make)

    def _add(
        self,
        call: Call,
        inputs: Sequence[int],
        debt: Debt,
        *,
        first: bool = False,
        own: int = 0,
        module: tuple[str, bool] | None = None,
        nodes: Mapping[int, int] | None = None,
    ) -> int:
        """The node of a call, which pays for the constants that it reads."""
        new = debt.parameters - self.owned
        self.owned |= new
        path, alone = self.module if module is None else module
        label = (
            path if path and (alone or debt.parameters) else f"{path}.{call.name}".removeprefix(".")
        )
        params = sum(self._parameters[name].numel() for name in new)
        self.charged += debt.macs
        cost = Cost(params, debt.macs, own)
        node = self.written.add(call, inputs, label, cost, first=first, nodes=nodes)
        self.calls.append((label, self.written.main.get(node, node)))
        return node

    def _learned(self, tensor: torch.Tensor) -> int | None:
        """The node of a tensor; one made of parameters alone is a `parameter`, or made of them."""
        value = self.values[tensor]
        if value.node is None and value.make is None and value.debt.parameters:
            debt, value.debt = value.debt, Debt()
            begin = len(self.written.nodes)
            value.node = self._sources.node_of(tensor, debt, self.owned)
            if value.node is None:
                value.debt = debt
            else:
                self._make_constant(begin, value.node, tensor)
                self.owned |= debt.parameters
                self.charged += debt.macs
        return self.node_of(tensor)

    @property
    def uncharged(self) -> int:
        """The multiply-accumulates that were counted, and that no node has."""
        return self.counter.macs - self.charged

    def unreached(self) -> dict[str, int]:
        """The elements of each parameter that no node has."""
        left = self._parameters.keys() - self.owned
        return {name: p.numel() for name, p in self._parameters.items() if name in left}


def _call_of(
    func: Callable[..., object],
    args: tuple[object, ...],
    kwargs: dict[str, object],
    result: TensorLike,
) -> Call:
    """A call with its arguments; one of an operation, as TorchScript makes it, by their names."""
    if isinstance(func, torch._ops.OpOverloadPacket):
        func = getattr(func, torch._C._jit_resolve_packet(func._qualified_op_name, *args, **kwargs))
    if isinstance(func, torch._ops.OpOverload):
        names = (one.name for one in func._schema.arguments)
        named = {**dict(zip(names, args, strict=False)), **kwargs}
        call = call_of_operation(func._overloadpacket.__name__, named, result)
        return call._replace(function=renamed(func, list(named)))
    return Call(_name_of(func), args, kwargs, result, (), func)


def _name_of(func: object) -> str:
    """The name of a function; of an attribute its own."""
    func = getattr(func, "_overloadpacket", func)
    name = str(getattr(func, "__name__", func))
    if name == "__get__":
        name = str(getattr(getattr(func, "__self__", None), "__name__", name))
    return plain_name(name)


def _add_place(error: Exception, path: str) -> None:
    """Notes the module on an error that passes through several calls, once."""
    if path and not hasattr(error, "__notes__"):
        error.add_note(path)
