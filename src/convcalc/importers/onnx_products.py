"""Products with matrices, normalisations and tables of ONNX as layers of our kinds."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from convcalc import layers
from convcalc.importers.onnx_plans import Plan, Recipe, need, need_batch
from convcalc.importers.onnx_types import is_float
from convcalc.importers.whole_operation import Operation
from convcalc.layers import Costs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np

    from convcalc.importers.onnx_calls import Call, Tensor
    from convcalc.layers import Shape
    from convcalc.layers.operations import A, Operations


def gemm(call: Call) -> Plan:
    """alpha*A*B + beta*C with learned B and C, which take the factors."""
    weight, bias = call.weight(1), call.given(2)
    need(not call("transA", 0))
    rows = bool(call("transB", 0))
    weights = {"weight": Recipe.of(weight, _matrix(call("alpha", 1.0), rows=rows))}
    out = weight.known[0 if rows else 1]
    if bias is not None:
        learned = call.weight(2)
        need(_is_row(learned, out))
        weights["bias"] = Recipe.of(learned, _scaled(call("beta", 1.0), (out,)))
    return Plan(layers.Linear(out, bias is not None), weights=weights)


def matmul(call: Call) -> Plan:
    """A product over the last axis with a learned matrix (in, out)."""
    weight = call.weight(1)
    need(len(weight.known) == 2 and len(call.x.known) > 1)
    recipe = Recipe.of(weight, _matrix(1.0, rows=False))
    return Plan(layers.Linear(weight.known[1], bias=False), weights={"weight": recipe})


def any_gemm(call: Call) -> Plan:
    """alpha*A*B + beta*C with a bias for each element, or with A turned round."""
    weight, bias = call.weight(1), call.given(2)
    rows, turned = bool(call("transB", 0)), bool(call("transA", 0))
    out, features = call.out.known, weight.known[1 if rows else 0]
    shapes: dict[str, Shape] = {"weight": (weight.known[0 if rows else 1], features)}
    weights = {"weight": Recipe.of(weight, _matrix(call("alpha", 1.0), rows=rows))}
    if bias is not None:
        shapes["bias"] = call.weight(2).known or (1,)
        weights["bias"] = Recipe.of(call.weight(2), _scaled(call("beta", 1.0), shapes["bias"]))
    first = call.x.known

    def function(ops: Operations[A], arrays: Sequence[A], own: Mapping[str, A]) -> A:
        x = arrays[0].reshape(-1, *first)
        result = ops.linear(x.swapaxes(1, 2) if turned else x, own["weight"], None)
        return result + own["bias"] if bias is not None else result

    costs = Costs(prod(out) * features, 0 if bias is None else prod(out))
    return Plan(Operation("gemm", call.out.sample, costs, function, shapes), weights=weights)


def matmul_of_two(call: Call) -> Plan:  # noqa: ARG001 - the shapes decide
    """A product of two results, or of one and learned matrices or a vector."""
    return Plan(layers.MatMul(), inputs=(0, 1))


def attention(call: Call) -> Plan:
    """Heads of queries, keys and values, with a mask or without; nothing is kept from before."""
    need(len(call.x.known) == 4 and not any(call.inputs[4:]) and not call("softcap", 0.0))
    need({one.name for one in call.node.attribute} <= ATTRIBUTES)
    mask = call.given(3)
    need(mask is None or is_float(mask))
    layer = layers.Attention(call("scale"), bool(call("is_causal", 0)))
    return Plan(layer, inputs=(0, 1, 2, 3) if mask else (0, 1, 2))


ATTRIBUTES = {"scale", "is_causal", "softcap", "qk_matmul_output_mode", "softmax_precision"}
"""Those of an attention that we know; others may leave keys out."""


def _scaled(factor: float, shape: Shape) -> Callable[[np.ndarray], np.ndarray]:
    def make(array: np.ndarray) -> np.ndarray:
        return (array if factor == 1 else array * array.dtype.type(factor)).reshape(shape)

    return make


def _matrix(factor: float, *, rows: bool) -> Callable[[np.ndarray], np.ndarray]:
    """The matrix (out, in) of one that is stored so, or the other way round."""

    def make(array: np.ndarray) -> np.ndarray:
        turned = array if rows else array.swapaxes(0, 1)
        return turned if factor == 1 else turned * array.dtype.type(factor)

    return make


def _is_row(bias: Tensor, out: int) -> bool:
    """Whether a bias has a number for each feature, and none for each row."""
    shape = bias.known
    return prod(shape) == out and all(size == 1 for size in shape[:-1])


def batch_norm(call: Call) -> Plan:
    """A norm with the mean and variance of training."""
    need_batch(call)
    need(not call("training_mode", 0) and call("spatial", 1) == 1)
    names = ("weight", "bias", "running_mean", "running_var")
    weights = {name: Recipe.of(call.weight(place + 1)) for place, name in enumerate(names)}
    return Plan(layers.BatchNorm(eps=call("epsilon", 1e-5)), weights=weights)


def instance_norm(call: Call) -> Plan:
    """A norm over the positions of each channel."""
    need_batch(call)
    layer = layers.InstanceNorm(eps=call("epsilon", 1e-5), affine=True)
    return Plan(layer, weights=_scale_and_shift(call))


def group_norm(call: Call) -> Plan:
    """A norm over groups of channels; before version 21 its weights are those of groups."""
    need_batch(call)
    need(call.weight(1).known == call.x.known[1:2])
    layer = layers.GroupNorm(num_groups=call("num_groups"), eps=call("epsilon", 1e-5))
    return Plan(layer, weights=_scale_and_shift(call))


def layer_norm(call: Call) -> Plan:
    """A norm along the last axis."""
    rank = len(call.x.known)
    need(call("axis", -1) % rank == rank - 1 and call.given(2) is not None)
    dim = 1 if len(call.x.sample) == 1 else -1
    layer = layers.LayerNorm(eps=call("epsilon", 1e-5), dim=dim)
    return Plan(layer, weights=_scale_and_shift(call))


def _scale_and_shift(call: Call) -> dict[str, Recipe]:
    return {"weight": Recipe.of(call.weight(1)), "bias": Recipe.of(call.weight(2))}


def local_response_norm(call: Call) -> Plan:
    """A norm over neighbouring channels: of even sizes ONNX's windows begin one channel later."""
    need_batch(call)
    need(call("size") % 2 == 1)
    alpha, beta, bias = call("alpha", 1e-4), call("beta", 0.75), call("bias", 1.0)
    return Plan(layers.LocalResponseNorm(call("size"), alpha, beta, bias))


def embedding(call: Call) -> Plan:
    """The rows of a learned table that the input names."""
    table = call.weight(0)
    need(call("axis", 0) == 0 and len(table.known) == 2 and bool(table.roots))
    need(len(call.tensor(1).sample) == 1)
    layer = layers.Embedding(*table.known)
    return Plan(layer, inputs=(1,), weights={"weight": Recipe.of(table)})


def parametric_relu(call: Call) -> Plan:
    """A slope for all channels, or one for each."""
    need_batch(call)
    slope = call.weight(1)
    shape, channels = slope.known, call.x.known[1]
    spatial = len(call.x.known) - 2
    each = shape[-spatial:] == (1,) * spatial and shape[: -spatial or None][-1:] == (channels,)
    need(prod(shape) == 1 or (each and prod(shape) == channels))
    recipe = Recipe.of(slope, lambda array: array.reshape(-1))
    return Plan(layers.PReLU(prod(shape)), weights={"weight": recipe})
