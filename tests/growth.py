"""How much work a call is, counted: lines of Python that run, bytes that are made, bytes at once.

Lines tell of loops, and bytes of what libraries do inside a line: a text that is copied for every
one of its characters makes bytes that grow with its square, though none of them stays.
"""

from __future__ import annotations

import contextlib
import cProfile
import gc
import signal
import sys
import tracemalloc
from typing import TYPE_CHECKING, Any, NamedTuple

from convcalc.errors import ConvcalcError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import CodeType, FrameType

    TraceFunction = Callable[[FrameType, str, Any], Any]


LINES_A_LOOK = 3
"""Looking at memory takes five times as long as counting a line. Of copies that a loop makes and
throws away, a third is seen; `SLACK` is a third, too, so that as few of them are too many."""

LINES_A_TURN = 255
"""Lines that are counted in one small number: a multiple of those from look to look."""


class Work(NamedTuple):
    """Lines that ran, bytes that were made in all, and the most of them that were held at once."""

    lines: int
    made: int
    peak: int


def work(function: Callable[[], object], where: str = "convcalc") -> Work:
    """The work of a call, which may end with an expected failure.

    Lines are counted in files with `where` in their path, calls everywhere. Memory is looked at
    with every third of them: what was made since the last time is what it rose by at most. Most of
    the time of a test goes by in here, so that what is counted is in local names and a file is
    looked at once; and numbers below 256 are counted with, as Python has them ready, since every
    other one is memory that tracemalloc books.
    """
    now_and_peak, forget_peak = tracemalloc.get_traced_memory, tracemalloc.reset_peak
    few = turns = made = most = held = 0
    followed: dict[CodeType, bool] = {}

    def line(frame: FrameType, event: str, argument: Any) -> TraceFunction:
        nonlocal few
        few += 1
        if not few % LINES_A_LOOK:
            look()
        return line

    def look() -> None:
        nonlocal few, turns, made, most, held
        if few == LINES_A_TURN:
            few = 0
            turns += 1
        now, peak = now_and_peak()
        made += peak - held
        if peak > most:  # noqa: PLR1730 - half the time of max
            most = peak
        held = now
        forget_peak()

    def call(frame: FrameType, event: str, argument: Any) -> TraceFunction | None:
        line(frame, event, argument)
        code = frame.f_code
        if code not in followed:
            followed[code] = where in code.co_filename
        return line if followed[code] else None

    before = sys.gettrace()
    collected = gc.isenabled()
    gc.disable()  # those who listen to the collector run lines of their own
    tracemalloc.start()
    sys.settrace(call)
    try:
        function()
    except ConvcalcError:
        pass
    finally:
        sys.settrace(before)
        counted = turns * LINES_A_TURN + few
        look()
        tracemalloc.stop()
        if collected:
            gc.enable()
    return Work(counted, made, most)


class EndlessError(Exception):
    """A call that should be over after a moment has taken all the processor's time it may."""


@contextlib.contextmanager
def calls_within(limit: int, seconds: int = 60) -> Iterator[None]:
    """Fails if more functions of Python than that are called.

    They are counted by the profiler, which is written in C, when all is over. What would not be
    over for long is ended by a signal, after so many seconds of work.
    """

    def end(number: int, frame: FrameType | None) -> None:
        raise EndlessError(f"no end after {seconds} s of work")

    profile = cProfile.Profile(builtins=False, subcalls=False)
    before = signal.signal(signal.SIGVTALRM, end)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    profile.enable()
    try:
        yield
    finally:
        profile.disable()
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
    calls = {entry.code: entry.callcount for entry in profile.getstats()}
    most = max(calls, key=calls.__getitem__, default=None)
    assert sum(calls.values()) <= limit, f"{sum(calls.values()):,} calls, most of {most}"


SLACK = Work(2000, 33_000, 100_000)
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
    found = outgrown(small, large)
    assert not found, found  # said here: pytest explains no assertion of this module
