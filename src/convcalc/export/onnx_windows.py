"""How ONNX writes what slides over an input: convolutions and poolings, padding and all.

ONNX pads both ends of an axis on their own, so that most windows are attributes of one node.
"""

from __future__ import annotations

from dataclasses import replace
from math import inf, prod
from typing import TYPE_CHECKING

import numpy as np

from convcalc.execute.arrays.padding import source_indices

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.export.onnx_site import Attribute, OnnxSite
    from convcalc.layers import (
        AdaptiveAvgPool,
        AdaptiveMaxPool,
        AvgPool,
        Conv,
        ConvTranspose,
        LPPool,
        MaxPool,
        MaxUnpool,
        Pad,
        Shape,
    )
    from convcalc.layers.pooling import Pool
    from convcalc.layers.stages import Staged
    from convcalc.window import Window

PAD_MODES = {"zeros": "constant", "reflect": "reflect", "replicate": "edge"}


def steps(windows: Sequence[Window]) -> dict[str, Attribute]:
    """The attributes that all windows have."""
    return {
        "kernel_shape": [w.kernel for w in windows],
        "strides": [w.stride for w in windows],
    }


def ends(windows: Sequence[Window]) -> list[int]:
    """Elements before each axis, then those after each."""
    return [*(w.before for w in windows), *(w.after for w in windows)]


def padded(
    site: OnnxSite, x: str, windows: Sequence[Window], sizes: Shape, mode: str, value: float = 0
) -> str:
    """An array with its spatial axes padded; ONNX lacks modes, and copies none below 0."""
    if not any(ends(windows)):
        return x
    if mode == "zeros" or (mode in PAD_MODES and min(ends(windows)) >= 0):
        axes = len(windows)
        pads = [0, 0, *ends(windows)[:axes], 0, 0, *ends(windows)[axes:]]
        more = (site.constant(value),) if mode == "zeros" else ()
        return site.op("Pad", x, site.whole(pads), *more, mode=PAD_MODES[mode])
    for axis, (window, size) in enumerate(zip(windows, sizes, strict=True), start=2):
        x = site.take(x, axis, source_indices(size, window, mode).tolist())
    return x


def conv(site: OnnxSite, layer: Conv) -> str:
    """Conv."""
    return _conv(site, layer, site.inputs[0], site.shapes[0], "")


def staged(site: OnnxSite, layer: Staged) -> str:
    """A Conv for every stage."""
    (x,) = site.inputs
    for prefix, stage, arriving in layer.walk(site.shapes[0]):
        x = _conv(site, stage, x, arriving, prefix)
    return x


def _conv(site: OnnxSite, layer: Conv, x: str, shape: Shape, prefix: str) -> str:
    windows = layer.windows(shape)
    if layer.padding_mode != "zeros":
        x = padded(site, x, windows, shape[1:], layer.padding_mode)
        windows = tuple(w._replace(before=0, after=0) for w in windows)
    weights = [site.weight(prefix + name) for name in layer.weight_shapes(shape)]
    more = {"dilations": [w.dilation for w in windows], "pads": ends(windows)}
    return site.op("Conv", x, *weights, group=layer.groups, **steps(windows), **more)


def conv_transpose(site: OnnxSite, layer: ConvTranspose) -> str:
    """ConvTranspose, which crops both ends by its pads.

    Elements beyond all kernels hold the bias alone. ONNX adds less of them than the stride; where
    there are more, zeros are padded behind it, and the bias is added last.
    """
    (x,), shape = site.inputs, site.shapes[0]
    windows = layer.windows(shape)
    axes = zip(windows, shape[1:], site.out[1:], strict=True)
    extra = [out - window.transposed_size(size) for window, size, out in axes]
    both = list(zip(windows, extra, strict=True))
    windows = tuple(w._replace(after=max(0, w.after - more)) for w, more in both)
    extra = [max(0, more - w.after) for w, more in both]
    beyond = any(more >= w.stride for w, more in zip(windows, extra, strict=True))
    weights = [site.weight(name) for name in layer.weight_shapes(shape)]
    out = site.op(
        "ConvTranspose",
        *(x, *weights[: 1 if beyond else 2]),
        group=layer.groups,
        dilations=[w.dilation for w in windows],
        pads=ends(windows),
        output_padding=[0 if beyond else more for more in extra],
        **steps(windows),
    )
    if not beyond:
        return out
    behind = [w._replace(before=0, after=more) for w, more in zip(windows, extra, strict=True)]
    out = padded(site, out, behind, site.out[1:], "zeros")
    return site.op("Add", out, site.per_channel("bias", len(windows))) if layer.bias else out


def max_pool(site: OnnxSite, layer: MaxPool) -> str:
    """MaxPool; where a window may read padding alone, -inf is padded, below everything.

    ONNX wants pads that are less than the kernel, and says nothing of windows without an element:
    the taps of a dilated one may lie on both sides of all elements.
    """
    (x,), shape = site.inputs, site.shapes[0]
    windows = layer.windows(shape)
    if _may_read_padding_alone(windows):
        x = padded(site, x, windows, shape[1:], "zeros", -inf)
        windows = tuple(w._replace(before=0, after=0) for w in windows)
    dilations = [w.dilation for w in windows]
    return site.op("MaxPool", x, pads=ends(windows), dilations=dilations, **steps(windows))


def _may_read_padding_alone(windows: Sequence[Window]) -> bool:
    return any(max(w.before, w.after) >= (w.kernel if w.dilation == 1 else 1) for w in windows)


def max_unpool(site: OnnxSite, layer: MaxUnpool) -> str:
    """MaxUnpool to the positions that MaxPool finds in the input of the pooling.

    Where that has to be padded, positions are those of what is padded, which is cut off again.
    """
    (x, pooled), shape = site.inputs, site.shapes[1]
    pool = layer.pool
    assert pool is not None
    own = windows = pool.windows(shape)
    if is_padded := _may_read_padding_alone(windows):
        pooled = padded(site, pooled, windows, shape[1:], "zeros", -inf)
        own = tuple(w._replace(before=0, after=0) for w in windows)
    dilations = [w.dilation for w in own]
    how = {"pads": ends(own), **steps(own)}
    _, places = site.both("MaxPool", pooled, dilations=dilations, **how)
    out = site.op("MaxUnpool", x, places, site.op("Shape", pooled), **how)
    if not is_padded:
        return out
    sizes = enumerate(zip(windows, shape[1:], strict=True), start=2)
    return site.part(out, {axis: (w.before, w.before + size) for axis, (w, size) in sizes})


def avg_pool(site: OnnxSite, layer: AvgPool) -> str:
    """AveragePool of the elements that count: a padding that does is padded before it."""
    return _mean(site, layer, site.inputs[0], counting=bool(layer.count_include_pad))


def power_pool(site: OnnxSite, layer: LPPool) -> str:
    """The root of the mean of powers times the size of the window: LpPool takes magnitudes."""
    powers = site.op("Pow", site.inputs[0], site.constant(layer.norm_type))
    mean = _mean(site, layer, powers, counting=True)
    size = prod(w.kernel for w in layer.windows(site.shapes[0]))
    total = site.op("Mul", mean, site.constant(size))
    return site.op("Pow", total, site.constant(1 / layer.norm_type))


def _mean(site: OnnxSite, layer: Pool, x: str, *, counting: bool) -> str:
    """The mean of each window; what hangs over the end in ceil mode never counts."""
    shape = site.shapes[0]
    windows, own = layer.windows(shape), replace(layer, ceil_mode=False).windows(shape)
    if counting:
        x = padded(site, x, own, shape[1:], "zeros")
        both = zip(windows, own, strict=True)
        windows = tuple(w._replace(before=0, after=w.after - p.after) for w, p in both)
    return site.op("AveragePool", x, pads=ends(windows), count_include_pad=0, **steps(windows))


def adaptive_avg_pool(site: OnnxSite, layer: AdaptiveAvgPool) -> str:
    """A pooling whose windows are alike, else each axis times a matrix of means."""
    (x,), (_, *sizes) = site.inputs, site.shapes[0]
    if _even(site):
        return site.op("AveragePool", x, **_divided(site))
    letters = "xyz"[: len(sizes)]
    for axis, (size, out) in enumerate(zip(sizes, site.out[1:], strict=True)):
        means = np.zeros((size, out))
        for position, (begin, end) in enumerate(_sections(size, out)):
            means[begin:end, position] = 1 / (end - begin)
        rule = f"nc{letters},{letters[axis]}o->nc{letters.replace(letters[axis], 'o')}"
        x = site.op("Einsum", x, site.constant(means), equation=rule)
    return x


def adaptive_max_pool(site: OnnxSite, layer: AdaptiveMaxPool) -> str:
    """A pooling whose windows are alike, else the maximum of each section of each axis."""
    (x,), (_, *sizes) = site.inputs, site.shapes[0]
    if _even(site):
        return site.op("MaxPool", x, **_divided(site))
    for axis, (size, out) in enumerate(zip(sizes, site.out[1:], strict=True), start=2):
        parts = [site.part(x, {axis: section}) for section in _sections(size, out)]
        axes = site.whole([axis])
        x = site.op("Concat", *(site.op("ReduceMax", p, axes) for p in parts), axis=axis)
    return x


def _even(site: OnnxSite) -> bool:
    """Whether all windows of an adaptive pooling have the same size."""
    return all(n % out == 0 for n, out in zip(site.shapes[0][1:], site.out[1:], strict=True))


def _divided(site: OnnxSite) -> dict[str, Attribute]:
    sizes = [n // out for n, out in zip(site.shapes[0][1:], site.out[1:], strict=True)]
    return {"kernel_shape": sizes, "strides": sizes}


def _sections(size: int, out: int) -> list[tuple[int, int]]:
    """Window i of an adaptive pooling: floor(i*n/o) to ceil((i + 1)*n/o), the end left out."""
    return [(i * size // out, -((i + 1) * size // -out)) for i in range(out)]


def pad(site: OnnxSite, layer: Pad) -> str:
    """Pad, or the positions that a mode reads which ONNX has not."""
    shape = site.shapes[0]
    windows = layer.windows(shape)
    x = padded(site, site.inputs[0], windows, shape[1:], layer.padding_mode, layer.value)
    return site.op("Identity", x) if x == site.inputs[0] else x
