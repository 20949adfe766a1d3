"""A model of TFLite as a network of ours."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import TYPE_CHECKING

from convcalc import layers
from convcalc.errors import DataError, LayerError, UsageError, printable
from convcalc.importers.channels_last import Value, Writing, channels_first, channels_last
from convcalc.importers.tflite.file import content_of
from convcalc.importers.tflite.kinds import (
    ELEMENTWISE,
    FUSED,
    PASSED,
    RULES,
    SHAPED,
    VIEWS,
    Plan,
    Use,
)
from convcalc.importers.written import Written, check_count, naming, plain_name
from convcalc.layers.base import format_shape
from convcalc.layers.named_operations import ELEMENTWISE as OPERATIONS
from convcalc.network.graph import INPUT, Network

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.importers.tflite.file import Content, Operator, Tensor
    from convcalc.layers import Layer, Shape


def network_of(path: str, shape: Shape | None, further: Sequence[Shape] = ()) -> Network:
    """The network of a model, each operator by its kind.

    Args:
        path: The file.
        shape: (channels, *sizes) of one sample, which must be what the file is for.
        further: Those of further inputs, likewise.

    Raises:
        UsageError: the package tflite is not installed, or the file is for another input.
        DataError: it is damaged.
    """
    content = content_of(path)
    with naming(path):
        return _Builder(content).network([*([] if shape is None else [shape]), *further])


@dataclass(frozen=True)
class _Layer(Writing):
    """The nodes of one operator."""

    path: str
    written: Written


class _Builder:
    """Writes the nodes of all operators, in the order of the file."""

    def __init__(self, content: Content) -> None:
        self.content = content
        if not content.inputs or not content.outputs:
            raise DataError("the model has no input, or no output")
        first = self._tensor(content.inputs[0]).shape
        if not first or not all(first):
            raise DataError(f"the model's input has no size: {format_shape(first)}")
        self.batch = first[0]
        own = self._sample(first)
        self.input = channels_first(own) if len(own) > 2 else own
        self.written = Written(self.input)
        self.values: dict[int, Value] = {}
        self.constants: dict[int, int] = {}
        self.counted: set[int] = set()
        self.unknown: dict[str, int] = {}

    def network(self, shapes: Sequence[Shape]) -> Network:
        """All of it, for inputs of these shapes where they are given."""
        self._check(shapes)
        for number, index in enumerate(self.content.inputs):
            own = self._sample(self._tensor(index).shape)
            moved = len(own) > 2
            node = INPUT
            if number:
                further = layers.Input(channels_first(own) if moved else own or (1,))
                node = self.written.add(further, (INPUT,), self._tensor(index).name or "input")
            self.values[index] = Value(node, own, moved)
        for operator in self.content.operators:
            self._write(operator)
        end = self.values.get(self.content.outputs[0])
        if end is None:
            raise DataError("nothing gives the model's output")
        nodes = tuple(self.written.nodes)
        return Network(nodes, end.node, input_shape=self.input, notes=tuple(self._told()))

    def _check(self, shapes: Sequence[Shape]) -> None:
        """Shapes that are given must be those of the file."""
        own = [self._sample(self._tensor(index).shape) for index in self.content.inputs]
        ours = [channels_first(one) if len(one) > 2 else one or (1,) for one in own]
        check_count(len(shapes), [format_shape(one) for one in ours])
        for one, shape in zip(ours, shapes, strict=False):
            if shape != one:
                wanted = format_shape(one)
                raise UsageError(
                    f"the model is for an input of {wanted}, got {format_shape(shape)}"
                )

    def _told(self) -> list[str]:
        """What is said of the model beside its layers."""
        notes = []
        own = channels_last(self.input)
        if len(own) > 2:
            ours = format_shape(self.input)
            notes.append(f"channels first: the model's {format_shape(own)} is {ours} here")
        if self.unknown:
            shown = ", ".join(f"{name} {count}" for name, count in self.unknown.items())
            notes.append(f"operators whose MACs are not known: {printable(shown)}")
        if len(self.content.outputs) > 1:
            number = len(self.content.outputs)
            notes.append(f"it gives {number} tensors; the first is taken for its output")
        return notes

    def _tensor(self, index: int) -> Tensor:
        if not 0 <= index < len(self.content.tensors):
            raise DataError(f"the model names tensor {index}, which it has not")
        return self.content.tensors[index]

    def _sample(self, shape: Shape) -> Shape:
        """A shape without the batch, where that is its first axis."""
        return shape[1:] if len(shape) > 1 and shape[0] == self.batch else shape

    def _write(self, operator: Operator) -> None:
        """The nodes of one operator; what reads no input is a constant."""
        inputs = [self.constants.get(index, index) for index in operator.inputs]
        operator = replace(operator, inputs=inputs)
        tensors = [None if index < 0 else self._tensor(index) for index in inputs]
        read = [(place, index) for place, index in enumerate(inputs) if index >= 0]
        values = [self.values[index] for _, index in read if index in self.values]
        constants = {
            place: one for place, index in read if (one := self._tensor(index)).is_constant
        }
        outputs = [(index, self._sample(self._tensor(index).shape)) for index in operator.outputs]
        if not values or not outputs:
            if operator.name in PASSED and outputs and read:
                self.constants[outputs[0][0]] = read[0][1]  # weights in half precision
            return
        use = Use(operator, values, constants, tensors, outputs[0][1])
        layer = _Layer(self._label(operator), self.written)
        first = self._activated(layer, use, self._value(layer, use))
        self.values[outputs[0][0]] = first
        for index, shape in outputs[1:]:
            self.values[index] = layer.view("result", values[0], shape or (1,))

    def _label(self, operator: Operator) -> str:
        return operator.name.lower()

    def _value(self, layer: _Layer, use: Use) -> Value:
        """What an operator gives."""
        name = use.operator.name
        if name in PASSED and not use.operator.is_custom:
            return use.values[0]
        plan = None if use.operator.is_custom else self._plan(use)
        params = self._params(use)
        found = None
        if plan is not None and plan.layer is not None:
            found = _fitted(layer, plan.layer, use, plan.moved, params)
        if found is None and not use.operator.is_custom:
            found = _by_name(layer, use, plan, params)
        return self._unknown(layer, use, params) if found is None else found

    def _plan(self, use: Use) -> Plan | None:
        """What the operator is, if its options and weights are as of a layer of ours."""
        rule = RULES.get(use.operator.name)
        if rule is None:
            return None
        try:
            return rule(use)
        except (KeyError, ValueError, IndexError, TypeError, ZeroDivisionError, LayerError):
            return None

    def _unknown(self, layer: _Layer, use: Use, params: int) -> Value:
        name = plain_name(use.operator.name)
        self.unknown[name] = self.unknown.get(name, 0) + 1
        return layer.nameless(name, use.out, params, None, *use.values)

    def _params(self, use: Use) -> int:
        """The elements of the constants that are weights, each where it is first read."""
        total = 0
        for place, tensor in use.constants.items():
            index = use.operator.inputs[place]
            is_bias = use.operator.name in RULES and place >= 2
            is_weight = tensor.type not in ("INT32", "INT64", "BOOL", "STRING") or is_bias
            if is_weight and prod(tensor.shape) > 1 and index not in self.counted:
                self.counted.add(index)
                total += prod(tensor.shape)
        return total

    def _activated(self, layer: _Layer, use: Use, value: Value) -> Value:
        """The value through the activation inside an operator."""
        name = FUSED.get(int(use.option("FusedActivationFunction", 0)))
        if name is None:
            return value
        rule = RULES.get(name)
        kind = None if rule is None else rule(use).layer
        end = name.lower()
        return (
            layer.elementwise(end, value, end=end)
            if kind is None
            else layer.add(kind, value, end=end)
        )


def _fitted(layer: _Layer, kind: Layer, use: Use, moved: bool | None, params: int) -> Value | None:
    """The node of a layer of ours, if it gives the shape that the file says."""
    several = isinstance(kind, layers.Concat | layers.MatMul)
    values = use.values if several else use.values[:1]
    wanted = use.values[0].moved if moved is None else moved
    shapes = [_ours(value.shape, wanted) for value in values]
    try:
        given = kind.out_shape(*shapes)
    except (LayerError, ValueError, IndexError):
        return None
    first = wanted and len(given) > 1
    if given != (_ours(use.out, first) or (1,)):
        return None
    arriving = [layer.placed(value, moved=wanted) for value in values]
    return layer.add(kind, *arriving, shape=use.out, moved=first, params=params)


def _by_name(layer: _Layer, use: Use, plan: Plan | None, params: int) -> Value | None:
    """The node of an operator that is no layer of ours, if its products are known."""
    name, value = use.operator.name, use.values[0]
    if name in SHAPED:
        return _shaped(layer, value, use.out)
    if name in ELEMENTWISE:
        return _elementwise(layer, use, params)
    if name in VIEWS:
        return _viewed(layer, use, params)
    if plan is None:
        return None
    return layer.nameless(name.lower(), use.out, params, plan.macs, *use.values)


def _ours(shape: Shape, moved: bool) -> Shape:
    return channels_first(shape) if moved and len(shape) > 1 else shape


def _shaped(layer: _Layer, value: Value, out: Shape) -> Value:
    """The elements on other axes: features become maps, and channels stay channels."""
    if out == value.shape:
        return value
    if prod(out) != prod(value.shape):
        return layer.view("reshape", value, out or (1,))
    if len(out) < 2:
        return layer.add(layers.Flatten(), value, shape=out, moved=False)
    keeps = value.moved and len(value.shape) > 1 and out[-1] == value.shape[-1]
    if keeps or (len(value.shape) == 1 and len(out) > 2):
        return layer.add(layers.Reshape(channels_first(out)), value, shape=out, moved=True)
    value = layer.placed(value, moved=False)
    return layer.add(layers.Reshape(out), value, shape=out, moved=False)


def _elementwise(layer: _Layer, use: Use, params: int) -> Value:
    """An operation of each element; sums and products of two arrays as our kinds of them."""
    name, values = ELEMENTWISE[use.operator.name], use.values
    shapes = {value.shape for value in values}
    if name == "add" and len(values) == 2 and len(shapes) == 1:
        first = values[0]
        alike = [layer.placed(value, moved=first.moved) for value in values]
        return layer.add(layers.Residual(), *alike)
    if name in OPERATIONS and len(values) <= OPERATIONS[name].operands and not params:
        return layer.elementwise(name, *values)
    return layer.elementwise(name, *values, params=params)


def _viewed(layer: _Layer, use: Use, params: int) -> Value:
    """Elements moved or left out, known by the operator's name."""
    name, out = use.operator.name.lower(), use.out or (1,)
    if params or len(use.values) > 1:
        return layer.nameless(name, out, params, 0, *use.values)
    return layer.view(name, use.values[0], out)
