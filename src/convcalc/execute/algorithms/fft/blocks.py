"""The blocks of an FFT: their transforms, their outputs, and how many are done at a time."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from convcalc.execute.problem import ConvProblem

MOST_BYTES = 2**22
"""Bytes of the transforms that are worked on together."""


class Tiles(NamedTuple):
    """Blocks of the outputs at stride 1, per spatial axis.

    Attributes:
        transform: Elements of a transform, n.
        step: Outputs of a block, m = n - e + 1; one that stands alone may have more.
        counts: Blocks.
    """

    transform: tuple[int, ...]
    step: tuple[int, ...]
    counts: tuple[int, ...]

    @property
    def reach(self) -> tuple[int, ...]:
        """Elements of the input that the blocks cover."""
        axes = zip(self.transform, self.step, self.counts, strict=True)
        return tuple((count - 1) * step + n for n, step, count in axes)


def tiles_of(problem: ConvProblem, transform: tuple[int, ...]) -> Tiles:
    """The blocks for transforms of at most `transform` elements per axis."""
    steps, counts, sizes = [], [], []
    for axis, (n, window) in enumerate(zip(transform, problem.windows, strict=True)):
        outputs, alone = whole(problem)[axis], good_size(_elements_alone(problem, axis))
        step = outputs if n >= alone else n - window.extent + 1
        sizes.append(min(n, alone))
        steps.append(step)
        counts.append(-(-outputs // step))
    return Tiles(tuple(sizes), tuple(steps), tuple(counts))


def _elements_alone(problem: ConvProblem, axis: int) -> int:
    """Elements of a transform that holds all outputs of an axis.

    A window beyond the end of the block goes on at its beginning. If zeros lie before the first
    element and behind the last one, they may be the same zeros.
    """
    window, outputs = problem.windows[axis], whole(problem)[axis]
    read = outputs + window.extent - 1
    if problem.padding_mode != "zeros":
        return read
    behind = max(0, read - window.before - problem.sizes[axis])
    return max(outputs, window.extent, read - min(window.before, behind))


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


def frequencies(tiles: Tiles) -> int:
    """Complex numbers of the spectrum of one channel of one block."""
    return prod(tiles.transform[:-1]) * (tiles.transform[-1] // 2 + 1)


def whole(problem: ConvProblem) -> tuple[int, ...]:
    """The outputs per axis at stride 1, of which the strides take some."""
    axes = zip(problem.out_sizes, problem.windows, strict=True)
    return tuple((out - 1) * window.stride + 1 for out, window in axes)


def rows_at_once(problem: ConvProblem, tiles: Tiles) -> int:
    """Rows of blocks that are worked on together: few enough to stay in the caches."""
    row = 16 * (problem.channels + problem.out_channels) * prod(tiles.counts[1:])
    return max(1, MOST_BYTES // (row * frequencies(tiles)))
