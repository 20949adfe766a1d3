"""Normalisations of Keras, and what scales or drops elements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc import layers
from convcalc.importers.channels_last import channels_first

if TYPE_CHECKING:
    from collections.abc import Callable

    from convcalc.importers.channels_last import Value
    from convcalc.importers.keras.call import Call


def _axes(call: Call, default: int = -1) -> list[int]:
    """The axes that are meant, the first behind the batch as 0."""
    given = call("axis", default)
    axes = given if isinstance(given, list | tuple) else [given]
    return sorted(axis - 1 if axis > 0 else axis + len(call.shape) for axis in axes)


def _weights(call: Call, size: int) -> int:
    """The elements of gamma and beta."""
    return size * (bool(call("scale", True)) + bool(call("center", True)))


def _batch_norm(call: Call) -> Value:
    (axis,) = _axes(call)
    size, last = call.shape[axis], len(call.shape) - 1
    params = _weights(call, size)
    call.account.statistics += 2 * size if call.is_new else 0
    if axis not in (0, last):
        return call.elementwise("batch_norm", call.value, params=params)
    value = call.placed(call.value, moved=axis == last) if last else call.value
    layer = layers.BatchNorm(eps=float(call("epsilon", 1e-3)), affine=params > 0)
    return call.add(layer, value, params=params)


def _layer_norm(call: Call) -> Value:
    axes = _axes(call)
    size = 1
    for axis in axes:
        size *= call.shape[axis]
    params, value = _weights(call, size), call.value
    if len(axes) == 1:
        eps, dim = float(call("epsilon", 1e-3)), value.dim(axes[0])
        layer = layers.LayerNorm(eps=eps, affine=params > 0, dim=dim)
        return call.add(layer, value, params=params)
    return call.elementwise("layer_norm", value, params=params)


def _group_norm(call: Call) -> Value:
    (axis,) = _axes(call)
    last, groups = len(call.shape) - 1, call("groups", 32)
    channels = call.shape[axis]
    groups = channels if groups == -1 else groups
    value = call.placed(call.value, moved=axis == last) if last else call.value
    params = _weights(call, channels)
    layer = layers.GroupNorm(num_groups=groups, eps=float(call("epsilon", 1e-3)), affine=params > 0)
    return call.add(layer, value, params=params)


def _rms_norm(call: Call) -> Value:
    (axis,) = _axes(call)
    return call.elementwise("rms_norm", call.value, params=call.shape[axis])


def _normalization(call: Call) -> Value:
    """Mean and variance that were found beforehand, and how many samples they are of."""
    size = 1
    if call("axis", -1) is not None and call("mean") is None:
        for axis in _axes(call):
            size *= call.shape[axis]
        if call.is_new:
            call.account.statistics += 2 * size + 1
    shifted = call.elementwise("sub", call.value)
    return call.elementwise("div", shifted, end="div")


def _rescaling(call: Call) -> Value:
    """X * scale + offset."""
    value = call.elementwise("mul", call.value, number=_number(call("scale", 1.0)))
    offset = _number(call("offset", 0.0))
    return value if offset == 0 else call.elementwise("add", value, number=offset, end="add")


def _number(given: object) -> float | None:
    """A number; None for one of each channel."""
    return float(given) if isinstance(given, int | float) else None


def _dropout(call: Call) -> Value:
    return call.add(layers.Dropout(float(call("rate", 0.5))), call.value)


def _nothing(call: Call) -> Value:
    """A layer that does nothing at inference, and has no node."""
    return call.value


def _one_pass(name: str) -> Callable[[Call], Value]:
    return lambda call: call.elementwise(name, call.value)


def _layer_scale(call: Call) -> Value:
    """A factor for each channel, of Keras's ConvNeXt."""
    value = call.value
    size = call("projection_dim")
    layer = layers.LayerScale() if value.moved and channels_first(value.shape)[0] == size else None
    if layer is None:
        return call.elementwise("layer_scale", value, params=size)
    return call.add(layer, value)


RULES: dict[str, Callable[[Call], Value]] = {
    "BatchNormalization": _batch_norm,
    "BatchNormalizationV1": _batch_norm,
    "SyncBatchNormalization": _batch_norm,
    "LayerNormalization": _layer_norm,
    "GroupNormalization": _group_norm,
    "RMSNormalization": _rms_norm,
    "UnitNormalization": _one_pass("unit_norm"),
    "Normalization": _normalization,
    "Rescaling": _rescaling,
    "LayerScale": _layer_scale,
    **dict.fromkeys(
        (
            *("Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D"),
            *("AlphaDropout", "GaussianDropout", "FixedDropout"),
        ),
        _dropout,
    ),
    **dict.fromkeys(
        (
            *("GaussianNoise", "ActivityRegularization", "Masking", "Identity", "StochasticDepth"),
            *("RandomFlip", "RandomRotation", "RandomZoom", "RandomContrast", "RandomBrightness"),
            "RandomTranslation",
        ),
        _nothing,
    ),
}
"""Layers that normalise, scale or drop, by the class of Keras; augmentation does nothing here."""
