"""A convolution cut into boxes of its result, each with the elements that it reads: whole numbers.

Every box is a convolution by itself: of the elements that its windows reach, with the part of the
padding that lies beside them. Boxes next to each other read some elements twice, the halo.
"""

from __future__ import annotations

from itertools import product
from math import prod
from typing import TYPE_CHECKING, NamedTuple

from convcalc.errors import ResourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from convcalc.execute.problem import ConvProblem
    from convcalc.window import Window

LEADING = 4
"""How much rather the first axis is cut than another: its slices lie together in a file."""


class Span(NamedTuple):
    """What a run of outputs along one axis reads.

    Attributes:
        read: (begin, end) of the real elements of the input.
        window: The axis's window on those elements, its padding what is left of it beside them.
    """

    elements: tuple[int, int]
    window: Window

    @property
    def empty(self) -> bool:
        """Whether all that is read is padding."""
        return self.elements[0] >= self.elements[1]


class Box(NamedTuple):
    """A part of the result.

    Attributes:
        sample: Its sample.
        channels: (begin, end) of its output channels.
        outputs: (begin, end) of its elements along each spatial axis.
        spans: What those read.
    """

    sample: int
    channels: tuple[int, int]
    outputs: tuple[tuple[int, int], ...]
    spans: tuple[Span, ...]


class Tiling(NamedTuple):
    """How large the boxes are.

    Attributes:
        channels: Output channels of a box.
        sizes: Its elements along each spatial axis.
        bytes: What computing one takes at most, as far as that is known.
        boxes: How many there are.
    """

    channels: int
    sizes: tuple[int, ...]
    bytes: int
    boxes: int


def span(window: Window, size: int, outputs: tuple[int, int], *, transposed: bool) -> Span:
    """What the outputs `begin` ... `end` - 1 of an axis of `size` elements read.

    Output u reads the elements u*s - pb ... u*s - pb + e - 1. Of a transposed convolution element j
    reaches the outputs j*s - pb ... j*s - pb + e - 1, so that output u reads from
    ceil((u + pb - e + 1) / s) to floor((u + pb) / s).

    Source: derived.
    """
    begin, end = outputs
    if transposed:
        first = -(-(begin + window.before - window.extent + 1) // window.stride)
        first = max(0, min(first, (begin + window.before) // window.stride, size - 1))
        last = min(size - 1, (end - 1 + window.before) // window.stride)
        before = begin + window.before - first * window.stride
        return Span((first, max(first, last) + 1), window._replace(before=before, after=0))
    start = begin * window.stride - window.before
    stop = (end - 1) * window.stride - window.before + window.extent
    elements = (min(max(start, 0), size), max(0, min(stop, size)))
    return Span(elements, window._replace(before=elements[0] - start, after=stop - elements[1]))


def choose(problem: ConvProblem, budget: int, needed: Callable[[ConvProblem], int]) -> Tiling:
    """The largest boxes whose computation takes at most `budget` bytes.

    Args:
        problem: The whole convolution.
        budget: Bytes.
        needed: The bytes that computing one box takes, all its arrays included.

    Raises:
        ResourceError: not even one output element of one channel fits.
    """
    unit = problem.out_channels // problem.groups if problem.groups > 1 else 1
    channels, sizes = problem.out_channels, problem.out_sizes
    while (found := needed(of_box(problem, channels, sizes))) > budget:
        axis = max(range(len(sizes)), key=lambda i: (_room(problem, sizes, i), -i))
        if sizes[axis] > problem.windows[axis].extent or (channels <= unit and max(sizes) > 1):
            axis = axis if sizes[axis] > 1 else max(range(len(sizes)), key=lambda i: sizes[i])
            sizes = (*sizes[:axis], -(-sizes[axis] // 2), *sizes[axis + 1 :])
        elif channels > unit:
            channels = max(unit, -(-channels // (2 * unit)) * unit)
        else:
            raise ResourceError(
                f"--max-memory: one output element needs {found:,} bytes, {budget:,} are allowed"
            )
    count = problem.batch * -(-problem.out_channels // channels)
    count *= prod(-(-n // size) for n, size in zip(problem.out_sizes, sizes, strict=True))
    return Tiling(channels, sizes, found, count)


def _room(problem: ConvProblem, sizes: tuple[int, ...], axis: int) -> float:
    """Kernels that lie side by side along an axis of a box; the first axis counts for more."""
    room = sizes[axis] / problem.windows[axis].extent
    return room * LEADING if axis == 0 else room


def of_box(problem: ConvProblem, channels: int, sizes: tuple[int, ...]) -> ConvProblem:
    """The convolution of a box of these sizes inside the result, as if nothing were padded."""
    if problem.transposed:
        read = tuple(
            min(n, (size + w.extent - 2) // w.stride + 2)
            for n, size, w in zip(problem.sizes, sizes, problem.windows, strict=True)
        )
    else:
        read = tuple(
            min(n + w.before + w.after, (size - 1) * w.stride + w.extent)
            for n, size, w in zip(problem.sizes, sizes, problem.windows, strict=True)
        )
    share = channels if problem.groups > 1 else problem.out_channels
    groups = max(1, problem.groups * share // problem.out_channels)
    return problem._replace(
        batch=1,
        channels=problem.channels * groups // problem.groups,
        out_channels=channels,
        groups=groups,
        sizes=read,
        windows=tuple(w._replace(before=0, after=0) for w in problem.windows),
        out_sizes=sizes,
        padding_mode="zeros",
    )


def boxes(problem: ConvProblem, tiling: Tiling) -> Iterator[Box]:
    """Every box, in the order of the result in memory; channels that read the same are together."""
    axes = [
        [(begin, min(begin + size, out)) for begin in range(0, out, size)]
        for out, size in zip(problem.out_sizes, tiling.sizes, strict=True)
    ]
    for sample in range(problem.batch):
        for outputs in product(*axes):
            spans = tuple(
                span(window, size, ends, transposed=problem.transposed)
                for window, size, ends in zip(problem.windows, problem.sizes, outputs, strict=True)
            )
            for begin in range(0, problem.out_channels, tiling.channels):
                end = min(begin + tiling.channels, problem.out_channels)
                yield Box(sample, (begin, end), outputs, spans)
