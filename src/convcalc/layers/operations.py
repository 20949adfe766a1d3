"""The primitives that layers ask of a backend: layers say what, backends say how.

Beside them, layers use what the arrays of every library share: slices, `reshape`, `swapaxes`, and
the operators between an array of floats and numbers or arrays of the same dtype.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol, Self, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import EllipsisType

    from convcalc.window import Window

Function: TypeAlias = Literal[
    "abs",
    "exp",
    "expm1",
    "log",
    "log1p",
    "tanh",
    "erfc",
    "sin",
    "cos",
    "tan",
    "asin",
    "acos",
    "atan",
    "sinh",
    "cosh",
    "asinh",
    "acosh",
    "atanh",
    "floor",
    "ceil",
    "round",
    "sign",
]
"""Functions of one number.

Of these erfc is 1 - erf, exact where erf is close to 1, and `round` gives the even one of two
that are as near.
"""

Reduction: TypeAlias = Literal["sum", "max"]

Part: TypeAlias = "int | slice | EllipsisType | None"
"""What names a part of one axis; an ellipsis names all axes left over, None makes a new one."""

Index: TypeAlias = "Part | tuple[Part, ...]"
"""What names a part of an array, as numpy has it."""


class Array(Protocol):
    """An array of any library, as far as layers use it themselves."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Elements along each axis."""

    def reshape(self, first: int, /, *others: int) -> Self:
        """The elements in another shape."""

    def swapaxes(self, axis: int, other: int, /) -> Self:
        """Two axes exchanged."""

    def __getitem__(self, index: Index, /) -> Self: ...

    def __neg__(self) -> Self: ...

    def __add__(self, other: Self | float, /) -> Self: ...

    def __sub__(self, other: Self | float, /) -> Self: ...

    def __rsub__(self, other: Self | float, /) -> Self: ...

    def __mul__(self, other: Self | float, /) -> Self: ...

    def __rmul__(self, other: Self | float, /) -> Self: ...

    def __truediv__(self, other: Self | float, /) -> Self: ...

    def __rtruediv__(self, other: Self | float, /) -> Self: ...

    def __matmul__(self, other: Self, /) -> Self: ...

    def __pow__(self, other: float, /) -> Self: ...

    def __gt__(self, other: Self | float, /) -> Self: ...

    def __ge__(self, other: Self | float, /) -> Self: ...

    def __le__(self, other: Self | float, /) -> Self: ...


A = TypeVar("A", bound=Array)
"""The arrays of one library."""


class Operations(Protocol[A]):
    """The arithmetic of one library on its own arrays, batch first: (N, channels, *spatial).

    Integers are exact in all of them or refused; a NaN spreads as the library spreads it.
    """

    def conv(
        self,
        array: A,
        weight: A,
        bias: A | None,
        windows: Sequence[Window],
        groups: int,
        padding_mode: str,
    ) -> A:
        """Cross-correlation with a weight (O, C/groups, *k), one window per spatial axis."""

    def conv_transpose(
        self,
        array: A,
        weight: A,
        bias: A | None,
        windows: Sequence[Window],
        groups: int,
        out_sizes: Sequence[int],
    ) -> A:
        """Transposed convolution with a weight (C, O/groups, *k), onto `out_sizes` per axis."""

    def linear(self, array: A, weight: A, bias: A | None) -> A:
        """The last axis mixed by a weight (out, in)."""

    def pool(self, array: A, windows: Sequence[Window], how: Reduction) -> A:
        """The sum or maximum of the elements of each window; those of the padding do not exist."""

    def unpool(self, array: A, pooled: A, windows: Sequence[Window]) -> A:
        """`array` where the windows of `pooled` have their maxima, zeros elsewhere."""

    def pad(self, array: A, windows: Sequence[Window], mode: str, value: float = 0) -> A:
        """The array with elements added around each spatial axis, filled as the mode says.

        `value` is what stands in the place of zeros.
        """

    def reduce(self, array: A, axes: Sequence[int], how: Reduction) -> A:
        """The sum or maximum over whole axes, which stay with size 1."""

    def lookup(self, table: A, indices: A) -> A:
        """The rows of a table (rows, features) that numbers name, (*indices, features).

        Raises:
            DataError: a number is not that of a row.
        """

    def take(self, array: A, axis: int, elements: Sequence[int]) -> A:
        """The positions of one axis that are named, in that order."""

    def concat(self, arrays: Sequence[A], axis: int) -> A:
        """Arrays side by side along one axis."""

    def permute(self, array: A, axes: Sequence[int]) -> A:
        """The array with its axes in another order."""

    def add(self, one: A, other: A) -> A:
        """The sum of two arrays, axes of size 1 serving all."""

    def multiply(self, one: A, other: A) -> A:
        """The product of two arrays, axes of size 1 serving all."""

    def clip(self, array: A, low: float | None, high: float | None) -> A:
        """The array with no value below `low` and none above `high`."""

    def where(self, condition: A, one: A | float, other: A | float) -> A:
        """`one` where the condition holds, elsewhere `other`."""

    def apply(self, function: Function, array: A) -> A:
        """A function of each element, without a warning where it leaves the range of the dtype."""

    def vector(self, values: Sequence[float], like: A) -> A:
        """Values as an array of one axis, of the dtype and in the place of `like`."""
