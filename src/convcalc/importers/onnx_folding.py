"""Small whole-number arithmetic of an ONNX graph, computed: it decides shapes.

Exporters write the shapes that a model works out as operations on short vectors. onnx's own data
propagation knows some of them, but cannot divide. Nothing longer than `MOST` elements is made.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from onnx import helper

from convcalc.importers.onnx_types import MOST, small_array

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray
    from onnx import TensorProto

    from convcalc.importers.onnx_calls import Call, Values
Whole: TypeAlias = "NDArray[np.int64]"
"""Those of one that holds sizes or axes."""

Rule: TypeAlias = "Callable[..., Values | list[Values]]"
"""What a node gives: of the node and the elements of its inputs."""


def folded(call: Call, values: Sequence[Values | None]) -> list[Values] | None:
    """What a node gives, where that is short and all that it reads is known; else None.

    Args:
        call: The node, with the shapes of what it reads.
        values: The elements of each input; None where an input is left out.
    """
    rule = RULES.get(call.node.op_type)
    if rule is None:
        return None
    try:
        with np.errstate(all="ignore"):
            found = rule(call, *values)
    except (ValueError, IndexError, TypeError, KeyError, ZeroDivisionError, AttributeError):
        return None  # shape inference says what is wrong, if anything is
    results = found if isinstance(found, list) else [found]
    arrays = [np.asarray(one) for one in results]
    return arrays if all(array.size <= MOST for array in arrays) else None


def _slice(call: Call, x: Values, *ends: Whole | None) -> Values:
    """Some of the elements; before opset 10 the ends are attributes."""
    given: list[list[int] | None] = [None if one is None else one.tolist() for one in ends]
    if not given:
        given = [call("starts"), call("ends"), call("axes")]
    starts, stops, axes, steps = (*given, None, None)[:4]
    if starts is None or stops is None:
        raise ValueError("Slice needs both ends")
    places, steps = axes or range(len(starts)), steps or [1] * len(starts)
    index = [slice(None)] * x.ndim
    for start, stop, axis, step in zip(starts, stops, places, steps, strict=True):
        to_the_first = step < 0 and stop < -x.shape[axis]
        index[axis] = slice(start, None if to_the_first else stop, step)
    return x[tuple(index)]


def _axes(call: Call, given: Whole | None) -> tuple[int, ...] | None:
    """Axes, an input from opset 13 on and an attribute before."""
    axes = call("axes") if given is None else given.tolist()
    return None if axes is None else tuple(axes if isinstance(axes, list | tuple) else (axes,))


def _unsqueeze(call: Call, x: Values, given: Whole | None = None) -> Values:
    axes = _axes(call, given)
    if axes is None:
        raise ValueError("Unsqueeze needs axes")
    return np.expand_dims(x, axes)


def _squeeze(call: Call, x: Values, given: Whole | None = None) -> Values:
    return np.squeeze(x, _axes(call, given))


def _reduce(function: Callable[..., Values]) -> Rule:
    def fold(call: Call, x: Values, given: Whole | None = None) -> Values:
        return function(x, axis=_axes(call, given), keepdims=bool(call("keepdims", 1)))

    return fold


def _divide(call: Call, one: Values, other: Values) -> Values:
    """A quotient; of whole numbers it is cut off towards 0."""
    if one.dtype.kind == "f":
        return np.asarray(np.true_divide(one, other))
    if not np.all(other):
        raise ZeroDivisionError
    quotient = np.floor_divide(np.abs(one), np.abs(other)) * np.sign(one) * np.sign(other)
    return np.asarray(quotient, one.dtype)


def _modulo(call: Call, one: Values, other: Values) -> Values:
    return np.fmod(one, other) if call("fmod", 0) else np.mod(one, other)


def _filled(call: Call, shape: Whole) -> Values:
    """ConstantOfShape: not made before its number of elements is known to be small."""
    _check_small(shape.tolist())
    value = call("value")
    return np.full(shape.tolist(), np.float32(0) if value is None else _array(value).reshape(()))


def _expand(call: Call, x: Values, shape: Whole) -> Values:
    out = np.broadcast_shapes(x.shape, tuple(shape.tolist()))
    _check_small(out)
    return np.broadcast_to(x, out)


def _range(call: Call, start: Values, limit: Values, step: Values) -> Values:
    first, end, each = start.item(), limit.item(), step.item()
    if (end - first) / each > MOST:
        raise ValueError
    return np.arange(first, end, each, dtype=start.dtype)


def _tile(call: Call, x: Values, repeats: Whole) -> Values:
    _check_small([x.size, *repeats.tolist()])
    return np.tile(x, repeats.tolist())


def _reshape(call: Call, x: Values, shape: Whole) -> Values:
    keep = not call("allowzero", 0)
    sizes = [x.shape[i] if size == 0 and keep else size for i, size in enumerate(shape.tolist())]
    return x.reshape(sizes)


def _shape(call: Call, *_: object) -> Values:
    return np.array(call.x.known[call("start", 0) : call("end")], np.int64)


def _size(call: Call, *_: object) -> Values:
    return np.array(prod(call.x.known), np.int64)


def _constant(call: Call) -> Values:
    """The elements, which one of several attributes has."""
    for name, dtype in (
        ("value_int", "i8"),
        ("value_ints", "i8"),
        ("value_float", "f4"),
        ("value_floats", "f4"),
    ):
        if call(name) is not None:
            return np.array(call(name), dtype)
    return _array(call("value"))


def _array(tensor: TensorProto) -> Values:
    array = small_array(tensor)
    if array is None:
        raise ValueError
    return array


def _check_small(sizes: Sequence[int]) -> None:
    count = 1
    for size in sizes:
        count *= max(1, size)
        if count > MOST:
            raise ValueError


def _cast(call: Call, x: Values) -> Values:
    return x.astype(helper.tensor_dtype_to_np_dtype(call("to")))


def _split(call: Call, x: Values, given: Whole | None = None) -> list[Values]:
    axis, parts = call("axis", 0), len(call.node.output)
    sizes = call("split") if given is None else given.tolist()
    if not sizes:
        each = -(-x.shape[axis] // parts)
        sizes = [each] * (parts - 1)
    else:
        sizes = sizes[:-1]
    return np.split(x, np.cumsum(sizes), axis)


def _of(function: Rule) -> Rule:
    """A function of the arrays alone."""
    return lambda call, *arrays: function(*arrays)


RULES: dict[str, Rule] = {
    "Constant": _constant,
    "Shape": _shape,
    "Size": _size,
    "Identity": lambda call, x: x,
    "Cast": _cast,
    "Gather": lambda call, x, at: np.take(x, at, call("axis", 0)),
    "Slice": _slice,
    "Concat": lambda call, *parts: np.concatenate(parts, call("axis", 1)),
    "Split": _split,
    "Squeeze": _squeeze,
    "Unsqueeze": _unsqueeze,
    "Reshape": _reshape,
    "Flatten": lambda call, x: x.reshape(prod(x.shape[: call("axis", 1)]), -1),
    "Transpose": lambda call, x: np.transpose(x, call("perm")),
    "ConstantOfShape": _filled,
    "Expand": _expand,
    "Range": _range,
    "Tile": _tile,
    "Add": _of(np.add),
    "Sub": _of(np.subtract),
    "Mul": _of(np.multiply),
    "Div": _divide,
    "Mod": _modulo,
    "Pow": lambda call, x, y: np.power(x, y).astype(x.dtype),
    "Neg": _of(np.negative),
    "Abs": _of(np.abs),
    "Sign": _of(np.sign),
    "Floor": _of(np.floor),
    "Ceil": _of(np.ceil),
    "Round": _of(np.rint),
    "Sqrt": _of(np.sqrt),
    "Min": lambda call, *parts: np.minimum.reduce(np.broadcast_arrays(*parts)),
    "Max": lambda call, *parts: np.maximum.reduce(np.broadcast_arrays(*parts)),
    "Equal": _of(np.equal),
    "Less": _of(np.less),
    "LessOrEqual": _of(np.less_equal),
    "Greater": _of(np.greater),
    "GreaterOrEqual": _of(np.greater_equal),
    "Not": _of(np.logical_not),
    "And": _of(np.logical_and),
    "Or": _of(np.logical_or),
    "Where": _of(np.where),
    "ReduceProd": _reduce(np.prod),
    "ReduceSum": _reduce(np.sum),
    "ReduceMax": _reduce(np.max),
    "ReduceMin": _reduce(np.min),
}
"""What is computed, by the name of the operation."""
