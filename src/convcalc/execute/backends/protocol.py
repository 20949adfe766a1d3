"""What the arrays of a library can do, and what a library does with them; no plans, no prices.

The algorithms and the executor know nothing of numpy or torch beyond this. Arrays are batch first,
(N, channels, *spatial); integers are exact in every result or refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from convcalc.execute.arrays.array import A

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np

    from convcalc.execute.problem import ConvProblem
    from convcalc.layers.operations import Function, Reduction
    from convcalc.window import Window


class ArrayBackend(Protocol[A]):
    """The arithmetic of one library on its own arrays.

    Attributes:
        name: "numpy" or "torch".
        plans: Whether there is a choice of algorithms: another device than the processor has
            convolutions of its own, which know it better.
    """

    name: str
    plans: bool

    @property
    def threads(self) -> int:
        """Threads that may be used."""

    @property
    def versions(self) -> dict[str, str]:
        """The version of each library that computes."""

    # Convolutions by the library's own means.

    def direct(
        self,
        array: A,
        weight: A,
        bias: A | None,
        windows: Sequence[Window],
        groups: int,
        layout: str,
    ) -> A:
        """Cross-correlation of (N, C, *sizes) with (O, C/groups, *k), padded with zeros.

        Args:
            layout: How the channels lie in memory, "contiguous" or "channels-last"; or "product"
                of a kernel of one element, which is a matrix.
        """

    def prepared(self, problem: ConvProblem, layout: str) -> Callable[[A, A, A | None], A]:
        """`direct` for the arrays of one problem, many times over."""

    def direct_transpose(
        self,
        array: A,
        weight: A,
        bias: A | None,
        windows: Sequence[Window],
        groups: int,
        out_sizes: Sequence[int],
    ) -> A:
        """Transposed convolution of (N, C, *sizes) with (C, O/groups, *k) onto `out_sizes`."""

    def channels_last_conv(self, array: A, weight: A, windows: Sequence[Window]) -> A:
        """Cross-correlation of a padded (N, 1, *sizes) with (O, 1, *k), as (N, *out, O)."""

    def check(self, array: A, weight: A, bias: A | None, groups: int) -> None:
        """Raises where a sum of integers could leave int64.

        Raises:
            DataError: one could.
        """

    # Room in memory, and views of it.

    def empty(self, shape: Sequence[int], like: A) -> A:
        """Elements of any value, of the dtype and in the place of `like`."""

    def zeros(self, shape: Sequence[int], like: A, dtype: str | None = None) -> A:
        """Zeros, of the dtype (if none is named) and in the place of `like`."""

    def lengthened(self, array: A, length: int) -> A:
        """The last axis with zeros added, or elements taken away, at its end."""

    def steps(self, array: A) -> tuple[int, ...]:
        """How far neighbours along each axis lie apart, in the unit that `strided` takes."""

    def strided(self, array: A, shape: Sequence[int], steps: Sequence[int]) -> A:
        """Another view of the same memory, that may show an element several times."""

    def contiguous(self, array: A) -> A:
        """The array in the order of its axes, copied if it must be."""

    def flip(self, array: A, spatial_dims: int) -> A:
        """The last axes in reverse."""

    def load(self, array: np.ndarray, dtype: str) -> A:
        """An array of numpy as one of this library in `dtype`, copied only if it must be."""

    def unload(self, array: A) -> np.ndarray:
        """An array of this library as numpy's own."""

    def adopt(self, array: np.ndarray) -> A:
        """An array of numpy as one of this library, without a copy."""

    # Arithmetic of the algorithms.

    def rfftn(self, array: A, sizes: Sequence[int]) -> A:
        """The spectrum of real numbers over the last axes, lengthened with zeros to `sizes`."""

    def irfftn(self, array: A, sizes: Sequence[int]) -> A:
        """The real numbers of a spectrum over the last axes."""

    def is_finite(self, array: A) -> bool:
        """Whether no element is NaN or infinite; where a sum overflows, this says no too."""

    def factors(self, values: A, spatial_dims: int) -> A | float:
        """One number per channel, as `accumulate` takes them."""

    def accumulate(self, out: A, piece: A, factors: Any, own: slice, first: bool) -> None:
        """Adds `piece` times its channels' factors to `out`, or puts it there first."""

    # Arithmetic of the layers.

    def linear(self, array: A, weight: A, bias: A | None) -> A:
        """(..., in) times (out, in), plus a bias (out)."""

    def pool(self, array: A, windows: Sequence[Window], how: Reduction) -> A:
        """Sums or maxima over windows; elements of the padding do not exist."""

    def unpool(self, array: A, pooled: A, windows: Sequence[Window]) -> A:
        """Values put where the windows of another array have their maxima; zeros elsewhere."""

    def pad(self, array: A, windows: Sequence[Window], mode: str, value: float = 0) -> A:
        """Elements added before and after each spatial axis: as the mode says, or a number."""

    def reduce(self, array: A, axes: Sequence[int], how: Reduction) -> A:
        """The sum or maximum over whole axes, which stay with one element."""

    def lookup(self, table: A, indices: A) -> A:
        """The rows of a table (rows, features) that numbers name, (*indices, features)."""

    def take(self, array: A, axis: int, elements: Sequence[int]) -> A:
        """The named positions of one axis, in that order."""

    def concat(self, arrays: Sequence[A], axis: int) -> A:
        """Arrays side by side along one axis."""

    def permute(self, array: A, axes: Sequence[int]) -> A:
        """The axes in another order."""

    def add(self, one: A, other: A) -> A:
        """The sum; axes of one element serve all."""

    def multiply(self, one: A, other: A) -> A:
        """The product; axes of one element serve all."""

    def clip(self, array: A, low: float | None, high: float | None) -> A:
        """Values within bounds; NaN stays."""

    def where(self, condition: A, one: A | float, other: A | float) -> A:
        """`one` where the condition holds, elsewhere `other`."""

    def apply(self, function: Function, array: A) -> A:
        """A function of each element, in the dtype of the array."""

    def vector(self, values: Sequence[float], like: A) -> A:
        """Values as an array of one axis, of the dtype and in the place of `like`."""
