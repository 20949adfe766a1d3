"""The tiles of a convolution as a worker of a cluster sees them: read, compute, write, report.

Nothing here knows which cluster. Workers open the input, and the result in the making, by their
names, so that no array passes through the process that gave the order.
"""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from convcalc.execute.arrays.arranged import as_stored
from convcalc.execute.arrays.axes import kept_axes
from convcalc.execute.arrays.integers import check_exact, largest_magnitude
from convcalc.execute.arrays.statistics import Figures
from convcalc.execute.backends.tap_by_tap import grouped_weight
from convcalc.execute.executor.open_executor import limited_threads, open_executor
from convcalc.execute.in_memory import memory_error
from convcalc.execute.out_of_core.stream import Stream, compute_box, is_finite

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from convcalc.execute.arrays.axes import Axes
    from convcalc.execute.arrays.dtypes import DtypePlan
    from convcalc.execute.planning.planner import Planner
    from convcalc.execute.problem import ConvProblem
    from convcalc.execute.tiling import Box, Tiling


_lock = Lock()
_at_work: Counter[str] = Counter()


class TileJob(NamedTuple):
    """What all tiles share.

    Attributes:
        problem: The whole convolution.
        tiling: How large the tiles are.
        weight: The kernel, (O, C/g, *k) or transposed (C, O/g, *k).
        bias: (O), or None.
        named: The kernel and bias by the names that messages call them.
        dtypes: Of the arithmetic and of the result.
        requested: The dtype that was asked for, or None.
        axes: How the input is read.
        planner: The library that computes, and what plans: at the rates of whoever gave the
            order, for all.
        device: A torch device, or None.
        threads: Threads of each computation, or None for what the worker has.
        output: The zarr folder in the making.
        name: The name that the result will have, for messages.
    """

    problem: ConvProblem
    tiling: Tiling
    weight: np.ndarray
    bias: np.ndarray | None
    named: Mapping[str, np.ndarray]
    dtypes: DtypePlan
    requested: str | None
    axes: Axes
    planner: Planner
    device: str | None
    threads: int | None
    output: str
    name: str


class TileResult(NamedTuple):
    """What is known of a tile that was computed.

    Attributes:
        figures: Its least, mean and largest value.
        overflowed: Values that left the range of the dtype, made of finite ones.
        magnitude: The largest absolute value of the integers that the tile was given; 0 of floats.
    """

    figures: Figures
    overflowed: int
    magnitude: int


def compute_tile(
    job: TileJob, box: Box, piece: np.ndarray, begin: Sequence[int], padded: bool
) -> TileResult:
    """Computes one tile and writes it into its place; what is known of it.

    Args:
        job: What is computed.
        box: Which part of it.
        piece: At least the elements that the box reads, (1, C, *sizes).
        begin: Which element of the input is the first of the piece, per spatial axis.
        padded: Whether elements are counted with the padding, which is among them.

    Raises:
        DataError: integers cannot be computed or held exactly.
        OutputError: the result cannot be written.
        ResourceError: there is not enough memory.
    """
    with _counted(job.output):
        return _computed(job, box, piece, begin, padded)


@contextmanager
def _counted(output: str) -> Iterator[None]:
    """Makes it known that a tile of this output is at work, in a thread of this process."""
    with _lock:
        _at_work[output] += 1
    try:
        yield
    finally:
        with _lock:
            _at_work[output] -= 1


def tiles_at_work(output: str) -> int:
    """How many tiles of an output this process computes, or writes, at the moment."""
    with _lock:
        return _at_work[output]


def _computed(
    job: TileJob, box: Box, piece: np.ndarray, begin: Sequence[int], padded: bool
) -> TileResult:
    """`compute_tile`, uncounted."""
    magnitude = largest_magnitude(piece) if piece.dtype.kind in "iu" else 0
    wanted = tuple(
        slice(max(0, first - start), max(0, last - start))
        for (first, last), start in zip(reads(job.problem, box, padded), begin, strict=True)
    )
    piece = np.ascontiguousarray(piece[(slice(None), slice(None), *wanted)])
    executor = open_executor(job.planner, job.device, job.threads)
    stream = Stream(
        *(job.problem, job.tiling, piece, job.weight, job.bias),
        *(job.dtypes, job.requested, executor),
    )
    with np.errstate(all="ignore"), limited_threads(job.threads, job.planner.backend):
        try:
            result = compute_box(stream, box, piece, job.named)
        except RuntimeError as error:
            raise memory_error(error) from None
    _write(job, box, result)
    return _seen(job, piece, result, magnitude)


def check_whole(job: TileJob, magnitude: int) -> None:
    """The largest integer of any tile meets the heaviest kernel, though that may be of another.

    Each tile was exact by itself; whether a work is refused must not depend on how it was cut.

    Raises:
        DataError: in memory it would be refused.
    """
    if job.problem.floating:
        return
    blocks = grouped_weight(job.weight, job.problem.groups, transposed=job.problem.transposed)
    check_exact(np.array([magnitude], object), blocks, job.bias)


def reads(problem: ConvProblem, box: Box, padded: bool) -> list[tuple[int, int]]:
    """The elements (begin, end) of each spatial axis that a box reads.

    Output u reads from element u*s - pb on; counted from the first element of the padding
    that is u*s.
    """
    if not padded:
        return [span.elements for span in box.spans]
    return [
        (first * w.stride, (last - 1) * w.stride + w.extent)
        for (first, last), w in zip(box.outputs, problem.windows, strict=True)
    ]


def channels_read(problem: ConvProblem, box: Box) -> tuple[int, int]:
    """The input channels (begin, end) that a box reads: those of the groups it is made of."""
    if problem.groups == 1:
        return 0, problem.channels
    begin, end = (n * problem.channels // problem.out_channels for n in box.channels)
    return begin, end


def _write(job: TileJob, box: Box, result: np.ndarray) -> None:
    """A tile (channels, *outputs) into its place in the output."""
    from convcalc.arrayfile.zarr_folder import write_box

    kept = kept_axes(job.axes, channels=job.problem.out_channels > 1)
    ends = [(box.sample, box.sample + 1), box.channels, *box.outputs]
    place = tuple(slice(*ends[axis]) for axis in kept)
    write_box(job.output, job.name, place, as_stored(result[np.newaxis], kept))


def _seen(job: TileJob, piece: np.ndarray, result: np.ndarray, magnitude: int) -> TileResult:
    """The figures of a tile, and how much of it left the range."""
    figures = Figures()
    figures.add(result)
    broken = figures.nonfinite
    if broken and not all(is_finite(array) for array in (piece, *job.named.values())):
        broken = 0
    return TileResult(figures, broken, magnitude)
