"""One convolution in bounded memory: box by box, from an open file into a growing one."""

from __future__ import annotations

from itertools import pairwise, product
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from convcalc.execute.arrays.dtypes import finished, plan_dtypes
from convcalc.execute.arrays.padding import source_indices
from convcalc.execute.arrays.statistics import Figures
from convcalc.execute.tiling import boxes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from convcalc.execute.arrays.arranged import Arranged
    from convcalc.execute.arrays.dtypes import DtypePlan
    from convcalc.execute.executor.executor import Executor
    from convcalc.execute.problem import ConvProblem
    from convcalc.execute.tiling import Box, Tiling


class Streamed(NamedTuple):
    """What is known of a result that went by.

    Attributes:
        figures: Its least, mean and largest value.
        overflowed: Values that left the range of the dtype, made of finite ones.
    """

    figures: Figures
    overflowed: int


class Stream(NamedTuple):
    """What a convolution box by box works with.

    Attributes:
        problem: The whole convolution.
        tiling: How large the boxes are.
        samples: The input (N, C, *sizes), possibly in a file.
        weight: The kernel, (O, C/g, *k) or transposed (C, O/g, *k).
        bias: (O), or None.
        dtypes: Of the arithmetic and of the result.
        requested: The dtype that was asked for, or None.
        executor: What computes.
    """

    problem: ConvProblem
    tiling: Tiling
    samples: np.ndarray | Arranged
    weight: np.ndarray
    bias: np.ndarray | None
    dtypes: DtypePlan
    requested: str | None
    executor: Executor[Any]


def run_stream(
    stream: Stream,
    out: np.ndarray | Arranged,
    named: Mapping[str, np.ndarray],
    *,
    progress: Callable[[int], None],
) -> Streamed:
    """Computes every box into `out` (N, O, *out sizes).

    Args:
        stream: What is computed.
        out: Where the result goes.
        named: The kernel and bias by the names that messages call them.
        progress: Called with the number of values of each box that is done.

    Raises:
        DataError: integers cannot be computed or held exactly.
    """
    figures, overflowed = Figures(), 0
    weights_finite = all(is_finite(array) for array in named.values())
    for box, piece in _pieces(stream):
        result = compute_box(stream, box, piece, named)
        ends = ((box.sample, box.sample + 1), box.channels, *box.outputs)
        out[tuple(slice(*pair) for pair in ends)] = result[np.newaxis]
        broken = figures.nonfinite
        figures.add(result)
        if figures.nonfinite > broken and weights_finite and is_finite(piece):
            overflowed += figures.nonfinite - broken
        progress(result.size)
    return Streamed(figures, overflowed)


def compute_box(
    stream: Stream, box: Box, piece: np.ndarray, named: Mapping[str, np.ndarray]
) -> np.ndarray:
    """The result of one box, (channels, *outputs), in the dtype of the result.

    Args:
        stream: What is computed.
        box: Which part of it.
        piece: The elements that the box reads, (1, C, *sizes).
        named: The kernel and bias by the names that messages call them.

    Raises:
        DataError: integers cannot be computed or held exactly.
    """
    if piece.dtype.kind in "iu":
        plan_dtypes({"the input": piece, **named}, stream.requested)
    result: np.ndarray = finished(_computed(stream, box, piece), stream.dtypes)[0]
    return result


def _pieces(stream: Stream) -> Iterator[tuple[Box, np.ndarray]]:
    """Every box with what it reads, (1, C, *sizes); boxes of other channels may read the same."""
    problem = stream.problem
    last: tuple[object, ...] | None = None
    piece: np.ndarray | None = None
    for box in boxes(problem, stream.tiling):
        key = (box.sample, box.outputs, _groups(problem, box) if problem.groups > 1 else None)
        if piece is None or key != last:
            piece, last = _read(stream, box), key
        yield box, piece


def _read(stream: Stream, box: Box) -> np.ndarray:
    """The elements that a box reads, copied; padding that is not of zeros is among them."""
    problem = stream.problem
    channels = (0, problem.channels)
    if problem.groups > 1:
        in_channels_per_group = problem.channels // problem.groups
        begin, end = _groups(problem, box)
        channels = (begin * in_channels_per_group, end * in_channels_per_group)
    lead = (slice(box.sample, box.sample + 1), slice(*channels))
    if problem.padding_mode == "zeros":
        elements: tuple[slice, ...] = (*lead, *(slice(*one.elements) for one in box.spans))
        return np.ascontiguousarray(stream.samples[elements])
    wanted = []
    for window, size, (begin, end) in zip(problem.windows, problem.sizes, box.outputs, strict=True):
        sources = source_indices(size, window, problem.padding_mode)
        last = (end - 1) * window.stride + window.extent
        wanted.append(sources[begin * window.stride : last])
    return _gathered(stream.samples, lead, wanted)


def _gathered(
    samples: np.ndarray | Arranged, lead: tuple[slice, slice], wanted: Sequence[np.ndarray]
) -> np.ndarray:
    """The elements `wanted` along each spatial axis, read in boxes of neighbours."""
    sizes = (1, lead[1].stop - lead[1].start, *map(len, wanted))
    piece = np.empty(sizes, samples.dtype)
    for place in product(*map(_runs, wanted)):
        own = [axis[part] for axis, part in zip(wanted, place, strict=True)]
        ends = tuple(slice(int(axis.min()), int(axis.max()) + 1) for axis in own)
        index: tuple[slice, ...] = (*lead, *ends)
        read = samples[index]
        within = np.ix_(*(axis - part.start for axis, part in zip(own, ends, strict=True)))
        taken: tuple[slice | np.ndarray, ...] = (slice(None), slice(None), *within)
        piece[(slice(None), slice(None), *place)] = read[taken]
    return piece


def _runs(elements: np.ndarray) -> list[slice]:
    """Where elements are neighbours, or the same: those across a circle's seam are far apart."""
    cuts = np.flatnonzero(abs(np.diff(elements)) > 1) + 1
    return [slice(begin, end) for begin, end in pairwise([0, *cuts.tolist(), len(elements)])]


def _computed(stream: Stream, box: Box, piece: np.ndarray) -> np.ndarray:
    """The result of one box, (1, channels, *outputs), in the dtype of the arithmetic."""
    problem, ops, dtype = stream.problem, stream.executor, stream.dtypes.compute
    if problem.padding_mode == "zeros" and any(one.empty for one in box.spans):
        return _of_padding(stream, box)
    weight, groups = _weight(stream, box)
    array = ops.load(piece, dtype)
    bias = None if stream.bias is None else ops.load(stream.bias[slice(*box.channels)], dtype)
    windows = tuple(one.window for one in box.spans)
    if problem.transposed:
        sizes = [end - begin for begin, end in box.outputs]
        done = ops.conv_transpose(array, weight, bias, windows, groups, sizes)
    else:
        if problem.padding_mode != "zeros":
            windows = tuple(w._replace(before=0, after=0) for w in problem.windows)
        done = ops.conv(array, weight, bias, windows, groups, "zeros")
    unloaded: np.ndarray = ops.unload(done)
    return unloaded


def _of_padding(stream: Stream, box: Box) -> np.ndarray:
    """The result of a box whose windows reach zeros alone: the bias."""
    sizes = tuple(end - begin for begin, end in box.outputs)
    channels = box.channels[1] - box.channels[0]
    result = np.zeros((1, channels, *sizes), stream.dtypes.compute)
    if stream.bias is not None:
        result += stream.bias[slice(*box.channels)].reshape(1, -1, *(1,) * len(sizes))
    return result


def _weight(stream: Stream, box: Box) -> tuple[Any, int]:
    """The kernel of a box's channels, and in how many groups they lie."""
    problem, (begin, end) = stream.problem, box.channels
    weight, groups = stream.weight, 1
    if problem.groups > 1:
        first, last = _groups(problem, box)
        groups = last - first
        each = weight.shape[0] // problem.groups
        weight = weight[first * each : last * each]
    else:
        weight = weight[:, begin:end] if problem.transposed else weight[begin:end]
    return stream.executor.load(weight, stream.dtypes.compute), groups


def _groups(problem: ConvProblem, box: Box) -> tuple[int, int]:
    """The groups (begin, end) that a box's channels make up."""
    each = problem.out_channels // problem.groups
    return box.channels[0] // each, -(-box.channels[1] // each)


def is_finite(array: np.ndarray) -> bool:
    """Whether no number is NaN or infinite."""
    return array.dtype.kind != "f" or bool(np.isfinite(array).all())
