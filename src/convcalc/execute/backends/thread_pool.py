"""Work that is shared among threads of our own: for calls that let other threads run meanwhile."""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from convcalc.execute.fitted_costs import FITTED

if TYPE_CHECKING:
    from collections.abc import Callable

WORTH_A_THREAD = FITTED["worth_a_thread"]
"""Seconds of work for each thread below which a second one costs more than it saves.

In a loop of such calls a tenth of it would be worth it. But after a pause the system wakes a thread
on the processor of the one that calls it, and takes several milliseconds to part them.
"""

WORTH_A_BAND = FITTED["worth_a_band"]
"""Seconds of work below which a plane is not cut further: both sides of a cut are read twice."""

WORTH_A_CALL = FITTED["worth_a_call"]
"""Seconds of one call below which threads wait for each other to make the next one."""

LONGEST_RUN = 0.1
"""Seconds of work that are handed to a thread at a time, at most."""

RUNS = 4
"""Runs per thread, if there is enough to do: those that fall behind leave some to the others."""


def processors() -> int:
    """Processors that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def num_threads(workers: int, count: int, seconds: float) -> int:
    """Threads that should share `count` calls, of which all take `seconds` on one thread."""
    if seconds < WORTH_A_CALL * count:
        return 1
    return max(1, min(workers, count, int(seconds / WORTH_A_THREAD)))


def speedup(threads: int) -> float:
    """How many times faster so many threads are than one."""
    return 1 + FITTED["one_more_thread"] * (threads - 1)


def shared(work: Callable[[int, int], None], count: int, workers: int, seconds: float) -> None:
    """Calls `work(begin, end)` on runs of `count` things, several at a time where that pays.

    The calling thread works too, and so does not wait for others that the system keeps from
    running: other libraries have threads that wait for work in a loop.

    Args:
        work: Handles the things `begin` ... `end` - 1.
        count: Things in all.
        workers: The most threads.
        seconds: What all of them should take on one thread.
    """
    several = num_threads(workers, count, seconds)
    if several == 1:
        work(0, count)
        return
    runs = min(count, several * max(RUNS, int(seconds / several / LONGEST_RUN)))
    ends = [count * i // runs for i in range(runs + 1)]
    waiting = deque(pairwise(ends))

    def worker() -> None:
        while waiting:
            try:
                begin, end = waiting.popleft()
            except IndexError:
                return
            work(begin, end)

    helpers: list[Future[None]] = []
    with suppress(RuntimeError):  # no thread may be started: what is not handed on stays here
        helpers.extend(_pool(several - 1).submit(worker) for _ in range(several - 1))
    try:
        worker()
    finally:
        # After an interrupt, what has not begun is never begun.
        waiting.clear()
        begun = [helper for helper in helpers if not helper.cancel()]
    for helper in begun:
        helper.result()


@lru_cache(maxsize=8)
def _pool(helpers: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(helpers, thread_name_prefix="convcalc")
