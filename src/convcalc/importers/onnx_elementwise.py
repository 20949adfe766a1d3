"""Sums, products, functions and choices of single elements of ONNX as layers of our kinds.

An operand that no input has reached is a number, where it has one element, or a learned array,
which is a node of its own.
"""

from __future__ import annotations

from math import isfinite, prod
from typing import TYPE_CHECKING

from convcalc import layers
from convcalc.importers.onnx_plans import Plan, Recipe, need

if TYPE_CHECKING:
    from convcalc.importers.onnx_calls import Call, Tensor

NAMES = {
    "Add": "add",
    "Sub": "sub",
    "Mul": "mul",
    "Div": "div",
    "Pow": "pow",
    "Neg": "neg",
    "Min": "minimum",
    "Max": "maximum",
    "Abs": "abs",
    "Sqrt": "sqrt",
    "Exp": "exp",
    "Reciprocal": "reciprocal",
    "Log": "log",
    "Erf": "erf",
    "Where": "where",
    "Sin": "sin",
    "Cos": "cos",
    "Tan": "tan",
    "Asin": "asin",
    "Acos": "acos",
    "Atan": "atan",
    "Sinh": "sinh",
    "Cosh": "cosh",
    "Asinh": "asinh",
    "Acosh": "acosh",
    "Atanh": "atanh",
    "Floor": "floor",
    "Ceil": "ceil",
    "Round": "round",
    "Sign": "sign",
    "Equal": "eq",
    "Less": "lt",
    "LessOrEqual": "le",
    "Greater": "gt",
    "GreaterOrEqual": "ge",
    "And": "logical_and",
    "Or": "logical_or",
    "Xor": "logical_xor",
    "Not": "logical_not",
    "BitwiseAnd": "bitwise_and",
    "BitwiseOr": "bitwise_or",
    "BitwiseXor": "bitwise_xor",
    "BitwiseNot": "bitwise_not",
    "IsNaN": "isnan",
    "IsInf": "isinf",
    "Mod": "fmod",
}
"""Our name of each operation."""

TURNED = {"add": "add", "mul": "mul", "sub": "rsub", "div": "rdiv"}
"""What an operation is called where its first operand is a number."""


def combined(call: Call) -> Plan:
    """A sum of results of one shape."""
    need(len(call.inputs) > 1)
    for place in range(len(call.inputs)):
        one = call.tensor(place)
        need(not one.is_constant and one.sample == call.out.sample)
    return Plan(layers.Residual(), inputs=tuple(range(len(call.inputs))))


def product(call: Call) -> Plan:
    """A result times a gate, or times a learned factor for each channel."""
    places = [place for place in (0, 1) if call.tensor(place).is_constant]
    if places:
        return _channel_factors(call, places[0])
    order = sorted((0, 1), key=lambda place: call.tensor(place).sample != call.out.sample)
    need(len(call.tensor(0).sample) == len(call.tensor(1).sample))
    return Plan(layers.Scale(), inputs=tuple(order))


def _channel_factors(call: Call, place: int) -> Plan:
    factors, x = call.tensor(place), call.tensor(1 - place)
    shape, sizes = factors.known, x.known
    need(x.has_batch and bool(factors.roots) and len(sizes) > 2)
    need(shape[-(len(sizes) - 1) :] == (sizes[1], *(1,) * (len(sizes) - 2)))
    need(prod(shape) == sizes[1] > 1)
    recipe = Recipe.of(factors, lambda array: array.reshape(-1))
    return Plan(layers.LayerScale(), inputs=(1 - place,), weights={"weight": recipe})


def elementwise(call: Call) -> Plan:
    """An operation by its name, on all of its operands; one that is a number is its value."""
    name = NAMES[call.op]
    places = [place for place, one in enumerate(call.inputs) if one is not None]
    numbers = {place: _number(call.tensor(place)) for place in places}
    known = [place for place in places if numbers[place] is not None]
    if len(places) == 2 and len(known) == 1:
        (place,) = known
        if place == 1:
            return Plan(layers.Elementwise(name, numbers[1]), inputs=(0,))
        if name in TURNED:
            return Plan(layers.Elementwise(TURNED[name], numbers[0]), inputs=(1,))
    return Plan(layers.Elementwise(name), inputs=tuple(places))


def _number(tensor: Tensor) -> float | None:
    """The number that a constant of one element is; None of everything else."""
    if not tensor.is_constant or tensor.value is None or tensor.value.size != 1:
        return None
    number = float(tensor.value.reshape(-1)[0])
    return number if isfinite(number) else None
