"""How each kind of layer is written in ONNX: as one operator where there is one."""

from __future__ import annotations

from functools import reduce
from math import prod
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np

from convcalc.export.onnx_sequences import gru, lstm, multihead_attention, rnn
from convcalc.export.onnx_tensors import (
    attention,
    elementwise,
    further_input,
    matmul,
    parameter,
    permute,
    reduction,
)
from convcalc.export.onnx_windows import (
    adaptive_avg_pool,
    adaptive_max_pool,
    avg_pool,
    conv,
    conv_transpose,
    max_pool,
    max_unpool,
    pad,
    power_pool,
    staged,
)
from convcalc.layers.dims import place_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from convcalc.export.onnx_site import Attribute, OnnxSite
    from convcalc.layers import (
        GLU,
        BatchNorm,
        Bilinear,
        ChannelShuffle,
        Crop,
        GroupNorm,
        InstanceNorm,
        LayerNorm,
        Linear,
        LocalResponseNorm,
        PixelShuffle,
        PixelUnshuffle,
        Slice,
        Softplus,
        Threshold,
        Upsample,
    )

Form: TypeAlias = "Callable[[OnnxSite, Any], str]"
"""Writes a layer at its place; gives the name of its result."""

OPSET = 20
"""The version of the operators: the first with Gelu, which the usual runtimes have."""


def operator(name: str, **attributes: Attribute) -> Form:
    """A kind that is one operator; an attribute that is a text is a parameter of the layer."""

    def write(site: OnnxSite, layer: object) -> str:
        own = {
            key: getattr(layer, value) if isinstance(value, str) else value
            for key, value in attributes.items()
        }
        return site.op(name, *site.inputs, **own)

    return write


def clip(low: str | float, high: str | float) -> Form:
    """Clip between two bounds, or parameters of the layer."""

    def write(site: OnnxSite, layer: object) -> str:
        bounds = (getattr(layer, b) if isinstance(b, str) else b for b in (low, high))
        return site.op("Clip", *site.inputs, *map(site.constant, bounds))

    return write


def reshaped(site: OnnxSite, layer: object) -> str:
    """Reshape onto the shape that leaves, of any batch."""
    return site.reshape(site.inputs[0], site.out)


def linear(site: OnnxSite, layer: Linear) -> str:
    """Gemm of vectors; of more axes MatMul and Add."""
    (x,) = site.inputs
    weights = [site.weight(name) for name in layer.weight_shapes(site.shapes[0])]
    if not site.spatial_dims:
        return site.op("Gemm", x, *weights, transB=1)
    out = site.op("MatMul", x, site.op("Transpose", weights[0], perm=[1, 0]))
    return site.op("Add", out, weights[1]) if layer.bias else out


def bilinear(site: OnnxSite, layer: Bilinear) -> str:
    """Einsum of both branches and the weight."""
    one, other = site.inputs
    axes = "abcdefg"[: site.spatial_dims]
    rule = f"n{axes}i,oij,n{axes}j->n{axes}o"
    out = site.op("Einsum", one, site.weight("weight"), other, equation=rule)
    return site.op("Add", out, site.weight("bias")) if layer.bias else out


def embedding(site: OnnxSite, layer: object) -> str:
    """Gather of the rows that whole numbers name."""
    rows = site.op("Cast", *site.inputs, to=7)  # TensorProto.INT64
    return site.op("Gather", site.weight("weight"), rows, axis=0)


def _affine(site: OnnxSite, *, affine: bool, size: int) -> tuple[str, str]:
    """The names of weight and bias, ones and zeros where there are none."""
    if affine:
        return site.weight("weight"), site.weight("bias")
    return site.constant(np.ones(size)), site.constant(np.zeros(size))


def batch_norm(site: OnnxSite, layer: BatchNorm) -> str:
    """BatchNormalization with what training has left behind."""
    weights = _affine(site, affine=layer.affine, size=site.shapes[0][0])
    measured = site.weight("running_mean"), site.weight("running_var")
    return site.op("BatchNormalization", *site.inputs, *weights, *measured, epsilon=layer.eps)


def instance_norm(site: OnnxSite, layer: InstanceNorm) -> str:
    """InstanceNormalization."""
    weights = _affine(site, affine=layer.affine, size=site.shapes[0][0])
    return site.op("InstanceNormalization", *site.inputs, *weights, epsilon=layer.eps)


def group_norm(site: OnnxSite, layer: GroupNorm) -> str:
    """InstanceNormalization of the groups as channels, then scale and shift."""
    groups = site.reshape(site.inputs[0], (layer.num_groups, -1))
    ones = _affine(site, affine=False, size=layer.num_groups)
    x = site.op("InstanceNormalization", groups, *ones, epsilon=layer.eps)
    x = site.reshape(x, site.out)
    if not layer.affine:
        return x
    x = site.op("Mul", x, site.per_channel("weight", site.spatial_dims))
    return site.op("Add", x, site.per_channel("bias", site.spatial_dims))


def layer_norm(site: OnnxSite, layer: LayerNorm) -> str:
    """LayerNormalization, which looks at the last axis: another is put there and back."""
    (x,), place = site.inputs, 1 + place_of(layer.dim, site.shapes[0])
    weights = _affine(site, affine=layer.affine, size=site.out[place - 1])
    if place == len(site.out):
        return site.op("LayerNormalization", x, *weights, epsilon=layer.eps)
    others = [axis for axis in range(len(site.out) + 1) if axis != place]
    last = site.op("Transpose", x, perm=[*others, place])
    normal = site.op("LayerNormalization", last, *weights, epsilon=layer.eps)
    back = list(range(len(site.out)))
    return site.op("Transpose", normal, perm=[*back[:place], len(back), *back[place:]])


def local_response_norm(site: OnnxSite, layer: LocalResponseNorm) -> str:
    """LRN, of two spatial axes; an even number of channels, which runtimes refuse, is written out.

    The mean of squares is then a pooling of (N, 1, C, positions) along the channels.
    """
    (x,), (count, *sizes), size = site.inputs, site.shapes[0], layer.size
    if size % 2:
        own: dict[str, Attribute] = {"alpha": layer.alpha, "beta": layer.beta, "bias": layer.k}
        flat = x if len(sizes) == 2 else site.reshape(x, (count, prod(sizes), 1))
        normal = site.op("LRN", flat, size=size, **own)
        return normal if len(sizes) == 2 else site.reshape(normal, site.out)
    squares = site.reshape(site.op("Mul", x, x), (1, count, prod(sizes)))
    ends = site.whole([0, 0, size // 2, 0, 0, 0, (size - 1) // 2, 0])
    squares = site.op("Pad", squares, ends)
    mean = site.op("AveragePool", squares, kernel_shape=[size, 1])
    mean = site.op("Mul", site.reshape(mean, site.out), site.constant(layer.alpha))
    whole = site.op("Add", mean, site.constant(layer.k))
    return site.op("Div", x, site.op("Pow", whole, site.constant(layer.beta)))


def layer_scale(site: OnnxSite, layer: object) -> str:
    """Mul by a number for each channel."""
    return site.op("Mul", *site.inputs, site.per_channel("weight", site.spatial_dims))


def prelu(site: OnnxSite, layer: object) -> str:
    """PRelu, whose slopes are one number or one for each channel."""
    return site.op("PRelu", *site.inputs, site.per_channel("weight", site.spatial_dims))


def silu(site: OnnxSite, layer: object) -> str:
    """X times Sigmoid(x)."""
    return site.op("Mul", *site.inputs, site.op("Sigmoid", *site.inputs))


def softplus(site: OnnxSite, layer: Softplus) -> str:
    """Softplus(beta * x) / beta; above the threshold x itself, as there the two are alike."""
    (x,) = site.inputs
    beta = site.constant(layer.beta)
    scaled = site.op("Mul", x, beta)
    soft = site.op("Div", site.op("Softplus", scaled), beta)
    above = site.op("Greater", scaled, site.constant(layer.threshold))
    return site.op("Where", above, x, soft)


def log_sigmoid(site: OnnxSite, layer: object) -> str:
    """-Softplus(-x)."""
    return site.op("Neg", site.op("Softplus", site.op("Neg", *site.inputs)))


class AlongAxis(Protocol):
    """A layer that works along one axis."""

    @property
    def dim(self) -> int:
        """The axis, as PyTorch has it."""


def along(operator: str, *, negative: bool = False) -> Form:
    """An operator along the axis that a layer names, of the input or of it below 0."""

    def write(site: OnnxSite, layer: AlongAxis) -> str:
        inputs = (site.op("Neg", *site.inputs),) if negative else site.inputs
        return site.op(operator, *inputs, axis=1 + place_of(layer.dim, site.shapes[0]))

    return write


def tanh_shrink(site: OnnxSite, layer: object) -> str:
    """X - Tanh(x)."""
    return site.op("Sub", *site.inputs, site.op("Tanh", *site.inputs))


def threshold(site: OnnxSite, layer: Threshold) -> str:
    """X above the threshold, else the value."""
    above = site.op("Greater", *site.inputs, site.constant(layer.threshold))
    return site.op("Where", above, *site.inputs, site.constant(layer.value))


def glu(site: OnnxSite, layer: GLU) -> str:
    """The first half of an axis times Sigmoid of the second."""
    place = place_of(layer.dim, site.shapes[0])
    one, other = site.split(site.inputs[0], 2, 1 + place)
    return site.op("Mul", one, site.op("Sigmoid", other))


def upsample(site: OnnxSite, layer: Upsample) -> str:
    """Resize; nearest by another ratio than a whole one by the positions that are read."""
    (x,), (_, *sizes), (_, *outs) = site.inputs, site.shapes[0], site.out
    if layer.mode == "nearest" and any(out % n for n, out in zip(sizes, outs, strict=True)):
        for axis, (size, out) in enumerate(zip(sizes, outs, strict=True), start=2):
            x = site.take(x, axis, [u * size // out for u in range(out)])
        return x
    place = "align_corners" if layer.align_corners else "half_pixel"
    how: dict[str, Attribute] = {"mode": "linear", "coordinate_transformation_mode": place}
    if layer.mode == "nearest":
        how = {"mode": "nearest", "nearest_mode": "floor"}
        how["coordinate_transformation_mode"] = "asymmetric"
    axes = list(range(2, len(sizes) + 2))
    return site.op("Resize", x, "", "", site.whole(outs), axes=axes, **how)


def pixel_shuffle(site: OnnxSite, layer: PixelShuffle) -> str:
    """DepthToSpace of two axes; else (N, C, r, r, r, D, H, W) is permuted."""
    factor, axes, (x,) = layer.upscale_factor, site.spatial_dims, site.inputs
    if axes == 2:
        return site.op("DepthToSpace", x, blocksize=factor, mode="CRD")
    x = site.reshape(x, (site.out[0], *(factor,) * axes, *site.shapes[0][1:]))
    pairs = [axis for n in range(axes) for axis in (2 + axes + n, 2 + n)]
    return site.reshape(site.op("Transpose", x, perm=[0, 1, *pairs]), site.out)


def pixel_unshuffle(site: OnnxSite, layer: PixelUnshuffle) -> str:
    """(N, C, D, r, H, r, W, r) permuted: SpaceToDepth has the channels in another order."""
    factor, axes = layer.downscale_factor, site.spatial_dims
    channels, *_ = site.shapes[0]
    pairs = [size for out in site.out[1:] for size in (out, factor)]
    x = site.reshape(site.inputs[0], (channels, *pairs))
    places = range(2, 2 + 2 * axes)
    return site.reshape(site.op("Transpose", x, perm=[0, 1, *places[1::2], *places[::2]]), site.out)


def channel_shuffle(site: OnnxSite, layer: ChannelShuffle) -> str:
    """(N, groups, C/groups, ...) with its two channel axes exchanged."""
    channels, *sizes = site.shapes[0]
    x = site.reshape(site.inputs[0], (layer.groups, channels // layer.groups, *sizes))
    perm = [0, 2, 1, *range(3, len(sizes) + 3)]
    return site.reshape(site.op("Transpose", x, perm=perm), site.out)


def channels(site: OnnxSite, layer: Slice) -> str:
    """Slice of the channels."""
    return site.part(site.inputs[0], {1: layer.channels[0]})


def crop(site: OnnxSite, layer: Crop) -> str:
    """Slice of each spatial axis."""
    kept = enumerate(layer.kept(site.shapes[0]), start=2)
    return site.part(site.inputs[0], {axis: (own.start, own.stop) for axis, own in kept})


def total(site: OnnxSite, layer: object) -> str:
    """Add, from the first branch on."""
    return reduce(lambda one, other: site.op("Add", one, other), site.inputs)


FORMS: dict[str, Form] = {
    "adaptiveavgpool": adaptive_avg_pool,
    "adaptivemaxpool": adaptive_max_pool,
    "attention": attention,
    "avgpool": avg_pool,
    "bilinear": bilinear,
    "bn": batch_norm,
    "celu": operator("Celu", alpha="alpha"),
    "concat": along("Concat"),
    "conv": conv,
    "convt": conv_transpose,
    "crop": crop,
    "dropout": operator("Identity"),
    "elementwise": elementwise,
    "elu": operator("Elu", alpha="alpha"),
    "embedding": embedding,
    "flatten": operator("Flatten", axis=1),
    "gap": operator("GlobalAveragePool"),
    "gelu": operator("Gelu", approximate="approximate"),
    "glu": glu,
    "gn": group_norm,
    "gru": gru,
    "hardshrink": operator("Shrink", lambd="lambd", bias=0.0),
    "hardsigmoid": operator("HardSigmoid", alpha=1 / 6, beta=0.5),
    "hardswish": operator("HardSwish"),
    "hardtanh": clip("min_val", "max_val"),
    "identity": operator("Identity"),
    "in": instance_norm,
    "input": further_input,
    "layerscale": layer_scale,
    "leakyrelu": operator("LeakyRelu", alpha="negative_slope"),
    "linear": linear,
    "ln": layer_norm,
    "logsigmoid": log_sigmoid,
    "logsoftmax": along("LogSoftmax"),
    "lppool": power_pool,
    "lrn": local_response_norm,
    "lstm": lstm,
    "matmul": matmul,
    "maxpool": max_pool,
    "maxunpool": max_unpool,
    "mish": operator("Mish"),
    "multiheadattention": multihead_attention,
    "pad": pad,
    "parameter": parameter,
    "permute": permute,
    "pixelshuffle": pixel_shuffle,
    "pixelunshuffle": pixel_unshuffle,
    "prelu": prelu,
    "reduce": reduction,
    "relu": operator("Relu"),
    "relu6": clip(0.0, 6.0),
    "reshape": reshaped,
    "residual": total,
    "rnn": rnn,
    "rrelu": operator("LeakyRelu", alpha="negative_slope"),
    "scale": operator("Mul"),
    "selu": operator("Selu"),
    "shuffle": channel_shuffle,
    "sigmoid": operator("Sigmoid"),
    "silu": silu,
    "slice": channels,
    "softmax": along("Softmax"),
    "softmin": along("Softmax", negative=True),
    "softplus": softplus,
    "softshrink": operator("Shrink", lambd="lambd", bias="lambd"),
    "softsign": operator("Softsign"),
    "tanh": operator("Tanh"),
    "tanhshrink": tanh_shrink,
    "threshold": threshold,
    "unflatten": reshaped,
    "upsample": upsample,
    "Staged": staged,
}
"""The form of every kind that has one, by its name or by that of its family."""
