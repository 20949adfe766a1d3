"""What is known of one output element: what it reads, the products, and what they come to.

Nothing here knows a screen or an array library. Values are plain numbers; `Values` is how they are
asked for, which an array answers with `array[place]`.
"""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

    from convcalc.layers import Shape

Number: TypeAlias = int | float
Place: TypeAlias = tuple[int, ...]
"""An index of an element: (channel, *position), or a position alone."""


class Values(Protocol):
    """The elements of one sample, or of a weight."""

    @property
    def shape(self) -> Shape:
        """How many there are along each axis."""

    def __getitem__(self, place: Place, /) -> Number:
        """The element at a place."""


def added(terms: Iterable[Number]) -> Number:
    """A sum; 0 where terms cancel but for their own rounding, as 1/3 + 2/3 - 1 may.

    Each of n terms is off by at most 2^-53 of itself, and so is each of the n sums: what is
    left of less than n * 2^-52 of their magnitudes says nothing.
    """
    numbers = list(terms)
    total = sum(numbers)
    if isinstance(total, int) or not isfinite(total):
        return total
    return 0.0 if abs(total) < len(numbers) * 2.0**-52 * sum(map(abs, numbers)) else total


def number_text(value: Number) -> str:
    """A number for a reader: whole ones with all digits, others with seven."""
    return str(value) if isinstance(value, int) else f"{value + 0:.7g}"  # -0.0 + 0 is 0.0


class Factor(NamedTuple):
    """One product of a sum: an element times a weight.

    Attributes:
        tap: The place in the kernel.
        place: Where the tap lies, counted from the first real element; outside it is padding.
        source: The element that stands there; None where a zero does.
        value: That element.
        weight: The weight of the tap.
    """

    tap: Place
    place: Place
    source: Place | None
    value: Number
    weight: Number

    @property
    def product(self) -> Number:
        """The element times the weight."""
        return self.value * self.weight


class Part(NamedTuple):
    """What one input channel adds to a sum: a product for each tap."""

    channel: int
    factors: tuple[Factor, ...]

    @property
    def sum(self) -> Number:
        """The sum of the products."""
        return added(factor.product for factor in self.factors)


class Sum(NamedTuple):
    """An output of a convolution, or of a matrix.

    Attributes:
        place: (channel, *position) of the output.
        parts: What each input channel adds.
        bias: What is added at the end; None without a bias.
    """

    place: Place
    parts: tuple[Part, ...]
    bias: Number | None

    @property
    def total(self) -> Number:
        """The sum over the channels."""
        return added(part.sum for part in self.parts)

    @property
    def result(self) -> Number:
        """The total and the bias."""
        return added((self.total, self.bias or 0))


class Stages(NamedTuple):
    """An output of a separable convolution: a sum for each channel, then the sum over them.

    Attributes:
        first: The outputs of the depthwise convolution at the place that is looked at.
        last: The pointwise convolution over these.
    """

    first: tuple[Sum, ...]
    last: Sum

    @property
    def place(self) -> Place:
        """(channel, *position) of the output."""
        return self.last.place

    @property
    def result(self) -> Number:
        """What the last stage comes to."""
        return self.last.result


class Read(NamedTuple):
    """An element that a pooling looks at; `source` is None on padding, which has no value."""

    place: Place
    source: Place | None
    value: Number


class Pooled(NamedTuple):
    """An output of a pooling: the largest of some elements, their mean, or their norm.

    Attributes:
        place: (channel, *position) of the output.
        how: "max", "mean" or "norm".
        elements: What is looked at; of a maximum without the padding.
        divisor: What the sum is divided by; of a norm its exponent.
        counted: How many elements there are; of a norm in ceil mode without those that hang over.
        result: What it comes to.
    """

    place: Place
    how: str
    elements: tuple[Read, ...]
    divisor: Number
    counted: int
    result: Number


class Joined(NamedTuple):
    """An output of branches put together.

    Attributes:
        place: (channel, *position) of the output.
        how: "sum", "product" or "choice", where the result is the one of a branch.
        read: The place that each branch is read at; None where it is not.
        values: What stands there.
        result: What it comes to.
    """

    place: Place
    how: str
    read: tuple[Place | None, ...]
    values: tuple[Number | None, ...]
    result: Number


class Mapped(NamedTuple):
    """An output of a function of one number.

    Attributes:
        place: (channel, *position) of the output, and of the number.
        value: The number.
        formula: The function in letters, `x` being the number.
        expression: The same with numbers put in.
        case: For which numbers the formula is, as `x <= 0`; empty where it is for all.
        result: What it comes to.
    """

    place: Place
    value: Number
    formula: str
    expression: str
    case: str
    result: Number


class Copied(NamedTuple):
    """An output that is an element of the input, or a number that the layer adds.

    Attributes:
        place: (channel, *position) of the output.
        source: The place of the element; None where the layer adds a number.
        result: What stands there.
    """

    place: Place
    source: Place | None
    result: Number


class Shared(NamedTuple):
    """An output of `softmax` or its like, which depends on all elements along an axis.

    Attributes:
        place: (channel, *position) of the output, and of the element that it is of.
        how: The kind.
        value: That element.
        elements: All along the axis, each at its whole place.
        result: What it comes to.
    """

    place: Place
    how: str
    value: Number
    elements: tuple[Read, ...]
    result: Number


class Calculation(NamedTuple):
    """A line of arithmetic.

    Attributes:
        name: What is computed: a formula in letters, or what the value is.
        expression: It with numbers; nothing where it would be too long.
        value: What it comes to.
    """

    name: str
    expression: str
    value: Number


class Passed(NamedTuple):
    """An output of a layer without a window: what it got, and what came of it.

    Attributes:
        place: (channel, *position) of the output.
        read: The place of an input that it depends on; None where it is not one alone.
        value: What stands there.
        result: What came of it.
        steps: How; nothing of kinds that are not followed.
    """

    place: Place
    read: Place | None
    value: Number | None
    result: Number
    steps: tuple[Calculation, ...] = ()


Walk: TypeAlias = Sum | Stages | Pooled | Joined | Mapped | Copied | Shared | Passed
