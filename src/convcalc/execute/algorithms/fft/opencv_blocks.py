"""The blocks of an FFT plane by plane, transformed by OpenCV, for kernels that mix no channels."""

from __future__ import annotations

from itertools import product
from math import log2, prod
from typing import TYPE_CHECKING, Generic

import numpy as np

from convcalc.execute.algorithms.opencv.planes import spread
from convcalc.execute.arrays.array import A
from convcalc.execute.backends import opencv, thread_pool
from convcalc.execute.fitted_costs import FITTED

if TYPE_CHECKING:
    from convcalc.execute.algorithms.fft.blocks import Tiles
    from convcalc.execute.backends.protocol import ArrayBackend
    from convcalc.execute.problem import ConvProblem

Array = np.ndarray
BlockIndex = tuple[int, ...]

TRANSFORMS = FITTED["shared_transforms"]
"""Elements times log2(elements) per second that are counted on where threads share the work."""


class PlaneBlocks(Generic[A]):
    """Kernels of planes, ready to be applied to blocks.

    Args:
        ops: The backend.
        problem: What is convolved; its kernels mix no channels.
        weight: (O, 1, *k).
        tiles: The blocks.
    """

    def __init__(self, ops: ArrayBackend[A], problem: ConvProblem, weight: A, tiles: Tiles) -> None:
        self._ops, self._problem, self._tiles = ops, problem, tiles
        rows, columns = tiles.transform
        self._sizes = (rows, columns)
        kernels = spread(ops.unload(weight)[:, 0], problem.windows)
        self._kernels = np.empty((len(kernels), rows, columns))
        with opencv.transforming(self._sizes) as transform:
            for kernel, spectrum in zip(kernels, self._kernels, strict=True):
                transform.spectrum(kernel, out=spectrum)

    def __call__(
        self, sample: A, out: A, left_out: set[BlockIndex], before: tuple[int, ...] = (0, 0)
    ) -> None:
        """The blocks of a sample (C, *sizes), put into (O, *whole); some are left out.

        Args:
            before: Zeros that lie before the first element of each axis, and are not in `sample`.
        """
        elements, results = self._ops.unload(sample), self._ops.unload(out)
        places = [p for p in product(*map(range, self._tiles.counts)) if p not in left_out]
        jobs = len(places) * len(elements)

        def work(begin: int, end: int) -> None:
            with opencv.transforming(self._sizes) as transform:
                for job in range(begin, end):
                    channel, index = divmod(job, len(places))
                    spectrum = self._spectrum(transform, elements[channel], places[index], before)
                    self._block(transform, spectrum, results, channel, places[index])

        size = prod(self._sizes)
        seconds = 2 * jobs * self._maps * size * log2(size) / TRANSFORMS
        thread_pool.shared(work, jobs, self._ops.threads, seconds)

    @property
    def _maps(self) -> int:
        return self._problem.out_channels // self._problem.channels

    def _spectrum(
        self, transform: opencv.Transform, plane: Array, place: BlockIndex, before: tuple[int, ...]
    ) -> Array:
        """The spectrum of a block of a plane, with zeros where the plane has no elements."""
        axes = zip(place, self._tiles.step, before, self._sizes, strict=True)
        rows, columns = ((i * step - zeros, i * step - zeros + n) for i, step, zeros, n in axes)
        own = plane[max(0, rows[0]) : max(0, rows[1]), max(0, columns[0]) : max(0, columns[1])]
        return transform.spectrum(own, (max(0, -rows[0]), max(0, -columns[0])))

    def _block(
        self,
        transform: opencv.Transform,
        spectrum: Array,
        out: Array,
        channel: int,
        place: BlockIndex,
    ) -> None:
        """One block of a channel, correlated with each of its kernels."""
        where = tuple(
            slice(index * step, (index + 1) * step)
            for index, step in zip(place, self._tiles.step, strict=True)
        )
        for output in range(channel * self._maps, (channel + 1) * self._maps):
            target = out[output][where]
            found = transform.correlated(spectrum, self._kernels[output], len(target))
            target[...] = found[:, : target.shape[1]]
