"""How torch writes what slides over an input: convolutions and poolings, padding and all.

torch pads and crops both ends of an axis alike. Where a layer does not, the input is padded by a
call before the module, and the output of a transposed convolution is cut by one behind it.
"""

from __future__ import annotations

import operator
from dataclasses import replace
from itertools import chain
from math import inf
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import fx
    from torch.fx.node import Argument

    from convcalc.export.torch_place import LayerSite
    from convcalc.layers import AvgPool, Conv, ConvTranspose, MaxPool, Shape
    from convcalc.layers.stages import Staged
    from convcalc.window import Window


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


def pad_mode(mode: str) -> dict[str, str]:
    """The keyword of functional.pad for a padding mode; zeros are what it pads by default."""
    return {} if mode == "zeros" else {"mode": mode}


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
    if layer.padding in ("same", "valid"):
        padding = layer.padding
    elif _lopsided(windows):
        name = "_".join(filter(None, (below, "padded")))
        x = place.call("pad", x, pad_ends(windows), name=name, **pad_mode(mode))
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


def avg_pool(place: LayerSite, layer: AvgPool) -> fx.Node:
    """nn.AvgPoolNd; where torch cannot pad, zeros are padded before it.

    The mean is then that of whole windows. Where a window has elements that do not count, it is
    divided by the share of those that do, which is the mean of ones padded with zeros.
    """
    shape = place.shapes[0]
    windows, padded = layer.windows(shape), replace(layer, ceil_mode=False).windows(shape)
    # torch's kernel for three axes refuses a window that is larger than the input.
    fits = place.spatial_dims < 3 or all(
        w.kernel <= size for w, size in zip(windows, shape[1:], strict=True)
    )
    if _torch_pads(padded) and fits:
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
    counted = layer.elements_counted(shape)
    if all(set(elements) == {w.kernel} for w, elements in zip(windows, counted, strict=True)):
        return _pool(place, "AvgPool", "avg_pool", x, **_steps(windows))
    mean = _pool(place, "AvgPool", "avg_pool", x, name="mean", **_steps(windows))
    return place.call(operator.truediv, mean, _share(place, layer, padded, windows))


def _share(
    place: LayerSite, layer: AvgPool, padded: Sequence[Window], windows: Sequence[Window]
) -> fx.Node:
    """The share of its elements that each window counts, (1, 1, *sizes)."""
    channel = place.call(operator.getitem, place.inputs[0], (slice(1), slice(1)), name="channel")
    elements = place.call(torch.ones_like, channel, name="ones")
    inner = float(bool(layer.count_include_pad))
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


def _steps(windows: Sequence[Window]) -> dict[str, Any]:
    return {
        "kernel_size": folded([w.kernel for w in windows]),
        "stride": folded([w.stride for w in windows]),
    }


def _lopsided(windows: Sequence[Window]) -> bool:
    return any(w.before != w.after for w in windows)


def _torch_pads(windows: Sequence[Window]) -> bool:
    """Whether torch's poolings pad like this: both ends alike, by at most half the kernel."""
    return not _lopsided(windows) and all(w.before <= w.kernel // 2 for w in windows)
