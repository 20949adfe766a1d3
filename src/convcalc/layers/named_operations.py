"""Operations that are known by their names: what an element costs, and how it is computed.

Names are those of PyTorch's functions. `exponent` counts every function that is no ordinary
arithmetic: exp, log, powers, roots, erf and those of angles. A choice, as of `where`, is a
comparison, and so is rounding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from convcalc.layers.base import ElementOps

if TYPE_CHECKING:
    from collections.abc import Callable

    from convcalc.layers.operations import A, Operations


class Operation(NamedTuple):
    """One operation.

    Attributes:
        operands: How many it has.
        each: What one element of the result costs.
        run: Computes it from a backend's operations and the operands, arrays or the last a number;
            None where it cannot.
    """

    operands: int
    each: ElementOps
    run: Callable[..., Any] | None = None


ADD = ElementOps(add=1)
MULTIPLY = ElementOps(multiply=1)
COMPARE = ElementOps(compare=1)
DIVIDE = ElementOps(divide=1)
EXPONENT = ElementOps(exponent=1)


def _add(ops: Operations[A], a: A, b: A | float) -> A:
    return a + b if isinstance(b, float) else ops.add(a, b)


def _multiply(ops: Operations[A], a: A, b: A | float) -> A:
    return a * b if isinstance(b, float) else ops.multiply(a, b)


def _of_larger(ops: Operations[A], a: A, b: A | float) -> A:
    return ops.where(a >= b, a, b)


def _of_smaller(ops: Operations[A], a: A, b: A | float) -> A:
    return ops.where(a <= b, a, b)


def _power(_ops: Operations[A], a: A, b: float) -> A:
    return a**b


ELEMENTWISE: dict[str, Operation] = {
    "add": Operation(2, ADD, _add),
    "sub": Operation(2, ADD, lambda _ops, a, b: a - b),
    "rsub": Operation(2, ADD, lambda _ops, a, b: b - a),
    "neg": Operation(1, ADD, lambda _ops, a: -a),
    "mul": Operation(2, MULTIPLY, _multiply),
    "square": Operation(1, MULTIPLY, lambda ops, a: ops.multiply(a, a)),
    "div": Operation(2, DIVIDE, lambda _ops, a, b: a / b),
    "rdiv": Operation(2, DIVIDE, lambda _ops, a, b: b / a),
    "reciprocal": Operation(1, DIVIDE, lambda _ops, a: 1 / a),
    "pow": Operation(2, EXPONENT, _power),
    "sqrt": Operation(1, EXPONENT, lambda _ops, a: a**0.5),
    "rsqrt": Operation(1, ElementOps(divide=1, exponent=1), lambda _ops, a: a**-0.5),
    **{
        name: Operation(1, EXPONENT, lambda ops, a, name=name: ops.apply(name, a))
        for name in (
            *("exp", "expm1", "log", "log1p", "tanh", "erfc", "sin", "cos", "tan", "asin", "acos"),
            *("atan", "sinh", "cosh", "asinh", "acosh", "atanh"),
        )
    },
    "erf": Operation(1, EXPONENT, lambda ops, a: 1 - ops.apply("erfc", a)),
    "abs": Operation(1, COMPARE, lambda ops, a: ops.apply("abs", a)),
    "sigmoid": Operation(
        1,
        ElementOps(add=1, divide=1, exponent=1),
        lambda ops, a: 1 / (ops.apply("exp", -a) + 1),
    ),
    **dict.fromkeys(("maximum", "clamp_min"), Operation(2, COMPARE, _of_larger)),
    **dict.fromkeys(("minimum", "clamp_max"), Operation(2, COMPARE, _of_smaller)),
    "clamp": Operation(3, ElementOps(compare=2)),
    **dict.fromkeys(
        (*("exp2", "log2", "log10", "lgamma", "digamma", "erfinv"),),
        Operation(1, EXPONENT),
    ),
    "atan2": Operation(2, ElementOps(divide=1, exponent=1)),
    "logit": Operation(1, ElementOps(add=1, divide=1, exponent=1)),
    "logaddexp": Operation(2, ElementOps(add=3, compare=1, exponent=2)),
    **dict.fromkeys(("fmod", "remainder", "floor_divide"), Operation(2, DIVIDE)),
    **{
        name: Operation(1, COMPARE, lambda ops, a, name=name: ops.apply(name, a))
        for name in ("floor", "ceil", "round", "sign")
    },
    "trunc": Operation(1, COMPARE),
    "frac": Operation(1, ElementOps(add=1, compare=1)),
    **dict.fromkeys(("eq", "ne", "lt", "le", "gt", "ge"), Operation(2, COMPARE)),
    **dict.fromkeys(("logical_and", "logical_or", "logical_xor"), Operation(2, COMPARE)),
    **dict.fromkeys(("bitwise_and", "bitwise_or", "bitwise_xor"), Operation(2, COMPARE)),
    **dict.fromkeys(("logical_not", "bitwise_not"), Operation(1, COMPARE)),
    **dict.fromkeys(("isnan", "isinf", "isfinite"), Operation(1, COMPARE)),
    **dict.fromkeys(("where", "masked_fill"), Operation(3, COMPARE)),
    "lerp": Operation(3, ElementOps(multiply=1, add=2)),
    "addcmul": Operation(3, ElementOps(multiply=2, add=1)),
    "addcdiv": Operation(3, ElementOps(multiply=1, add=1, divide=1)),
}
"""Each operation on single elements by its name."""
