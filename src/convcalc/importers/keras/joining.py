"""Layers and operations of Keras that join arrays, or give their elements other places."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from convcalc import layers
from convcalc.errors import DataError, printable
from convcalc.importers.channels_last import Regrouped, channels_first
from convcalc.importers.keras.activations import activated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from convcalc.importers.channels_last import Value
    from convcalc.importers.keras.call import Call
    from convcalc.layers import Layer, Shape

ELEMENTWISE = {
    **{
        name.capitalize(): name
        for name in (
            *("ceil", "cos", "cosh", "erf", "exp", "expm1", "floor", "log", "log10", "log1p"),
            *("log2", "maximum", "minimum", "reciprocal", "round", "rsqrt", "sign", "sin"),
            *("sinh", "sqrt", "square", "tan", "where"),
        )
    },
    "Abs": "abs",
    "Absolute": "abs",
    "Add": "add",
    "Arctan": "atan",
    "Clip": "clamp",
    "Divide": "div",
    "Equal": "eq",
    "Greater": "gt",
    "GreaterEqual": "ge",
    "Less": "lt",
    "LessEqual": "le",
    "LogicalNot": "logical_not",
    "Mod": "remainder",
    "Multiply": "mul",
    "Negative": "neg",
    "NotEqual": "ne",
    "Power": "pow",
    "Realdiv": "div",
    "Sub": "sub",
    "Subtract": "sub",
    "TrueDivide": "div",
    "Truediv": "div",
}
"""Operations of each element, by the class of Keras, and ours."""

REVERSED = {"sub": "rsub", "div": "rdiv", "add": "add", "mul": "mul"}
"""Operations whose first operand is a number."""

ACTIVATIONS = (
    *("Relu", "Relu6", "Sigmoid", "Silu", "Gelu", "Tanh", "Softplus", "Softsign", "Elu", "Selu"),
    *("HardSigmoid", "HardSilu", "HardSwish", "LeakyRelu", "Softmax", "LogSoftmax", "Swish"),
)
"""Operations that are activations."""

REDUCTIONS = {
    **{name.capitalize(): name for name in ("mean", "sum", "max", "min", "prod", "std", "var")},
    "Amax": "max",
    "Amin": "min",
}
"""Operations over axes, by the class of Keras, and ours."""


def add(call: Call) -> Value:
    """The sum of what arrives."""
    first, *others = call.values
    if not others or {value.shape for value in others} != {first.shape}:
        return operation(call)
    values = [call.placed(one, moved=first.moved) for one in call.values]
    return call.add(layers.Residual(), *values)


def average(call: Call) -> Value:
    """The mean of what arrives."""
    total, number = add(call), 1 / len(call.values)
    return call.elementwise("mul", total, number=number, end="mul")


def multiply(call: Call) -> Value:
    """The product of what arrives; of two arrays one may be a gate."""
    largest = sorted(call.values, key=lambda value: -prod(value.shape))
    if len(largest) != 2 or len({len(value.shape) for value in largest}) != 1:
        return operation(call)
    first, gate = (call.placed(value, moved=largest[0].moved) for value in largest)
    fits = all(own in (1, size) for own, size in zip(gate.shape, first.shape, strict=True))
    return call.add(layers.Scale(), first, gate) if fits else operation(call)


def concatenate(call: Call) -> Value:
    """Arrays side by side along an axis."""
    rank = len(call.shape)
    axis = call.given("axis", None, -1)
    axis = axis - 1 if axis > 0 else axis + rank
    if len(call.values) == 1:
        return call.value
    moved = any(value.moved for value in call.values)
    values = [call.placed(one, moved=moved) for one in call.values]
    return call.add(layers.Concat(values[0].dim(axis)), *values)


def flatten(call: Call) -> Value:
    """All elements as features, in the order in which ours lie."""
    if len(call.shape) == 1:
        return call.value
    return _regrouped(call, layers.Flatten(), call.value, (prod(call.shape),), moved=False)


def _regrouped(call: Call, layer: Layer, value: Value, shape: Shape, *, moved: bool) -> Value:
    """Elements in our order, as they are counted; run, in the order that they have in Keras."""
    alike = not moved and not (value.moved and len(value.shape) > 1)
    computed = None if alike else Regrouped(value, shape, moved=moved)
    return call.add(layer, value, shape=shape, moved=moved, computed=computed)


def reshape(call: Call) -> Value:
    """Other axes for the same elements."""
    return reshaped(call, call("target_shape", call.given("newshape", 1)))


def reshaped(call: Call, target: Iterable[int]) -> Value:
    """Other axes: features become maps and maps features, channels stay channels."""
    sizes = [int(size) for size in target]
    value, number = call.value, prod(call.shape)
    known = prod(size for size in sizes if size > 0)
    shape = tuple(number // known if size < 0 else size for size in sizes)
    if prod(shape) != number:
        raise DataError(
            f"layer '{printable(call.path, 60)}' makes {shape} of {call.shape}, "
            "which has other elements"
        )
    if shape == value.shape:
        return value
    if len(shape) == 1:
        return _regrouped(call, layers.Flatten(), value, shape, moved=False)
    keeps_channels = len(value.shape) > 1 and value.moved and shape[-1] == value.shape[-1]
    if keeps_channels or (len(value.shape) == 1 and len(shape) > 2):
        return _regrouped(call, layers.Reshape(channels_first(shape)), value, shape, moved=True)
    if value.moved and len(value.shape) > 1:
        value = call.placed(value, moved=False)
    return call.add(layers.Reshape(shape), value, shape=shape, moved=False)


def permute(call: Call) -> Value:
    """The axes of a sample in another order, which are counted from 1."""
    return permuted(call, [axis - 1 for axis in call("dims")])


def transpose(call: Call) -> Value:
    """The axes in another order, where the batch stays in front."""
    axes = list(call.given("axes", 1) or range(len(call.shape), -1, -1))
    return permuted(call, [axis - 1 for axis in axes[1:]]) if axes[0] == 0 else call.unknown()


def permuted(call: Call, order: Sequence[int]) -> Value:
    """The axes of a sample in another order, which are counted from 0."""
    shape, last = tuple(call.shape[axis] for axis in order), len(call.shape) - 1
    if call.value.moved and order[-1] == last:
        ours = (0, *(axis + 1 for axis in order[:-1]))
        return call.add(layers.Permute(ours), call.value, shape=shape)
    value = call.placed(call.value, moved=False)
    return call.add(layers.Permute(tuple(order)), value, shape=shape)


def repeat_vector(call: Call) -> Value:
    """Features repeated as steps."""
    return call.view("repeat", call.value, (call("n"), *call.shape))


def dot(call: Call) -> Value:
    """Products along an axis of two arrays."""
    one, other = (call.placed(value, moved=False) for value in call.values)
    axes = call("axes", -1)
    pair = axes if isinstance(axes, list | tuple) else (axes, axes)
    first, second = (
        axis - 1 if axis > 0 else axis + len(value.shape)
        for axis, value in zip(pair, (one, other), strict=True)
    )
    left = one.shape[:first] + one.shape[first + 1 :]
    right = other.shape[:second] + other.shape[second + 1 :]
    macs = prod(left) * prod(right) * one.shape[first]
    return call.nameless("dot", (*left, *right) or (1,), 0, macs, one, other)


def matmul(call: Call) -> Value:
    """Products of the last two axes."""
    values = [call.placed(value, moved=False) for value in call.values]
    return call.add(layers.MatMul(), *values) if len(values) == 2 else call.unknown()


def reduction(call: Call) -> Value:
    """A mean, sum or the like over axes."""
    axis, keep = call.given("axis", 1), bool(call.given("keepdims", 2, default=False))
    rank, value = len(call.shape), call.value
    listed = range(1, rank + 1) if axis is None else _listed(axis)
    axes = sorted({one - 1 if one > 0 else one + rank for one in listed})
    ours = tuple((axis + 1) % rank if value.moved else axis for axis in axes)
    kept = [1 if place in axes else size for place, size in enumerate(call.shape)]
    left = [size for place, size in enumerate(call.shape) if place not in axes]
    moved = value.moved and (keep or rank - 1 not in axes) and len(kept if keep else left) > 1
    layer = layers.Reduce(REDUCTIONS[call.kind], ours, keep)
    return call.add(layer, value, shape=tuple(kept if keep else left), moved=moved)


def _listed(axis: int | list[int] | tuple[int, ...]) -> list[int]:
    return list(axis) if isinstance(axis, list | tuple) else [axis]


def moved_by_name(call: Call) -> Value:
    """Elements moved or left out, to the shape that the file tells."""
    if call.recorded is None:
        return call.unknown()
    return call.view(call.kind.lower(), call.value, call.recorded)


def squeezed(call: Call) -> Value:
    """Axes of one element more or less."""
    if call.recorded is None:
        return call.unknown()
    return reshaped(call, call.recorded)


def operation(call: Call) -> Value:
    """An operation of each element, of arrays or of an array and a number."""
    name = ELEMENTWISE.get(call.kind, call.kind.lower())
    operands = call.args if isinstance(call.args, list) else []
    numbers = [
        float(one)
        for one in (*operands, *(call.kwargs.get(end) for end in ("x1", "x2", "y")))
        if isinstance(one, int | float) and not isinstance(one, bool)
    ]
    number = numbers[0] if len(numbers) == len(call.values) == 1 else None
    first = call.kwargs.get("x1", operands[0] if operands else None)
    if number is not None and isinstance(first, int | float):
        number = number if name in REVERSED else None
        name = REVERSED.get(name, name)
    return call.elementwise(name, *call.values, number=number)


def activation(call: Call) -> Value:
    """An operation that is an activation: HardSigmoid is hard_sigmoid."""
    words = "".join(f"_{c.lower()}" if c.isupper() else c for c in call.kind).lstrip("_")
    axis = call.given("axis", 1, -1)
    if "softmax" in words and axis not in (-1, len(call.shape)):
        return call.elementwise(words, call.value)
    return activated(call, call.value, words)


RULES: dict[str, Callable[[Call], Value]] = {
    "Concatenate": concatenate,
    "Flatten": flatten,
    "Reshape": reshape,
    "Permute": permute,
    "Transpose": transpose,
    "RepeatVector": repeat_vector,
    "Dot": dot,
    "Matmul": matmul,
    **dict.fromkeys(REDUCTIONS, reduction),
    **dict.fromkeys(ELEMENTWISE, operation),
    "Add": add,
    "Average": average,
    "Multiply": multiply,
    **dict.fromkeys(ACTIVATIONS, activation),
    **dict.fromkeys(("ExpandDims", "Squeeze"), squeezed),
    **dict.fromkeys(("GetItem", "Roll", "Tile", "Repeat", "Split", "Stack", "Take"), moved_by_name),
}
"""Layers and operations that join or move elements, by the class of Keras."""
