"""Every kind of layer as PyTorch computes it in training, for what autograd keeps of it."""

from __future__ import annotations

import dataclasses

import torch
import torch.nn.functional as F
from torch import nn

from contract import CONTRACT
from convcalc.layers.stages import Staged


def forward(network, shape, batch=1, dtype=torch.float32):
    """(results of all layers, parameters and buffers) of a network in training."""
    steps = list(network.walk(shape))
    results = {-1: torch.randn(batch, *shape, dtype=dtype)}
    fixed = []
    for index, step in enumerate(steps):
        compute, modules = operation(step.layer, *step.arriving)
        for module in modules:
            module.to(dtype).train()
            fixed += [*module.parameters(), *module.buffers()]
        results[index] = compute(*(results[source] for source in step.node.inputs))
        assert step.leaving == tuple(results[index].shape[1:])
    return results, fixed


def kept_bytes(network, shape, batch=1, dtype=torch.float32):
    """Bytes of all storages that autograd saves, parameters and buffers left out."""
    saved = {}

    def pack(tensor):
        saved[tensor.untyped_storage().data_ptr()] = tensor
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        results, fixed = forward(network, shape, batch, dtype)
    for tensor in fixed:
        saved.pop(tensor.untyped_storage().data_ptr(), None)
    assert len(results) == len(network.nodes) + 1  # still here, so that no address is used twice
    return sum(tensor.untyped_storage().nbytes() for tensor in saved.values())


def operation(layer, shape, *others):
    """(function of the inputs, modules in it) of a layer on an input of `shape`, and others."""
    if layer.kind == "bilinear":
        return bilinear(layer, shape, *others)
    if isinstance(layer, Staged):
        return chain(layer, shape)
    if layer.kind in FUNCTIONS:
        return FUNCTIONS[layer.kind](layer, shape), []
    if layer.kind in MODULES:
        return MODULES[layer.kind](layer, shape)
    module = getattr(nn, CONTRACT[layer.kind].module)()
    return module, [module]


def chain(layer, shape):
    parts = []
    for stage in layer.stages(shape[0]).values():
        parts.append(conv(stage, shape))
        shape = stage.out_shape(shape)

    def compute(x):
        for part, _ in parts:
            x = part(x)
        return x

    return compute, [module for _, modules in parts for module in modules]


def ranked(name, shape):
    return getattr(nn, f"{name}{max(1, len(shape) - 1)}d")


def per_axis(value, shape):
    return (value,) * (len(shape) - 1) if isinstance(value, int) else value


def ends(pairs):
    """Padding in the order of F.pad: the last axis first."""
    return [cells for pair in reversed(pairs) for cells in pair]


def symmetric(x, pairs):
    """The elements at each end once more, backwards."""
    for axis, (before, after) in enumerate(pairs, start=2):
        first, last = x.narrow(axis, 0, before), x.narrow(axis, x.shape[axis] - after, after)
        x = torch.cat((first.flip(axis), x, last.flip(axis)), axis)
    return x


def conv(layer, shape):
    windows = layer.windows(shape)
    pairs = [(w.before, w.after) for w in windows]
    even = all(before == after for before, after in pairs)
    own = layer.padding if layer.padding == "same" else tuple(before for before, _ in pairs)
    if layer.padding_mode == "symmetric":
        own, even = 0, False
    module = ranked("Conv", shape)(
        shape[0],
        layer.out_channels,
        tuple(w.kernel for w in windows),
        tuple(w.stride for w in windows),
        own if even or own == "same" else 0,
        tuple(w.dilation for w in windows),
        layer.groups,
        layer.bias,
        layer.padding_mode if even else "zeros",
    )
    if layer.padding_mode == "symmetric":
        return (lambda x: module(symmetric(x, pairs))), [module]
    if even or layer.padding == "same":
        return module, [module]
    return (lambda x: module(F.pad(x, ends(pairs)))), [module]


def convt(layer, shape):
    windows = layer.windows(shape)
    module = ranked("ConvTranspose", shape)(
        shape[0],
        layer.out_channels,
        tuple(w.kernel for w in windows),
        tuple(w.stride for w in windows),
        tuple(w.before for w in windows),
        per_axis(layer.output_padding, shape),
        layer.groups,
        layer.bias,
        tuple(w.dilation for w in windows),
    )
    return module, [module]


def linear(layer, shape):
    module = nn.Linear(shape[-1], layer.out_features, layer.bias)
    return module, [module]


def bilinear(layer, shape, other):
    module = nn.Bilinear(shape[-1], other[-1], layer.out_features, layer.bias)
    return module, [module]


def attention(layer, shape):
    module = nn.MultiheadAttention(
        layer.embed_dim, layer.num_heads, bias=layer.bias, batch_first=True
    )
    return (lambda x: module(x, x, x, need_weights=False)[0]), [module]


def bn(layer, shape):
    module = ranked("BatchNorm", shape)(shape[0], affine=layer.affine)
    return module, [module]


def gn(layer, shape):
    module = nn.GroupNorm(layer.num_groups, shape[0], affine=layer.affine)
    return module, [module]


def instance(layer, shape):
    module = ranked("InstanceNorm", shape)(shape[0], affine=layer.affine)
    return module, [module]


def ln(layer, shape):
    module = nn.LayerNorm(shape[0], elementwise_affine=layer.affine)
    return (lambda x: module(x.movedim(1, -1)).movedim(-1, 1)), [module]


def layerscale(layer, shape):
    module = nn.PReLU(shape[0])  # as a holder of one number per channel
    trailing = (1,) * (len(shape) - 1)
    return (lambda x: x * module.weight.reshape(-1, *trailing)), [module]


def prelu(layer, shape):
    module = nn.PReLU(layer.num_parameters)
    return module, [module]


MODULES = {
    "conv": conv,
    "convt": convt,
    "linear": linear,
    "multiheadattention": attention,
    "bn": bn,
    "gn": gn,
    "in": instance,
    "ln": ln,
    "layerscale": layerscale,
    "prelu": prelu,
}


def maxpool(layer, shape):
    kernel = per_axis(layer.kernel_size, shape)
    stride = kernel if layer.stride is None else per_axis(layer.stride, shape)
    pad, rest = pool_padding(layer, shape)
    dilation = per_axis(layer.dilation, shape)
    module = ranked("MaxPool", shape)(
        kernel, stride, pad, dilation, return_indices=True, ceil_mode=layer.ceil_mode
    )

    def compute(x):
        padded = F.pad(x, rest, value=float("-inf")) if any(rest) else x
        result, POSITIONS[layer, x.data_ptr()] = module(padded)
        return result

    return compute


POSITIONS = {}
"""Where the maxima of each pooling of each array were found."""


def maxunpool(layer, shape):
    windows = layer.windows(shape)
    kernel, stride, padding, *_ = zip(*windows, strict=True)
    module = ranked("MaxUnpool", shape)(kernel, stride, padding)

    def compute(x, pooled):
        key = (layer.of.layer, pooled.data_ptr())
        if key not in POSITIONS:
            maxpool(layer.of.layer, pooled.shape[1:])(pooled)
        return module(x, POSITIONS.pop(key), pooled.shape[2:])

    return compute


def avgpool(layer, shape):
    kernel = per_axis(layer.kernel_size, shape)
    stride = kernel if layer.stride is None else per_axis(layer.stride, shape)
    pad, rest = pool_padding(layer, shape)
    module = ranked("AvgPool", shape)(kernel, stride, pad, layer.ceil_mode, layer.count_include_pad)
    return lambda x: module(F.pad(x, rest) if any(rest) else x)


def lppool(layer, shape):
    kernel = per_axis(layer.kernel_size, shape)
    stride = kernel if layer.stride is None else per_axis(layer.stride, shape)
    if len(shape) == 2:
        kernel, stride = kernel[0], stride[0]
    pads = ends(
        [(w.before, w.after) for w in dataclasses.replace(layer, ceil_mode=False).windows(shape)]
    )
    module = ranked("LPPool", shape)(layer.norm_type, kernel, stride, layer.ceil_mode)
    return lambda x: module(F.pad(x, pads) if any(pads) else x)


def pool_padding(layer, shape):
    """What the pooling itself adds at both ends, and what is added before."""
    if isinstance(layer.padding, int):
        return per_axis(layer.padding, shape), []
    pairs = [(w.before, w.after) for w in layer.windows(shape)]
    even = tuple(min(pair) for pair in pairs)
    rest = [(b - own, a - own) for (b, a), own in zip(pairs, even, strict=True)]
    return even, ends(rest)


def adaptive(name):
    def build(layer, shape):
        return ranked(name, shape)(layer.sizes(shape))

    return build


def dropout(layer, shape):
    if 0 < layer.p < 1:
        # What a GPU runs; a CPU multiplies with a mask of the input's dtype.
        return lambda x: torch.native_dropout(x, layer.p, True)[0]
    return nn.Dropout(layer.p).train()


def pad(layer, shape):
    pairs = [(w.before, w.after) for w in layer.windows(shape)]
    if layer.padding_mode == "symmetric":
        return lambda x: symmetric(x, pairs)
    pairs = ends(pairs)
    mode = "constant" if layer.padding_mode == "zeros" else layer.padding_mode
    return lambda x: F.pad(x, pairs, mode)


def upsample(layer, shape):
    mode = "nearest"
    if layer.mode == "bilinear":
        mode = ("linear", "bilinear", "trilinear")[len(shape) - 2]
    size = layer.out_shape(shape)[1:]
    corners = {"align_corners": True} if layer.align_corners else {}
    return lambda x: F.interpolate(x, size=size, mode=mode, **corners)


class LogSigmoidOfGPU(torch.autograd.Function):
    """On a CPU log_sigmoid_forward keeps exp(-|x|), too; on a GPU its buffer is empty."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return F.logsigmoid(x)


def elementwise(layer, *shapes):
    names = {"sub": torch.sub, "mul": torch.mul, "exp": torch.exp, "pow": torch.pow}
    more = () if layer.value is None else (layer.value,)
    return lambda *xs: names[layer.name](*xs, *more)


def scaled_dot_product(layer, *shapes):
    return lambda *xs: F.scaled_dot_product_attention(*xs, scale=layer.scale)


def reduce(layer, shape):
    places = [axis + 1 for axis in sorted(layer.places(shape))]
    return lambda x: getattr(torch, layer.name)(x, places, keepdim=layer.keepdim)


def parameter(layer, shape):
    module = nn.ParameterList([nn.Parameter(torch.zeros(layer.shape))])
    return lambda x: module[0].expand(len(x), *layer.shape)


FUNCTIONS = {
    "elementwise": elementwise,
    "reduce": reduce,
    "attention": scaled_dot_product,
    "matmul": lambda layer, *shapes: torch.matmul,
    "parameter": parameter,
    "permute": lambda layer, shape: lambda x: x.permute(0, *(axis + 1 for axis in layer.order)),
    "maxpool": maxpool,
    "maxunpool": maxunpool,
    "avgpool": avgpool,
    "lppool": lppool,
    "gap": adaptive("AdaptiveAvgPool"),
    "adaptiveavgpool": adaptive("AdaptiveAvgPool"),
    "adaptivemaxpool": adaptive("AdaptiveMaxPool"),
    "dropout": dropout,
    "crop": lambda layer, shape: lambda x: x[(..., *layer.kept(shape))],
    "pad": pad,
    "upsample": upsample,
    "logsigmoid": lambda layer, shape: LogSigmoidOfGPU.apply,
    "threshold": lambda layer, shape: nn.Threshold(layer.threshold, layer.value),
    "lrn": lambda layer, shape: nn.LocalResponseNorm(**vars(layer)),
    "glu": lambda layer, shape: nn.GLU(1),
    "softmax": lambda layer, shape: nn.Softmax(1),
    "softmin": lambda layer, shape: nn.Softmin(1),
    "logsoftmax": lambda layer, shape: nn.LogSoftmax(1),
    "pixelshuffle": lambda layer, shape: nn.PixelShuffle(layer.upscale_factor),
    "pixelunshuffle": lambda layer, shape: nn.PixelUnshuffle(layer.downscale_factor),
    "shuffle": lambda layer, shape: nn.ChannelShuffle(layer.groups),
    "reshape": lambda layer, shape: lambda x: x.reshape(-1, *layer.out_shape(shape)),
    "unflatten": lambda layer, shape: nn.Unflatten(layer.dim, layer.unflattened_size),
    "slice": lambda layer, shape: lambda x: x[:, slice(*layer.channels[0])],
    "residual": lambda layer, shape: lambda *xs: sum(xs[1:], xs[0]),
    "concat": lambda layer, shape: lambda *xs: torch.cat(xs, 1),
    "scale": lambda layer, shape: lambda x, gate: x * gate,
}
