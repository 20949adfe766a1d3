"""What the graphs inside an ONNX node cost: the branches of If, the bodies of Loop and Scan.

How often a body runs is known to nobody before it does: it counts once. Of branches the one counts
that is taken, and where that depends on the input the one with more multiply-accumulates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from onnx import helper

from convcalc.errors import DataError
from convcalc.importers.onnx_counting import macs_of
from convcalc.importers.onnx_reading import graphs_of
from convcalc.importers.onnx_tensors import Tensors
from convcalc.importers.onnx_types import shape_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from onnx import GraphProto, ModelProto, TypeProto

    from convcalc.importers.onnx_calls import Call


class Body(NamedTuple):
    """What is inside a node: multiply-accumulates, None where unknown, and parameters."""

    macs: int | None
    roots: frozenset[str]


def body_of(call: Call, around: Tensors, model: ModelProto) -> Body | None:
    """What the graphs of a node come to; None of a node without."""
    graphs = list(graphs_of(call.node))
    if not graphs:
        return None
    if call.op == "If":
        condition = call.x.value
        branches = {one.name: one.g for one in call.node.attribute}
        if condition is not None:
            name = "then_branch" if condition.item() else "else_branch"
            graphs = [branches[name]] if name in branches else graphs
    bodies = [_counted(graph, call, around, model) for graph in graphs]
    roots = frozenset().union(*(body.roots for body in bodies))
    macs = [body.macs for body in bodies]
    known = [one for one in macs if one is not None]
    return Body(max(known) if len(known) == len(macs) else None, roots)


def _counted(graph: GraphProto, call: Call, around: Tensors, model: ModelProto) -> Body:
    tensors = Tensors(model, around)
    tensors.add_initialisers(graph)
    for one, type_ in zip(graph.input, _types(graph, call), strict=True):
        tensors.add_input(one.name, type_)
    total: int | None = 0
    roots: frozenset[str] = frozenset()
    try:
        for inner in tensors.calls(graph, {}):
            body = body_of(inner, tensors, model)
            macs = macs_of(inner) if body is None else body.macs
            total = None if total is None or macs is None else total + macs
            roots = roots.union(*(_learned(inner, tensors)), body.roots if body else ())
    except (DataError, KeyError):
        return Body(None, roots)
    return Body(total, roots)


def _learned(call: Call, tensors: Tensors) -> Sequence[frozenset[str]]:
    """The parameters that a node reads; a single number is part of a formula."""
    return [
        frozenset(root for root in one.roots if tensors.elements[root] > 1)
        for one in call.inputs
        if one is not None and one.roots
    ]


def _types(graph: GraphProto, call: Call) -> Sequence[TypeProto]:
    """The types of the inputs of a body.

    A loop has the number of its round and a condition before what it carries; a scan carries some
    tensors, and takes others apart along an axis.
    """
    if call.op == "Loop":
        first = [helper.make_tensor_type_proto(7, ()), helper.make_tensor_type_proto(9, ())]
        carried = [one.type for one in call.inputs[2:] if one is not None]
        return [*first, *carried]
    if call.op == "Scan":
        scanned = call("num_scan_inputs", 0)
        axes = call("scan_input_axes") or [0] * scanned
        carried = [one.type for one in call.inputs if one is not None]
        states, others = carried[: len(carried) - scanned], carried[len(carried) - scanned :]
        return [*states, *(_without(one, axis) for one, axis in zip(others, axes, strict=True))]
    return [one.type for one in graph.input]


def _without(type_: TypeProto, axis: int) -> TypeProto:
    shape = list(shape_of(type_) or ())
    if shape:
        del shape[axis]
    return helper.make_tensor_type_proto(type_.tensor_type.elem_type, shape)
