"""FFT: convolution as a product of spectra, in overlapping blocks (overlap-save).

The outputs are cut into blocks of m elements per axis; a block needs n = m + e - 1 elements of the
input and one real transform of n elements, a size of small prime factors. A stride takes
every s-th output.

    y[u] = sum over t of x[u + t] * w[t]   <=>   Y(f) = X(f) * conj(W(f)),   u = 0 ... n - e

The transform of a block that stands alone has the zeros of a padding once: its windows go on at its
beginning, where the zeros before the first element are also those behind the last one.

All is transformed in float64. For float32 the error is then far below what the dtype itself
rounds, and `bound_float32` finds the few blocks that must go direct by counting. For float64 it is
not, and `bound_float64` looks at every output, for about the price of the transforms themselves.

Source: overlap-save after Oppenheim and Schafer, "Discrete-Time Signal Processing", section 8.7.
"""

from __future__ import annotations

from itertools import product
from math import prod
from typing import TYPE_CHECKING, Generic, NamedTuple

import numpy as np

from convcalc.execute.algorithms.fft import bound_float64
from convcalc.execute.algorithms.fft.blocks import Tiles, rows_at_once
from convcalc.execute.algorithms.fft.bound_float32 import certificate, maybe_unsafe, unsafe_blocks
from convcalc.execute.algorithms.fft.fitness import is_padded
from convcalc.execute.algorithms.fft.opencv_blocks import PlaneBlocks
from convcalc.execute.algorithms.fft.rectangles import covering
from convcalc.execute.algorithms.fft.spectra import blocks_of, kernel_spectrum, product_of
from convcalc.execute.arrays.array import A
from convcalc.window import Window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from convcalc.execute.algorithms.fft.bound_float32 import BlockIndex
    from convcalc.execute.algorithms.fft.rectangles import Box
    from convcalc.execute.backends.protocol import ArrayBackend
    from convcalc.execute.problem import ConvProblem


def run(
    ops: ArrayBackend[A],
    problem: ConvProblem,
    array: A,
    weight: A,
    tiles: Tiles,
    direct: Callable[[A, tuple[Window, ...]], A],
    layout: str = "blocks",
) -> A | None:
    """The result of `array` (N, C, *sizes), or None where the kernel admits no transform.

    Args:
        array: Padded, but for the zeros around planes: `is_padded`.
        direct: The direct convolution of (1, C, *sizes) with plain windows, for the outputs that
            must not be transformed.
        layout: "planes" for blocks of single planes by OpenCV, or "blocks" for many at a time.
    """
    proof = _proof(ops, problem, weight, tiles)
    if proof is None:
        return None
    transform = (PlaneBlocks if layout == "planes" else _Batches)(ops, problem, weight, tiles)
    out = ops.empty((problem.batch, problem.out_channels, *problem.whole_sizes), array)
    plain = tuple(Window(w.kernel, dilation=w.dilation) for w in problem.windows)
    padded = is_padded(problem, layout)
    for sample, result in zip(array, out, strict=True):
        if not padded and proof.clear(sample):
            transform(sample, result, set(), tuple(w.before for w in problem.windows))
            continue
        around = sample if padded else ops.pad(sample[None], problem.windows, "zeros")[0]
        places, boxes = proof.unsafe(around)
        if sum(_outputs(box, problem.whole_sizes) for box in boxes) < prod(problem.whole_sizes):
            transform(around, result, places)
        for box in boxes:
            _directly(result, around, box, plain, direct)
    strided: A = out[(..., *(slice(None, None, w.stride) for w in problem.windows))]
    return strided


class _Batches(Generic[A]):
    """The kernel's spectrum, ready to be applied to bands of blocks."""

    def __init__(self, ops: ArrayBackend[A], problem: ConvProblem, weight: A, tiles: Tiles) -> None:
        self._ops, self._problem, self._tiles = ops, problem, tiles
        self._kernel = kernel_spectrum(ops, problem, weight, tiles)

    def __call__(
        self, sample: A, out: A, left_out: set[BlockIndex], before: tuple[int, ...] = ()
    ) -> None:
        """All blocks of a padded sample (C, *sizes), put into (O, *whole)."""
        del left_out, before  # what must not be transformed is written over
        for first, blocks in _bands(self._ops, self._problem, sample, self._tiles):
            made = product_of(self._ops, self._problem, blocks, self._kernel, self._tiles)
            _write(out, made, first, self._tiles)


class _Proof(NamedTuple, Generic[A]):
    """What finds the outputs of a sample that must not be transformed.

    Attributes:
        clear: Whether there are none by a first look at a sample without its padding.
        unsafe: Of a padded sample the places of whole blocks, which need not be transformed at
            all, and boxes of outputs.
    """

    clear: Callable[[A], bool]
    unsafe: Callable[[A], tuple[set[BlockIndex], list[Box]]]


def _proof(ops: ArrayBackend[A], problem: ConvProblem, weight: A, tiles: Tiles) -> _Proof[A] | None:
    if problem.dtype == "float64":
        return _proof_of_outputs(ops, problem, weight, tiles)
    counted = certificate(ops.unload(weight), problem, tiles)
    if counted is None:
        return None

    def unsafe(sample: A) -> tuple[set[BlockIndex], list[Box]]:
        places = unsafe_blocks(counted, ops.unload(sample))
        return places, [_place(place, tiles) for place in places]

    return _Proof(lambda sample: not maybe_unsafe(counted, ops.unload(sample)), unsafe)


def _proof_of_outputs(
    ops: ArrayBackend[A], problem: ConvProblem, weight: A, tiles: Tiles
) -> _Proof[A] | None:
    demand = bound_float64.error_budget(ops, problem, ops.unload(weight), tiles)
    if demand is None:
        return None
    extents = [window.extent for window in problem.windows]

    def unsafe(sample: A) -> tuple[set[BlockIndex], list[Box]]:
        mask = np.empty((1, *problem.whole_sizes), bool)
        for first, blocks in _bands(ops, problem, sample, tiles):
            found = bound_float64.unsafe_outputs(ops, demand, problem, tiles, blocks)
            _write(mask, found[None], first, tiles)
        return set(), list(covering(mask[0], extents))

    return _Proof(lambda _: False, unsafe)


def _outputs(box: Box, sizes: tuple[int, ...]) -> int:
    """The outputs of a box, which may begin within the whole and end beyond it."""
    return prod(min(side.stop, size) - side.start for side, size in zip(box, sizes, strict=True))


def _bands(
    ops: ArrayBackend[A], problem: ConvProblem, sample: A, tiles: Tiles
) -> Iterator[tuple[int, A]]:
    """The blocks (C, *count, *n) that are worked on together, each band with its first row."""
    rows = rows_at_once(problem, tiles)
    for first in range(0, tiles.counts[0], rows):
        count = (min(rows, tiles.counts[0] - first), *tiles.counts[1:])
        yield first, blocks_of(ops, sample, tiles, first, count)


def _write(out: A, blocks: A, first: int, tiles: Tiles) -> None:
    """The blocks (O, *count, *m) put side by side into (O, *whole), from block row `first` on."""
    count = blocks.shape[1 : 1 + len(tiles.counts)]
    if len(count) == 1:
        # Whole blocks of a row lie in it one after the other: they are written at once.
        (step,) = tiles.step
        whole_ones = min(count[0], (out.shape[1] - first * step) // step)
        row = out[:, first * step : (first + whole_ones) * step]
        row.reshape(len(out), whole_ones, step)[...] = blocks[:, :whole_ones]
        blocks, count, first = blocks[:, whole_ones:], (count[0] - whole_ones,), first + whole_ones
    for place in product(*map(range, count)):
        where = _place((place[0] + first, *place[1:]), tiles)
        target = out[(slice(None), *where)]
        elements = tuple(slice(0, size) for size in target.shape[1:])
        target[...] = blocks[(slice(None), *place)][(slice(None), *elements)]


def _place(place: tuple[int, ...], tiles: Tiles) -> tuple[slice, ...]:
    return tuple(
        slice(index * step, (index + 1) * step)
        for index, step in zip(place, tiles.step, strict=True)
    )


def _directly(
    out: A,
    sample: A,
    box: Box,
    windows: tuple[Window, ...],
    direct: Callable[[A, tuple[Window, ...]], A],
) -> None:
    """A box of outputs computed from its own elements alone, in the dtype of the array."""
    target = out[(slice(None), *box)]
    elements = tuple(
        slice(side.start, side.start + size + w.extent - 1)
        for side, size, w in zip(box, target.shape[1:], windows, strict=True)
    )
    target[...] = direct(sample[(slice(None), *elements)][None], windows)[0]
