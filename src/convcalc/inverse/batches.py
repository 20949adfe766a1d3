"""The rows of a sweep that keep to a condition, in batches, by one process or by several."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from convcalc.collecting import gc_paused
from convcalc.inverse.sweep import Sweep
from convcalc.inverse.where import read_condition

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from multiprocessing.pool import AsyncResult

    from convcalc.inverse.sweep import Row
    from convcalc.inverse.where import Condition

BATCH = 2_000
"""Combinations of one layer in a batch."""

NETWORKS = 16
"""Networks in a batch."""


class Question(NamedTuple):
    """What a sweep is about, in texts that can be sent to another process.

    Attributes:
        spec: The spec with its choices.
        input_text: The input with its choices.
        variables: The values of each parameter.
        where: The condition, if there is one.
        wanted: The figures that are shown or sorted by.
    """

    spec: str
    input_text: str
    variables: Mapping[str, Sequence[int]]
    where: str | None = None
    wanted: tuple[str, ...] = ()


class Batch(NamedTuple):
    """Some combinations that were looked at.

    Attributes:
        rows: Those that fit and keep to the condition.
        looked: How many combinations it was.
        unfit: How many of them do not fit.
        names: What each place of a row holds.
    """

    rows: list[Row]
    looked: int
    unfit: int
    names: tuple[str, ...]


class Asked:
    """A sweep and its condition, ready for any part of the grid."""

    def __init__(self, question: Question) -> None:
        self.sweep = Sweep(*question[:3])
        self.condition: Condition | None = None
        if question.where is not None:
            places = {
                name: place
                for place, name in enumerate(self.sweep.names)
                if name not in ("spec", "input", "output")
            }
            self.condition = read_condition(question.where, places)
        asked = {*question.wanted, *(self.condition.names if self.condition else ())}
        self.sweep.want(asked)

    def batch(self, start: int, stop: int) -> Batch:
        """The combinations `start` to `stop` - 1."""
        with gc_paused():
            rows = list(self.sweep.rows(start, stop))
        kept = [row for row in rows if row is not None]
        unfit = len(rows) - len(kept)
        if self.condition is not None:
            kept = list(filter(self.condition.holds, kept))
        return Batch(kept, len(rows), unfit, self.sweep.names)

    def ranges(self) -> Iterator[tuple[int, int]]:
        """The parts of the grid that batches are made of."""
        size = BATCH if self.sweep.quick else NETWORKS
        for start in range(0, self.sweep.count, size):
            yield start, min(start + size, self.sweep.count)


def batches(question: Question, jobs: int = 1) -> Iterator[Batch]:
    """Every batch in order.

    Args:
        question: The sweep.
        jobs: Processes that work on it; few batches are held at any time.
    """
    asked = Asked(question)
    if jobs == 1:
        for start, stop in asked.ranges():
            yield asked.batch(start, stop)
        return
    from multiprocessing import get_context

    with get_context("spawn").Pool(jobs, _begin, (question,)) as pool:
        waiting: deque[AsyncResult[Batch]] = deque()
        for part in asked.ranges():
            waiting.append(pool.apply_async(_work, part))
            if len(waiting) > 2 * jobs:
                yield waiting.popleft().get()
        while waiting:
            yield waiting.popleft().get()


_ASKED: dict[str, Asked] = {}
"""What a process of a pool works on."""


def _begin(question: Question) -> None:
    """Prepares a process of a pool; interrupts are for the one that waits for it."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _ASKED["sweep"] = Asked(question)


def _work(start: int, stop: int) -> Batch:
    return _ASKED["sweep"].batch(start, stop)
