"""How ONNX writes products, attention, named operations, and tensors in another order."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

import numpy as np

from convcalc.errors import UsageError
from convcalc.layers.broadcasting import aligned
from convcalc.layers.products import matrices

if TYPE_CHECKING:
    from convcalc.export.onnx_site import OnnxSite
    from convcalc.layers import Attention, Elementwise, Input, MatMul, Parameter, Permute, Reduce

PLAIN = (
    *("log", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "asinh", "acosh"),
    *("atanh", "floor", "ceil", "round", "sign"),
)
"""Operations that ONNX has by the same names."""

OPERATORS = {
    "abs": "Abs",
    "add": "Add",
    "clamp_max": "Min",
    "clamp_min": "Max",
    "div": "Div",
    "erf": "Erf",
    "exp": "Exp",
    "maximum": "Max",
    "minimum": "Min",
    "mul": "Mul",
    "neg": "Neg",
    "pow": "Pow",
    "rdiv": "Div",
    "reciprocal": "Reciprocal",
    "rsub": "Sub",
    "sigmoid": "Sigmoid",
    "sqrt": "Sqrt",
    "sub": "Sub",
    "tanh": "Tanh",
    **{name: name.capitalize() for name in PLAIN},
}
"""Operators by the names of the operations that they are; of rsub and rdiv with operands turned."""

REDUCTIONS = {
    "max": "ReduceMax",
    "mean": "ReduceMean",
    "min": "ReduceMin",
    "norm": "ReduceL2",
    "sum": "ReduceSum",
}


def permute(site: OnnxSite, layer: Permute) -> str:
    """Transpose."""
    return site.op("Transpose", *site.inputs, perm=[0, *(axis + 1 for axis in layer.order)])


def further_input(site: OnnxSite, layer: Input) -> str:
    """One more input of the graph, of any batch."""
    name = site.graph.unique(site.label)
    site.graph.inputs[name] = layer.shape
    return name


def parameter(site: OnnxSite, layer: Parameter) -> str:
    """Expand of the weight, the same for each sample."""
    samples = site.op("Shape", *site.inputs, start=0, end=1)
    shape = site.op("Concat", samples, site.whole(layer.shape), axis=0)
    return site.op("Expand", site.weight("weight"), shape)


def matmul(site: OnnxSite, layer: MatMul) -> str:
    """MatMul of inputs with as many axes."""
    one, other = site.shapes
    axes = max(2, len(one), len(other))
    both = zip(site.inputs, (one, other), matrices(one, other), strict=True)
    wanted = [(x, shape, aligned(matrix, axes)) for x, shape, matrix in both]
    out = site.op(
        "MatMul", *(x if shape == new else site.reshape(x, new) for x, shape, new in wanted)
    )
    return out if min(len(one), len(other)) > 1 else site.reshape(out, site.out)


def attention(site: OnnxSite, layer: Attention) -> str:
    """MatMul, Softmax, MatMul; queries that share a head of keys have an axis of their own."""
    (query, key, value, *mask), (q, k, v, *_) = site.inputs, site.shapes
    shared = len(q) > 2 and q[-3] != k[-3]
    if shared:
        heads = k[-3]
        query = site.reshape(query, (*q[:-3], heads, q[-3] // heads, *q[-2:]))
        key, value = (
            site.reshape(x, (*own[:-3], heads, 1, *own[-2:])) for x, own in ((key, k), (value, v))
        )
    axes = len(q) + 1 + shared
    turned = site.op("Transpose", key, perm=[*range(axes - 2), axes - 1, axes - 2])
    scale = q[-1] ** -0.5 if layer.scale is None else layer.scale
    scores = site.op("MatMul", site.op("Mul", query, site.constant(scale)), turned)
    scores = site.reshape(scores, (*q[:-1], k[-2])) if shared else scores
    for own in mask:
        scores = site.op("Add", scores, aligned_input(site, own, site.shapes[3], len(q)))
    if layer.causal:
        later = np.triu(np.full((q[-2], k[-2]), -inf), 1)
        scores = site.op("Add", scores, site.constant(later))
    shares = site.op("Softmax", scores, axis=-1)
    if shared:
        shares = site.reshape(shares, (*q[:-3], heads, q[-3] // heads, q[-2], k[-2]))
    out = site.op("MatMul", shares, value)
    return site.reshape(out, site.out) if shared else out


def aligned_input(site: OnnxSite, x: str, shape: tuple[int, ...], axes: int) -> str:
    """An input with axes of one element behind the batch, so that it has so many."""
    return x if len(shape) == axes else site.reshape(x, aligned(shape, axes))


def elementwise(site: OnnxSite, layer: Elementwise) -> str:
    """The operator of the operation.

    Raises:
        UsageError: it has none, or an operand is not known.
    """
    given = zip(site.inputs, site.shapes, strict=True)
    operands = [aligned_input(site, x, shape, len(site.out)) for x, shape in given]
    operands += [] if layer.value is None else [site.constant(layer.value)]
    if layer.name in WRITTEN_OUT:
        first, last, more = WRITTEN_OUT[layer.name]
        inner = site.op(first, *operands, *map(site.constant, more))
        return site.op(last, *(operands if first == "Identity" else ()), inner)
    if layer.name == "expm1":
        return site.op("Sub", site.op("Exp", *operands), site.constant(1))
    if layer.name == "erfc":
        return site.op("Sub", site.constant(1), site.op("Erf", *operands))
    if layer.name not in OPERATORS or (len(operands) < 2) != (layer.name in UNARY):
        raise UsageError(f"layer {site.label} ({layer.spec()}) has no form in ONNX")
    turned = layer.name.startswith("r") and layer.name != "reciprocal"
    return site.op(OPERATORS[layer.name], *(reversed(operands) if turned else operands))


UNARY = ("abs", "erf", "exp", "neg", "reciprocal", "sigmoid", "sqrt", "tanh", *PLAIN)

WRITTEN_OUT: dict[str, tuple[str, str, tuple[float, ...]]] = {
    "log1p": ("Add", "Log", (1,)),
    "rsqrt": ("Sqrt", "Reciprocal", ()),
    "square": ("Identity", "Mul", ()),
}
"""Operations of two operators and constants of the first; the second reads what that gives."""


def reduction(site: OnnxSite, layer: Reduce) -> str:
    """ReduceMean and its like; one number of a sample keeps an axis.

    Raises:
        UsageError: the rule has no operator.
    """
    if layer.name not in REDUCTIONS:
        raise UsageError(f"layer {site.label} ({layer.spec()}) has no form in ONNX")
    places = sorted(axis + 1 for axis in layer.places(site.shapes[0]))
    axes = site.whole(places)
    out = site.op(REDUCTIONS[layer.name], *site.inputs, axes, keepdims=int(layer.keepdim))
    all_gone = len(places) == len(site.shapes[0]) and not layer.keepdim
    return site.reshape(site.op("Unsqueeze", out, site.whole([1])), (1,)) if all_gone else out
