"""The blocks of an FFT plane by plane, transformed by OpenCV, for kernels that mix no channels."""

from __future__ import annotations

from itertools import product
from math import log2, prod
from typing import TYPE_CHECKING, Any

import numpy as np

from convcalc.execute import planes
from convcalc.execute.algorithms.plane_sums import spread

if TYPE_CHECKING:
    from convcalc.execute.algorithms.fft import Tiles
    from convcalc.execute.problem import Problem

Array = np.ndarray
Place = tuple[int, ...]

TRANSFORMS = 5e9
"""Cells times log2(cells) per second that are counted on when work is shared among threads."""


class PlaneBlocks:
    """Kernels of planes, ready to be applied to blocks.

    Args:
        ops: The backend.
        problem: What is convolved; its kernels mix no channels.
        weight: (O, 1, *k).
        tiles: The blocks.
    """

    def __init__(self, ops: Any, problem: Problem, weight: Any, tiles: Tiles) -> None:
        self._ops, self._problem, self._tiles = ops, problem, tiles
        rows, columns = tiles.transform
        self._sizes = (rows, columns)
        transform = planes.Transform(self._sizes)
        kernels = spread(ops.unload(weight)[:, 0], problem.windows)
        self._kernels = [transform.spectrum(kernel) for kernel in kernels]

    def __call__(self, sample: Any, out: Any, left_out: set[Place]) -> None:
        """The blocks of a padded sample (C, *sizes), put into (O, *whole); some are left out."""
        cells, results = self._ops.unload(sample), self._ops.unload(out)
        places = [p for p in product(*map(range, self._tiles.counts)) if p not in left_out]
        jobs = len(places) * len(cells)

        def work(begin: int, end: int) -> None:
            transform = planes.Transform(self._sizes)
            for job in range(begin, end):
                channel, index = divmod(job, len(places))
                self._block(transform, cells[channel], results, channel, places[index])

        size = prod(self._sizes)
        seconds = 2 * jobs * self._maps * size * log2(size) / TRANSFORMS
        planes.shared(work, jobs, self._ops.threads, seconds)

    @property
    def _maps(self) -> int:
        return self._problem.out_channels // self._problem.channels

    def _block(
        self, transform: planes.Transform, plane: Array, out: Array, channel: int, place: Place
    ) -> None:
        """One block of a channel, correlated with each of its kernels."""
        axes = list(zip(place, self._tiles.step, self._tiles.transform, strict=True))
        cells = plane[tuple(slice(i * step, i * step + n) for i, step, n in axes)]
        spectrum = transform.spectrum(cells)
        where = tuple(slice(i * step, (i + 1) * step) for i, step, _ in axes)
        for output in range(channel * self._maps, (channel + 1) * self._maps):
            target = out[output][where]
            found = transform.correlated(spectrum, self._kernels[output])
            target[...] = found[tuple(slice(0, size) for size in target.shape)]
