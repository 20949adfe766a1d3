"""The blocks of an FFT: their transforms, their outputs, and how many are done at a time."""

from __future__ import annotations

from functools import cache, cached_property
from math import prod
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.execute.problem import ConvProblem

MOST_BYTES = 2**22
"""Bytes of the transforms that are worked on together."""

TRANSFORMS = {
    1: (256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072, 262144),
    2: (
        16,
        24,
        32,
        40,
        48,
        56,
        64,
        72,
        80,
        96,
        112,
        128,
        144,
        160,
        192,
        240,
        288,
        320,
        384,
        512,
        1024,
    ),
    3: (8, 12, 16, 20, 24, 32, 36, 40, 48, 64, 72, 80, 96),
}
"""Elements per axis of the transforms that are tried, by the number of axes."""

MOST_SPECTRA = 2**30
"""Bytes that transforms may take beside input and result."""


class _Sizes(NamedTuple):
    """Sizes and numbers of blocks, per spatial axis.

    Attributes:
        transform: Elements of a transform, n.
        step: Outputs of a block, m = n - e + 1; one that stands alone may have more.
        counts: Blocks.
    """

    transform: tuple[int, ...]
    step: tuple[int, ...]
    counts: tuple[int, ...]


class Tiles(_Sizes):
    """Blocks of the outputs at stride 1, per spatial axis."""

    @cached_property
    def frequencies(self) -> int:
        """Complex numbers of the spectrum of one channel of one block."""
        return prod(self.transform[:-1]) * (self.transform[-1] // 2 + 1)

    @property
    def reach(self) -> tuple[int, ...]:
        """Elements of the input that the blocks cover."""
        axes = zip(self.transform, self.step, self.counts, strict=True)
        return tuple((count - 1) * step + n for n, step, count in axes)


class _Axis(NamedTuple):
    """What the blocks of one axis depend on.

    Attributes:
        outputs: At stride 1.
        extent: Elements that a window spans.
        alone: Elements of a transform that holds all outputs.
    """

    outputs: int
    extent: int
    alone: int


def tiles_of(problem: ConvProblem, transform: tuple[int, ...]) -> Tiles:
    """The blocks for transforms of at most `transform` elements per axis."""
    return _cut(_axes(problem), transform)


def tilings(problem: ConvProblem) -> set[Tiles]:
    """The blocks for each size that is tried; an axis is never cut finer than its kernel needs."""
    axes = _axes(problem)
    transforms = (
        [good_size(max(size, axis.extent)) for axis in axes]
        for size in TRANSFORMS[problem.spatial_dims]
    )
    return {_cut(axes, transform) for transform in transforms}


def _cut(axes: Sequence[_Axis], transform: Sequence[int]) -> Tiles:
    sizes = tuple(min(n, axis.alone) for n, axis in zip(transform, axes, strict=True))
    steps = tuple(
        axis.outputs if n >= axis.alone else n - axis.extent + 1
        for n, axis in zip(transform, axes, strict=True)
    )
    counts = (-(-axis.outputs // step) for axis, step in zip(axes, steps, strict=True))
    return Tiles(sizes, steps, tuple(counts))


def _axes(problem: ConvProblem) -> list[_Axis]:
    """Every axis of a problem.

    A window beyond the end of the block goes on at its beginning. If zeros lie before the first
    element and behind the last one, they may be the same zeros.
    """
    found = []
    for window, size, outputs in zip(
        problem.windows, problem.sizes, problem.whole_sizes, strict=True
    ):
        extent = window.extent
        read = outputs + extent - 1
        if problem.padding_mode == "zeros":
            behind = max(0, read - window.before - size)
            read = max(outputs, extent, read - min(window.before, behind))
        found.append(_Axis(outputs, extent, good_size(read)))
    return found


@cache
def good_size(least: int) -> int:
    """The smallest even number from `least` on whose prime factors are 2, 3, 5 and 7."""
    size = least + least % 2
    while not _smooth(size):
        size += 2
    return size


def _smooth(number: int) -> bool:
    for factor in (2, 3, 5, 7):
        while number % factor == 0:
            number //= factor
    return number == 1


def rows_at_once(problem: ConvProblem, tiles: Tiles) -> int:
    """Rows of blocks that are worked on together: few enough to stay in the caches."""
    row = 16 * (problem.channels + problem.out_channels) * prod(tiles.counts[1:])
    return max(1, MOST_BYTES // (row * tiles.frequencies))


def working_bytes(problem: ConvProblem, tiles: Tiles) -> int:
    """Bytes beside input and result: the kernel's spectrum, and a band of blocks.

    In float64 the magnitudes are transformed as well, in elements half as large.
    """
    kernel = problem.out_channels * problem.in_channels_per_group * tiles.frequencies * 16
    row = (problem.channels + problem.out_channels) * prod(tiles.counts[1:]) * tiles.frequencies
    band = max(32 * row, min(2 * MOST_BYTES, 32 * row * tiles.counts[0] * problem.batch))
    elements = prod(problem.whole_sizes)
    strided = problem.batch * problem.out_channels * elements * problem.itemsize
    transformed = 2 * kernel + band
    if problem.dtype == "float64":
        transformed += transformed // 2 + elements
    return transformed + (strided if elements > prod(problem.out_sizes) else 0)
