"""FFT: convolution as a product of spectra, in overlapping blocks (overlap-save).

The outputs are cut into blocks of m cells per axis; a block needs n = m + e - 1 cells of the input
and one real transform of n cells, a size of small prime factors. Channels are summed in the
frequency domain, so that C inputs and O outputs cost C + O transforms per block and not C*O; the
kernel is transformed once for all samples and blocks. A stride takes every s-th output.

    y[u] = sum over t of x[u + t] * w[t]   <=>   Y(f) = X(f) * conj(W(f)),   u = 0 ... n - e

float32 is transformed in float64: the error is then far below what the dtype itself rounds. Which
blocks may be computed in this way at all is decided by `certificate`; the others go direct.

Source: overlap-save after Oppenheim and Schafer, "Discrete-Time Signal Processing", section 8.7.
"""

from __future__ import annotations

from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

from convcalc.execute.algorithms.certificate import certificate, unsafe_blocks
from convcalc.execute.algorithms.plane_blocks import PlaneBlocks
from convcalc.window import Window

if TYPE_CHECKING:
    from collections.abc import Callable

    from convcalc.execute.problem import Problem

MOST_BYTES = 2**22
"""Bytes of the transforms that are worked on together."""


class Tiles(NamedTuple):
    """Blocks of the outputs at stride 1, per spatial axis.

    Attributes:
        transform: Cells of a transform, n.
        step: Outputs of a block, m = n - e + 1.
        counts: Blocks.
    """

    transform: tuple[int, ...]
    step: tuple[int, ...]
    counts: tuple[int, ...]

    @property
    def reach(self) -> tuple[int, ...]:
        """Cells of the input that the blocks cover."""
        axes = zip(self.transform, self.step, self.counts, strict=True)
        return tuple((count - 1) * step + n for n, step, count in axes)


def refusal(problem: Problem) -> str | None:
    """Why the algorithm does not apply, in words; None where it does."""
    if not problem.floating:
        return "an FFT would round integers"
    if problem.dtype == "float64":
        return "the errors of an FFT in float64 cannot be shown to be those of float64 sums"
    if problem.transposed:
        return "transforms are for forward convolutions"
    return None


def tiles_of(problem: Problem, transform: tuple[int, ...]) -> Tiles:
    """The blocks for transforms of at most `transform` cells per axis."""
    steps, counts, sizes = [], [], []
    for n, window, out in zip(transform, problem.windows, problem.out_sizes, strict=True):
        whole = (out - 1) * window.stride + 1
        size = min(n, good_size(whole + window.extent - 1))
        step = size - window.extent + 1
        sizes.append(size)
        steps.append(step)
        counts.append(-(-whole // step))
    return Tiles(tuple(sizes), tuple(steps), tuple(counts))


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


def working_bytes(problem: Problem, tiles: Tiles) -> int:
    """Bytes beside input and result: the kernel's spectrum, and a band of blocks."""
    kernel = problem.out_channels * problem.depth * frequencies(tiles) * 16
    row = (problem.channels + problem.out_channels) * prod(tiles.counts[1:]) * frequencies(tiles)
    band = max(32 * row, min(2 * MOST_BYTES, 32 * row * tiles.counts[0] * problem.batch))
    cells = prod(whole(problem))
    strided = problem.batch * problem.out_channels * cells * problem.itemsize
    return 2 * kernel + band + (strided if cells > prod(problem.out_sizes) else 0)


def run(
    ops: Any,
    problem: Problem,
    array: Any,
    weight: Any,
    tiles: Tiles,
    direct: Callable[[Any, tuple[Window, ...]], Any],
    layout: str = "blocks",
) -> Any:
    """The result of a padded `array` (N, C, *sizes), or None where the kernel admits no transform.

    Args:
        direct: The direct convolution of (1, C, *cells) with plain windows, for the blocks that
            must not be transformed.
        layout: "planes" for blocks of single planes by OpenCV, or "blocks" for many at a time.
    """
    demand = certificate(ops.unload(weight), problem, tiles)
    if demand is None:
        return None
    transform = (PlaneBlocks if layout == "planes" else _Batches)(ops, problem, weight, tiles)
    out = ops.empty((problem.batch, problem.out_channels, *whole(problem)), array)
    plain = tuple(Window(w.kernel, dilation=w.dilation) for w in problem.windows)
    for sample in range(problem.batch):
        unsafe = unsafe_blocks(demand, ops.unload(array[sample]))
        if len(unsafe) < prod(tiles.counts):
            transform(array[sample], out[sample], unsafe)
        for place in unsafe:
            _directly(out[sample], array[sample], place, tiles, plain, direct)
    return out[(..., *(slice(None, None, w.stride) for w in problem.windows))]


class _Batches:
    """The kernel's spectrum, ready to be applied to bands of blocks."""

    def __init__(self, ops: Any, problem: Problem, weight: Any, tiles: Tiles) -> None:
        self._ops, self._problem, self._tiles = ops, problem, tiles
        self._kernel = _kernel_spectrum(ops, problem, weight, tiles)

    def __call__(self, sample: Any, out: Any, left_out: set[tuple[int, ...]]) -> None:
        """All blocks of a padded sample (C, *sizes), put into (O, *whole)."""
        del left_out  # what must not be transformed is written over
        ops, tiles = self._ops, self._tiles
        rows = rows_at_once(self._problem, tiles)
        for first in range(0, tiles.counts[0], rows):
            count = (min(rows, tiles.counts[0] - first), *tiles.counts[1:])
            blocks = _blocks(ops, sample, tiles, first, count)
            _write(out, _product(ops, self._problem, blocks, self._kernel, tiles), first, tiles)


def whole(problem: Problem) -> tuple[int, ...]:
    """The outputs per axis at stride 1, of which the strides take some."""
    axes = zip(problem.out_sizes, problem.windows, strict=True)
    return tuple((out - 1) * window.stride + 1 for out, window in axes)


def rows_at_once(problem: Problem, tiles: Tiles) -> int:
    """Rows of blocks that are worked on together: few enough to stay in the caches."""
    row = 16 * (problem.channels + problem.out_channels) * prod(tiles.counts[1:])
    return max(1, MOST_BYTES // (row * frequencies(tiles)))


def _blocks(ops: Any, sample: Any, tiles: Tiles, first: int, count: tuple[int, ...]) -> Any:
    """Overlapping blocks (C, *count, *n) in float64 of a padded sample, zeros beyond its end."""
    starts = (first * tiles.step[0], *(0,) * (len(count) - 1))
    axes = zip(starts, count, tiles.step, tiles.transform, strict=True)
    lengths = [(c - 1) * step + n for _, c, step, n in axes]
    slab = ops.zeros((sample.shape[0], *lengths), sample, dtype="float64")
    piece = sample[(slice(None), *(slice(s, s + n) for s, n in zip(starts, lengths, strict=True)))]
    slab[(slice(None), *(slice(0, n) for n in piece.shape[1:]))] = piece
    channel, *steps = ops.steps(slab)
    strides = (*(s * step for s, step in zip(steps, tiles.step, strict=True)), *steps)
    return ops.strided(slab, (sample.shape[0], *count, *tiles.transform), (channel, *strides))


def _kernel_spectrum(ops: Any, problem: Problem, weight: Any, tiles: Tiles) -> Any:
    """conj(W), ready for the product: (F, g, C/g, O/g), or (O, 1, *f) without channels to mix."""
    spread = ops.zeros(
        (problem.out_channels, problem.depth, *(w.extent for w in problem.windows)),
        weight,
        dtype="float64",
    )
    spread[(..., *(slice(None, None, w.dilation) for w in problem.windows))] = weight
    spectrum = ops.rfftn(spread, tiles.transform).conj()
    if problem.depth == 1:
        return spectrum
    maps = problem.out_channels // problem.groups
    split = spectrum.reshape(problem.groups, maps, problem.depth, -1)
    return ops.contiguous(ops.permute(split, (3, 0, 2, 1)))


def _product(ops: Any, problem: Problem, blocks: Any, kernel: Any, tiles: Tiles) -> Any:
    """The blocks of the result, (O, *count, *m)."""
    spectrum = ops.rfftn(blocks, tiles.transform)
    count, cells = blocks.shape[1 : 1 + problem.rank], spectrum.shape[1 + problem.rank :]
    maps = problem.out_channels // problem.groups
    if problem.depth == maps == 1:
        spectrum *= kernel.reshape(problem.channels, *(1,) * problem.rank, *cells)
        mixed = spectrum
    elif problem.depth == 1:
        mixed = spectrum.reshape(problem.groups, 1, -1, *cells) * kernel.reshape(
            problem.groups, maps, 1, *cells
        )
    else:
        split = spectrum.reshape(problem.groups, problem.depth, prod(count), -1)
        mixed = ops.permute(ops.permute(split, (3, 0, 2, 1)) @ kernel, (1, 3, 2, 0))
    mixed = mixed.reshape(problem.out_channels, *count, *cells)
    result = ops.irfftn(mixed, tiles.transform)
    return result[(..., *(slice(0, step) for step in tiles.step))]


def _write(out: Any, blocks: Any, first: int, tiles: Tiles) -> None:
    """The blocks (O, *count, *m) put side by side into (O, *whole), from block row `first` on."""
    count = blocks.shape[1 : 1 + len(tiles.counts)]
    for place in product(*map(range, count)):
        where = _place((place[0] + first, *place[1:]), tiles)
        target = out[(slice(None), *where)]
        cells = tuple(slice(0, size) for size in target.shape[1:])
        target[...] = blocks[(slice(None), *place)][(slice(None), *cells)]


def _place(place: tuple[int, ...], tiles: Tiles) -> tuple[slice, ...]:
    return tuple(
        slice(index * step, (index + 1) * step)
        for index, step in zip(place, tiles.step, strict=True)
    )


def _directly(
    out: Any,
    sample: Any,
    place: tuple[int, ...],
    tiles: Tiles,
    windows: tuple[Window, ...],
    direct: Callable[[Any, tuple[Window, ...]], Any],
) -> None:
    """One block computed from its own cells alone, in the dtype of the array."""
    target = out[(slice(None), *_place(place, tiles))]
    cells = tuple(
        slice(index * step, index * step + size + w.extent - 1)
        for index, step, size, w in zip(place, tiles.step, target.shape[1:], windows, strict=True)
    )
    target[...] = direct(sample[(slice(None), *cells)][None], windows)[0]
