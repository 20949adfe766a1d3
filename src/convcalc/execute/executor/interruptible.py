"""A long convolution in pieces, because nothing interrupts a single call into a library.

Python looks at signals between its own steps. What a plan computes in one call for longer than
`MAX_CALL_SECONDS` is cut into boxes, by samples first and then by elements of the result, each a
convolution by itself that takes the same way. Sums are not cut: only which kernel of the library
takes a sum, and so the order in which it adds, may differ at the edges of a piece.
"""

from __future__ import annotations

from math import ceil, prod
from typing import TYPE_CHECKING

from convcalc.execute.arrays.padding import unpadded
from convcalc.execute.backends.tap_by_tap import per_channel
from convcalc.execute.fitted_costs import FITTED
from convcalc.execute.tiling import Tiling, boxes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeAlias

    from convcalc.execute.arrays.array import A
    from convcalc.execute.backends.protocol import ArrayBackend
    from convcalc.execute.planning.planner import Plan
    from convcalc.execute.problem import ConvProblem
    from convcalc.execute.tiling import Box
    from convcalc.layers import Shape
    from convcalc.window import Window

    Compute: TypeAlias = Callable[[A, tuple[Window, ...], Shape], A | None]

MAX_CALL_SECONDS = 0.25
"""Seconds of one call that nobody minds, as a plan foretells them."""

PIECE_SECONDS = 0.125
"""Seconds of a piece: a plan may be wrong by a factor of eight before a second has passed."""

MIN_PIECE_SECONDS = 0.01
"""Seconds of a piece beside which making one more call is nothing."""

LARGEST = FITTED["largest_kept"] // 2
"""Bytes of the result of a piece: larger ones take fresh memory from the system every time."""

SLOW_PATH_ELEMENTS = 20_480
"""Elements, a third axis not counted, up to which torch goes a slow way, meant for small inputs.

Source: `use_mkldnn` in torch's aten/src/ATen/native/Convolution.cpp.
"""


def count_of(chosen: Plan, problem: ConvProblem) -> int:
    """How many pieces a plan is to be computed in; 1 where its calls are short by themselves."""
    seconds = chosen.predicted_seconds
    if chosen.algorithm != "direct" or chosen.layout == "passes":
        return 1  # in bands already
    if chosen.backend == "numpy":
        if chosen.layout == "blocks":
            return 1
        seconds /= problem.taps
    if seconds <= MAX_CALL_SECONDS:
        return 1
    small = ceil(problem.itemsize * problem.elements_out / LARGEST)
    elements = problem.batch * problem.channels * prod(problem.out_sizes[:2])
    return max(
        ceil(seconds / PIECE_SECONDS),
        min(small, int(seconds / MIN_PIECE_SECONDS), elements // (2 * SLOW_PATH_ELEMENTS)),
    )


def padded(problem: ConvProblem) -> ConvProblem:
    """The problem on an input that its padding has been added to."""
    windows = tuple(unpadded(problem.windows))
    return problem._replace(sizes=problem.padded_sizes, windows=windows, padding_mode="zeros")


def in_pieces(
    ops: ArrayBackend[A],
    chosen: Plan,
    problem: ConvProblem,
    array: A,
    bias: A | None,
    compute: Compute[A],
) -> A | None:
    """The result of (N, C, *sizes), padded with zeros, in as many calls as it should take.

    Args:
        ops: The backend.
        chosen: How it is computed.
        problem: All of it, in the end.
        array: Its input.
        bias: What `compute` adds, for outputs that read padding alone.
        compute: The result of some samples and elements, by their windows and the sizes of the
            result; or None where the plan is not applicable to these values.
    """
    count = count_of(chosen, problem) if ops.plans else 1
    if count == 1:
        return compute(array, problem.windows, problem.out_sizes)
    out = _empty(ops, chosen, problem, array)
    for samples, box in pieces(problem, count):
        target = out[(samples, slice(None), *(slice(*ends) for ends in box.outputs))]
        if any(span.empty for span in box.spans):
            target[...] = 0 if bias is None else per_channel(bias, problem.spatial_dims)
            continue
        elements = (samples, slice(None), *(slice(*span.elements) for span in box.spans))
        sizes = tuple(end - begin for begin, end in box.outputs)
        part = compute(array[elements], tuple(span.window for span in box.spans), sizes)
        if part is None:
            return None
        target[...] = part
    return out


def pieces(problem: ConvProblem, count: int) -> Iterator[tuple[slice, Box]]:
    """About `count` pieces: samples, and the box of each; whole samples as far as they go."""
    samples = max(1, problem.batch // count)
    one = problem._replace(batch=1)
    sizes = _sizes(problem.out_sizes, -(-count // problem.batch))
    tiling = Tiling(problem.out_channels, sizes, 0, 0)
    for first in range(0, problem.batch, samples):
        for box in boxes(one, tiling):
            yield slice(first, first + samples), box


def _sizes(out_sizes: Shape, count: int) -> Shape:
    """The elements of at least `count` boxes, or single elements: cut along the first axes only."""
    sizes = []
    for out in out_sizes:
        size = -(-out // min(out, count))
        sizes.append(size)
        count = -(-count // -(-out // size))
    return tuple(sizes)


def _empty(ops: ArrayBackend[A], chosen: Plan, problem: ConvProblem, array: A) -> A:
    """Room for the result, in the order in memory that the plan leaves it in."""
    batch, channels, sizes = problem.batch, problem.out_channels, problem.out_sizes
    if chosen.layout != "channels-last":
        return ops.empty((batch, channels, *sizes), array)
    last = ops.empty((batch, *sizes, channels), array)
    return ops.permute(last, (0, 1 + problem.spatial_dims, *range(1, 1 + problem.spatial_dims)))
