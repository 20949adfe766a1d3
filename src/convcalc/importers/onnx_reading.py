"""An ONNX file as a model without its large arrays, checked for what nothing else would refuse.

`onnx.load` takes an empty file and a picture for models without nodes, and shape inference takes
cycles, inputs that nobody gives and names that are given twice without a word.
"""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

import onnx
from google.protobuf.message import DecodeError
from onnx import inliner, numpy_helper

from convcalc.arrayfile.wording import quoted
from convcalc.errors import DataError, printable
from convcalc.importers.onnx_types import left_out
from convcalc.importers.onnx_wire import light_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from onnx import GraphProto, ModelProto, NodeProto, TensorProto

MAX_NODES = 200_000
MAX_NESTING = 20
"""Nodes of a model, those of inner graphs included, and graphs within each other."""

GIVEN = -1


def read_model(path: str) -> ModelProto:
    """The model of a file, its functions written out, its nodes in an order that can be computed.

    Tensors that are long or in files of their own have no elements; nothing else is opened.

    Raises:
        DataError: it is no model, of a version that is not known, or its graph cannot be computed.
    """
    label = quoted(path)
    model = onnx.ModelProto()
    try:
        model.ParseFromString(light_bytes(path))
    except DecodeError:
        raise DataError(f"{label} is no ONNX model, or damaged") from None
    if not (model.HasField("graph") and model.opset_import and model.graph.node):
        raise DataError(f"{label} is no ONNX model: it has no nodes, or names no opset")
    if not all(isinstance(text, str) for text in _texts(model)):
        raise DataError(f"{label} has a name that is no text; it may be damaged")
    _check_versions(model, label)
    if sum(1 for _ in all_nodes(model.graph)) > MAX_NODES:
        raise DataError(f"{label} has more than {MAX_NODES:,} nodes")
    for tensor in model.graph.initializer:
        _check_elements(tensor, label)
    if model.functions:
        model = _inlined(model, label)
    _put_in_order(model.graph, label)
    return model


def opset_of(model: ModelProto) -> int:
    """The version of ONNX's own operations that a model uses."""
    return next((one.version for one in model.opset_import if one.domain in ("", "ai.onnx")), 1)


def all_nodes(graph: GraphProto, depth: int = 0) -> Iterator[NodeProto]:
    """The nodes of a graph and of all graphs within it.

    Raises:
        DataError: there are too many graphs within each other.
    """
    if depth > MAX_NESTING:
        raise DataError(f"an ONNX model with more than {MAX_NESTING} graphs within each other")
    for node in graph.node:
        yield node
        for inner in graphs_of(node):
            yield from all_nodes(inner, depth + 1)


def graphs_of(node: NodeProto) -> Iterator[GraphProto]:
    """The graphs that a node has: the branches of If, the body of Loop."""
    for attribute in node.attribute:
        if attribute.HasField("g"):
            yield attribute.g
        yield from attribute.graphs


def is_known(domain: str) -> bool:
    """Whether operations of a domain are ONNX's own."""
    return domain in ("", "ai.onnx")


def _texts(model: ModelProto) -> Iterator[object]:
    """The names of a model; those that are no UTF-8 are bytes."""
    yield from (one.domain for one in model.opset_import)
    for function in model.functions:
        yield from (function.name, function.domain, *function.input, *function.output)
        for node in function.node:
            yield from _texts_of(node)
    graph = model.graph
    for node in graph.node:
        yield from _texts_of(node)
    yield from _names(graph)


def _texts_of(node: NodeProto, depth: int = 0) -> Iterator[object]:
    yield from (node.op_type, node.domain, node.name, *node.input, *node.output)
    yield from (one.name for one in node.attribute)
    yield from (text for one in node.metadata_props for text in (one.key, one.value))
    if depth > MAX_NESTING:
        return  # such a model is refused
    for inner in graphs_of(node):
        yield from _names(inner)
        for one in inner.node:
            yield from _texts_of(one, depth + 1)


def _names(graph: GraphProto) -> Iterator[object]:
    yield from (one.name for one in graph.initializer)
    yield from (one.values.name for one in graph.sparse_initializer)
    for one in (*graph.input, *graph.output, *graph.value_info):
        yield one.name
        yield from (dim.dim_param for dim in one.type.tensor_type.shape.dim)


def _check_versions(model: ModelProto, label: str) -> None:
    newest = onnx.defs.onnx_opset_version()
    opset = opset_of(model)
    if opset > newest or model.ir_version > onnx.IR_VERSION:
        what = f"opset {opset}" if opset > newest else f"IR version {model.ir_version}"
        known = newest if opset > newest else onnx.IR_VERSION
        raise DataError(
            f"{label} is of {what}; onnx {onnx.__version__} knows up to {known}: "
            "pip install --upgrade onnx"
        )


def _check_elements(tensor: TensorProto, label: str) -> None:
    """An initialiser whose elements are here has as many as its dims say.

    Raises:
        DataError: it has not.
    """
    shown = f"{label} has '{printable(tensor.name, 60)}'"
    if any(size < 0 for size in tensor.dims):
        raise DataError(f"{shown} with a size below 0")
    if left_out(tensor) or tensor.string_data:
        return
    try:
        numpy_helper.to_array(tensor)
    except (ValueError, TypeError, KeyError):
        dims = "x".join(map(str, tensor.dims)) or "one element"
        raise DataError(f"{shown} of {dims}, but not so many elements") from None


def _inlined(model: ModelProto, label: str) -> ModelProto:
    try:
        return inliner.inline_local_functions(model)
    except Exception as error:
        # The checks of C++ raise what they like.
        why = printable(str(error).strip().partition("\n")[0], 100)
        raise DataError(f"{label} has functions that cannot be written out: {why}") from None


def _put_in_order(graph: GraphProto, label: str) -> None:
    """Sorts the nodes so that each reads what is there.

    Raises:
        DataError: a tensor is given twice or not at all, or nodes read each other.
    """
    makers = _makers(graph, label)
    reads = [_reads(node) for node in graph.node]
    for node, read in zip(graph.node, reads, strict=True):
        missing = next((name for name in sorted(read) if name not in makers), None)
        if missing is not None:
            what = f"a node {printable(node.op_type, 40)} that reads '{printable(missing, 60)}'"
            raise DataError(f"{label} has {what}, which nothing gives")
    unmade = next((one.name for one in graph.output if one.name not in makers), None)
    if unmade is not None:
        raise DataError(f"{label} has no node that gives its output '{printable(unmade, 60)}'")
    before = [{makers[name] for name in read} - {GIVEN} for read in reads]
    if all(max(sources, default=GIVEN) < index for index, sources in enumerate(before)):
        return
    try:
        order = list(TopologicalSorter(dict(enumerate(before))).static_order())
    except CycleError as error:
        nodes = [graph.node[index] for index in error.args[1][:3]]
        names = ", ".join(printable(node.name or node.op_type, 40) for node in nodes)
        raise DataError(f"{label} has nodes that read each other in a circle: {names}") from None
    in_order = [onnx.NodeProto.FromString(graph.node[i].SerializeToString()) for i in order]
    del graph.node[:]
    graph.node.extend(in_order)


def _makers(graph: GraphProto, label: str) -> dict[str, int]:
    """The node that gives each tensor, by its number; GIVEN for inputs and initialisers."""
    makers: dict[str, int] = {"": GIVEN}
    for tensor in graph.initializer:
        if tensor.name in makers:
            raise DataError(f"{label} gives the tensor '{printable(tensor.name, 60)}' twice")
        makers[tensor.name] = GIVEN
    makers.update((one.name, GIVEN) for one in graph.input)
    makers.update((one.values.name, GIVEN) for one in graph.sparse_initializer)
    for index, node in enumerate(graph.node):
        for name in filter(None, node.output):
            if name in makers:
                raise DataError(f"{label} gives the tensor '{printable(name, 60)}' twice")
            makers[name] = index
    return makers


def _reads(node: NodeProto) -> set[str]:
    """The tensors that a node reads, with those of the graph around that its own graphs read."""
    names = set(node.input)
    for inner in graphs_of(node):
        own = {one.name for one in (*inner.input, *inner.initializer)}
        for each in inner.node:
            names |= _reads(each) - own
            own |= set(each.output)
        names |= {one.name for one in inner.output} - own
    return names
