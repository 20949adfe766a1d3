"""One convolution whose tiles are computed elsewhere: what is prepared before, and the result."""

from __future__ import annotations

import os
from contextlib import contextmanager
from math import prod
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from convcalc import __version__
from convcalc.arrayfile.growing import grow_array
from convcalc.arrayfile.member_names import is_zarr
from convcalc.arrayfile.new_folder import rename_folder, scratch_folder
from convcalc.arrayfile.stored import open_stored, to_show
from convcalc.arrayfile.wording import changed, quoted
from convcalc.errors import DataError, UsageError
from convcalc.execute.arrays.axes import batch_first, kept_axes
from convcalc.execute.cluster.options import LOCAL, ClusterOptions
from convcalc.execute.cluster.worker import TileJob
from convcalc.execute.emptiness import write_empty
from convcalc.execute.executor.executor import Measured
from convcalc.execute.in_memory import plan_work, run_work
from convcalc.execute.job import fitting
from convcalc.execute.prepare import prepare
from convcalc.execute.settings import DryRun, Result, Settings
from convcalc.execute.tiling import choose

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcalc.analysis import Report
    from convcalc.arrayfile.elements import Elements
    from convcalc.arrayfile.stored import Stored
    from convcalc.execute.job import Work
    from convcalc.execute.out_of_core.stream import Streamed
    from convcalc.execute.prepare import Prepared
    from convcalc.execute.problem import ConvProblem
    from convcalc.execute.tiling import Tiling


TILE_BYTES = 64 << 20
"""What computing a tile may take where nobody says: small for a worker, large beside its cost."""

TILE_MEMORY_SHARE = 0.6
"""How much of what is allowed a tile may take as far as is known: libraries take some besides."""

MOST_TILES = 50_000
"""A scheduler keeps a record of every task, and passes on thousands in a second."""


def plan_scheduled(work: Work, settings: Settings, order: ClusterOptions) -> DryRun:
    """The plan and the tiles; nothing is started, and nobody is asked.

    Raises:
        UsageError: there would be too many tiles, or the algorithm asked for does not apply.
        ResourceError: a single tile takes more memory than is allowed.
    """
    if not len(batch_first(work.named["the input"], work.axes)):
        return plan_work(work, settings)
    job, report = _job(work, settings, order, "")
    own = job.planner.plan(job.problem)
    notes = (*work.axes.notes, *job.dtypes.notes, f"{_tiles(job)}")
    return DryRun(report, job.planner.backend, ((job.problem, own),), notes)


def run_scheduled(work: Work, stored: Stored, settings: Settings, order: ClusterOptions) -> Result:
    """One convolution with a kernel of its own, its tiles computed by workers.

    The result is written by the workers, beside the place where it is to be; it takes its name when
    it is complete.

    Args:
        work: The one layer; its input may be a stand-in.
        stored: The input itself.
        settings: How to compute.
        order: Where, and what becomes of it.

    Raises:
        ConvcalcError: as in memory; or there are no workers, or they lack something.
    """
    assert order.output is not None
    if not len(batch_first(work.named["the input"], work.axes)):
        result = run_work(work, settings)
        write_empty(order.output, result.array, force=order.force)
        return result
    begin = perf_counter()
    with scratch_folder(order.output) as folder:
        job, report = _job(work, settings, order, os.path.join(folder, "result"))
        shape, chunks = _layout(job)
        known = _computed(job, stored, settings, order)
        _deliver(job, order.output, shape, chunks, force=order.force)
    own = job.planner.plan(job.problem)
    return Result(
        array=to_show(open_stored(order.output)),
        analyse=lambda: report,
        backend=job.planner.backend,
        dtypes=job.dtypes,
        threads=settings.threads or 1,
        versions={"convcalc": __version__, "numpy": np.__version__},
        notes=(*work.axes.notes, *job.dtypes.notes, _tiles(job)),
        overflowed=known.overflowed,
        convolutions=(Measured(job.problem, own, perf_counter() - begin),),
        figures=known.figures,
    )


def _computed(job: TileJob, stored: Stored, settings: Settings, order: ClusterOptions) -> Streamed:
    """Every tile computed into a zarr folder in the making; what is known of the result."""
    from convcalc.arrayfile.zarr_folder import make_zarr
    from convcalc.execute.cluster.client import check_workers, connected, run_tiles

    shape, chunks = _layout(job)
    dtype = np.dtype(job.dtypes.stored)
    os.mkdir(job.output)
    make_zarr(job.output, job.name, shape, chunks, dtype)
    with (
        _unchanged(stored),
        connected(order, settings.threads) as client,
        order.progress(prod(shape) * dtype.itemsize) as line,
    ):
        check_workers(client, stored, job.planner.backend)
        return run_tiles(
            client,
            job,
            stored,
            lambda values: line.advance(values * dtype.itemsize),
            shared=order.address != LOCAL,
        )


@contextmanager
def _unchanged(stored: Stored) -> Iterator[None]:
    """Whatever comes of the work, an input that changed meanwhile is the reason to tell.

    Raises:
        DataError: it did: tiles may be of what it was and of what it became.
    """
    state = stored.state()
    try:
        yield
    except DataError:
        _check_state(stored, state)
        raise
    _check_state(stored, state)


def _check_state(stored: Stored, state: int) -> None:
    if stored.state() != state:
        raise changed(quoted(stored.path))


def _job(
    work: Work, settings: Settings, order: ClusterOptions, output: str
) -> tuple[TileJob, Report]:
    """What every tile is told."""
    network, axes, weights, named, _ = work
    samples = batch_first(named["the input"], axes)
    report = fitting(network.analyze, samples.shape[1:], samples.shape[0])
    prepared = prepare(work, settings, read_in_parts=True)
    (problem,), planner = prepared.problems, prepared.planner
    tiling = _tiling(prepared, order.memory)
    others = {name: array for name, array in named.items() if name != "the input"}
    job = TileJob(
        problem=problem,
        tiling=tiling,
        weight=weights["0.weight"],
        bias=weights.get("0.bias"),
        named=others,
        dtypes=prepared.dtypes,
        requested=settings.dtype,
        axes=axes,
        planner=planner,
        device=settings.device,
        threads=settings.threads,
        output=output,
        name=order.output or "",
    )
    return job, report


def _tiling(prepared: Prepared, memory: int | None) -> Tiling:
    """The largest tiles that fit.

    Raises:
        UsageError: they would be too many.
    """

    def needed(part: ConvProblem) -> int:
        return prepared.bytes_of(part, copies=2)  # once with the halo, once without

    (problem,) = prepared.problems
    tiling = choose(problem, int((memory or TILE_BYTES) * TILE_MEMORY_SHARE), needed)
    if tiling.boxes > MOST_TILES:
        raise UsageError(
            f"--max-memory: {tiling.boxes:,} tiles, expected at most {MOST_TILES:,}; allow more"
        )
    return tiling


def _layout(job: TileJob) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The shape of the result with the axes of the input, and of its chunks, one per tile."""
    kept = kept_axes(job.axes, channels=job.problem.out_channels > 1)
    whole = (job.problem.batch, job.problem.out_channels, *job.problem.out_sizes)
    tile = (1, job.tiling.channels, *job.tiling.sizes)
    return tuple(whole[axis] for axis in kept), tuple(tile[axis] for axis in kept)


def _deliver(
    job: TileJob, output: str, shape: tuple[int, ...], chunks: tuple[int, ...], *, force: bool
) -> None:
    """Gives the complete result its name; a `.npy` file is filled from it, chunk by chunk."""
    from convcalc.arrayfile.zarr_folder import open_zarr, remove_partial_chunks

    if is_zarr(output):
        remove_partial_chunks(job.output, job.name)
        rename_folder(job.output, output, force=force)
        return
    made = open_zarr(job.output)

    def fill(elements: Elements) -> None:
        counts = [-(-n // size) for n, size in zip(shape, chunks, strict=True)]
        for place in np.ndindex(*counts):
            index = tuple(
                slice(i * size, min((i + 1) * size, n))
                for i, size, n in zip(place, chunks, shape, strict=True)
            )
            elements.write(index, made.read(index))

    grow_array(output, shape, np.dtype(job.dtypes.stored), fill, force=force)


def _tiles(job: TileJob) -> str:
    """How the work is cut, in words."""
    tiling = job.tiling
    size = "x".join(map(str, (tiling.channels, *tiling.sizes)))
    return (
        f"{tiling.boxes:,} task{'s' * (tiling.boxes != 1)} for the workers: tiles of {size} or "
        f"less, at most {tiling.bytes:,} bytes each"
    )
