"""One convolution in bounded memory: box by box, from a mapped file into a growing one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from convcalc.arrayfile.growing import release
from convcalc.execute.border import source_cells
from convcalc.execute.dtypes import finished, plan_dtypes
from convcalc.execute.figures import Figures
from convcalc.execute.tiling import boxes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from convcalc.execute.dtypes import DtypePlan
    from convcalc.execute.problem import Problem
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
        samples: The input (N, C, *sizes), possibly mapped from a file.
        weight: The kernel, (O, C/g, *k) or transposed (C, O/g, *k).
        bias: (O), or None.
        dtypes: Of the arithmetic and of the result.
        requested: The dtype that was asked for, or None.
        ops: The backend.
    """

    problem: Problem
    tiling: Tiling
    samples: np.ndarray
    weight: np.ndarray
    bias: np.ndarray | None
    dtypes: DtypePlan
    requested: str | None
    ops: Any


def run_stream(
    stream: Stream,
    out: np.ndarray,
    named: Mapping[str, np.ndarray],
    *,
    flush: Callable[[], None],
    progress: Callable[[int], None],
    held: int = 0,
) -> Streamed:
    """Computes every box into `out` (N, O, *out sizes).

    Args:
        stream: What is computed.
        out: Where the result goes.
        named: The kernel and bias by the names that messages call them.
        flush: Called now and then, when what is written may leave the memory.
        progress: Called with the number of values of each box that is done.
        held: Bytes that may be read and written before their pages are handed back.

    Raises:
        DataError: integers cannot be computed or held exactly.
    """
    figures, overflowed, passed = Figures(), 0, 0
    weights_finite = all(is_finite(array) for array in named.values())
    for box, piece in _pieces(stream):
        result = compute_box(stream, box, piece, named)
        place: Any = tuple(slice(*ends) for ends in (box.channels, *box.outputs))
        out[(box.sample, *place)] = result
        broken = figures.nonfinite
        figures.add(result)
        if figures.nonfinite > broken and weights_finite and is_finite(piece):
            overflowed += figures.nonfinite - broken
        passed += piece.nbytes + result.nbytes
        if passed > held:
            release(stream.samples)
            flush()
            passed = 0
        progress(result.size)
    return Streamed(figures, overflowed)


def compute_box(
    stream: Stream, box: Box, piece: np.ndarray, named: Mapping[str, np.ndarray]
) -> np.ndarray:
    """The result of one box, (channels, *outputs), in the dtype of the result.

    Args:
        stream: What is computed.
        box: Which part of it.
        piece: The cells that the box reads, (1, C, *cells).
        named: The kernel and bias by the names that messages call them.

    Raises:
        DataError: integers cannot be computed or held exactly.
    """
    if piece.dtype.kind in "iu":
        plan_dtypes({"the input": piece, **named}, stream.requested)
    result: np.ndarray = finished(_computed(stream, box, piece), stream.dtypes)[0]
    return result


def _pieces(stream: Stream) -> Iterator[tuple[Box, np.ndarray]]:
    """Every box with what it reads, (1, C, *cells); boxes of other channels may read the same."""
    problem = stream.problem
    last: tuple[Any, ...] | None = None
    piece: np.ndarray | None = None
    for box in boxes(problem, stream.tiling):
        key = (box.sample, box.outputs, _groups(problem, box) if problem.groups > 1 else None)
        if piece is None or key != last:
            piece, last = _read(stream, box), key
        yield box, piece


def _read(stream: Stream, box: Box) -> np.ndarray:
    """The cells that a box reads, copied; padding that is not of zeros is among them."""
    problem = stream.problem
    channels = slice(None)
    if problem.groups > 1:
        depth = problem.channels // problem.groups
        begin, end = _groups(problem, box)
        channels = slice(begin * depth, end * depth)
    piece = stream.samples[box.sample : box.sample + 1, channels]
    if problem.padding_mode == "zeros":
        cells = tuple(slice(*one.cells) for one in box.spans)
        return np.ascontiguousarray(piece[(slice(None), slice(None), *cells)])
    for axis, (window, size, (begin, end)) in enumerate(
        zip(problem.windows, problem.sizes, box.outputs, strict=True), start=2
    ):
        sources = source_cells(size, window, problem.padding_mode)
        wanted = sources[begin * window.stride : (end - 1) * window.stride + window.extent]
        piece = _taken(piece, axis, wanted)
    return np.ascontiguousarray(piece)


def _taken(piece: np.ndarray, axis: int, cells: np.ndarray) -> np.ndarray:
    """Cells of one axis: a view where they are neighbours in order, else a copy."""
    first = int(cells[0])
    if np.array_equal(cells, np.arange(first, first + len(cells))):
        return piece[(slice(None),) * axis + (slice(first, first + len(cells)),)]
    return piece.take(cells, axis=axis)


def _computed(stream: Stream, box: Box, piece: np.ndarray) -> np.ndarray:
    """The result of one box, (1, channels, *outputs), in the dtype of the arithmetic."""
    problem, ops, dtype = stream.problem, stream.ops, stream.dtypes.compute
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
    return stream.ops.load(weight, stream.dtypes.compute), groups


def _groups(problem: Problem, box: Box) -> tuple[int, int]:
    """The groups (begin, end) that a box's channels make up."""
    each = problem.out_channels // problem.groups
    return box.channels[0] // each, -(-box.channels[1] // each)


def is_finite(array: np.ndarray) -> bool:
    """Whether no number is NaN or infinite."""
    return array.dtype.kind != "f" or bool(np.isfinite(array).all())
