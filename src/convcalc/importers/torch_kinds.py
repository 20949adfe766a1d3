"""Calls of torch's functions as layers of our kinds, where they are one.

A rule answers from the arguments alone. Whether it is right is held against what the call gave: its
shape, its parameters and its multiply-accumulates have to be equal.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from convcalc import layers
from convcalc.importers.torch_calls import axis_of, folded, sample_shape

if TYPE_CHECKING:
    from collections.abc import Callable

    from convcalc.importers.torch_calls import Call, Given
    from convcalc.layers import Layer


def layer_of(call: Call) -> Layer | None:
    """The layer that a call is; None where there is no such kind, or it may be another thing."""
    rule = RULES.get(call.name)
    if rule is None:
        return None
    names, write = rule
    try:
        return write(call.given(names))
    except (ValueError, TypeError, KeyError, IndexError, AttributeError):
        return None  # arguments in a way that the rule does not know


def _batch_first(given: Given, axes: int | None = None) -> bool:
    """Whether the first axis is a batch of one, before channels and so many spatial axes."""
    shape = given.input.shape
    return len(shape) > 1 and shape[0] == 1 and axes in (None, len(shape) - 2)


def _conv(given: Given) -> Layer | None:
    weight = given("weight")
    if not _batch_first(given, weight.dim() - 2):
        return None
    return layers.Conv(
        weight.shape[0],
        folded(tuple(weight.shape[2:])),
        given.axes("stride", 1),
        given.axes("padding", 0),
        given.axes("dilation", 1),
        given("groups", 1),
        given("bias") is not None,
    )


def _conv_transpose(given: Given) -> Layer | None:
    weight, groups = given("weight"), given("groups", 1)
    if not _batch_first(given, weight.dim() - 2):
        return None
    return layers.ConvTranspose(
        weight.shape[1] * groups,
        folded(tuple(weight.shape[2:])),
        given.axes("stride", 1),
        given.axes("padding", 0),
        given.axes("dilation", 1),
        groups,
        given("bias") is not None,
        output_padding=given.axes("output_padding", 0),
    )


def _linear(given: Given) -> Layer:
    return layers.Linear(given("weight").shape[0], given("bias") is not None)


def _recurrent(kind: Callable[..., Layer]) -> Callable[[Given], Layer | None]:
    def write(given: Given) -> Layer | None:
        if not given("batch_first") or not _batch_first(given, 1):
            return None
        hx = given("hx")
        hidden, *inner = hx if isinstance(hx, tuple) else (hx,)
        size = (inner or [hidden])[0].shape[-1]
        projected = hidden.shape[-1] if hidden.shape[-1] != size else None
        return kind(
            size,
            given("num_layers"),
            given("has_biases"),
            given("bidirectional"),
            **({} if projected is None else {"proj_size": projected}),
        )

    return write


def _batch_norm(given: Given) -> Layer | None:
    if given("training") or given("running_mean") is None or not _batch_first(given):
        return None
    return layers.BatchNorm(eps=given("eps", 1e-5), affine=given("weight") is not None)


def _group_norm(given: Given) -> Layer | None:
    if not _batch_first(given):
        return None
    affine = given("weight") is not None
    return layers.GroupNorm(num_groups=given("num_groups"), eps=given("eps", 1e-5), affine=affine)


def _instance_norm(given: Given) -> Layer | None:
    if given("running_mean") is not None or not _batch_first(given):
        return None
    return layers.InstanceNorm(eps=given("eps", 1e-5), affine=given("weight") is not None)


def _layer_norm(given: Given) -> Layer | None:
    """Statistics over the last axis, which are the channels of a vector."""
    affine, eps = given("weight") is not None, given("eps", 1e-5)
    if len(given("normalized_shape")) > 1 or (affine and given("bias") is None):
        return None
    if _batch_first(given, 0):
        return layers.LayerNorm(eps=eps, affine=affine)
    return layers.LayerNorm(eps=eps, affine=affine, dim=-1)


def _max_pool(given: Given) -> Layer | None:
    if not _batch_first(given, _axes_of(given.call)):
        return None
    return layers.MaxPool(
        given.axes("kernel_size"),
        given.axes("stride") or None,
        given.axes("padding", 0),
        given("ceil_mode", False),
        given.axes("dilation", 1),
    )


def _lp_pool(given: Given) -> Layer | None:
    if not _batch_first(given, _axes_of(given.call)):
        return None
    return layers.LPPool(
        given.axes("kernel_size"),
        given.axes("stride") or None,
        ceil_mode=given("ceil_mode", False),
        norm_type=float(given("norm_type")),
    )


def _avg_pool(given: Given) -> Layer | None:
    if given("divisor_override") is not None or not _batch_first(given, _axes_of(given.call)):
        return None
    return layers.AvgPool(
        given.axes("kernel_size"),
        given.axes("stride") or None,
        given.axes("padding", 0),
        given("ceil_mode", False),
        given("count_include_pad", True),
    )


def _adaptive(kind: Callable[..., Layer]) -> Callable[[Given], Layer | None]:
    def write(given: Given) -> Layer | None:
        if not _batch_first(given, _axes_of(given.call)):
            return None
        sizes = tuple(given.call.out.shape[2:])
        if set(sizes) == {1} and kind is layers.AdaptiveAvgPool:
            return layers.GlobalAvgPool()
        return kind(folded(sizes))

    return write


def _axes_of(call: Call) -> int:
    """The spatial axes that a function's name ends with: 2 of max_pool2d, with indices or not."""
    return int(call.name.removesuffix("_with_indices")[-2])


def _mean(given: Given) -> Layer | None:
    """The mean over all spatial axes, if they stay as axes of one element."""
    x, dim = given.input, given("dim")
    axes = {axis % x.dim() for axis in ((dim,) if isinstance(dim, int) else dim or ())}
    if not given("keepdim") or not _batch_first(given) or axes != set(range(2, x.dim())):
        return None
    return layers.GlobalAvgPool()


def _upsample(given: Given) -> Layer | None:
    words = {"linear": "bilinear", "trilinear": "bilinear"}
    mode = given("mode", "nearest")
    mode = words.get(mode, mode)
    if mode not in ("nearest", "bilinear") or given("antialias") or not _batch_first(given):
        return None
    sizes, out = given.input.shape[2:], given.call.out.shape[2:]
    if given("size") is None and any(new % old for old, new in zip(sizes, out, strict=True)):
        return None  # by another ratio than that of the sizes
    align = bool(given("align_corners"))
    if any(new % old for old, new in zip(sizes, out, strict=True)):
        return layers.Upsample(size=folded(tuple(out)), mode=mode, align_corners=align)
    factors = tuple(new // old for old, new in zip(sizes, out, strict=True))
    return layers.Upsample(folded(factors), mode=mode, align_corners=align)


def _flat(given: Given) -> Layer | None:
    """Other axes for the same elements in their order."""
    shape = sample_shape(given.call.out)
    return layers.Flatten() if len(shape) == 1 else layers.Reshape(shape)


def _along(kind: Callable[..., Layer]) -> Callable[[Given], Layer | None]:
    """A kind that works along one axis, the channels or another."""

    def write(given: Given) -> Layer | None:
        place = axis_of(given.input, given("dim"))
        if place is None:
            return None
        last = len(sample_shape(given.input)) - 1
        return kind(dim=-1 if place == last > 0 else 1 + place)

    return write


def _concat(given: Given) -> Layer | None:
    tensors = [one for one in given("tensors") if one.numel()]
    if not tensors:
        return None
    first = given("dim", 0) % tensors[0].dim() == 1
    same = all(tensor.shape[0] == 1 for tensor in tensors)
    return layers.Concat() if first and same and len(tensors) > 1 else None


def _section(given: Given) -> Layer | None:
    """The channels that one of the results of `chunk`, `split` or `unbind` holds."""
    x, call = given.input, given.call
    if not _batch_first(given) or given("dim", 0) % x.dim() != 1:
        return None
    begin = sum(int(one.shape[1]) for one in call.before)
    return layers.Slice(((begin, begin + int(call.out.shape[1])),))


def _getitem(given: Given) -> Layer | None:
    """Some of the channels in a row: x[:, 2:5]."""
    index = given("index")
    if not isinstance(index, tuple) or len(index) < 2 or not _batch_first(given):
        return None
    every, channels, *others = index
    if any(one not in (slice(None), Ellipsis) for one in (every, *others)) or every is Ellipsis:
        return None
    begin, end, step = channels.indices(given.input.shape[1])
    return layers.Slice(((begin, end),)) if step == 1 else None


def _pad(given: Given) -> Layer | None:
    ends, axes = given("pad"), given.input.dim() - 2
    if len(ends) > 2 * axes or not _batch_first(given):
        return None
    ends = (*ends, *(0,) * (2 * axes - len(ends)))
    pairs = tuple((ends[2 * axis], ends[2 * axis + 1]) for axis in reversed(range(axes)))
    mode = given("mode", "constant")
    value = float(given("value") or 0)
    return layers.Pad(pairs, "zeros" if mode == "constant" else mode, value)


def _sum(given: Given) -> Layer | None:
    return layers.Residual() if given("alpha", 1) == 1 else None


def _product(given: Given) -> Layer | None:  # noqa: ARG001 - the inputs decide
    return layers.Scale()


def _hardtanh(given: Given) -> Layer:
    low, high = given("min_val", -1.0), given("max_val", 1.0)
    return layers.ReLU6() if (low, high) == (0, 6) else layers.Hardtanh(low, high)


def _prelu(given: Given) -> Layer | None:
    return layers.PReLU(prod(given("weight").shape)) if _batch_first(given) else None


def _shuffled(kind: Callable[[int], Layer], name: str) -> Callable[[Given], Layer | None]:
    return lambda given: kind(given(name)) if _batch_first(given) else None


def _with(kind: Callable[..., Layer], **defaults: object) -> Callable[[Given], Layer]:
    """A kind whose parameters have the function's names."""
    return lambda given: kind(**{name: given(name, value) for name, value in defaults.items()})


_CONV = "input weight bias stride padding dilation groups"
_POOL = "input kernel_size stride padding"
_NORM = "input running_mean running_var weight bias"
_RNN = "input hx params has_biases num_layers dropout train bidirectional batch_first"

RULES: dict[str, tuple[str, Callable[[Given], Layer | None]]] = {
    **{f"conv{n}d": (_CONV, _conv) for n in (1, 2, 3)},
    **{
        f"conv_transpose{n}d": (
            "input weight bias stride padding output_padding groups dilation",
            _conv_transpose,
        )
        for n in (1, 2, 3)
    },
    "linear": ("input weight bias", _linear),
    "lstm": (_RNN, _recurrent(layers.LSTM)),
    "gru": (_RNN, _recurrent(layers.GRU)),
    "rnn_tanh": (_RNN, _recurrent(layers.RNN)),
    "batch_norm": (f"{_NORM} training momentum eps", _batch_norm),
    "group_norm": ("input num_groups weight bias eps", _group_norm),
    "instance_norm": (f"{_NORM} use_input_stats momentum eps", _instance_norm),
    "layer_norm": ("input normalized_shape weight bias eps", _layer_norm),
    **{
        f"max_pool{n}d{ending}": (f"{_POOL} dilation ceil_mode", _max_pool)
        for n in (1, 2, 3)
        for ending in ("", "_with_indices")
    },
    **{
        f"lp_pool{n}d": ("input norm_type kernel_size stride ceil_mode", _lp_pool)
        for n in (1, 2, 3)
    },
    **{
        f"avg_pool{n}d": (f"{_POOL} ceil_mode count_include_pad divisor_override", _avg_pool)
        for n in (1, 2, 3)
    },
    **{
        f"adaptive_avg_pool{n}d": ("input output_size", _adaptive(layers.AdaptiveAvgPool))
        for n in (1, 2, 3)
    },
    **{
        f"adaptive_max_pool{n}d": ("input output_size", _adaptive(layers.AdaptiveMaxPool))
        for n in (1, 2, 3)
    },
    "local_response_norm": (
        "input size alpha beta k",
        lambda given: (
            layers.LocalResponseNorm(
                given("size"), given("alpha", 1e-4), given("beta", 0.75), given("k", 1.0)
            )
            if _batch_first(given)
            else None
        ),
    ),
    "mean": ("input dim keepdim", _mean),
    "interpolate": ("input size scale_factor mode align_corners", _upsample),
    **dict.fromkeys(
        ("flatten", "view", "reshape", "squeeze", "unsqueeze", "unflatten", "view_as"),
        ("input", _flat),
    ),
    "dropout": ("input p", lambda given: layers.Dropout(given("p", 0.5))),
    "softmax": ("input dim", _along(layers.Softmax)),
    "log_softmax": ("input dim", _along(layers.LogSoftmax)),
    "glu": ("input dim", _along(layers.GLU)),
    "cat": ("tensors dim", _concat),
    "concat": ("tensors dim", _concat),
    "chunk": ("input chunks dim", _section),
    "split": ("input sizes dim", _section),
    "getitem": ("input index", _getitem),
    "pad": ("input pad mode value", _pad),
    "pixel_shuffle": ("input factor", _shuffled(layers.PixelShuffle, "factor")),
    "pixel_unshuffle": ("input factor", _shuffled(layers.PixelUnshuffle, "factor")),
    "channel_shuffle": ("input groups", _shuffled(layers.ChannelShuffle, "groups")),
    "add": ("input other", _sum),
    "mul": ("input other", _product),
    "relu": ("", _with(layers.ReLU)),
    "relu6": ("", _with(layers.ReLU6)),
    "sigmoid": ("", _with(layers.Sigmoid)),
    "tanh": ("", _with(layers.Tanh)),
    "silu": ("", _with(layers.SiLU)),
    "mish": ("", _with(layers.Mish)),
    "hardswish": ("", _with(layers.Hardswish)),
    "hardsigmoid": ("", _with(layers.Hardsigmoid)),
    "selu": ("", _with(layers.SELU)),
    "softsign": ("", _with(layers.Softsign)),
    "gelu": ("input", _with(layers.GELU, approximate="none")),
    "leaky_relu": ("input negative_slope", _with(layers.LeakyReLU, negative_slope=0.01)),
    "elu": ("input alpha", _with(layers.ELU, alpha=1.0)),
    "celu": ("input alpha", _with(layers.CELU, alpha=1.0)),
    "softplus": ("input beta threshold", _with(layers.Softplus, beta=1.0, threshold=20.0)),
    "hardtanh": ("input min_val max_val", _hardtanh),
    "prelu": ("input weight", _prelu),
}
"""What each function is: the names of its arguments in order, and the rule.

A function that is not here, or whose call is none of a kind, is a layer known by its name.
"""
