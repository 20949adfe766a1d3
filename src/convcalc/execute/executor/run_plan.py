"""One convolution by its plan, on the arrays of either backend."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, NamedTuple

from convcalc.execute.algorithms import im2col, separable, toeplitz
from convcalc.execute.algorithms.banded import passes
from convcalc.execute.algorithms.fft.fitness import is_padded
from convcalc.execute.algorithms.opencv.planes import PlaneSums
from convcalc.execute.algorithms.polyphase import phases_of
from convcalc.execute.arrays.array import A
from convcalc.execute.backends.tap_by_tap import grouped_weight, per_channel
from convcalc.execute.executor.interruptible import count_of, in_pieces, padded
from convcalc.execute.problem import problem_of_arrays

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from convcalc.execute.backends.protocol import ArrayBackend
    from convcalc.execute.planning.planner import Plan, Planner
    from convcalc.execute.problem import ConvProblem
    from convcalc.window import Window


class Arrays(NamedTuple, Generic[A]):
    """What is convolved: an array (N, C, *sizes), a weight, and a bias (O) or None."""

    array: A
    weight: A
    bias: A | None = None


PLAIN = ("contiguous", "channels-last", "product")


def run_first(
    ops: ArrayBackend[A],
    planner: Planner,
    first: Plan | None,
    problem: ConvProblem,
    arrays: Arrays[A],
) -> tuple[Plan, A]:
    """The first plan that the values of the arrays allow, and its result.

    Args:
        first: What is planned where the kernel has no factors, if that is known.
    """
    for chosen in planner.candidates(problem, first):
        result = run_plan(ops, planner, chosen, problem, arrays)
        if result is not None:
            return chosen, result
    raise AssertionError("the plainest plan computes whatever it is given")


def run_transposed(
    ops: ArrayBackend[A], planner: Planner, problem: ConvProblem, arrays: Arrays[A]
) -> tuple[Plan, A]:
    """A transposed convolution, by the library's own means or as forward ones, its phases.

    Raises:
        UsageError: an algorithm was asked for that does not apply to the phases.
    """
    chosen = planner.plan(problem)
    if chosen.layout == "phases":
        return _in_phases(ops, planner, chosen, problem, arrays)
    array, weight, bias = arrays

    def direct(piece: A, own: Sequence[Window], sizes: Sequence[int]) -> A:
        return ops.direct_transpose(piece, weight, bias, own, problem.groups, sizes)

    result = in_pieces(ops, chosen, problem, array, bias, direct)
    assert result is not None
    return chosen, result


def prepared_transposed(
    ops: ArrayBackend[A], planner: Planner, problem: ConvProblem
) -> Callable[[A, A, A | None], A]:
    """`run_transposed` for the array, weight and bias of one problem, many times over.

    Raises:
        UsageError: an algorithm was asked for that does not apply to the phases.
    """
    planner.plan(problem)  # an algorithm that does not apply is refused before any array is there

    def run(array: A, weight: A, bias: A | None) -> A:
        return run_transposed(ops, planner, problem, Arrays(array, weight, bias))[1]

    return run


def _in_phases(
    ops: ArrayBackend[A], planner: Planner, chosen: Plan, problem: ConvProblem, arrays: Arrays[A]
) -> tuple[Plan, A]:
    """The phases, each by a plan of its own, and the plan with the algorithm of the longest."""
    array, weight, bias = arrays
    blocks_of = grouped_weight(weight, problem.groups, transposed=True)
    kernel = blocks_of.reshape(-1, *blocks_of.shape[2:])
    out = ops.empty((problem.batch, problem.out_channels, *problem.out_sizes), array)
    used = []
    for sides, forward in phases_of(problem):
        target = out[(..., *(side.outputs for side in sides))]
        if forward is None:
            target[...] = 0 if bias is None else per_channel(bias, problem.spatial_dims)
            continue
        taps = ops.flip(kernel[(..., *(side.taps for side in sides))], problem.spatial_dims)
        elements = array[(..., *(side.elements for side in sides))]
        first = planner.of_phase(forward)
        own, target[...] = run_first(ops, planner, first, forward, Arrays(elements, taps, bias))
        used.append(own)
    longest = max(used, key=lambda own: own.predicted_seconds)
    return chosen._replace(algorithm=longest.algorithm), out


def prepared_plan(
    ops: ArrayBackend[A], planner: Planner, chosen: Plan, problem: ConvProblem
) -> Callable[[A, A, A | None], A | None]:
    """`run_plan` for the array, weight and bias of one problem, many times over."""
    if problem.padding_mode == "zeros":
        if _is_planar(chosen):
            return PlaneSums(ops, problem)
        plain = chosen.algorithm == "direct" and chosen.layout in PLAIN
        if plain and problem.floating and count_of(chosen, problem) == 1:
            return ops.prepared(problem, chosen.layout)

    def run(array: A, weight: A, bias: A | None) -> A | None:
        return run_plan(ops, planner, chosen, problem, Arrays(array, weight, bias))

    return run


def _is_planar(chosen: Plan) -> bool:
    return chosen.layout == "planes" and chosen.algorithm == "direct"


def run_plan(
    ops: ArrayBackend[A],
    planner: Planner,
    chosen: Plan,
    problem: ConvProblem,
    arrays: Arrays[A],
) -> A | None:
    """The result of one plan; None where the values of the arrays do not allow it."""
    array, weight, bias = arrays
    if chosen.algorithm == "direct" and chosen.layout in PLAIN:
        return _plainly(ops, chosen, problem, arrays)
    if _is_planar(chosen):
        if problem.padding_mode != "zeros":
            array = ops.pad(array, problem.windows, problem.padding_mode)
            problem = padded(problem)
        return PlaneSums(ops, problem)(array, weight, bias)
    lines = None
    if chosen.algorithm == "lowrank":
        lines = separable.factors(ops.unload(weight))
        if lines is None:
            return None  # found out before anything is padded
    elif problem.floating and not ops.is_finite(weight):
        return None  # an infinite weight must not meet a padding's zeros
    else:
        ops.check(array, weight, bias, problem.groups)
    padding = any(w.before or w.after for w in problem.windows)
    if padding and (chosen.algorithm != "fft" or is_padded(problem, chosen.layout)):
        array = ops.pad(array, problem.windows, problem.padding_mode)
    if lines is not None:
        result = separable.run(ops, problem, array, lines, chosen.layout)
    else:
        result = _computed(ops, planner, chosen, problem, array, weight)
    if result is not None and bias is not None:
        result += per_channel(bias, problem.spatial_dims)
    return result


def _plainly(
    ops: ArrayBackend[A], chosen: Plan, problem: ConvProblem, arrays: Arrays[A]
) -> A | None:
    """The result by the library's own convolution."""
    array, weight, bias = arrays
    if problem.padding_mode != "zeros":
        array = ops.pad(array, problem.windows, problem.padding_mode)
        problem = padded(problem)

    def direct(piece: A, own: Sequence[Window], _: Sequence[int]) -> A:
        return ops.direct(piece, weight, bias, own, problem.groups, chosen.layout)

    return in_pieces(ops, chosen, problem, array, bias, direct)


def _computed(
    ops: ArrayBackend[A],
    planner: Planner,
    chosen: Plan,
    problem: ConvProblem,
    array: A,
    weight: A,
) -> A | None:
    """The result of a padded array, the bias apart."""
    if chosen.algorithm == "im2col":
        return im2col.run(ops, problem, array, weight)
    if chosen.algorithm == "fft":
        from convcalc.execute.algorithms.fft import overlap_save

        assert chosen.tiles is not None

        def direct(piece: A, windows: tuple[Window, ...]) -> A:
            return _block(ops, planner, piece, weight, windows, problem.groups)

        return overlap_save.run(ops, problem, array, weight, chosen.tiles, direct, chosen.layout)
    if chosen.layout == "blocks":

        def run(piece: A, _: Sequence[Window], sizes: Sequence[int]) -> A | None:
            part = problem._replace(batch=len(piece), out_sizes=tuple(sizes))
            return toeplitz.run(ops, part, piece, weight)

        return in_pieces(ops, chosen, padded(problem), array, None, run)
    return passes(ops, array, weight, problem.windows, problem.out_sizes)


def _block(
    ops: ArrayBackend[A],
    planner: Planner,
    piece: A,
    weight: A,
    windows: tuple[Window, ...],
    groups: int,
) -> A:
    """A block that must not be transformed, by the fastest of the direct ways."""
    problem = problem_of_arrays(piece, weight, windows, groups)
    chosen = planner.direct(problem)
    result = run_plan(ops, planner, chosen, problem, Arrays(piece, weight))
    if result is None:
        result = ops.direct(piece, weight, None, windows, groups, "contiguous")
    return result
