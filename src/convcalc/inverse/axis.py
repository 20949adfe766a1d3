"""The layer that gives a wanted size, along ONE axis: every setting within ranges.

In the formulas i is the input size, o the wanted output size, e the extent of the kernel, s the
stride, P the padding (or the cropping) of both ends together and q the output padding.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from convcalc.errors import UsageError
from convcalc.window import Window

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

Family: TypeAlias = Literal["conv", "convt", "pool"]
"""The relations that sizes follow: of a convolution, of a transposed one, of a pooling."""

MOST_STEPS = 1_000_000
"""Settings that one search may look at."""

USUAL_KERNELS = 7
"""Kernels up to this size are tried where none is given, and up to twice the ratio of the sizes."""

MOST_USUAL_KERNELS = 64


class Setting(NamedTuple):
    """What a layer is along one axis.

    Attributes:
        kernel: Taps.
        stride: The step from one window to the next.
        before: Padding, or cropping, at the beginning.
        after: Likewise at the end.
        dilation: Spacing of the taps.
        extra: Output padding of a transposed convolution.
        ceil: Whether a pooling rounds up.
    """

    kernel: int
    stride: int
    before: int
    after: int
    dilation: int = 1
    extra: int = 0
    ceil: bool = False

    @property
    def extent(self) -> int:
        """Elements from the first tap to the last one."""
        return self.dilation * (self.kernel - 1) + 1

    def window(self, size: int) -> Window:
        """The window on an axis of `size` elements; in ceil mode with what hangs over."""
        window = Window(self.kernel, self.stride, self.before, self.after, self.dilation)
        return window.ceiled(size) if self.ceil else window

    def out_size(self, family: Family, size: int) -> int:
        """The output size on an axis of `size` elements; 0 or less where there is none."""
        if family == "convt":
            return self.window(size).transposed_size(size, self.extra)
        return self.window(size).out_size(size)

    def unused(self, family: Family, size: int) -> int:
        """Elements of the input that no output depends on."""
        window = self.window(size)
        if family != "convt":
            return size - window.elements_read(size)
        # Element j is written to j*s - pb + t*d, which must lie within the output.
        out = window.transposed_size(size, self.extra)
        places = range(-self.before, self.extent - self.before, self.dilation)
        # Elements whose whole kernel lies within the output are used: only those beside are asked.
        first = min(size, -(-self.before // self.stride))
        last = max(first, (out - places[-1] - 1) // self.stride + 1)
        return sum(
            not any(0 <= j * self.stride + place < out for place in places)
            for j in (*range(first), *range(last, size))
        )


@dataclass(frozen=True)
class Ranges:
    """What each parameter may be along one axis; None leaves it to the sizes.

    Attributes:
        kernels: Taps.
        strides: Steps.
        ends: Padding of one end: every pair of them is tried; None is up to half the extent.
        pairs: Padding of both ends, in place of `ends`.
        dilations: Spacings.
        extras: Output paddings; None is all that the stride and the dilation allow.
        ceils: Whether a pooling may round up.
    """

    kernels: Sequence[int] | None = None
    strides: Sequence[int] | None = None
    ends: Sequence[int] | None = None
    pairs: Sequence[tuple[int, int]] | None = None
    dilations: Sequence[int] = (1,)
    extras: Sequence[int] | None = None
    ceils: Sequence[bool] = (False,)


class Search:
    """The settings within ranges that make `wanted` elements of `size`, along one axis."""

    def __init__(self, family: Family, size: int, wanted: int, ranges: Ranges) -> None:
        self.family = family
        self.size = size
        self.wanted = wanted
        self.ranges = ranges
        self.kernels = (
            usual_kernels(family, size, wanted) if ranges.kernels is None else (ranges.kernels)
        )
        self._steps = 0

    def settings(self) -> Iterator[Setting]:
        """Every setting that gives the wanted size."""
        ways = {"conv": self._convolutions, "convt": self._transposed, "pool": self._poolings}
        yield from ways[self.family]()

    def candidates(self) -> Iterator[Setting]:
        """Every setting within the ranges, whatever it gives."""
        for kernel, dilation in self._kernels():
            for stride in self._strides(kernel, dilation, wide=True):
                for before, after in self._pairs(kernel, dilation):
                    for ceil in self.ranges.ceils:
                        for extra in self._extras(stride, dilation):
                            self._count()
                            yield Setting(kernel, stride, before, after, dilation, extra, ceil)

    def _convolutions(self) -> Iterator[Setting]:
        """O = floor((i + P - e) / s) + 1 for (o - 1)*s + e - i <= P < o*s + e - i."""
        for kernel, dilation in self._kernels():
            extent = dilation * (kernel - 1) + 1
            for stride in self._strides(kernel, dilation):
                low = (self.wanted - 1) * stride + extent - self.size
                totals = range(low, low + stride)
                for before, after in self._pairs(kernel, dilation, totals):
                    yield Setting(kernel, stride, before, after, dilation)

    def _transposed(self) -> Iterator[Setting]:
        """O = (i - 1)*s - P + e + q for P = (i - 1)*s + e + q - o."""
        for kernel, dilation in self._kernels():
            extent = dilation * (kernel - 1) + 1
            for stride in self._strides(kernel, dilation):
                for extra in self._extras(stride, dilation):
                    total = (self.size - 1) * stride + extent + extra - self.wanted
                    for before, after in self._pairs(kernel, dilation, range(total, total + 1)):
                        yield Setting(kernel, stride, before, after, dilation, extra)

    def _poolings(self) -> Iterator[Setting]:
        """Every setting is asked: ceil mode drops a window that would begin behind the input."""
        for setting in self.candidates():
            if setting.out_size("pool", self.size) == self.wanted:
                yield setting

    def _kernels(self) -> Iterator[tuple[int, int]]:
        for kernel in self.kernels:
            # The spacing of a single tap means nothing.
            for dilation in self.ranges.dilations if kernel > 1 else self.ranges.dilations[:1]:
                yield kernel, dilation

    def _strides(self, kernel: int, dilation: int, *, wide: bool = False) -> Iterable[int]:
        """The strides that may give the wanted size; with `wide` those beside them, too."""
        if self.ranges.strides is not None:
            return self.ranges.strides
        extent = dilation * (kernel - 1) + 1
        most = 2 * self._most_padding(extent)
        if self.family == "convt":
            if self.size == 1:
                return (1,)
            low = (self.wanted - extent) // self.size
            high = (self.wanted + most - extent) // (self.size - 1)
        else:
            if self.wanted == 1:
                return (kernel,) if self.family == "pool" else (1,)
            low = (self.size - extent) // self.wanted
            high = (self.size + most - extent) // (self.wanted - 1)
        return range(max(1, low - wide), max(1, high + wide) + 1)

    def _most_padding(self, extent: int) -> int:
        if self.ranges.pairs is not None:
            return max((before + after + 1) // 2 for before, after in self.ranges.pairs)
        return extent // 2 if self.ranges.ends is None else max(self.ranges.ends)

    def _pairs(
        self, kernel: int, dilation: int, totals: range | None = None
    ) -> Iterator[tuple[int, int]]:
        """(before, after), whose sum is one of `totals` if these are given."""
        pairs = self.ranges.pairs
        ends = self.ranges.ends
        if ends is None:
            ends = range((dilation * (kernel - 1) + 1) // 2 + 1)
        half = kernel // 2 if self.family == "pool" else None  # PyTorch refuses more
        if pairs is None and totals is not None and isinstance(ends, range) and ends.step == 1:
            for before in ends:
                self._count()
                first = max(ends.start, totals.start - before)
                for after in range(first, min(ends.stop, totals.stop - before)):
                    yield before, after
            return
        for before, after in pairs or ((one, other) for one in ends for other in ends):
            self._count()
            if half is not None and max(before, after) > half:
                continue
            if totals is None or before + after in totals:
                yield before, after

    def _extras(self, stride: int, dilation: int) -> Iterable[int]:
        if self.family != "convt":
            return (0,)
        allowed = range(max(stride, dilation))  # as in PyTorch
        if self.ranges.extras is None:
            return allowed
        return [extra for extra in self.ranges.extras if extra in allowed]

    def _count(self) -> None:
        """Ends a search that would take minutes.

        Raises:
            UsageError: it looked at more settings than it may.
        """
        self._steps += 1
        if self._steps > MOST_STEPS:
            raise UsageError(
                f"more than {MOST_STEPS:,} combinations of kernel, stride, padding and dilation; "
                "give narrower ranges, as -k 3..7 -s 1,2"
            )


def usual_kernels(family: Family, size: int, wanted: int) -> Sequence[int]:
    """The kernels that are tried where none is given.

    That is 1 to 7, and up to twice the ratio of the sizes; the whole axis where one position is
    made of it, or it of one position.
    """
    larger, smaller = (wanted, size) if family == "convt" else (size, wanted)
    twice = 2 * -(-larger // smaller)
    found = set(range(1, max(USUAL_KERNELS, min(twice, MOST_USUAL_KERNELS)) + 1))
    return sorted(found | {larger} if smaller == 1 else found)
