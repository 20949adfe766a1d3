"""One convolution by its plan, on the arrays of either backend."""

from __future__ import annotations

from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

from convcalc.execute.algorithms import im2col, separable, toeplitz
from convcalc.execute.algorithms.banded import passes
from convcalc.execute.algorithms.fft import overlap_save
from convcalc.execute.algorithms.opencv.planes import PlaneSums
from convcalc.execute.algorithms.polyphase import phases_of
from convcalc.execute.backends.tap_by_tap import grouped_weight, per_channel
from convcalc.execute.executor.interruptible import count_of, in_pieces, padded
from convcalc.execute.planning.planner import Plan, plan, plan_of_phase
from convcalc.execute.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from convcalc.window import Window

PLAIN = ("contiguous", "channels-last", "product")


class Measured(NamedTuple):
    """A convolution that was computed: what it was, how, and in how many seconds."""

    problem: Problem
    plan: Plan
    seconds: float


def planned_conv(
    ops: Any,
    array: Any,
    weight: Any,
    bias: Any | None,
    windows: Sequence[Window],
    groups: int,
    padding_mode: str,
) -> Any:
    """Cross-correlation of (N, C, *sizes) with (O, C/groups, *k), the fastest way."""
    start = perf_counter()
    problem = problem_of(array, weight, windows, groups, padding_mode)
    chosen, result = _first_admitted(ops, None, problem, array, weight, bias)
    ops.done.append(Measured(problem, chosen, perf_counter() - start))
    return result


def _first_admitted(
    ops: Any, first: Plan | None, problem: Problem, array: Any, weight: Any, bias: Any | None
) -> tuple[Plan, Any]:
    """The first plan that the numbers admit, and its result."""
    for chosen in attempts(ops, problem, first):
        result = run_plan(ops, chosen, problem, array, weight, bias)
        if result is not None:
            break
    return chosen, result


def attempts(ops: Any, problem: Problem, first: Plan | None = None) -> Iterator[Plan]:
    """The plans in the order in which they are tried, until the numbers admit one.

    Args:
        first: What is planned where factors are not hoped for, if that is known.
    """
    if ops.algorithm == "auto":
        hoped = plan(problem, ops.name, ops.machine, "auto", True)
        if hoped.algorithm == "lowrank":
            yield hoped
    first = first or plan(problem, ops.name, ops.machine, ops.algorithm)
    yield first
    direct = plan(problem, ops.name, ops.machine, "direct")
    reason = f"{first.algorithm} is not applicable to these values"
    yield direct._replace(reason=reason)
    yield direct._replace(layout="contiguous", reason=reason)


def planned_conv_transpose(
    ops: Any,
    array: Any,
    weight: Any,
    bias: Any | None,
    windows: Sequence[Window],
    groups: int,
    out_sizes: Sequence[int],
) -> Any:
    """A transposed convolution, by the library's own means or as forward ones, its phases.

    Raises:
        UsageError: an algorithm was asked for that does not apply to the phases.
    """
    start = perf_counter()
    problem = Problem(
        int(array.shape[0]),
        int(array.shape[1]),
        int(weight.shape[1]) * groups,
        groups,
        tuple(int(n) for n in array.shape[2:]),
        tuple(windows),
        tuple(out_sizes),
        dtype_of(array),
        transposed=True,
    )
    chosen = plan(problem, ops.name, ops.machine, ops.algorithm)

    def direct(piece: Any, own: Any, sizes: Any) -> Any:
        return ops.direct_transpose(piece, weight, bias, own, groups, sizes)

    if chosen.layout == "phases":
        result, chosen = _in_phases(ops, chosen, problem, array, weight, bias)
    else:
        result = in_pieces(ops, chosen, problem, array, bias, direct)
    ops.done.append(Measured(problem, chosen, perf_counter() - start))
    return result


def _in_phases(
    ops: Any, chosen: Plan, problem: Problem, array: Any, weight: Any, bias: Any | None
) -> tuple[Any, Plan]:
    """The phases, each by a plan of its own, and the plan with the algorithm of the longest."""
    blocks_of = grouped_weight(weight, problem.groups, transposed=True)
    kernel = blocks_of.reshape(-1, *blocks_of.shape[2:])
    out = ops.empty((problem.batch, problem.out_channels, *problem.out_sizes), array)
    used = []
    for sides, forward in phases_of(problem):
        target = out[(..., *(side.outputs for side in sides))]
        if forward is None:
            target[...] = 0 if bias is None else per_channel(bias, problem.rank)
            continue
        taps = ops.flip(kernel[(..., *(side.taps for side in sides))], problem.rank)
        cells = array[(..., *(side.cells for side in sides))]
        first = plan_of_phase(forward, ops.name, ops.machine, ops.algorithm)
        own, target[...] = _first_admitted(ops, first, forward, cells, taps, bias)
        used.append(own)
    longest = max(used, key=lambda own: own.predicted_seconds)
    return out, chosen._replace(algorithm=longest.algorithm)


def problem_of(
    array: Any, weight: Any, windows: Sequence[Window], groups: int, padding_mode: str
) -> Problem:
    """The convolution of these arrays in whole numbers."""
    sizes = tuple(int(n) for n in array.shape[2:])
    return Problem(
        int(array.shape[0]),
        int(array.shape[1]),
        int(weight.shape[0]),
        groups,
        sizes,
        tuple(windows),
        tuple(w.out_size(n) for w, n in zip(windows, sizes, strict=True)),
        dtype_of(array),
        padding_mode if any(w.before or w.after for w in windows) else "zeros",
    )


def dtype_of(array: Any) -> str:
    """The name of the dtype, of an array of either library."""
    return str(array.dtype).rpartition(".")[2]


def settled(ops: Any, chosen: Plan, problem: Problem) -> Callable[[Any, Any, Any], Any]:
    """`run_plan` for the array, weight and bias of one problem, many times over."""
    if problem.padding_mode == "zeros":
        if _is_planar(chosen):
            return PlaneSums(ops, problem)
        plain = chosen.algorithm == "direct" and chosen.layout in PLAIN
        if plain and problem.floating and count_of(chosen, problem) == 1:
            own: Callable[[Any, Any, Any], Any] = ops.settled(problem, chosen.layout)
            return own
    return partial(run_plan, ops, chosen, problem)


def _is_planar(chosen: Plan) -> bool:
    return chosen.layout == "planes" and chosen.algorithm == "direct"


def run_plan(
    ops: Any, chosen: Plan, problem: Problem, array: Any, weight: Any, bias: Any | None
) -> Any:
    """The result of one plan; None where the numbers do not admit it."""
    if chosen.algorithm == "direct" and chosen.layout in PLAIN:
        return _plainly(ops, chosen, problem, array, weight, bias)
    if _is_planar(chosen):
        if problem.padding_mode != "zeros":
            array = ops.pad(array, problem.windows, problem.padding_mode)
            problem = padded(problem)
        return PlaneSums(ops, problem)(array, weight, bias)
    if chosen.algorithm == "lowrank":
        weight = separable.factors(ops.unload(weight))
        if weight is None:
            return None  # found out before anything is padded
    elif problem.floating and not ops.is_finite(weight):
        return None  # an infinite weight must not meet a padding's zeros
    else:
        ops.check(array, weight, bias, problem.groups)
    padding = any(w.before or w.after for w in problem.windows)
    if padding and (chosen.algorithm != "fft" or overlap_save.is_padded(problem, chosen.layout)):
        array = ops.pad(array, problem.windows, problem.padding_mode)
    result = _computed(ops, chosen, problem, array, weight)
    if result is not None and bias is not None:
        result += per_channel(bias, problem.rank)
    return result


def _plainly(
    ops: Any, chosen: Plan, problem: Problem, array: Any, weight: Any, bias: Any | None
) -> Any:
    """The result by the library's own convolution."""
    if problem.padding_mode != "zeros":
        array = ops.pad(array, problem.windows, problem.padding_mode)
        problem = padded(problem)

    def direct(piece: Any, own: Any, _: Any) -> Any:
        return ops.direct(piece, weight, bias, own, problem.groups, chosen.layout)

    return in_pieces(ops, chosen, problem, array, bias, direct)


def _computed(ops: Any, chosen: Plan, problem: Problem, array: Any, weight: Any) -> Any:
    """The result of a padded array, the bias apart; of "lowrank", `weight` are the factors."""
    if chosen.algorithm == "im2col":
        return im2col.run(ops, problem, array, weight)
    if chosen.algorithm == "lowrank":
        return separable.run(ops, problem, array, weight, chosen.layout)
    if chosen.algorithm == "fft":
        assert chosen.tiles is not None

        def direct(piece: Any, windows: tuple[Window, ...]) -> Any:
            return _block(ops, piece, weight, windows, problem.groups)

        return overlap_save.run(ops, problem, array, weight, chosen.tiles, direct, chosen.layout)
    if chosen.layout == "blocks":

        def run(piece: Any, _: Any, sizes: Any) -> Any:
            part = problem._replace(batch=len(piece), out_sizes=sizes)
            return toeplitz.run(ops, part, piece, weight)

        return in_pieces(ops, chosen, padded(problem), array, None, run)
    return passes(ops, array, weight, problem.windows, problem.out_sizes)


def _block(ops: Any, piece: Any, weight: Any, windows: tuple[Window, ...], groups: int) -> Any:
    """A block that must not be transformed, by the fastest of the direct ways."""
    problem = problem_of(piece, weight, windows, groups, "zeros")
    chosen = plan(problem, ops.name, ops.machine, "direct")
    result = run_plan(ops, chosen, problem, piece, weight, None)
    if result is None:
        result = ops.direct(piece, weight, None, windows, groups, "contiguous")
    return result
