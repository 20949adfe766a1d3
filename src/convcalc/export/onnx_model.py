"""A network as an ONNX model: a node for each operator, and the weights under their names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onnx import TensorProto, checker, helper

from convcalc import __version__
from convcalc.errors import UsageError
from convcalc.export.missing_forms import check_forms
from convcalc.export.onnx_forms import FORMS, OPSET
from convcalc.export.onnx_site import OnnxGraph, OnnxSite
from convcalc.layers.kinds import row_of
from convcalc.network.graph import INPUT
from convcalc.network.weight_names import check_weights

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from onnx import ValueInfoProto

    from convcalc.layers import Shape
    from convcalc.network.graph import Network

IR_VERSION = 10
MOST_BYTES = 2**31 - 2**20
"""Bytes of weights that one file holds: a message of protobuf has less than 2 GiB."""


def _batch_of(name: str, shape: Shape, dtype: int = TensorProto.FLOAT) -> ValueInfoProto:
    """What a model says of an array with a batch of any size in front."""
    return helper.make_tensor_value_info(name, dtype, ["N", *shape])


def onnx_model(network: Network, input_shape: Shape, weights: Mapping[str, np.ndarray]) -> bytes:
    """The bytes of an .onnx of a network, which takes a batch of any size.

    Args:
        network: The network.
        input_shape: (channels, *sizes) of one sample.
        weights: An array for each name of `network.tensor_shapes`; they become float32.

    Raises:
        UsageError: a kind has no form in ONNX, or the weights are too large for one file.
        DataError: weights are missing, unknown or of another shape.
        ShapeError, SpecError: a layer does not fit.
    """
    steps = list(network.walk(input_shape))
    check_forms(network, FORMS, "ONNX")
    check_weights(weights, network.tensor_shapes(input_shape))
    if 4 * sum(array.size for array in weights.values()) > MOST_BYTES:
        raise UsageError("the weights are more than the 2 GiB that one .onnx can hold")
    graph = OnnxGraph(weights)
    names = {INPUT: graph.unique("input")}
    shapes = {INPUT: input_shape}
    for index, step in enumerate(steps):
        inputs = tuple(names[source] for source in step.node.inputs)
        site = OnnxSite(graph, step.node.label, step.arriving, inputs, step.leaving)
        write = row_of(FORMS, type(step.layer))
        assert write is not None
        names[index], shapes[index] = write(site, step.layer), step.leaving
    end = names[network.output]
    if end == names[INPUT]:
        end = OnnxSite(graph, "output", (input_shape,), (end,), input_shape).op("Identity")
    indices = any(step.node.inputs == (INPUT,) and step.layer.kind == "embedding" for step in steps)
    dtype = TensorProto.INT64 if indices else TensorProto.FLOAT
    made = helper.make_graph(
        graph.nodes,
        "network",
        [
            _batch_of(names[INPUT], input_shape, dtype),
            *(_batch_of(name, shape) for name, shape in graph.inputs.items()),
        ],
        [_batch_of(end, shapes[network.output])],
        list(graph.tensors.values()),
    )
    model = helper.make_model(
        made,
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="convcalc",
        producer_version=__version__,
    )
    checker.check_model(model)
    return bytes(model.SerializeToString())
