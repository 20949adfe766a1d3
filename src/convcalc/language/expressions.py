"""Integer arithmetic in arguments: `$w*4`, `in//16`, `($c+1)*2`: numbers and what stands for one.

expr    := sum
sum     := product (("+" | "-") product)*
product := factor (("*" | "//" | "%") factor)*
factor  := NUMBER | "$" NAME | "in" | "(" sum ")" | "-" factor
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from convcalc.errors import printable

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_DIGITS = 18
MOST_DEPTH = 50
MOST_OPERATIONS = 100
"""Operations of one expression; definitions that use one another could double it without end."""

_TOKEN = re.compile(
    r"(\d+(?:\.\d+)?(?:e[-+]?\d+)?)|\$([A-Za-z_]\w*)|(in)\b|(//|[-+*%()])", re.ASCII
)

OPERATIONS: dict[str, Callable[[int, int], int]] = {
    "+": lambda one, other: one + other,
    "-": lambda one, other: one - other,
    "*": lambda one, other: one * other,
    "//": lambda one, other: one // other,
    "%": lambda one, other: one % other,
}
_PRECEDENCE = {"+": 1, "-": 1, "*": 2, "//": 2, "%": 2}


class Parameter(NamedTuple):
    """`$name`: what the definition was given for it."""

    name: str


class InputChannels(NamedTuple):
    """`in`: the channels that arrive; `node` is whose output they are, once that is known."""

    node: int | None = None


class AtLabel(NamedTuple):
    """`@label`: the spatial sizes of what leaves that node; `node` is which, once that is known."""

    label: str
    node: int | None = None


@dataclass(frozen=True)
class Operation:
    """Two expressions and what joins them; `size` is how many operations that is in all."""

    sign: str
    left: Expression
    right: Expression
    size: int = field(default=1, compare=False, repr=False)


Expression: TypeAlias = "int | float | Parameter | InputChannels | Operation"


def read_expression(text: str) -> Expression:
    """The expression that a text is, as a whole.

    Raises:
        ValueError: it is none; the message says what was expected.
    """
    reader = _Reader(text)
    expression = reader.sum(0)
    if reader.kind:
        raise ValueError(f"unexpected '{reader.text}' in the expression '{reader.shown}'")
    return expression


def write_expression(expression: Expression, above: int = 0) -> str:
    """The expression with the fewest brackets; `above` is the precedence around it."""
    match expression:
        case int():
            return str(expression)
        case float():
            if expression.is_integer() and abs(expression) < 10**MOST_DIGITS:
                return str(int(expression))
            return str(expression).replace("e-0", "e-")
        case Parameter(name):
            return f"${name}"
        case InputChannels():
            return "in"
        case Operation(sign, left, right):
            own = _PRECEDENCE[sign]
            written = f"{write_expression(left, own)}{sign}{write_expression(right, own + 1)}"
            return f"({written})" if own < above else written


def joined(sign: str, left: Expression, right: Expression) -> Expression:
    """The result where both sides are numbers, else the operation still to be done.

    Raises:
        ValueError: a division by zero.
    """
    if isinstance(left, float) or isinstance(right, float):
        raise ValueError(f"'{sign}' takes whole numbers, not decimals")
    if sign in ("//", "%") and right == 0:
        raise ValueError("division by zero")
    if isinstance(left, int) and isinstance(right, int):
        result = OPERATIONS[sign](left, right)
        if abs(result) >= 10**MOST_DIGITS:
            raise ValueError(f"a number of more than {MOST_DIGITS} digits")
        return result
    size = 1 + _size(left) + _size(right)
    if size > MOST_OPERATIONS:
        raise ValueError(f"an expression of more than {MOST_OPERATIONS} operations")
    return Operation(sign, left, right, size)


def _size(side: Expression) -> int:
    """The operations in one side of another."""
    return side.size if isinstance(side, Operation) else 0


class _Reader:
    """Recursive descent over the tokens of one short text."""

    def __init__(self, text: str) -> None:
        self.whole = text
        self.shown = printable(text, 60)
        self.place = 0
        self.kind = self.text = ""
        self.step()

    def step(self) -> None:
        """To the next token: its kind is "number", "parameter", "in", "sign" or nothing."""
        if self.place == len(self.whole):
            self.kind = self.text = ""
            return
        match = _TOKEN.match(self.whole, self.place)
        if match is None:
            sign = printable(self.whole[self.place])
            raise ValueError(f"unexpected '{sign}' in '{self.shown}'")
        self.place = match.end()
        self.kind = ("number", "parameter", "in", "sign")[(match.lastindex or 1) - 1]
        self.text = match.group(match.lastindex or 0)

    def sum(self, depth: int) -> Expression:
        left = self.product(depth)
        while self.text in ("+", "-") and self.kind == "sign":
            sign = self.text
            self.step()
            left = joined(sign, left, self.product(depth))
        return left

    def product(self, depth: int) -> Expression:
        left = self.factor(depth)
        while self.text in ("*", "//", "%") and self.kind == "sign":
            sign = self.text
            self.step()
            left = joined(sign, left, self.factor(depth))
        return left

    def factor(self, depth: int) -> Expression:
        kind, text = self.kind, self.text
        if depth > MOST_DEPTH:
            raise ValueError("brackets are nested too deeply")
        self.step()
        if kind == "number":
            if text.isdecimal() and len(text) > MOST_DIGITS:
                raise ValueError(f"a number of more than {MOST_DIGITS} digits")
            return int(text) if text.isdecimal() else float(text)
        if kind == "parameter":
            return Parameter(text)
        if kind == "in":
            return InputChannels()
        if text == "-":
            inner = self.factor(depth + 1)
            return -inner if isinstance(inner, float) else joined("-", 0, inner)
        if text == "(":
            inner = self.sum(depth + 1)
            if self.text != ")":
                raise ValueError(f"a bracket is not closed in '{self.shown}'")
            self.step()
            return inner
        raise ValueError(f"expected a number, $name, in or a bracket in '{self.shown}'")
