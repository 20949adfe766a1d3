"""The tensors of an ONNX graph, node by node: shapes, short values, what parameters they are of.

Each node is asked for the types of its results with the values of what it reads, so that one pass
is enough: onnx's inference of a whole graph stops where a shape has to be divided.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from onnx import TypeProto, defs, helper, numpy_helper, shape_inference

from convcalc.errors import DataError, printable
from convcalc.importers.onnx_calls import Call, Tensor
from convcalc.importers.onnx_ceiled import leave_out_outside
from convcalc.importers.onnx_counting import macs_of
from convcalc.importers.onnx_folding import folded
from convcalc.importers.onnx_reading import graphs_of, opset_of
from convcalc.importers.onnx_types import MOST, PARAMETER_TYPES, count_of, shape_of, small_array

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from onnx import GraphProto, ModelProto

    from convcalc.importers.onnx_calls import Values
    from convcalc.layers import Shape

SMALL_ENOUGH = 64
"""Elements of other numbers than whole ones that shape inference is told: scales, not weights."""

SOURCES = ("Constant", "ConstantOfShape")
"""Operations whose results may be parameters, beside initialisers."""


class Tensors:
    """The tensors of a graph by their names, filled as its nodes are gone through.

    Attributes:
        elements: How many elements each parameter has.
        made: How many elements nodes make of parameters alone.
        sizes: What nodes ask of shapes, by name.
    """

    def __init__(self, model: ModelProto, around: Tensors | None = None) -> None:
        self.opset = opset_of(model)
        self.made = 0
        self.sizes: dict[str, Values] = {}
        self.elements: dict[str, int] = around.elements if around else {}
        self._named: dict[str, Tensor] = dict(around._named) if around else {}
        self._model = model
        self._versions = list(model.opset_import)

    def __getitem__(self, name: str) -> Tensor:
        return self._named[name]

    def add_initialisers(self, graph: GraphProto) -> None:
        """The initialisers of a graph, which need no node."""
        for one in graph.initializer:
            self._add_constant(one.name, one.data_type, tuple(one.dims), small_array(one))
        for sparse in graph.sparse_initializer:
            name = sparse.values.name
            self._add_constant(name, sparse.values.data_type, tuple(sparse.dims), None)

    def add_input(self, name: str, type_: TypeProto) -> Tensor:
        """An input of the graph."""
        self._named[name] = Tensor(name, type_, shape_of(type_))
        return self._named[name]

    def calls(self, graph: GraphProto, own_shapes: Mapping[str, TypeProto]) -> Iterator[Call]:
        """Every node in turn, with the tensors around it.

        Args:
            graph: Its nodes are in order.
            own_shapes: What the file says of tensors, for those that inference knows nothing of.

        Raises:
            DataError: a node does not fit what arrives at it.
        """
        for node in graph.node:
            inputs = [self._named[name] if name else None for name in node.input]
            bare = Call(node, inputs, (), self.opset)
            types = self._types(bare)
            values = self._values(bare, types)
            outputs: list[Tensor | None] = []
            for place, name in enumerate(node.output):
                if not name:
                    outputs.append(None)
                    continue
                found = types.get(name)
                if found is None or shape_of(found) is None:
                    found = own_shapes.get(name, found)
                if found is not None:
                    leave_out_outside(bare, found)
                outputs.append(self._result(bare, name, found, values, place))
            call = Call(node, inputs, outputs, self.opset)
            self._owe(call)
            yield call

    def _types(self, call: Call) -> dict[str, TypeProto]:
        node = call.node
        try:
            schema = defs.get_schema(node.op_type, self._version(node.domain), node.domain)
        except defs.SchemaError:
            return {}
        names = set(filter(None, node.input))
        if any(True for _ in graphs_of(node)):
            names = set(self._named)
        data = {
            one.name: numpy_helper.from_array(one.value, one.name)
            for one in call.inputs
            if one is not None and one.value is not None and _is_told(one.value)
        }
        try:
            return shape_inference.infer_node_outputs(
                schema,
                node,
                {name: self._named[name].type for name in names},
                data,
                opset_imports=self._versions,
                ir_version=self._model.ir_version,
            )
        except Exception as error:
            # What C++ finds is raised as it likes; damaged files find more ways than others.
            why = printable(str(error).strip().partition("\n")[0], 160)
            shown = printable(node.name or node.output[0], 60)
            raise DataError(f"the {node.op_type} '{shown}' does not fit: {why}") from None

    def _version(self, domain: str) -> int:
        return next((one.version for one in self._versions if one.domain == domain), self.opset)

    def _values(self, call: Call, types: Mapping[str, TypeProto]) -> list[Values] | None:
        """What a node gives, where that is known and short."""
        if call.op in ("Shape", "Size"):
            known = call.x.shape is not None
            return folded(call, [None]) if known else None
        values = [None if one is None else one.value for one in call.inputs]
        missing = any(
            one is not None and value is None
            for one, value in zip(call.inputs, values, strict=True)
        )
        shapes = [shape_of(one) for one in types.values()]
        large = any(shape is not None and count_of(shape) > MOST for shape in shapes)
        return None if missing or large else folded(call, values)

    def _result(
        self,
        call: Call,
        name: str,
        type_: TypeProto | None,
        values: list[Values] | None,
        place: int,
    ) -> Tensor:
        if values is not None and place < len(values):
            value = values[place]
            made = _type_of(value)
            tensor = Tensor(name, made, tuple(value.shape), value)
        else:
            type_ = type_ or TypeProto()
            tensor = Tensor(name, type_, shape_of(type_))
        roots = [one.roots for one in call.inputs if one is not None]
        if call.op in SOURCES:
            tensor.roots = self._root(name, tensor)
        elif tensor.value is not None and call.op in ("Shape", "Size"):
            tensor.roots = frozenset()
            self.sizes[name] = tensor.value
        elif not any(True for _ in graphs_of(call.node)):
            known = [one for one in roots if one is not None]
            if len(known) == len(roots):
                tensor.roots = frozenset().union(*known)
        self._named[name] = tensor
        return tensor

    def _root(self, name: str, tensor: Tensor) -> frozenset[str]:
        """What a tensor that nothing has made is made of: itself, if it can be learned."""
        learned = tensor.type.tensor_type.elem_type in PARAMETER_TYPES
        if not learned or tensor.shape is None:
            return frozenset()
        self.elements[name] = count_of(tensor.shape)
        return frozenset((name,))

    def _add_constant(self, name: str, dtype: int, shape: Shape, value: Values | None) -> None:
        tensor = Tensor(name, helper.make_tensor_type_proto(dtype, shape), shape, value)
        tensor.roots = self._root(name, tensor)
        self._named[name] = tensor

    def _owe(self, call: Call) -> None:
        """What is made of parameters alone owes the products that made it."""
        results = [one for one in call.outputs if one is not None]
        if not results or any(not one.is_constant for one in results):
            return
        owed = macs_of(call) or 0
        for one in call.inputs:
            if one is not None:
                owed += one.owed
                one.owed = 0
        results[0].owed = owed
        self.made += sum(count_of(one.shape or ()) for one in results)


def _type_of(value: Values) -> TypeProto:
    return helper.make_tensor_type_proto(helper.np_dtype_to_tensor_dtype(value.dtype), value.shape)


def _is_told(value: Values) -> bool:
    """Whether shape inference is told a value: whole numbers, and a few others."""
    return np.issubdtype(value.dtype, np.integer) or value.size <= SMALL_ENOUGH
