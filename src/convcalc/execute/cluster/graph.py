"""The tasks of a convolution on a cluster, as dask.array makes them: reading, halos, tiles.

A grid of input chunks is laid so that chunk i holds what tile i reads, up to a halo from its
neighbours, which `dask.array.overlap` brings. No element of zero padding is made: a tile at the
border keeps that part of its padding in its windows.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import dask
import dask.array
from dask.array.overlap import overlap

from convcalc.execute.arrays.arranged import samples_of
from convcalc.execute.cluster.worker import channels_read, compute_tile, reads
from convcalc.execute.tiling import boxes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dask.delayed import Delayed

    from convcalc.arrayfile.stored import Stored
    from convcalc.execute.arrays.arranged import Arranged
    from convcalc.execute.cluster.worker import TileJob
    from convcalc.execute.problem import ConvProblem
    from convcalc.execute.tiling import Box

PADDING = {
    "reflect": "reflect",
    "symmetric": "symmetric",
    "replicate": "edge",
    "circular": "wrap",
}
"""The names that NumPy, and so dask.array, has for what a padding repeats."""


class Cut(NamedTuple):
    """How the input of one spatial axis is cut so that overlaps bring each tile what it reads.

    Attributes:
        starts: The first element of each chunk, and the end of the last.
        before: Elements that a chunk needs of the one before it.
        after: Elements that it needs of the next.
    """

    starts: tuple[int, ...]
    before: int
    after: int

    @property
    def sizes(self) -> tuple[int, ...]:
        """Elements of each chunk."""
        return tuple(b - a for a, b in pairwise(self.starts))


def tile_tasks(job: TileJob, stored: Stored) -> list[Delayed]:
    """One task per tile, in the order of `tiling.boxes`; each gives what is known of its tile."""
    problem = job.problem
    padded = problem.padding_mode != "zeros"
    cuts = _cuts(problem, job.tiling.sizes, padded)
    array = _read(samples_of(stored, job.axes), job, cuts, padded)
    shared = dask.delayed(job, traverse=False, name=f"job-{_fresh()}")
    compute = dask.delayed(compute_tile, pure=False, traverse=False)
    pieces = _overlapped(job, array, cuts) if cuts else _sliced(job, array, padded)
    return [compute(shared, box, piece, begin, padded) for box, piece, begin in pieces]


def cut_axis(problem: ConvProblem, axis: int, tile: int, padded: bool) -> Cut | None:
    """How an axis is cut for tiles of so many outputs; None where overlaps do not serve.

    Tile i has the outputs from b = i * tile on and reads from element b*s - pb on; the next tile
    reads from tile*s elements further, this one up to extent - s more than that. A chunk that
    begins `before` elements later than its tile reads, 0 <= before <= extent - s, needs `before`
    elements of the chunk in front and extent - s - before of the next; with before = pb, where that
    is allowed, chunks begin at multiples of the stride. dask.array takes a halo from the next chunk
    only, so that none may be smaller than the halo. The only chunk of an axis needs none.

    Source: derived.
    """
    window = problem.windows[axis]
    pb = 0 if padded else window.before
    size = problem.sizes[axis] + (window.before + window.after if padded else 0)
    if tile >= problem.out_sizes[axis]:
        return Cut((0, size), 0, 0)
    halo = max(0, window.extent - window.stride)
    before = min(pb, halo)
    inner = range(tile, problem.out_sizes[axis], tile)
    starts = (0, *(b * window.stride - pb + before for b in inner), size)
    cut = Cut(starts, before, halo - before)
    if min(cut.sizes) < max(1, cut.before, cut.after):
        return None
    return cut


def _cuts(problem: ConvProblem, sizes: tuple[int, ...], padded: bool) -> list[Cut] | None:
    """The cuts of all axes, if overlaps serve all of them."""
    if problem.transposed:
        return None
    cuts = [cut_axis(problem, axis, size, padded) for axis, size in enumerate(sizes)]
    return None if None in cuts else [cut for cut in cuts if cut is not None]


def _read(
    samples: Arranged, job: TileJob, cuts: list[Cut] | None, padded: bool
) -> dask.array.Array:
    """The input as an array of dask, padded where the padding is not of zeros."""
    problem = job.problem
    channels: tuple[int, ...] = (problem.channels,)
    if problem.groups > 1:
        firsts = range(0, problem.out_channels, job.tiling.channels)
        ends = (*(n * problem.channels // problem.out_channels for n in firsts), problem.channels)
        channels = tuple(b - a for a, b in pairwise(ends))
    grid = ((1,) * problem.batch, channels, *((n,) for n in problem.sizes))
    if cuts and not padded:
        grid = (*grid[:2], *(cut.sizes for cut in cuts))
    array = dask.array.from_array(
        samples, chunks=grid, name=f"input-{_fresh()}", asarray=False, inline_array=True
    )
    if padded:
        widths = [(0, 0), (0, 0), *((w.before, w.after) for w in problem.windows)]
        array = dask.array.pad(array, widths, mode=PADDING[problem.padding_mode])
    return array


def _overlapped(
    job: TileJob, array: dask.array.Array, cuts: list[Cut]
) -> Iterator[tuple[Box, Delayed, tuple[int, ...]]]:
    """Each tile with its chunk and halo, and which element is the first of these."""
    depth = dict(enumerate([(0, 0), (0, 0), *((cut.before, cut.after) for cut in cuts)]))
    grid = (*array.chunks[:2], *(cut.sizes for cut in cuts))
    shared = overlap(
        array.rechunk(grid), depth, dict.fromkeys(depth, "none"), allow_rechunk=False
    ).to_delayed()
    for box in boxes(job.problem, job.tiling):
        place = [
            first // size for (first, _), size in zip(box.outputs, job.tiling.sizes, strict=True)
        ]
        begin = tuple(
            cut.starts[i] - (cut.before if i else 0) for cut, i in zip(cuts, place, strict=True)
        )
        part = box.channels[0] // job.tiling.channels if job.problem.groups > 1 else 0
        yield box, shared[(box.sample, part, *place)], begin


def _sliced(
    job: TileJob, array: dask.array.Array, padded: bool
) -> Iterator[tuple[Box, Delayed, tuple[int, ...]]]:
    """Each tile with just the elements that it reads, where overlaps do not serve."""
    for box in boxes(job.problem, job.tiling):
        ends = reads(job.problem, box, padded)
        begin = tuple(first for first, _ in ends)
        elements = (slice(first, max(first, last)) for first, last in ends)
        channels = slice(*channels_read(job.problem, box))
        part = array[(slice(box.sample, box.sample + 1), channels, *elements)]
        yield box, part.rechunk(-1).to_delayed().item(), begin


def _fresh() -> str:
    """A name that no other run has: schedulers take equal names for equal results."""
    from uuid import uuid4

    return uuid4().hex
