"""How much work a call is, counted: lines of Python that run, bytes that are made, bytes at once.

Lines tell of loops, and bytes of what libraries do inside a line: a text that is copied for every
one of its characters makes bytes that grow with its square, though none of them stays.
"""

from __future__ import annotations

import contextlib
import sys
import tracemalloc
from typing import TYPE_CHECKING, Any, NamedTuple

from convcalc.errors import ConvcalcError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import FrameType


class Work(NamedTuple):
    """Lines that ran, bytes that were made in all, and the most of them that were held at once."""

    lines: int
    made: int
    peak: int


class _Counter:
    """Counts as a trace function; between two lines, what was made is what memory rose by."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.lines = self.made = self.peak = self.held = 0

    def __call__(self, frame: FrameType, event: str, argument: Any) -> _Counter | None:
        self.lines += 1
        self.note()
        return self if self.where in frame.f_code.co_filename else None

    def note(self) -> None:
        """What was made since the last line."""
        now, peak = tracemalloc.get_traced_memory()
        self.made += peak - self.held
        self.peak = max(self.peak, peak)
        self.held = now
        tracemalloc.reset_peak()


def work(function: Callable[[], object], where: str = "convcalc") -> Work:
    """The work of a call, which may end with an expected failure.

    Lines are counted in files with `where` in their path, calls everywhere.
    """
    before = sys.gettrace()
    counter = _Counter(where)
    tracemalloc.start()
    sys.settrace(counter)
    try:
        function()
    except ConvcalcError:
        pass
    finally:
        sys.settrace(before)
        counter.note()
        tracemalloc.stop()
    return Work(counter.lines, counter.made, counter.peak)


@contextlib.contextmanager
def calls_within(limit: int) -> Iterator[None]:
    """Ends with an error as soon as more functions of Python than that are called."""
    calls = 0

    def count(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal calls
        calls += 1
        assert calls <= limit, f"more than {limit} calls: {frame.f_code.co_qualname}"

    before = sys.gettrace()
    sys.settrace(count)
    try:
        yield
    finally:
        sys.settrace(before)


SLACK = Work(2000, 100_000, 100_000)
"""What may come on top at any size: ten faults with their hints, tables that double at once."""


def filled(pattern: tuple[str, str, str], size: int) -> bytes:
    """At most so many bytes: a beginning, what is repeated in between, an end."""
    head, unit, tail = (part.encode() for part in pattern)
    return head + unit * ((size - len(head) - len(tail)) // len(unit)) + tail


def outgrown(small: Work, large: Work) -> str:
    """What more than doubled from a text to one of twice the size, or nothing."""
    return ", ".join(
        f"{name}: {one:,} -> {two:,}"
        for name, one, two, slack in zip(Work._fields, small, large, SLACK, strict=True)
        if two > 2.1 * one + slack
    )


def check(function: Callable[[Any], object], given: Sequence[Any], where: str = "convcalc") -> None:
    """The work for the second of two is at most twice that for the first, which is half of it."""
    with contextlib.suppress(ConvcalcError):
        function(given[0])  # what is made once is made here
    small, large = (work(lambda one=one: function(one), where) for one in given)
    assert outgrown(small, large) == ""
