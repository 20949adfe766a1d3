"""Functions of one number: their formulas in letters and with numbers put in.

A formula is made of pieces, each for the numbers up to a bound; most have one. A text has `{x}` for
the number as it is and `{(x)}` for it in parentheses where it is negative, and so for the weights.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from convcalc.explain.walk.data import Mapped, number_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from convcalc.explain.walk.data import Number, Place, Values
    from convcalc.layers import Layer
    from convcalc.layers.activations import GELU
    from convcalc.layers.exponential import CELU
    from convcalc.layers.normalisation import BatchNorm
    from convcalc.layers.shrinkage import Hardshrink, Softshrink
    from convcalc.layers.softplus import Softplus


class Piece(NamedTuple):
    """A formula for some numbers.

    Attributes:
        text: The formula, with `{x}` and `{(x)}` for the number.
        bound: It is for numbers up to this one, where no piece before it is.
        strict: Whether the bound itself belongs to the next piece.
    """

    text: str
    bound: float = inf
    strict: bool = False


Pieces: TypeAlias = "tuple[Piece, ...]"

WEIGHTS: Final = {
    "running_mean": "mean",
    "running_var": "var",
    "weight": "weight",
    "bias": "bias",
}
"""The words of formulas for the weights of a channel, by their names."""


def pieces_of(layer: Layer) -> Pieces:
    """The formula of a layer that is a function of each element; no pieces of other layers."""
    make = FORMULAS.get(layer.kind)
    return make(layer) if make is not None else ()


def mapped(
    layer: Layer,
    inputs: Sequence[Values],
    weights: Mapping[str, Values],
    place: Place,
    result: Number,
) -> Mapped:
    """An output of a function: its formula, and with the number put in."""
    value = inputs[0][place]
    channel = place[:1]
    own = {"x": value}
    for name, array in weights.items():
        own[WEIGHTS[name]] = array[channel if array.shape[0] > 1 else (0,)]
    pieces = pieces_of(layer)
    number = number_of_piece(pieces, value)
    text = pieces[number].text
    return Mapped(place, value, letters(text), put_in(text, own), case_of(pieces, number), result)


def number_of_piece(pieces: Pieces, value: Number) -> int:
    """Which piece is that of a number; the last one of NaN."""
    for number, piece in enumerate(pieces):
        if value < piece.bound or (value == piece.bound and not piece.strict):
            return number
    return len(pieces) - 1


def case_of(pieces: Pieces, number: int) -> str:
    """For which numbers a piece is, as `x <= 0`; empty where there is no other piece."""
    before = pieces[number - 1] if number else None
    after = pieces[number]
    if before is not None and after.bound < inf:
        return (
            f"{before.bound:g} <{'=' * before.strict} x <{'=' * (not after.strict)} {after.bound:g}"
        )
    if before is not None:
        return f"x >{'=' * before.strict} {before.bound:g}"
    return f"x <{'=' * (not after.strict)} {after.bound:g}" if after.bound < inf else ""


def letters(text: str) -> str:
    """A formula in letters."""
    return text.replace("{(", "").replace(")}", "").replace("{", "").replace("}", "")


def put_in(text: str, numbers: Mapping[str, Number]) -> str:
    """A formula with numbers for its letters, of seven digits where they are fractions."""
    for name, value in numbers.items():
        told = number_text(value)
        text = text.replace(f"{{{name}}}", told)
        text = text.replace(f"{{({name})}}", f"({told})" if told.startswith("-") else told)
    return text


def _signed(number: float) -> str:
    return f"({number:g})" if number < 0 else f"{number:g}"


def _bent(below: str, above: str = "{x}", bound: float = 0) -> Pieces:
    """A function that bends at one number."""
    return Piece(below, bound), Piece(above)


def _softplus(layer: Softplus) -> Pieces:
    """The logarithm up to the threshold; of a negative beta from it on."""
    if layer.beta == 1:
        curve = "log(1 + exp({x}))"
    else:
        beta = _signed(layer.beta)
        curve = f"log(1 + exp({beta} * {{(x)}})) / {beta}"
    bound = layer.threshold / layer.beta
    return (
        _bent(curve, bound=bound) if layer.beta > 0 else (Piece("{x}", bound, True), Piece(curve))
    )


def _hardshrink(layer: Hardshrink) -> Pieces:
    if layer.lambd < 0:
        return (Piece("{x}"),)
    return Piece("{x}", -layer.lambd, True), Piece("0", layer.lambd), Piece("{x}")


def _softshrink(layer: Softshrink) -> Pieces:
    shift = f"{layer.lambd:g}"
    below = Piece(f"{{x}} + {shift}", -layer.lambd, True)
    return below, Piece("0", layer.lambd), Piece(f"{{x}} - {shift}")


def _celu(layer: CELU) -> Pieces:
    alpha = _signed(layer.alpha)
    return _bent(f"{alpha} * (exp({{x}} / {alpha}) - 1)")


def _selu(_: Layer) -> Pieces:
    from convcalc.layers.exponential import SELU_ALPHA, SELU_SCALE

    scale = f"{SELU_SCALE:.7g}"
    return _bent(f"{scale} * {SELU_ALPHA:.7g} * (exp({{x}}) - 1)", f"{scale} * {{x}}")


def _gelu(layer: GELU) -> Pieces:
    if layer.approximate == "none":
        return (Piece("{x}/2 * erfc(-{(x)} / sqrt(2))"),)
    inner = "sqrt(2/pi) * ({x} + 0.044715 * {(x)}^3)"
    return (Piece(f"{{x}}/2 * (1 + tanh({inner}))"),)


def _batch_norm(layer: BatchNorm) -> Pieces:
    text = f"({{x}} - {{(mean)}}) / sqrt({{var}} + {layer.eps:g})"
    return (Piece(f"{text} * {{(weight)}} + {{(bias)}}" if layer.affine else text),)


def _one(text: str) -> Callable[[Any], Pieces]:
    return lambda _: (Piece(text),)


FORMULAS: Final[dict[str, Callable[[Any], Pieces]]] = {
    "relu": _one("max({x}, 0)"),
    "relu6": _one("min(max({x}, 0), 6)"),
    "hardtanh": lambda own: (Piece(f"min(max({{x}}, {own.min_val:g}), {own.max_val:g})"),),
    "leakyrelu": lambda own: _bent(f"{own.negative_slope:g} * {{(x)}}"),
    "rrelu": lambda own: _bent(f"({own.lower:.7g} + {own.upper:.7g})/2 * {{(x)}}"),
    "prelu": lambda _: _bent("{weight} * {(x)}"),
    "sigmoid": _one("1 / (1 + exp(-{(x)}))"),
    "silu": _one("{x} / (1 + exp(-{(x)}))"),
    "gelu": _gelu,
    "softsign": _one("{x} / (1 + |{x}|)"),
    "tanh": _one("tanh({x})"),
    "hardsigmoid": _one("min(max({x} + 3, 0), 6) / 6"),
    "hardswish": _one("{x} * min(max({x} + 3, 0), 6) / 6"),
    "elu": lambda own: _bent(f"{own.alpha:g} * (exp({{x}}) - 1)"),
    "selu": _selu,
    "celu": _celu,
    "softplus": _softplus,
    "logsigmoid": _one("log(1 / (1 + exp(-{(x)})))"),
    "mish": _one("{x} * tanh(log(1 + exp({x})))"),
    "hardshrink": _hardshrink,
    "softshrink": _softshrink,
    "tanhshrink": _one("{x} - tanh({x})"),
    "threshold": lambda own: _bent(f"{own.value:g}", bound=own.threshold),
    "bn": _batch_norm,
    "layerscale": _one("{x} * {(weight)}"),
}
"""What each kind makes of a number."""
