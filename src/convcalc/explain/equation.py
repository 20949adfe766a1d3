"""A number, and the arithmetic that it comes from: `112 = floor((224 + 3 + 3 - 7) / 2) + 1`."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from convcalc.layers import Shape
    from convcalc.window import Window

AXES = {
    2: ("channels", "length"),
    3: ("channels", "height", "width"),
    4: ("channels", "depth", "height", "width"),
}
"""What the axes of a sample are called, by how many there are."""

ELEMENT_OF = {"length": "element", "depth": "plane", "height": "row", "width": "column"}
"""What one position of an axis is called."""


class Here(NamedTuple):
    """A layer in its place.

    Attributes:
        layer: The layer, of the kind that its row in a table is for.
        shapes: (channels, *spatial) of each input, of one sample.
        out: The same of the result.
        batch: Samples.
    """

    layer: Any
    shapes: tuple[Shape, ...]
    out: Shape
    batch: int = 1

    @property
    def shape(self) -> Shape:
        """The shape of the first input."""
        return self.shapes[0]


class Said(NamedTuple):
    """Where a number comes from: an expression in numbers alone, a sentence, or both.

    An expression knows whole numbers, + - * / and brackets, and `floor`, `ceil`, `max` and `min`.
    """

    expression: str
    remark: str = ""

    def beside(self, name: str, value: str, remark: str) -> str:
        """A line: `height: 112 = floor((224 + 3 + 3 - 7) / 2) + 1; padding same`."""
        if self.expression:
            return f"{name}: {value} = {self.expression}" + (f"; {remark}" if remark else "")
        return f"{name}: {value}" + (f", {remark}" if remark else "")


GIVEN = Said("", "as given")
KEPT = Said("", "as it arrives")


class Equation(NamedTuple):
    """A number of a layer with where it comes from.

    Attributes:
        of: What the number is: "MACs", "size"; empty for the size of an axis.
        axis: The axis that it is of, if there is one: "height".
        value: The number itself.
        said: Where it comes from.
    """

    of: str
    axis: str
    value: int | Fraction
    said: Said


class Rule(NamedTuple):
    """A formula in symbols: what it is of, and the symbols that it uses."""

    of: str
    formula: str


class Explainer(NamedTuple):
    """What a kind of layer says of its numbers.

    Attributes:
        shape: Where the size of each axis of the result comes from.
        costs: An expression for each kind of operation of one sample that is not 0, by its name.
        windows: The windows on the spatial axes, if fields go through them.
        padding: How much padding its words come to, if they are words.
        rules: The formulas in symbols, by the command that shows them.
    """

    shape: Callable[[Here], Sequence[Said]]
    costs: Callable[[Here], dict[str, str]]
    windows: Callable[[Here], tuple[Window, ...]] | None = None
    padding: Callable[[Here], list[Equation]] | None = None
    rules: tuple[tuple[str, Rule], ...] = ()


def axis_names(count: int, *, steps: bool = False) -> tuple[str, ...]:
    """The names of the axes of one sample; a sequence has steps and features."""
    if count == 1:
        return ("features",)
    if steps and count == 2:
        return ("steps", "features")
    return AXES.get(count) or tuple(f"axis {number}" for number in range(count))


def kept_shape(here: Here) -> list[Said]:
    """Every axis as it arrives."""
    return [KEPT] * len(here.out)


def no_costs(here: Here) -> dict[str, str]:  # noqa: ARG001 - asked like all others
    """No operations."""
    return {}


def product(sizes: Iterable[int]) -> str:
    """Several numbers times each other, close together: 64*112*112."""
    return "*".join(map(str, sizes)) or "1"


def written(value: Fraction | int) -> str:
    """A number for a reader: thousands apart, a fraction as 1/2."""
    return f"{value:,}" if isinstance(value, int) else str(value)


def number(value: Fraction | int) -> str:
    """A number within an expression; below 0, or a fraction, in brackets."""
    fraction = Fraction(value)
    text = str(fraction)
    return text if fraction.denominator == 1 and fraction >= 0 else f"({text})"


def times(factor: int, expression: str) -> str:
    """An expression taken so many times; sums are put in brackets."""
    if factor == 1:
        return expression
    return f"{factor} * ({expression})" if is_sum(expression) else f"{factor} * {expression}"


def is_sum(expression: str) -> bool:
    """Whether an expression is a sum or a difference outside all brackets."""
    depth = 0
    for sign in expression:
        depth += (sign == "(") - (sign == ")")
        if sign in "+-" and not depth:
            return True
    return False
