"""Which elements of ONE axis the windows of a layer read, also through a border that repeats it.

Positions on the padded axis are counted from the first real element: `before` of them are
negative, those from `size` on are behind the end. A border of zeros is made of no element; any
other repeats elements of the axis, which are then read from there.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from convcalc.window import Window


def elements_read(window: Window, size: int, mode: str = "zeros") -> int:
    """Elements of the axis on which a tap lies at one position at least.

    Args:
        window: Kernel, stride, padding and dilation.
        size: Elements of the axis.
        mode: What the border repeats: zeros, reflect, symmetric, replicate or circular.

    Example:
        >>> from convcalc.window import Window
        >>> window = Window(2, 3, 2, 2)  # taps at -2 -1, 1 2, 4 5, 7 8 of 7 elements
        >>> elements_read(window, 7), elements_read(window, 7, "circular")
        (4, 6)
    """
    if mode == "zeros":
        return window.elements_read(size)
    runs = (run for taps in _taps(window, size) for run in _folded(taps, size, mode))
    return _together(runs)


def _taps(window: Window, size: int) -> Iterator[range]:
    """All positions at once where no window leaves a gap; else those of each tap or each window.

    Tap t of window u lies at u*s + t*d - pb: s apart for one t, d apart for one u.
    """
    out, kernel, stride, dilation = window.out_size(size), *window[:2], window.dilation
    if dilation == 1 and kernel >= stride:
        yield range(-window.before, (out - 1) * stride + kernel - window.before)
        return
    many, apart, other = (out, stride, dilation) if kernel <= out else (kernel, dilation, stride)
    for place in range(min(kernel, out)):
        first = place * other - window.before
        yield range(first, first + many * apart, apart)


def _folded(run: range, size: int, mode: str) -> Iterator[range]:
    """The elements that lie at some positions; padding reaches at most once round, or back.

    Source: PyTorch, `torch.nn.functional.pad`: circular padding continues the axis with its other
    end, reflection turns at the outermost element without repeating it, replication stays there;
    NumPy, `numpy.pad`: symmetric padding turns behind the outermost element, which comes twice.
    """
    start = _before(run, 0)
    end = _before(run, size)
    ahead, behind = run[:start], run[end:]
    yield run[start:end]
    if mode == "circular":
        yield from (_moved(ahead, size), _moved(behind, -size))
    elif mode == "reflect":
        yield from (_mirrored(ahead, 0), _mirrored(behind, 2 * size - 2))
    elif mode == "symmetric":
        yield from (_mirrored(ahead, -1), _mirrored(behind, 2 * size - 1))
    elif mode == "replicate":
        yield range(0, run.step if ahead else 0, run.step)
        yield range(size - 1, size - 1 + (run.step if behind else 0), run.step)


def _before(run: range, place: int) -> int:
    """How many positions of a run lie before a place."""
    return min(len(run), max(0, -((run.start - place) // run.step)))


def _moved(run: range, by: int) -> range:
    return range(run.start + by, run.stop + by, run.step)


def _mirrored(run: range, last: int) -> range:
    """The elements `last` minus a position, from the smallest on."""
    if not run:
        return run
    return range(last - run[-1], last - run[0] + 1, run.step)


def _together(runs: Iterable[range]) -> int:
    """Elements in any of some runs of one step: of each remainder, intervals that are united."""
    intervals = defaultdict(list)
    for run in filter(len, runs):
        first, rest = divmod(run.start, run.step)
        intervals[rest].append((first, first + len(run)))
    return sum(map(united, intervals.values()))


def united(intervals: Iterable[tuple[int, int]]) -> int:
    """Whole numbers in any of some intervals, ends left out."""
    count = reached = 0
    for begin, end in sorted(intervals):
        count += max(0, end - max(begin, reached))
        reached = max(reached, end)
    return count


def element_at(position: int, size: int, mode: str = "zeros") -> int | None:
    """The element of the axis that stands at a position of the padded axis; None for a zero.

    Args:
        position: Counted from the first real element; padding before it is below 0.
        size: Elements of the axis.
        mode: What the border repeats: zeros, reflect, symmetric, replicate or circular.

    Example:
        >>> [element_at(place, 4, "reflect") for place in range(-2, 6)]
        [2, 1, 0, 1, 2, 3, 2, 1]
    """
    if 0 <= position < size:
        return position
    runs = _folded(range(position, position + 1), size, mode)
    return next((run[0] for run in runs if run), None)
