"""Nodes of ONNX as layers of our kinds, where they are one.

A rule answers from attributes, shapes and what no input has reached. Whether it is right is held
against what the node gives: shape and multiply-accumulates have to be equal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc import layers
from convcalc.errors import LayerError
from convcalc.importers import onnx_activations as activations
from convcalc.importers import onnx_moves as moves
from convcalc.importers import onnx_products as products
from convcalc.importers import onnx_views as views
from convcalc.importers import onnx_windows as windows
from convcalc.importers.onnx_elementwise import NAMES, combined, elementwise, product
from convcalc.importers.onnx_pools import pool
from convcalc.importers.onnx_reading import is_known
from convcalc.importers.onnx_recurrent import recurrent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcalc.importers.onnx_calls import Call
    from convcalc.importers.onnx_plans import Plan, Rule


def plans_of(call: Call) -> Iterator[Plan]:
    """The layers that a node may be, of which the first that fits is right."""
    if not is_known(call.node.domain) or (call.place and call.op not in SEVERAL_RESULTS):
        return
    last = moves.view if call.op in MOVES else None
    for rule in (RULES.get(call.op), OTHERS.get(call.op), last):
        try:
            plan = None if rule is None else rule(call)
        except (LayerError, ValueError, TypeError, KeyError, IndexError):
            continue  # attributes in a way that the rule does not know
        if plan is not None:
            yield plan


SEVERAL_RESULTS = ("Split", "LSTM", "GRU", "RNN")
"""Operations whose rules know all of their results, and not the first alone."""

PASSED = ("Identity", "Cast", "CastLike")
"""Operations that give the elements that they were given: no nodes of their own."""

ROUNDING = ("Cast", "CastLike")
"""Those of them that change elements where floats become whole numbers."""

REGROUPING = ("Reshape", "Flatten", "Squeeze", "Unsqueeze")
"""Operations that give them in their order, on other axes."""

RULES: dict[str, Rule] = {
    "Conv": windows.conv,
    "ConvTranspose": windows.conv_transpose,
    "MaxPool": windows.max_pool,
    "AveragePool": windows.average_pool,
    "LpPool": windows.lp_pool,
    "GlobalAveragePool": windows.global_average,
    "GlobalMaxPool": windows.global_max,
    **dict.fromkeys((*windows.REDUCTIONS, *windows.PLACES), windows.reduced),
    "Gemm": products.gemm,
    "MatMul": products.matmul,
    "Gather": products.embedding,
    "BatchNormalization": products.batch_norm,
    "InstanceNormalization": products.instance_norm,
    "GroupNormalization": products.group_norm,
    "LayerNormalization": products.layer_norm,
    "LRN": products.local_response_norm,
    "PRelu": products.parametric_relu,
    "Relu": activations.function(layers.ReLU),
    "Sigmoid": activations.function(layers.Sigmoid),
    "Tanh": activations.function(layers.Tanh),
    "Softsign": activations.function(layers.Softsign),
    "HardSwish": activations.function(layers.Hardswish),
    "Mish": activations.function(layers.Mish),
    "Softplus": activations.function(layers.Softplus),
    "Elu": activations.function(layers.ELU, alpha=("alpha", 1.0)),
    "Celu": activations.function(layers.CELU, alpha=("alpha", 1.0)),
    "LeakyRelu": activations.function(layers.LeakyReLU, negative_slope=("alpha", 0.01)),
    "Selu": activations.selu,
    "HardSigmoid": activations.hard_sigmoid,
    "Gelu": activations.gelu,
    "Swish": activations.swish,
    "Shrink": activations.shrink,
    "ThresholdedRelu": activations.thresholded,
    "Clip": activations.clip,
    "Dropout": activations.dropout,
    "Softmax": activations.along_axis(layers.Softmax),
    "LogSoftmax": activations.along_axis(layers.LogSoftmax),
    "Concat": views.concat,
    "Split": views.section,
    "Slice": views.part,
    "Pad": views.pad,
    "Resize": views.resize,
    "Upsample": views.resize,
    "DepthToSpace": views.depth_to_space,
    "SpaceToDepth": views.space_to_depth,
    "Transpose": moves.transposed,
    "Attention": products.attention,
    **dict.fromkeys(NAMES, elementwise),
    "Add": combined,
    "Sum": combined,
    "Mul": product,
    **dict.fromkeys(REGROUPING, views.regrouped),
}
"""The rule of each operation; one that is not here is a layer known by its name."""

OTHERS: dict[str, Rule] = {
    "MaxPool": pool,
    "AveragePool": pool,
    "LpPool": pool,
    "Gemm": products.any_gemm,
    "MatMul": products.matmul_of_two,
    "Add": elementwise,
    "Mul": elementwise,
    **dict.fromkeys(REGROUPING, moves.moved(moves.as_they_are)),
    "Transpose": moves.moved(moves.reordered),
    "Slice": moves.moved(moves.part),
    "Split": moves.moved(moves.section),
    "Gather": moves.moved(moves.chosen),
    "DepthToSpace": moves.moved(moves.spread_out),
    "SpaceToDepth": moves.moved(moves.gathered),
    **dict.fromkeys(("LSTM", "GRU", "RNN"), recurrent),
}
"""Further rules for what no kind of ours is: it can be computed all the same."""

MOVES = (
    *("Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose", "Slice", "Split", "Gather"),
    *("GatherElements", "GatherND", "Expand", "Tile", "Pad", "DepthToSpace", "SpaceToDepth"),
    *("ReverseSequence", "Trilu", "CenterCropPad", "ScatterElements", "ScatterND", "Scatter"),
)
"""Operations that are views whatever they do: no element is computed."""
