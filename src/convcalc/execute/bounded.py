"""One convolution in a bounded amount of memory, from a file into a file."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, Self

import numpy as np

from convcalc import __version__
from convcalc.arrayfile import grow_array, read_array
from convcalc.execute.axes import as_given, batch_first
from convcalc.execute.choice import limited_threads, open_backend
from convcalc.execute.dtypes import plan_dtypes
from convcalc.execute.planned import Measured
from convcalc.execute.planner import plan
from convcalc.execute.problem import problem_of
from convcalc.execute.results import Result, Settings
from convcalc.execute.running import memory_error
from convcalc.execute.streaming import Stream, run_stream
from convcalc.execute.tiling import choose
from convcalc.execute.work import fitting

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    from convcalc.execute.axes import Axes
    from convcalc.execute.problem import Problem
    from convcalc.execute.streaming import Streamed
    from convcalc.execute.tiling import Tiling
    from convcalc.execute.work import Work
    from convcalc.layers import Shape

SPARE = 0.6
"""How much of what is allowed a box may take as far as is known: libraries take some besides."""

HELD = 1 / 8
"""How much of it may be pages of the files that are mapped."""

LEAST = 1 << 20
"""Bytes below which no box is planned for, whatever is allowed."""


class Progress(Protocol):
    """Something that is told how far the work is."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
        /,
    ) -> None: ...

    def advance(self, count: int) -> None:
        """So many bytes more are done."""


class Bounds(NamedTuple):
    """In what the work is to be done.

    Attributes:
        memory: Bytes beside those that the program itself takes.
        output: The file for the result.
        progress: Makes something that is told how far the work is, from the bytes in all.
    """

    memory: int
    output: str
    progress: Callable[[int], Progress]


def run_bounded(work: Work, settings: Settings, bounds: Bounds) -> Result:
    """One convolution with a kernel of its own, box by box.

    Args:
        work: The one layer, with the kernel as "0.weight" and the bias as "0.bias".
        settings: How to compute.
        bounds: In what.

    Raises:
        DataError: the arrays do not fit each other, or cannot be computed exactly.
        ResourceError: a single box takes more memory than is allowed.
    """
    network, axes, weights, named = work
    samples = batch_first(named["the input"], axes)
    report = fitting(network.analyze, samples.shape[1:], samples.shape[0])
    # One value stands for all: every box is looked at when it is there.
    few = named["the input"][(slice(1),) * named["the input"].ndim]
    dtypes = plan_dtypes({**named, "the input": few}, settings.dtype)
    layer: Any = network.nodes[0].layer
    problem = problem_of(layer, samples.shape[0], samples.shape[1:], dtypes.compute)
    backend = open_backend(settings.backend, settings.device, [problem], settings.algorithm)
    budget = max(LEAST, int(bounds.memory * SPARE))

    def needed(part: Problem) -> int:
        own = plan(part, backend.name, backend.machine, backend.algorithm)
        read = part.cells_in * samples.itemsize
        return own.working_bytes + read + part.bytes + part.cells_out * part.itemsize

    tiling = choose(problem, budget, needed)
    bias = weights.get("0.bias")
    stream = Stream(
        problem, tiling, samples, weights["0.weight"], bias, dtypes, settings.dtype, backend
    )
    others = {name: array for name, array in named.items() if name != "the input"}
    begin = perf_counter()
    known = _written(stream, others, axes, bounds, settings, backend)
    seconds = perf_counter() - begin
    first = backend.done[0].plan if backend.done else plan(problem, backend.name, backend.machine)
    return Result(
        array=read_array(bounds.output),
        report=report,
        backend=backend.name,
        dtypes=dtypes,
        threads=backend.threads,
        versions={"convcalc": __version__, **backend.versions},
        notes=(*axes.notes, *dtypes.notes, *_note(tiling)),
        overflowed=known.overflowed,
        convolutions=(Measured(problem, first, seconds),),
        figures=known.figures,
    )


def _written(
    stream: Stream,
    named: Mapping[str, np.ndarray],
    axes: Axes,
    bounds: Bounds,
    settings: Settings,
    backend: Any,
) -> Streamed:
    """Computes the result into its file."""
    problem, stored = stream.problem, np.dtype(stream.dtypes.stored)
    whole: Shape = (problem.batch, problem.out_channels, *problem.out_sizes)
    shape = as_given(np.broadcast_to(np.zeros((), stored), whole), axes).shape
    known: list[Streamed] = []

    def fill(array: np.ndarray, flush: Callable[[], None]) -> None:
        total = problem.cells_out * stored.itemsize
        with bounds.progress(total) as line:
            known.append(
                run_stream(
                    stream,
                    _as_computed(array, axes, whole),
                    named,
                    flush=flush,
                    held=int(bounds.memory * HELD),
                    progress=lambda values: line.advance(values * stored.itemsize),
                )
            )

    with np.errstate(all="ignore"), limited_threads(settings.threads, backend.name):
        try:
            grow_array(bounds.output, shape, stored, fill)
        except RuntimeError as error:
            raise memory_error(error) from None
    return known[0]


def _as_computed(array: np.ndarray, axes: Axes, whole: Shape) -> np.ndarray:
    """A result with the axes of the input as (N, O, *sizes), the same numbers in memory."""
    if axes.channels_last and array.ndim > axes.rank:
        array = np.moveaxis(array, -1, -1 - axes.rank)
    return array.reshape(whole)


def _note(tiling: Tiling) -> tuple[str, ...]:
    """How the work was cut, where it was."""
    if tiling.boxes == 1:
        return ()
    return (f"computed in {tiling.boxes:,} pieces of at most {tiling.bytes:,} bytes",)
