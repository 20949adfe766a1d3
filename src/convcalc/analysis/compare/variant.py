"""What every variant answers: what takes a convolution's place, and what that costs by a formula.

The letters of all formulas, for one convolution from m to n channels in one group:

    k   taps of the kernel along each axis; kh, kw, ... where the axes differ
    c   positions of an intermediate result per position of the output; 1 unless stride or padding
    differ g, r   the number that the variant was given

A standard convolution costs m*n*k^2 multiply-accumulates per output position, and a ratio is what
the replacement costs divided by that.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from math import prod
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from convcalc.errors import LayerError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from fractions import Fraction

    from convcalc.layers import Conv, Layer, Shape
    from convcalc.layers.parameters import Ends


class Formula(NamedTuple):
    """The ratio as a formula: in symbols, with the numbers put in, and its exact value.

    Attributes:
        symbols: As it stands in the literature: 1/n + 1/k^2.
        numbers: The same of one layer: 1/512 + 1/(3*3).
        value: What that comes to.
        where: What a symbol means that is not a parameter of the layer, or nothing.
    """

    symbols: str
    numbers: str
    value: Fraction
    where: str = ""


class Variant(ABC):
    """One way to replace a convolution, with the number that it was given.

    Attributes:
        name: The word that it is asked for by.
        least: The smallest number that goes with the word; None where none does.
        one_group: Whether it takes the place of convolutions in one group only.
    """

    name: ClassVar[str]
    least: ClassVar[int | None] = None
    one_group: ClassVar[bool] = True

    def __init__(self, number: int | None = None) -> None:
        self.number = number or 0

    def __str__(self) -> str:
        """What it is asked for by: grouped:4."""
        return self.name if self.least is None else f"{self.name}:{self.number}"

    def replacement(self, conv: Conv, shape: Shape) -> tuple[Layer, ...] | str:
        """The layers that take the place of a convolution on a shape, one after the other.

        Or, where it cannot be replaced, the reason.
        """
        if self.one_group and conv.groups > 1:
            return f"it has groups={conv.groups} already"
        found = self.layers(conv, shape)
        if isinstance(found, str):
            return found
        try:
            for layer in found:
                shape = layer.out_shape(shape)
        except LayerError as error:  # it may need more room, as for wider reflections
            return str(error)
        return found

    @abstractmethod
    def layers(self, conv: Conv, shape: Shape) -> tuple[Layer, ...] | str:
        """The same, of a convolution whose groups are no hindrance."""

    @abstractmethod
    def formula(self, conv: Conv, shapes: Sequence[Shape]) -> Formula | str:
        """The ratio of the multiply-accumulates, or why the formula does not apply.

        `shapes` are the input of the replacement and the output of each of its layers.
        """


def put_in(symbols: str, values: Mapping[str, object]) -> str:
    """A formula with its symbols replaced by their values.

    Example:
        >>> put_in("1/n + 1/k^2", {"n": 512, "k^2": "(3*3)"})
        '1/512 + 1/(3*3)'
    """
    longest_first = sorted(values, key=len, reverse=True)
    return re.sub("|".join(map(re.escape, longest_first)), lambda m: str(values[m[0]]), symbols)


def taps_of(conv: Conv, shape: Shape) -> tuple[int, ...]:
    """The taps of the kernel along each axis."""
    return tuple(kernel for kernel, _, _ in conv.axes(shape))


def power_of(kernel: tuple[int, ...]) -> tuple[str, str]:
    """The product of the taps, as a formula writes it and in numbers: k^2 and (3*3)."""
    sides = "*".join(map(str, kernel))
    if len(kernel) == 1:
        return "k", sides
    if len(set(kernel)) > 1:
        return "K", f"({sides})"
    return f"k^{len(kernel)}", f"({sides})"


def joined(values: Sequence[int]) -> int | tuple[int, ...]:
    """One number for each axis, or one for all where they agree: k3 rather than k3x3."""
    return values[0] if len(set(values)) == 1 else tuple(values)


def joined_ends(ends: Sequence[Ends]) -> int | tuple[int | Ends, ...]:
    """Padding (before, after) of each axis, as short as it can be written."""
    if len(set(ends)) > 1:
        return tuple(ends)
    before, after = ends[0]
    return before if before == after else (ends[0],)


def along(conv: Conv, axes: Collection[int], shape: Shape) -> dict[str, Any]:
    """What a convolution does along some spatial axes, as parameters; nothing along the others."""
    own = conv.axes(shape)
    names = ("kernel_size", "stride", "dilation")
    numbers = {
        name: joined([one if axis in axes else 1 for axis, one in enumerate(values)])
        for name, values in zip(names, zip(*own, strict=True), strict=True)
    }
    ends = [
        (window.before, window.after) if axis in axes else (0, 0)
        for axis, window in enumerate(conv.windows(shape))
    ]
    padding = conv.padding if isinstance(conv.padding, str) else joined_ends(ends)
    return {**numbers, "padding": padding, "padding_mode": conv.padding_mode}


def positions_per_output(positions: Fraction) -> str:
    """A ratio of positions as a formula has it: 4, or (49/36)."""
    return str(positions) if positions.denominator == 1 else f"({positions})"


def positions(shape: Shape) -> int:
    """The spatial positions of a shape."""
    return prod(shape[1:])
