"""The primitives that layers ask of a backend: layers say what, backends say how.

Beside them, layers use what the arrays of every library share: slices, `reshape`, `swapaxes`, and
the operators between an array of floats and numbers or arrays of the same dtype.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.window import Window

Function: TypeAlias = Literal["exp", "expm1", "log1p", "tanh", "erfc"]
"""Functions of one number; erfc is 1 - erf, exact where erf is close to 1."""

Reduction: TypeAlias = Literal["sum", "max"]


class Operations(Protocol):
    """The arithmetic of one library on its own arrays, batch first: (N, channels, *spatial).

    Integers are exact in all of them or refused; a NaN spreads as the library spreads it.
    """

    def conv(
        self,
        array: Any,
        weight: Any,
        bias: Any | None,
        windows: Sequence[Window],
        groups: int,
        padding_mode: str,
    ) -> Any:
        """Cross-correlation with a weight (O, C/groups, *k), one window per spatial axis."""

    def conv_transpose(
        self,
        array: Any,
        weight: Any,
        bias: Any | None,
        windows: Sequence[Window],
        groups: int,
        out_sizes: Sequence[int],
    ) -> Any:
        """Transposed convolution with a weight (C, O/groups, *k), onto `out_sizes` per axis."""

    def linear(self, array: Any, weight: Any, bias: Any | None) -> Any:
        """The last axis mixed by a weight (out, in)."""

    def pool(self, array: Any, windows: Sequence[Window], how: Reduction) -> Any:
        """The sum or maximum of the elements of each window; those of the padding do not exist."""

    def unpool(self, array: Any, pooled: Any, windows: Sequence[Window]) -> Any:
        """`array` where the windows of `pooled` have their maxima, zeros elsewhere."""

    def pad(self, array: Any, windows: Sequence[Window], mode: str, value: float = 0) -> Any:
        """The array with elements added around each spatial axis, filled as the mode says.

        `value` is what stands in the place of zeros.
        """

    def reduce(self, array: Any, axes: Sequence[int], how: Reduction) -> Any:
        """The sum or maximum over whole axes, which stay with size 1."""

    def lookup(self, table: Any, indices: Any) -> Any:
        """The rows of a table (rows, features) that numbers name, (*indices, features).

        Raises:
            DataError: a number is not that of a row.
        """

    def take(self, array: Any, axis: int, elements: Sequence[int]) -> Any:
        """The positions of one axis that are named, in that order."""

    def concat(self, arrays: Sequence[Any], axis: int) -> Any:
        """Arrays side by side along one axis."""

    def permute(self, array: Any, axes: Sequence[int]) -> Any:
        """The array with its axes in another order."""

    def add(self, one: Any, other: Any) -> Any:
        """The sum of two arrays, axes of size 1 serving all."""

    def multiply(self, one: Any, other: Any) -> Any:
        """The product of two arrays, axes of size 1 serving all."""

    def clip(self, array: Any, low: float | None, high: float | None) -> Any:
        """The array with no value below `low` and none above `high`."""

    def where(self, condition: Any, one: Any, other: Any) -> Any:
        """`one` where the condition holds, elsewhere `other`."""

    def apply(self, function: Function, array: Any) -> Any:
        """A function of each element, without a warning where it leaves the range of the dtype."""

    def vector(self, values: Sequence[float], like: Any) -> Any:
        """Values as an array of one axis, of the dtype and in the place of `like`."""
