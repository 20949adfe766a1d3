"""Convolutions, poolings, padding and resizing of Keras as layers of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from convcalc import layers
from convcalc.errors import DataError, printable
from convcalc.importers.channels_last import folded

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from convcalc.importers.channels_last import Value
    from convcalc.importers.keras.call import Call
    from convcalc.layers import Layer
    from convcalc.layers.parameters import Padding, PerAxis

T = TypeVar("T")


def _padding(call: Call) -> Padding:
    """Padding by a word: TensorFlow's `same` has the odd element at the end."""
    word = str(call("padding", "valid")).lower()
    if word == "causal":
        reach = (_one(call.axes("kernel_size")) - 1) * _one(call.axes("dilation_rate"))
        return ((reach, 0),)
    words: dict[str, Padding] = {"valid": 0, "same": "same-upper"}
    return words[word]


def _one(value: PerAxis) -> int:
    return int(value[0] if isinstance(value, tuple) else value)


def conv(call: Call) -> Value:
    """A convolution, over 1 to 3 axes."""
    layer = layers.Conv(
        call("filters"),
        call.axes("kernel_size"),
        call.axes("strides"),
        _padding(call),
        call.axes("dilation_rate"),
        call("groups", 1),
        bool(call("use_bias", True)),
    )
    return call.add(layer, call.maps())


def depthwise(call: Call) -> Value:
    """A kernel, or several, for each channel."""
    layer = layers.Depthwise(
        call.axes("kernel_size"),
        call.axes("strides"),
        _padding(call),
        call.axes("dilation_rate"),
        call("depth_multiplier", 1),
        bool(call("use_bias", True)),
    )
    return call.add(layer, call.maps())


def separable(call: Call) -> Value:
    """A depthwise convolution and a pointwise one, which alone has a bias."""
    layer = layers.Separable(
        call.axes("kernel_size"),
        call.axes("strides"),
        _padding(call),
        call.axes("dilation_rate"),
        call("depth_multiplier", 1),
        bool(call("use_bias", True)),
        out_channels=call("filters"),
        depthwise_bias=False,
    )
    return call.add(layer, call.maps())


def transposed(call: Call) -> Value:
    """A transposed convolution, whose size follows from its padding.

    Source: Keras, `compute_conv_transpose_output_length` in src/backend/common/backend_utils.py.
    """
    value = call.maps()
    same = str(call("padding", "valid")).lower() == "same"
    names = ("kernel_size", "strides", "dilation_rate", "output_padding")
    axes = len(value.shape) - 1
    given = [_spread(call(name, None if name == "output_padding" else 1), axes) for name in names]
    ends, extra = [], []
    for kernel, stride, dilation, added in zip(*given, strict=True):
        reach = dilation * (kernel - 1) + 1
        if added is None:
            cut = max(reach - stride, 0) if same else 0
            ends.append((cut // 2, cut - cut // 2))
            extra.append(max(stride - reach, 0))
        else:
            pad = reach // 2 if same else 0
            ends.append((pad, pad))
            extra.append(added)
    layer = layers.ConvTranspose(
        call("filters"),
        call.axes("kernel_size"),
        call.axes("strides"),
        tuple(ends) if any(map(any, ends)) else 0,
        call.axes("dilation_rate"),
        1,
        bool(call("use_bias", True)),
        output_padding=folded(extra),
    )
    return call.add(layer, value)


def _spread(value: T | list[T] | tuple[T, ...], axes: int) -> list[T]:
    """A value for each axis."""
    return list(value) if isinstance(value, list | tuple) else [value] * axes


def pool(kind: Callable[..., Layer]) -> Callable[[Call], Value]:
    """A pooling with a window; of means TensorFlow's padding takes no part."""

    def write(call: Call) -> Value:
        size = call.axes("pool_size", 2)
        layer = kind(size, call.axes("strides", size), _padding(call))
        return call.add(layer, call.maps())

    return write


def global_pool(kind: Callable[..., Layer]) -> Callable[[Call], Value]:
    """A pooling over all positions, which leaves features unless their axes are kept."""

    def write(call: Call) -> Value:
        value = call.maps()
        pooled = call.add(kind(), value)
        if call("keepdims"):
            return pooled
        channels = pooled.ours[0]
        end = "flatten"
        return call.add(layers.Flatten(), pooled, shape=(channels,), moved=False, end=end)

    return write


def adaptive_pool(kind: Callable[..., Layer]) -> Callable[[Call], Value]:
    """A pooling to a size."""
    return lambda call: call.add(kind(call.axes("output_size")), call.maps())


def _pairs(value: int | Sequence[int | Sequence[int]], axes: int) -> tuple[tuple[int, int], ...]:
    """The two ends of each axis, from 1, [1, 2] (of one axis: its ends) or [[1, 2], [0, 1]]."""
    if isinstance(value, int):
        return ((value, value),) * axes
    if axes == 1 and len(value) == 2:
        before, after = value
        if isinstance(before, int) and isinstance(after, int):
            return ((before, after),)
    ends = [(one, one) if isinstance(one, int) else (one[0], one[1]) for one in value]
    if len(ends) != axes:
        raise ValueError("padding for another number of axes")
    return tuple(ends)


def pad(call: Call) -> Value:
    """Zeros around each channel."""
    value = call.maps()
    ends = _pairs(call("padding", 1), len(value.shape) - 1)
    return call.add(layers.Pad(ends), value)


def crop(call: Call) -> Value:
    """Elements cut off at the ends of each spatial axis."""
    value = call.maps()
    ends = _pairs(call("cropping", 1), len(value.shape) - 1)
    sizes = tuple(size - sum(end) for size, end in zip(value.ours[1:], ends, strict=True))
    return call.add(layers.Crop(folded(sizes), folded([before for before, _ in ends])), value)


def center_crop(call: Call) -> Value:
    """The middle of an image."""
    return call.add(layers.Crop((call("height"), call("width"))), call.maps())


def upsample(call: Call) -> Value:
    """Each spatial axis repeated or interpolated, by a whole factor."""
    value = call.maps()
    factors, mode = call.axes("size", 2), str(call("interpolation", "nearest"))
    if mode in ("nearest", "bilinear"):
        return call.add(layers.Upsample(factors, mode=mode), value)
    sizes = [size * by for size, by in zip(value.ours[1:], _spread(factors, 2), strict=True)]
    return _resized(call, value, tuple(sizes), mode)


def resizing(call: Call) -> Value:
    """An image resized to a height and width."""
    value = call.maps()
    mode = str(call("interpolation", "bilinear"))
    sizes = (call("height"), call("width"))
    if mode in ("nearest", "bilinear") and not call("antialias"):
        return call.add(layers.Upsample(size=sizes, mode=mode), value)
    return _resized(call, value, sizes, mode)


def _resized(call: Call, value: Value, sizes: tuple[int, ...], mode: str) -> Value:
    """Resized in a way that is no kind of ours."""
    if not mode.isalnum():
        raise DataError(f"layer '{printable(call.path, 60)}' has no interpolation {mode[:20]!r}")
    return call.add(layers.Opaque(f"resize_{mode}", (value.ours[0], *sizes), 0, 0), value)


RULES: dict[str, Callable[[Call], Value]] = {
    **{f"Conv{n}D": conv for n in (1, 2, 3)},
    **{f"Convolution{n}D": conv for n in (1, 2, 3)},
    **{f"Conv{n}DTranspose": transposed for n in (1, 2, 3)},
    **{f"DepthwiseConv{n}D": depthwise for n in (1, 2)},
    **{f"SeparableConv{n}D": separable for n in (1, 2)},
    **{f"MaxPooling{n}D": pool(layers.MaxPool) for n in (1, 2, 3)},
    **{f"AveragePooling{n}D": pool(layers.AvgPool) for n in (1, 2, 3)},
    **{f"GlobalAveragePooling{n}D": global_pool(layers.GlobalAvgPool) for n in (1, 2, 3)},
    **{f"GlobalMaxPooling{n}D": global_pool(lambda: layers.AdaptiveMaxPool(1)) for n in (1, 2, 3)},
    **{f"AdaptiveAveragePooling{n}D": adaptive_pool(layers.AdaptiveAvgPool) for n in (1, 2, 3)},
    **{f"AdaptiveMaxPooling{n}D": adaptive_pool(layers.AdaptiveMaxPool) for n in (1, 2, 3)},
    **{f"ZeroPadding{n}D": pad for n in (1, 2, 3)},
    **{f"Cropping{n}D": crop for n in (1, 2, 3)},
    "CenterCrop": center_crop,
    **{f"UpSampling{n}D": upsample for n in (1, 2, 3)},
    "Resizing": resizing,
}
"""Layers of windows and positions, by the class of Keras."""
