"""Activations of Keras, by themselves or inside another layer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from convcalc import layers
from convcalc.importers.keras.graph import parameters_of
from convcalc.importers.written import plain_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from convcalc.importers.channels_last import Value
    from convcalc.importers.keras.call import Call
    from convcalc.layers import Layer

FUNCTIONS: dict[str, Callable[[], Layer]] = {
    "celu": layers.CELU,
    "elu": layers.ELU,
    "gelu": layers.GELU,
    "hard_shrink": layers.Hardshrink,
    "hard_sigmoid": layers.Hardsigmoid,
    "hard_silu": layers.Hardswish,
    "hard_swish": layers.Hardswish,
    "hard_tanh": layers.Hardtanh,
    "leaky_relu": lambda: layers.LeakyReLU(0.2),
    "log_sigmoid": layers.LogSigmoid,
    "mish": layers.Mish,
    "relu": layers.ReLU,
    "relu6": layers.ReLU6,
    "selu": layers.SELU,
    "sigmoid": layers.Sigmoid,
    "silu": layers.SiLU,
    "soft_shrink": layers.Softshrink,
    "softplus": layers.Softplus,
    "softsign": layers.Softsign,
    "swish": layers.SiLU,
    "tanh": layers.Tanh,
    "tanh_shrink": layers.Tanhshrink,
}
"""Functions of each element, with the parameters that they have in Keras."""

OVER_FEATURES: dict[str, Callable[[int], Layer]] = {
    "softmax": layers.Softmax,
    "log_softmax": layers.LogSoftmax,
}
"""Functions over the last axis."""


def activated(call: Call, value: Value, name: str, *, end: str = "") -> Value:
    """The result of an activation function."""
    over = OVER_FEATURES.get(name)
    if over is not None:
        return call.add(over(value.dim(len(value.shape) - 1)), value, end=end)
    kind = FUNCTIONS.get(name)
    if kind is not None:
        return call.add(kind(), value, end=end)
    return call.elementwise(name, value, end=end)


def function_of(given: object) -> str | None:
    """The name of an activation as a configuration has it; None where it does nothing."""
    if isinstance(given, dict):
        inner = given.get("config")
        name = inner if isinstance(inner, str) else given.get("class_name")
        given = name if isinstance(name, str) else "activation"
    if given is None or given == "linear":
        return None
    return plain_name(str(given).rpartition(">")[2])


def with_activation(call: Call, value: Value) -> Value:
    """What a layer gives, through the activation in its configuration."""
    given = call("activation")
    name = function_of(given)
    if name is None:
        return value
    if isinstance(given, dict) and given.get("class_name") in RULES:
        inner = replace(call, values=[value], config=parameters_of(given))
        return RULES[str(given["class_name"])](replace(inner, path=f"{call.path}.{name}"))
    return activated(call, value, name, end=name)


def _activation(call: Call) -> Value:
    """The layer that is an activation function, or nothing."""
    name = function_of(call("activation", "linear"))
    return call.value if name is None else activated(call, call.value, name)


def _relu(call: Call) -> Value:
    """ReLU with its bounds and slope."""
    bounds = call("max_value"), call("negative_slope", 0), call("threshold", 0)
    if bounds == (None, 0, 0):
        return call.add(layers.ReLU(), call.value)
    if bounds == (6, 0, 0):
        return call.add(layers.ReLU6(), call.value)
    if bounds[::2] == (None, 0):
        return call.add(layers.LeakyReLU(float(bounds[1])), call.value)
    return call.elementwise("relu", call.value)


def _softmax(call: Call) -> Value:
    axis, value = call("axis", -1), call.value
    if not isinstance(axis, int):
        return call.elementwise("softmax", value)
    axis = axis - 1 if axis > 0 else axis + len(value.shape)
    return call.add(layers.Softmax(value.dim(axis)), value)


def _leaky_relu(call: Call) -> Value:
    slope = call("negative_slope", call("alpha", 0.3))
    return call.add(layers.LeakyReLU(float(slope)), call.value)


def _prelu(call: Call) -> Value:
    """A slope for each element, but for axes that share theirs."""
    shared = set(call("shared_axes", ()))
    sizes = [1 if axis in shared else size for axis, size in enumerate(call.shape, start=1)]
    params = 1
    for size in sizes:
        params *= size
    value = call.value
    if (value.moved and params == value.ours[0]) or len(sizes) == 1:
        return call.add(layers.PReLU(params), value)
    return call.elementwise("prelu", value, params=params)


RULES: dict[str, Callable[[Call], Value]] = {
    "Activation": _activation,
    "ReLU": _relu,
    "LeakyReLU": _leaky_relu,
    "ELU": lambda call: call.add(layers.ELU(float(call("alpha", 1.0))), call.value),
    "PReLU": _prelu,
    "Softmax": _softmax,
    "ThresholdedReLU": lambda call: call.elementwise("thresholded_relu", call.value),
}
"""Layers that are activations, by the class of Keras."""
