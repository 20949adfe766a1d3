"""How operations on whole tensors are written in torch: products, axes, further inputs."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, TypedDict

import torch

from convcalc.errors import UsageError
from convcalc.export.torch_modules import Learned
from convcalc.layers.broadcasting import aligned
from convcalc.layers.products import matrices

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import fx
    from torch.fx.node import Argument

    from convcalc.export.torch_place import LayerSite
    from convcalc.layers import (
        Attention,
        Elementwise,
        Input,
        MatMul,
        Parameter,
        Permute,
        Reduce,
        Shape,
    )


class Attending(TypedDict, total=False):
    """What functional.scaled_dot_product_attention is told beside its arrays."""

    scale: float
    is_causal: bool
    enable_gqa: bool


def further_input(place: LayerSite, layer: Input) -> fx.Node:  # noqa: ARG001 - as all forms are
    """One more argument of the model's forward, behind those before it."""
    return place.graph.placeholder(place.label)


def learned(place: LayerSite, layer: Parameter) -> fx.Node:
    """A module of our own that gives its weight to each sample."""
    return place.module(Learned(layer.shape))


def permute(place: LayerSite, layer: Permute) -> fx.Node:
    """x.permute(0, ...)."""
    order = (0, *(axis + 1 for axis in layer.order))
    return place.method("permute", place.inputs[0], order)


def matmul(place: LayerSite, layer: MatMul) -> fx.Node:
    """torch.matmul, of matrices with as many axes in front."""
    out, shapes = layer.out_shape(*place.shapes), matrices(*place.shapes)
    axes = max(map(len, shapes))
    operands = [
        _reshaped(place, index, aligned(shape, axes), f"matrix{index}")
        for index, shape in enumerate(shapes)
    ]
    product = place.call(torch.matmul, *operands)
    leaving = max((aligned(shape, axes)[:-2] for shape in shapes), key=lambda lead: lead)
    made = (*leaving, shapes[0][-2], shapes[1][-1])
    return product if len(made) == len(out) else place.method("reshape", product, -1, *out)


def scaled_dot_product(place: LayerSite, layer: Attention) -> fx.Node:
    """functional.scaled_dot_product_attention."""
    query, key = place.shapes[:2]
    operands: list[Argument] = list(place.inputs[:3])
    more: Attending = {"scale": layer.scale} if layer.scale is not None else {}
    if len(place.inputs) == 4:
        if layer.causal:
            raise UsageError(
                f"layer {place.label} ({layer.spec()}): torch has no mask beside a causal one"
            )
        operands.append(_reshaped(place, 3, aligned(place.shapes[3], len(query)), "mask"))
    if layer.causal:
        more["is_causal"] = True
    if len(query) > 2 and query[-3] != key[-3]:
        more["enable_gqa"] = True
    return place.call("scaled_dot_product_attention", *operands, **more)


def elementwise(place: LayerSite, layer: Elementwise) -> fx.Node:
    """Torch's function of that name; with a number, the operator."""
    axes = max(map(len, place.shapes))
    operands: list[Argument] = [
        _reshaped(place, index, aligned(shape, axes), f"operand{index}")
        for index, shape in enumerate(place.shapes)
    ]
    if layer.name == "rdiv":
        return place.call(
            operator.truediv,
            *([layer.value, *operands] if layer.value is not None else operands[::-1]),
        )
    if layer.value is not None:
        operands.append(layer.value)
    return place.call(_function(layer, len(place.shapes)), *operands)


def _function(layer: Elementwise, inputs: int) -> Callable[..., torch.Tensor]:
    operators = {"add": operator.add, "sub": operator.sub, "mul": operator.mul}
    operators |= {"div": operator.truediv, "pow": operator.pow}
    limits = {"maximum": "clamp_min", "minimum": "clamp_max"}
    if inputs == 1:
        return operators.get(layer.name) or getattr(torch, limits.get(layer.name, layer.name))
    other = {name: extreme for extreme, name in limits.items()}
    return operators.get(layer.name) or getattr(torch, other.get(layer.name, layer.name))


def reduction(place: LayerSite, layer: Reduce) -> fx.Node:
    """Torch's reduction over several axes; a scalar is kept as one element."""
    names = {"max": "amax", "min": "amin", "norm": "linalg.vector_norm"}
    shape = place.shapes[0]
    places = tuple(axis + 1 for axis in sorted(layer.places(shape)))
    function = operator.attrgetter(names.get(layer.name, layer.name))(torch)
    if layer.name == "norm":
        made = place.call(function, place.inputs[0], dim=places, keepdim=layer.keepdim)
    elif layer.name in ("argmax", "argmin", "prod", "any", "all"):
        if len(places) > 1:
            raise UsageError(f"torch has no {layer.name} over several axes")
        made = place.call(function, place.inputs[0], places[0], layer.keepdim)
    else:
        made = place.call(function, place.inputs[0], places, keepdim=layer.keepdim)
    every = len(places) == len(shape) and not layer.keepdim
    return place.method("reshape", made, -1, 1) if every else made


def _reshaped(place: LayerSite, index: int, shape: Shape, name: str) -> fx.Node:
    """An input in the shape, which holds as many elements."""
    x = place.inputs[index]
    return x if place.shapes[index] == shape else place.method("reshape", x, -1, *shape, name=name)
