"""torchinfo's "total mult-adds": parameters times how often they are used, as it understands it."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from convcalc.analysis.conventions.base import (
    Convention,
    CountedLayer,
    Reason,
    Term,
    for_kinds,
    left_out,
    no_terms,
    transposed_outputs,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

BIAS = Reason("the bias counted as MACs")
ONCE = Reason(
    "its parameters, once per sample",
    "parameters are meant to count as often as they are used, which is at every position",
)
OUTPUTS = Reason(
    "by output positions",
    "a transposed convolution uses each weight once per INPUT position: this is too high",
)
TABLE = Reason(
    "its whole table, once per sample",
    "parameters are meant to count as often as they are used, and a row is looked up",
)
NOT_A_LEAF = Reason(
    "left out", "its matrices are used, but modules with a module inside them are not summed up"
)
CALLED = Reason("left out", "modules are counted, and these products are calls of functions")
POSITIONS = Reason(
    "its parameters once per sample, whatever the leading axes",
    "a linear layer uses each weight at every position of the leading axes: this is too low",
)


def convolution(call: CountedLayer) -> Iterable[Term]:
    """`calculate_macs`: parameters, the bias among them, times output positions or steps."""
    yield Term(BIAS, call.bias_adds)


def transposed(call: CountedLayer) -> Iterable[Term]:
    """`calculate_macs` by output positions, though the weights work on inputs."""
    outputs = transposed_outputs(call)
    weight = prod(call.layer.weight_shapes(*call.arriving)["weight"])
    yield Term(BIAS, (call.params - weight) * outputs)
    yield Term(OUTPUTS, weight * outputs - call.macs)


def linear(call: CountedLayer) -> Iterable[Term]:
    """Parameters times samples."""
    from convcalc.layers.bilinear import Bilinear
    from convcalc.layers.linear import Linear

    layer = call.layer
    assert isinstance(layer, Bilinear | Linear)
    bias = layer.out_features if layer.bias else 0
    yield Term(BIAS, call.batch * bias)
    yield Term(POSITIONS, call.batch * (call.params - bias) - call.macs)


def parameters(call: CountedLayer) -> Iterable[Term]:
    """Every other module with a `weight` or `bias`: parameters times samples."""
    yield Term(ONCE, call.batch * call.params)


def table(call: CountedLayer) -> Iterable[Term]:
    """`parameters` of a layer without arithmetic."""
    yield Term(TABLE, call.batch * call.params)


CONVENTION = Convention(
    name="torchinfo",
    tool="torchinfo 1.8",
    text="total mult-adds: parameters, biases among them, times output positions or samples",
    source="torchinfo/layer_info.py, calculate_macs",
    rules={
        **for_kinds(convolution, "conv", "Recurrent", "Staged"),
        "convt": transposed,
        **for_kinds(linear, "bilinear", "linear"),
        **for_kinds(parameters, "bn", "gn", "in", "ln", "layerscale"),
        **for_kinds(no_terms, "adaptivemaxpool", "Join", "lrn", "upsample"),
        "embedding": table,
        "multiheadattention": left_out(NOT_A_LEAF),
        **for_kinds(no_terms, "Activation", "Rearrangement", "Pool", "AdaptiveMean"),
        "prelu": parameters,
        **for_kinds(left_out(CALLED), "attention", "matmul"),
        **for_kinds(no_terms, "parameter", "reduce", "view"),
    },
)
