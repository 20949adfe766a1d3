"""One convolution in a bounded amount of memory, from a file into a file.

The result takes its name when it is complete and, where it is verified, right.
"""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple, Protocol, Self

import numpy as np

from convcalc import __version__
from convcalc.arrayfile import grow_array
from convcalc.arrayfile.stored import to_show
from convcalc.execute.arrays.arranged import result_of, samples_of
from convcalc.execute.arrays.axes import as_given, batch_first
from convcalc.execute.emptiness import write_empty
from convcalc.execute.executor.executor import Measured
from convcalc.execute.executor.open_executor import limited_threads
from convcalc.execute.in_memory import memory_error, plan_work, run_work, single_layer
from convcalc.execute.job import fitting
from convcalc.execute.out_of_core.stream import Stream, run_stream
from convcalc.execute.prepare import prepare
from convcalc.execute.settings import DryRun, Result, Settings
from convcalc.execute.tiling import choose, of_box
from convcalc.execute.verify import BLOCK, verify

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from convcalc.analysis import Report
    from convcalc.arrayfile.elements import Elements
    from convcalc.arrayfile.stored import Held, StoredNpy
    from convcalc.execute.arrays.arranged import Arranged
    from convcalc.execute.job import Work
    from convcalc.execute.out_of_core.stream import Streamed
    from convcalc.execute.planning.planner import Plan
    from convcalc.execute.prepare import Prepared
    from convcalc.execute.problem import ConvProblem
    from convcalc.execute.tiling import Tiling
    from convcalc.execute.verify import Verification
    from convcalc.layers import Shape

BOX_MEMORY_SHARE = 0.6
"""How much of what is allowed a box may take as far as is known: libraries take some besides."""

MIN_BOX_BYTES = 1 << 20
"""Bytes below which no box is planned for, whatever is allowed."""

PRODUCT = 256
"""Bytes that one product takes at most while outputs are computed again, integers included."""


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
        force: Whether a file of that name is replaced.
    """

    memory: int
    output: str
    progress: Callable[[int], Progress]
    force: bool


def run_bounded(work: Work, stored: StoredNpy | Held, settings: Settings, bounds: Bounds) -> Result:
    """One convolution with a kernel of its own, box by box.

    Args:
        work: The one layer, with the kernel as "0.weight" and the bias as "0.bias"; its input may
            be a stand-in.
        stored: The input itself.
        settings: How to compute.
        bounds: In what.

    Raises:
        DataError: the arrays do not fit each other, cannot be computed exactly, or the input is
            not what it was.
        ResourceError: a single box takes more memory than is allowed.
    """
    if not _samples(work):
        result = run_work(work, settings)
        write_empty(bounds.output, result.array, force=bounds.force)
        return result
    report = _report(work)
    prepared = prepare(work, settings, read_in_parts=True)
    (problem,), dtypes = prepared.problems, prepared.dtypes
    executor = prepared.open()
    cut = _cut(prepared, bounds.memory)
    with stored.opened() as elements:
        stream = Stream(
            problem=problem,
            tiling=cut.tiling,
            samples=samples_of(elements, work.axes),
            weight=work.weights["0.weight"],
            bias=work.weights.get("0.bias"),
            dtypes=dtypes,
            requested=settings.dtype,
            executor=executor,
        )
        done = _written(stream, work, stored, settings, bounds)
    return Result(
        array=done.array,
        analyse=lambda: report,
        backend=executor.backend.name,
        dtypes=dtypes,
        threads=executor.backend.threads,
        versions={"convcalc": __version__, **executor.backend.versions},
        notes=(*work.axes.notes, *dtypes.notes, *_note(cut.tiling)),
        overflowed=done.known.overflowed,
        verification=done.verification,
        convolutions=(Measured(problem, _taken(executor.done, cut, problem), done.seconds),),
        figures=done.known.figures,
        tiling=cut.tiling,
    )


def plan_bounded(work: Work, settings: Settings, memory: int) -> DryRun:
    """The boxes and the plan of one; nothing is computed, and torch is not imported.

    Raises:
        DataError: the arrays do not fit each other.
        ResourceError: a single box takes more memory than is allowed.
    """
    if not _samples(work):
        return plan_work(work, settings)
    report = _report(work)
    prepared = prepare(work, settings, read_in_parts=True)
    cut = _cut(prepared, memory)
    notes = (*work.axes.notes, *prepared.dtypes.notes)
    plans = ((prepared.problems[0], cut.plan),)
    return DryRun(report, prepared.planner.backend, plans, notes, cut.tiling)


def _samples(work: Work) -> int:
    """How many samples there are."""
    return len(batch_first(work.named["the input"], work.axes))


class _Cut(NamedTuple):
    """The boxes, and the plan of one of them; its seconds are those of all."""

    tiling: Tiling
    plan: Plan


class _Done(NamedTuple):
    """A result in its file; or in none, where it is wrong."""

    array: np.ndarray
    known: Streamed
    seconds: float
    verification: Verification | None


class _Wrong(Exception):  # noqa: N818 - what was found, on its way past the file
    """A result that was verified and is wrong."""


def _report(work: Work) -> Report:
    """Shapes and costs of the convolution.

    Raises:
        DataError: the arrays do not fit each other.
    """
    samples = batch_first(work.named["the input"], work.axes)
    return fitting(work.network.analyze, samples.shape[1:], samples.shape[0])


def _cut(prepared: Prepared, memory: int) -> _Cut:
    """The largest boxes that fit into so many bytes."""
    (problem,) = prepared.problems
    tiling = choose(problem, max(MIN_BOX_BYTES, int(memory * BOX_MEMORY_SHARE)), prepared.bytes_of)
    box = of_box(problem, tiling.channels, tiling.sizes)
    own = prepared.planner.plan(box)
    return _Cut(tiling, own.times(problem.elements_out / box.elements_out))


def _taken(boxes: list[Measured], cut: _Cut, problem: ConvProblem) -> Plan:
    """The plan of the box that took longest, which the values may have changed."""
    if not boxes:  # of padding alone
        return cut.plan
    longest = max(boxes, key=lambda box: box.seconds)
    return longest.plan.times(problem.elements_out / longest.problem.elements_out)


def _written(
    stream: Stream,
    work: Work,
    stored: StoredNpy | Held,
    settings: Settings,
    bounds: Bounds,
) -> _Done:
    """Computes the result into its file, which takes its name unless the result is wrong."""
    problem, dtype = stream.problem, np.dtype(stream.dtypes.stored)
    whole: Shape = (problem.batch, problem.out_channels, *problem.out_sizes)
    shape = as_given(np.broadcast_to(np.zeros((), dtype), whole), work.axes).shape
    done: list[_Done] = []

    def fill(elements: Elements) -> None:
        result = result_of(elements, work.axes, whole)
        begin = perf_counter()
        known = _streamed(stream, work, result, bounds)
        seconds = perf_counter() - begin
        found = _verified(stream, work, result, settings, bounds)
        stored.check()
        done.append(_Done(to_show(elements), known, seconds, found))
        if found is not None and not found.passed:
            raise _Wrong

    with np.errstate(all="ignore"), limited_threads(settings.threads, stream.executor.backend.name):
        try:
            grow_array(bounds.output, shape, dtype, fill, force=bounds.force)
        except RuntimeError as error:
            raise memory_error(error) from None
        except _Wrong:
            pass
    return done[0]


def _streamed(stream: Stream, work: Work, result: Arranged, bounds: Bounds) -> Streamed:
    """Every box computed into the result."""
    others = {name: array for name, array in work.named.items() if name != "the input"}
    with bounds.progress(result.size * result.itemsize) as line:
        return run_stream(
            stream, result, others, progress=lambda values: line.advance(values * result.itemsize)
        )


def _verified(
    stream: Stream, work: Work, result: Arranged, settings: Settings, bounds: Bounds
) -> Verification | None:
    """Outputs computed again, if that is asked for, a few products at a time."""
    if settings.verify is None:
        return None
    # Nothing else is held by now.
    block = max(1, min(BLOCK, bounds.memory // 2 // PRODUCT))
    layer = single_layer(work.network)
    samples, dtypes, number = stream.samples, stream.dtypes, settings.verify
    return verify(layer, samples, work.weights, result, dtypes, number, block=block)


def _note(tiling: Tiling) -> tuple[str, ...]:
    """How the work was cut, where it was."""
    if tiling.boxes == 1:
        return ()
    return (f"computed in {tiling.boxes:,} pieces of at most {tiling.bytes:,} bytes",)
