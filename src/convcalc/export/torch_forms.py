"""How each kind of layer is written in torch: as the module or the call that its users write."""

from __future__ import annotations

import dataclasses
import operator
from functools import reduce
from typing import TYPE_CHECKING, Any, TypeAlias, TypedDict

import torch
from torch import nn

from convcalc.export.torch_modules import ChannelNorm, ChannelScale, SymmetricPad
from convcalc.export.torch_tensors import (
    elementwise,
    further_input,
    learned,
    matmul,
    permute,
    reduction,
    scaled_dot_product,
)
from convcalc.export.torch_windows import (
    avg_pool,
    conv,
    conv_transpose,
    for_dims,
    max_pool,
    max_unpool,
    pad_ends,
    padded,
    power_pool,
    staged,
)
from convcalc.layers.dims import place_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import fx

    from convcalc.export.torch_place import LayerSite
    from convcalc.layers import (
        AdaptiveAvgPool,
        AdaptiveMaxPool,
        BatchNorm,
        Bilinear,
        ChannelShuffle,
        Concat,
        Crop,
        Dropout,
        Embedding,
        Flatten,
        GlobalAvgPool,
        GroupNorm,
        Identity,
        InstanceNorm,
        Layer,
        LayerNorm,
        LayerScale,
        Linear,
        MultiheadAttention,
        Pad,
        PixelShuffle,
        PixelUnshuffle,
        Reshape,
        Slice,
        Unflatten,
        Upsample,
    )
    from convcalc.layers.joins import Join
    from convcalc.layers.parameters import PerAxis
    from convcalc.layers.recurrent import Recurrent

    Form: TypeAlias = Callable[[LayerSite, Any], fx.Node]
    """Writes a layer at its place; gives its result."""


def either(module: str, function: str) -> Form:
    """A kind whose parameters both a module and a function of torch have by the same names."""

    def write(place: LayerSite, layer: Layer) -> fx.Node:
        own = {field.name: getattr(layer, field.name) for field in dataclasses.fields(layer)}
        if place.function:
            return place.call(function, *place.inputs, **own)
        return place.module(getattr(nn, module)(**own))

    return write


def linear(place: LayerSite, layer: Linear) -> fx.Node:
    """nn.Linear."""
    return place.module(nn.Linear(place.shapes[0][-1], layer.out_features, layer.bias))


def recurrent(module: Callable[..., nn.Module]) -> Form:
    """nn.LSTM and its like, batch first, which give their last states beside the result."""

    def write(place: LayerSite, layer: Recurrent) -> fx.Node:
        own = {field.name: getattr(layer, field.name) for field in dataclasses.fields(layer)}
        made = module(place.shapes[0][-1], **own, batch_first=True)
        return place.call(operator.getitem, place.module(made, name="states"), 0)

    return write


def attention(place: LayerSite, layer: MultiheadAttention) -> fx.Node:
    """nn.MultiheadAttention of one array with itself, batch first, without the scores."""
    size, heads = layer.embed_dim, layer.num_heads
    made = nn.MultiheadAttention(size, heads, bias=layer.bias, batch_first=True)
    both = place.module(made, *place.inputs * 3, name="both", need_weights=False)
    return place.call(operator.getitem, both, 0)


def bilinear(place: LayerSite, layer: Bilinear) -> fx.Node:
    """nn.Bilinear, which reads both branches."""
    one, other = (shape[-1] for shape in place.shapes)
    return place.module(nn.Bilinear(one, other, layer.out_features, layer.bias))


def batch_norm(place: LayerSite, layer: BatchNorm) -> fx.Node:
    """nn.BatchNormNd, of vectors nn.BatchNorm1d."""
    kind = for_dims("BatchNorm", max(1, place.spatial_dims))
    return place.module(kind(place.shapes[0][0], eps=layer.eps, affine=layer.affine))


def group_norm(place: LayerSite, layer: GroupNorm) -> fx.Node:
    """nn.GroupNorm."""
    channels = place.shapes[0][0]
    return place.module(nn.GroupNorm(layer.num_groups, channels, layer.eps, layer.affine))


def instance_norm(place: LayerSite, layer: InstanceNorm) -> fx.Node:
    """nn.InstanceNormNd."""
    kind = for_dims("InstanceNorm", place.spatial_dims)
    return place.module(kind(place.shapes[0][0], eps=layer.eps, affine=layer.affine))


def layer_norm(place: LayerSite, layer: LayerNorm) -> fx.Node:
    """nn.LayerNorm, which looks at the last axis: the channels are put there and back."""
    own = place_of(layer.dim, place.shapes[0])
    channels, spatial_dims = place.shapes[0][own], place.spatial_dims
    if own:
        module = nn.LayerNorm(channels, layer.eps, layer.affine)
        last = place.method("movedim", place.inputs[0], 1 + own, -1, name="last")
        normal = place.module(module, last, name="normal")
        return place.method("movedim", normal, -1, 1 + own)
    if place.function:
        norm = ChannelNorm(channels, layer.eps, affine=layer.affine, spatial_dims=spatial_dims)
        return place.module(norm)
    module = nn.LayerNorm(channels, layer.eps, layer.affine)
    if not spatial_dims:
        return place.module(module)
    last = place.method(
        "permute", place.inputs[0], 0, *range(2, spatial_dims + 2), 1, name="channels_last"
    )
    normal = place.module(module, last, name="normal")
    return place.method("permute", normal, 0, spatial_dims + 1, *range(1, spatial_dims + 1))


def global_avg_pool(place: LayerSite, layer: GlobalAvgPool) -> fx.Node:
    """nn.AdaptiveAvgPoolNd(1), or the mean over the spatial axes."""
    if place.function:
        axes = tuple(range(2, place.spatial_dims + 2))
        return place.method("mean", place.inputs[0], axes, keepdim=True)
    return place.module(for_dims("AdaptiveAvgPool", place.spatial_dims)(1))


def adaptive(module: str, function: str) -> Form:
    """A pooling onto a size."""

    def write(place: LayerSite, layer: AdaptiveAvgPool | AdaptiveMaxPool) -> fx.Node:
        if place.function:
            return place.call(f"{function}{place.spatial_dims}d", *place.inputs, layer.output_size)
        return place.module(for_dims(module, place.spatial_dims)(layer.output_size))

    return write


def embedding(place: LayerSite, layer: Embedding) -> fx.Node:
    """nn.Embedding, which takes tensors of whole numbers."""
    return place.module(nn.Embedding(layer.num_embeddings, layer.embedding_dim))


def flatten(place: LayerSite, layer: Flatten) -> fx.Node:
    """nn.Flatten, or torch.flatten from axis 1 on."""
    if place.function:
        return place.call(torch.flatten, *place.inputs, 1)
    return place.module(nn.Flatten())


def reshape(place: LayerSite, layer: Reshape) -> fx.Node:
    """x.reshape(-1, C, *sizes), of any batch; torch has no module for it."""
    return place.method("reshape", place.inputs[0], -1, *layer.out_shape(place.shapes[0]))


def unflatten(place: LayerSite, layer: Unflatten) -> fx.Node:
    """nn.Unflatten, or x.unflatten(dim, sizes)."""
    if place.function:
        return place.method("unflatten", place.inputs[0], layer.dim, layer.unflattened_size)
    return place.module(nn.Unflatten(layer.dim, layer.unflattened_size))


def dropout(place: LayerSite, layer: Dropout) -> fx.Node:
    """nn.Dropout; the function is that of inference."""
    if place.function:
        return place.call("dropout", *place.inputs, layer.p, training=False)
    return place.module(nn.Dropout(layer.p))


def identity(place: LayerSite, layer: Identity) -> fx.Node:
    """nn.Identity, or nothing at all."""
    return place.inputs[0] if place.function else place.module(nn.Identity())


class Resizing(TypedDict, total=False):
    """What functional.interpolate and nn.Upsample are told of the sizes."""

    size: PerAxis | None
    scale_factor: PerAxis | None
    align_corners: bool


def upsample(place: LayerSite, layer: Upsample) -> fx.Node:
    """nn.Upsample, or functional.interpolate."""
    linear_mode = ("linear", "bilinear", "trilinear")[place.spatial_dims - 1]
    mode = "nearest" if layer.mode == "nearest" else linear_mode
    by: Resizing = {"size": layer.size}
    if layer.size is None:
        by = {"scale_factor": layer.scale_factor}
    if layer.align_corners:
        by["align_corners"] = True
    if place.function:
        return place.call("interpolate", *place.inputs, **by, mode=mode)
    return place.module(nn.Upsample(**by, mode=mode))


def pixel_shuffle(place: LayerSite, layer: PixelShuffle) -> fx.Node:
    """nn.PixelShuffle of two axes; of one or three (N, C, r, r, r, D, H, W) is permuted."""
    factor, spatial_dims, (x,) = layer.upscale_factor, place.spatial_dims, place.inputs
    if spatial_dims == 2 and place.function:
        return place.call("pixel_shuffle", x, factor)
    if spatial_dims == 2:
        return place.module(nn.PixelShuffle(factor))
    blocks = (place.shapes[0][0] // factor**spatial_dims, *(factor,) * spatial_dims)
    pairs = [axis for n in range(spatial_dims) for axis in (2 + spatial_dims + n, 2 + n)]
    x = place.method("unflatten", x, 1, blocks, name="blocks")
    x = place.method("permute", x, 0, 1, *pairs, name="pairs")
    for axis in reversed(range(2, spatial_dims + 2)):
        x = place.method("flatten", x, 2 * axis - 2, 2 * axis - 1)
    return x


def pixel_unshuffle(place: LayerSite, layer: PixelUnshuffle) -> fx.Node:
    """nn.PixelUnshuffle of two axes; of one or three (N, C, D, r, H, r, W, r) is permuted."""
    factor, spatial_dims, (x,) = layer.downscale_factor, place.spatial_dims, place.inputs
    if spatial_dims == 2 and place.function:
        return place.call("pixel_unshuffle", x, factor)
    if spatial_dims == 2:
        return place.module(nn.PixelUnshuffle(factor))
    for axis in reversed(range(2, spatial_dims + 2)):
        x = place.method("unflatten", x, axis, (-1, factor), name="pairs")
    places = range(2, 2 + 2 * spatial_dims)
    x = place.method("permute", x, 0, 1, *places[1::2], *places[::2], name="blocks")
    return place.method("flatten", x, 1, spatial_dims + 1)


def channel_shuffle(place: LayerSite, layer: ChannelShuffle) -> fx.Node:
    """nn.ChannelShuffle, or (N, groups, C/groups, ...) with its two channel axes exchanged."""
    if place.spatial_dims and not place.function:
        return place.module(nn.ChannelShuffle(layer.groups))
    x = place.method("unflatten", place.inputs[0], 1, (layer.groups, -1), name="groups")
    x = place.method("transpose", x, 1, 2, name="exchanged")
    return place.method("flatten", x, 1, 2)


def pad(place: LayerSite, layer: Pad) -> fx.Node:
    """nn.ZeroPadNd and its like, or functional.pad; torch has none that is symmetric."""
    ends, mode = pad_ends(layer.windows(place.shapes[0])), layer.padding_mode
    if place.function:
        return padded(place, place.inputs[0], ends, mode, value=layer.value)
    if layer.value:
        return place.module(for_dims("ConstantPad", place.spatial_dims)(ends, layer.value))
    if mode == "symmetric":
        return place.module(SymmetricPad(ends))
    names = {"zeros": "Zero", "reflect": "Reflection", "replicate": "Replication"}
    name = f"{names.get(mode, 'Circular')}Pad"
    return place.module(for_dims(name, place.spatial_dims)(ends))


def channels(place: LayerSite, layer: Slice) -> fx.Node:
    """x[:, begin:end]."""
    cut = (slice(None), slice(*layer.channels[0]))
    return place.call(operator.getitem, *place.inputs, cut)


def crop(place: LayerSite, layer: Crop) -> fx.Node:
    """x[..., begin:end, begin:end]."""
    return place.call(operator.getitem, *place.inputs, (..., *layer.kept(place.shapes[0])))


def total(place: LayerSite, layer: Join) -> fx.Node:
    """The sum by the operator, a + b: some tools count torch.add."""
    return reduce(lambda one, other: place.call(operator.add, one, other), place.inputs)


def concat(place: LayerSite, layer: Concat) -> fx.Node:
    """torch.cat along the channels, or another axis."""
    return place.call(torch.cat, place.inputs, dim=layer.dim)


def product(place: LayerSite, layer: Join) -> fx.Node:
    """The product, a * b."""
    return place.call(operator.mul, *place.inputs)


def layer_scale(place: LayerSite, layer: LayerScale) -> fx.Node:
    """A module of our own: torch has none."""
    return place.module(ChannelScale(place.shapes[0][0], place.spatial_dims))


FORMS: dict[str, Form] = {
    "adaptiveavgpool": adaptive("AdaptiveAvgPool", "adaptive_avg_pool"),
    "adaptivemaxpool": adaptive("AdaptiveMaxPool", "adaptive_max_pool"),
    "attention": scaled_dot_product,
    "avgpool": avg_pool,
    "bilinear": bilinear,
    "bn": batch_norm,
    "celu": either("CELU", "celu"),
    "concat": concat,
    "conv": conv,
    "convt": conv_transpose,
    "crop": crop,
    "dropout": dropout,
    "elementwise": elementwise,
    "elu": either("ELU", "elu"),
    "embedding": embedding,
    "flatten": flatten,
    "gap": global_avg_pool,
    "gelu": either("GELU", "gelu"),
    "glu": either("GLU", "glu"),
    "gn": group_norm,
    "gru": recurrent(nn.GRU),
    "hardshrink": either("Hardshrink", "hardshrink"),
    "hardsigmoid": either("Hardsigmoid", "hardsigmoid"),
    "hardswish": either("Hardswish", "hardswish"),
    "hardtanh": either("Hardtanh", "hardtanh"),
    "identity": identity,
    "in": instance_norm,
    "input": further_input,
    "layerscale": layer_scale,
    "leakyrelu": either("LeakyReLU", "leaky_relu"),
    "linear": linear,
    "ln": layer_norm,
    "logsigmoid": either("LogSigmoid", "logsigmoid"),
    "logsoftmax": either("LogSoftmax", "log_softmax"),
    "lppool": power_pool,
    "lrn": either("LocalResponseNorm", "local_response_norm"),
    "lstm": recurrent(nn.LSTM),
    "matmul": matmul,
    "maxpool": max_pool,
    "maxunpool": max_unpool,
    "mish": either("Mish", "mish"),
    "multiheadattention": attention,
    "pad": pad,
    "parameter": learned,
    "permute": permute,
    "pixelshuffle": pixel_shuffle,
    "pixelunshuffle": pixel_unshuffle,
    "prelu": either("PReLU", "prelu"),
    "reduce": reduction,
    "relu": either("ReLU", "relu"),
    "relu6": either("ReLU6", "relu6"),
    "reshape": reshape,
    "residual": total,
    "rnn": recurrent(nn.RNN),
    "rrelu": either("RReLU", "rrelu"),
    "scale": product,
    "selu": either("SELU", "selu"),
    "shuffle": channel_shuffle,
    "sigmoid": either("Sigmoid", "sigmoid"),
    "silu": either("SiLU", "silu"),
    "slice": channels,
    "softmax": either("Softmax", "softmax"),
    "softmin": either("Softmin", "softmin"),
    "softplus": either("Softplus", "softplus"),
    "softshrink": either("Softshrink", "softshrink"),
    "softsign": either("Softsign", "softsign"),
    "tanh": either("Tanh", "tanh"),
    "tanhshrink": either("Tanhshrink", "tanhshrink"),
    "threshold": either("Threshold", "threshold"),
    "unflatten": unflatten,
    "upsample": upsample,
    "Staged": staged,
}
"""The form of every kind, by its name or by that of its family."""
