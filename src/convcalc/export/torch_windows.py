"""How torch writes what slides over an input: convolutions and poolings, padding and all.

torch pads and crops both ends of an axis alike. Where a layer does not, the input is padded by a
call before the module, and the output of a transposed convolution is cut by one behind it. A mode
of padding that torch has not is a call before the module, too.
"""

from __future__ import annotations

import operator
from dataclasses import replace
from itertools import chain
from math import inf
from typing import TYPE_CHECKING, TypedDict

import torch
from torch import nn

from convcalc.errors import UsageError
from convcalc.export.torch_modules import symmetric_pad

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import fx
    from torch.fx.node import Argument

    from convcalc.export.torch_place import LayerSite
    from convcalc.layers import (
        AvgPool,
        Conv,
        ConvTranspose,
        LPPool,
        MaxPool,
        MaxUnpool,
        Shape,
    )
    from convcalc.layers.parameters import PerAxis
    from convcalc.layers.pooling import Pool
    from convcalc.layers.stages import Staged
    from convcalc.window import Window


class Steps(TypedDict):
    """The sizes of windows, and how far apart they are, as torch's poolings take them."""

    kernel_size: PerAxis
    stride: PerAxis


class PowerSteps(Steps, total=False):
    """What nn.LPPoolNd takes."""

    norm_type: float
    ceil_mode: bool


class Filling(TypedDict, total=False):
    """What functional.pad puts around its input, where that is not zeros."""

    mode: str
    value: float


def for_dims(name: str, spatial_dims: int) -> Callable[..., nn.Module]:
    """The class of that name for so many spatial axes, of Conv for two nn.Conv2d."""
    found: Callable[..., nn.Module] = getattr(nn, f"{name}{spatial_dims}d")
    return found


def folded(values: Sequence[int]) -> int | tuple[int, ...]:
    """One number, as it is usually written, where all axes have the same."""
    return values[0] if len(set(values)) == 1 else tuple(values)


def pad_ends(windows: Sequence[Window]) -> tuple[int, ...]:
    """Elements at both ends of each axis in torch's order, the last axis first."""
    return tuple(chain.from_iterable((w.before, w.after) for w in reversed(windows)))


def padded(
    place: LayerSite,
    x: fx.Node,
    ends: tuple[int, ...],
    mode: str,
    *,
    value: float = 0,
    name: str = "",
) -> fx.Node:
    """A call of functional.pad, or of a function of our own for a mode that it has not."""
    if mode == "symmetric":
        return place.call(symmetric_pad, x, ends, name=name)
    more: Filling = {} if mode == "zeros" else {"mode": mode}
    if value:
        more["value"] = value
    return place.call("pad", x, ends, name=name, **more)


def conv(place: LayerSite, layer: Conv) -> fx.Node:
    """nn.ConvNd."""
    return _conv(place, layer, place.inputs[0], place.shapes[0], "")


def staged(place: LayerSite, layer: Staged) -> fx.Node:
    """An nn.ConvNd for every stage, below the label where the stage has a name."""
    x, shape = place.inputs[0], place.shapes[0]
    for prefix, stage in layer.stages(shape[0]).items():
        x = _conv(place, stage, x, shape, prefix.removesuffix("."))
        shape = stage.out_shape(shape)
    return x


def _conv(place: LayerSite, layer: Conv, x: fx.Node, shape: Shape, below: str) -> fx.Node:
    windows, mode = layer.windows(shape), layer.padding_mode
    padding: str | int | tuple[int, ...] = folded([w.before for w in windows])
    if layer.padding in ("same", "valid") and mode != "symmetric":
        padding = layer.padding
    elif _lopsided(windows) or mode == "symmetric":
        name = "_".join(filter(None, (below, "padded")))
        x = padded(place, x, pad_ends(windows), mode, name=name)
        padding, mode = 0, "zeros"
    module = for_dims("Conv", len(windows))(
        shape[0],
        layer.out_channels,
        kernel_size=folded([w.kernel for w in windows]),
        stride=folded([w.stride for w in windows]),
        padding=padding,
        dilation=folded([w.dilation for w in windows]),
        groups=layer.groups,
        bias=layer.bias,
        padding_mode=mode,
    )
    return place.module(module, x, below=below)


def conv_transpose(place: LayerSite, layer: ConvTranspose) -> fx.Node:
    """nn.ConvTransposeNd.

    torch crops both ends by `padding` and adds `output_padding`, less than the stride or the
    dilation. What we crop at the beginning and at the end may differ: then nothing is cropped by
    the module, what we have more at the end is its output_padding, and the rest is cut off.
    """
    shape = place.shapes[0]
    windows, sizes = layer.windows(shape), layer.out_shape(shape)[1:]
    cut = _lopsided(windows)
    spans = [
        w.transposed_size(size) if not cut else w.transposed_size(size) + w.after
        for w, size in zip(windows, shape[1:], strict=True)
    ]
    extra = [max(0, size - span) for size, span in zip(sizes, spans, strict=True)]
    module = for_dims("ConvTranspose", len(windows))(
        shape[0],
        layer.out_channels,
        kernel_size=folded([w.kernel for w in windows]),
        stride=folded([w.stride for w in windows]),
        padding=0 if cut else folded([w.before for w in windows]),
        output_padding=folded(extra),
        groups=layer.groups,
        bias=layer.bias,
        dilation=folded([w.dilation for w in windows]),
    )
    if not cut:
        return place.module(module)
    whole = place.module(module, name="whole")
    kept = (slice(w.before, w.before + size) for w, size in zip(windows, sizes, strict=True))
    return place.call(operator.getitem, whole, (..., *kept))


def max_pool(place: LayerSite, layer: MaxPool) -> fx.Node:
    """nn.MaxPoolNd; where torch cannot pad, -inf is padded before it, which is below everything."""
    shape = place.shapes[0]
    windows, padded = layer.windows(shape), replace(layer, ceil_mode=False).windows(shape)
    x, padding, ceil = place.inputs[0], folded([w.before for w in padded]), layer.ceil_mode
    if not _torch_pads(padded):
        x = place.call("pad", x, pad_ends(windows), value=-inf, name="padded")
        padding, ceil = 0, False
    return _pool(
        place,
        "MaxPool",
        "max_pool",
        x,
        **_steps(windows),
        padding=padding,
        dilation=folded([w.dilation for w in windows]),
        ceil_mode=ceil,
    )


def max_unpool(place: LayerSite, layer: MaxUnpool) -> fx.Node:
    """nn.MaxUnpoolNd, behind a call that finds the positions once more.

    Where torch cannot pad, the input of the pooling is padded before that, and what is unpooled
    is cut to its size.

    Raises:
        UsageError: no pooling is named whose positions they are.
    """
    pool = layer.pool
    if pool is None:
        raise UsageError(f"layer {place.label} ({layer.spec()}): {layer.refusal}")
    x, pooled = place.inputs
    shape = place.shapes[1]
    windows, padded = pool.windows(shape), replace(pool, ceil_mode=False).windows(shape)
    if _torch_pads(padded):
        found = _positions(place, pooled, windows, padded, ceil=pool.ceil_mode)
        return _unpool(place, x, found, windows, padded, shape[1:])
    pooled = place.call("pad", pooled, pad_ends(windows), value=-inf, name="padded")
    bare = [w._replace(before=0, after=0) for w in windows]
    sizes = tuple(w.before + n + w.after for w, n in zip(windows, shape[1:], strict=True))
    whole = _unpool(place, x, _positions(place, pooled, bare, bare), bare, bare, sizes, "whole")
    kept = (slice(w.before, w.before + n) for w, n in zip(windows, shape[1:], strict=True))
    return place.call(operator.getitem, whole, (..., *kept))


def _positions(
    place: LayerSite,
    pooled: fx.Node,
    windows: Sequence[Window],
    padded: Sequence[Window],
    *,
    ceil: bool = False,
) -> fx.Node:
    """Where the windows of an array have their maxima, as torch counts elements.

    Counters of operations do not know the function, so that no pooling counts a second time.
    """
    found = place.call(
        f"max_pool{place.spatial_dims}d_with_indices",
        pooled,
        **_steps(windows),
        padding=folded([w.before for w in padded]),
        dilation=folded([w.dilation for w in windows]),
        ceil_mode=ceil,
        name="found",
    )
    return place.call(operator.getitem, found, 1, name="positions")


def _unpool(
    place: LayerSite,
    x: fx.Node,
    positions: fx.Node,
    windows: Sequence[Window],
    padded: Sequence[Window],
    sizes: tuple[int, ...],
    name: str = "",
) -> fx.Node:
    """nn.MaxUnpoolNd onto a size, of windows without holes: torch's have no dilation here."""
    own = {
        "kernel_size": folded([w.extent for w in windows]),
        "stride": folded([w.stride for w in windows]),
        "padding": folded([w.before for w in padded]),
    }
    if place.function:
        function = f"max_unpool{place.spatial_dims}d"
        return place.call(function, x, positions, **own, output_size=sizes, name=name)
    module = for_dims("MaxUnpool", place.spatial_dims)(**own)
    return place.module(module, x, positions, sizes, name=name)


def avg_pool(place: LayerSite, layer: AvgPool) -> fx.Node:
    """nn.AvgPoolNd; where torch cannot pad, zeros are padded before it.

    The mean is then that of whole windows. Where a window has elements that do not count, it is
    divided by the share of those that do, which is the mean of ones padded with zeros.
    """
    shape = place.shapes[0]
    windows, padded = layer.windows(shape), replace(layer, ceil_mode=False).windows(shape)
    if _torch_pads(padded) and _fits(windows, shape):
        return _pool(
            place,
            "AvgPool",
            "avg_pool",
            place.inputs[0],
            **_steps(windows),
            padding=folded([w.before for w in padded]),
            ceil_mode=layer.ceil_mode,
            count_include_pad=layer.count_include_pad,
        )
    x = place.call("pad", place.inputs[0], pad_ends(windows), name="padded")
    counting = bool(layer.count_include_pad)
    if _all_count(layer, shape, windows, with_padding=counting):
        return _pool(place, "AvgPool", "avg_pool", x, **_steps(windows))
    mean = _pool(place, "AvgPool", "avg_pool", x, name="mean", **_steps(windows))
    share = _share(place, padded, windows, with_padding=counting)
    return place.call(operator.truediv, mean, share)


def power_pool(place: LayerSite, layer: LPPool) -> fx.Node:
    """nn.LPPoolNd, which does not pad: zeros are padded before it.

    The sum is then that of whole windows, where in ceil mode it is the mean times the size of the
    window: its root is divided by that of the share of elements that count.
    """
    shape = place.shapes[0]
    windows, padded = layer.windows(shape), replace(layer, ceil_mode=False).windows(shape)
    steps = _steps(windows)
    own: PowerSteps = {
        "norm_type": layer.norm_type,
        "kernel_size": steps["kernel_size"],
        "stride": steps["stride"],
    }
    if not any(w.before or w.after for w in padded) and _fits(windows, shape):
        own["ceil_mode"] = layer.ceil_mode
        return _pool(place, "LPPool", "lp_pool", place.inputs[0], **own)
    x = place.call("pad", place.inputs[0], pad_ends(windows), name="padded")
    if _all_count(layer, shape, windows, with_padding=True):
        return _pool(place, "LPPool", "lp_pool", x, **own)
    root = _pool(place, "LPPool", "lp_pool", x, name="root", **own)
    share = _share(place, padded, windows, with_padding=True)
    share = place.call(operator.pow, share, 1 / layer.norm_type, name="share_root")
    return place.call(operator.truediv, root, share)


def _fits(windows: Sequence[Window], shape: Shape) -> bool:
    """Whether torch's means take these windows: for three axes none larger than the input."""
    axes = zip(windows, shape[1:], strict=True)
    return len(windows) < 3 or all(w.kernel <= size for w, size in axes)


def _all_count(layer: Pool, shape: Shape, windows: Sequence[Window], *, with_padding: bool) -> bool:
    """Whether every window counts all its elements."""
    counted = layer.elements_counted(shape, with_padding=with_padding)
    return all(set(elements) == {w.kernel} for w, elements in zip(windows, counted, strict=True))


def _share(
    place: LayerSite, padded: Sequence[Window], windows: Sequence[Window], *, with_padding: bool
) -> fx.Node:
    """The share of its elements that each window counts, (1, 1, *sizes)."""
    channel = place.call(operator.getitem, place.inputs[0], (slice(1), slice(1)), name="channel")
    elements = place.call(torch.ones_like, channel, name="ones")
    inner = float(with_padding)
    elements = place.call("pad", elements, pad_ends(padded), value=inner, name="counted")
    over = [
        w._replace(before=0, after=w.after - p.after) for w, p in zip(windows, padded, strict=True)
    ]
    elements = place.call("pad", elements, pad_ends(over), name="counted")
    return place.call(f"avg_pool{place.spatial_dims}d", elements, **_steps(windows), name="share")


def _pool(
    place: LayerSite,
    module: str,
    function: str,
    x: fx.Node,
    *,
    name: str = "",
    **keywords: Argument,
) -> fx.Node:
    if place.function:
        return place.call(f"{function}{place.spatial_dims}d", x, name=name, **keywords)
    return place.module(for_dims(module, place.spatial_dims)(**keywords), x, name=name)


def _steps(windows: Sequence[Window]) -> Steps:
    return {
        "kernel_size": folded([w.kernel for w in windows]),
        "stride": folded([w.stride for w in windows]),
    }


def _lopsided(windows: Sequence[Window]) -> bool:
    return any(w.before != w.after for w in windows)


def _torch_pads(windows: Sequence[Window]) -> bool:
    """Whether torch's poolings pad like this: both ends alike, by at most half the kernel."""
    return not _lopsided(windows) and all(w.before <= w.kernel // 2 for w in windows)
