"""How the constants of threads are measured, on planes of OpenCV."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from fit_kinds import Case, Inversion, Overtaking

from convcalc.execute.algorithms.opencv.correlate import correlate, correlate_run
from convcalc.execute.backends import opencv, thread_pool

if TYPE_CHECKING:
    from collections.abc import Callable

    from fit_kinds import Experiment

MANY = 1e9
"""Seconds of work that are worth any thread."""


def _calls(side: int, seconds: float) -> tuple[Callable[[int, int], None], int]:
    """Sums of planes of side x side with 7 x 7 taps: what makes some, and how many fill a time."""
    draw = np.random.default_rng(0)
    plane = draw.standard_normal((side, side)).astype(np.float32)
    taps = draw.standard_normal((7, 7)).astype(np.float32)

    def work(begin: int, end: int) -> None:
        for _ in range(begin, end):
            opencv.filtered(plane, taps, (3, 3))

    work(0, 5)
    start = perf_counter()
    work(0, 20)
    each = (perf_counter() - start) / 20
    return work, max(2, round(seconds / each))


def _two_threads(work: Callable[[int, int], None], count: int) -> tuple[Callable[[], Any], ...]:
    return (
        lambda: thread_pool.shared(work, count, 2, MANY * count),
        lambda: thread_pool.shared(work, count, 1, MANY),
    )


def _after_a_pause(each: float) -> tuple[Callable[[], Any], ...]:
    """Work of twice as many seconds by two threads, and by one."""
    return _two_threads(*_calls(64, 2 * each))


def _short_calls(side: float) -> tuple[Callable[[], Any], ...]:
    """A hundred calls by two threads, and by one."""
    return _two_threads(_calls(int(side), 0)[0], 100)


def _in_bands(side: float) -> tuple[Callable[[], Any], ...]:
    """A plane in two bands, and whole."""
    size = int(side)
    draw = np.random.default_rng(0)
    plane = draw.standard_normal((size, size)).astype(np.float32)
    taps, out = np.ones((7, 7), np.float32), np.empty_like(plane)
    middle = size // 2

    def bands() -> None:
        correlate_run(plane, taps, (3, 3), out[:middle], 0, 0)
        correlate_run(plane, taps, (3, 3), out[middle:], 0, middle)

    return bands, lambda: correlate(plane, taps, (3, 3), out)


def _own_threads(side: float) -> tuple[Callable[[], Any], ...]:
    """The sums of a plane with OpenCV's own threads, and with one."""
    plane, taps = np.ones((int(side), int(side)), np.float32), np.ones((5, 5), np.float32)

    def summed(threads: int) -> Callable[[], Any]:
        def run() -> None:
            cv2.setNumThreads(threads)
            opencv.filtered(plane, taps, (2, 2))
            cv2.setNumThreads(1)

        return run

    return summed(thread_pool.processors()), summed(1)


THREADS: dict[str, Experiment] = {
    "worth_a_thread": Overtaking(
        "seconds n of work for each of two threads, sums of planes of 64 x 64 with 7 x 7 taps, "
        "instead of one thread",
        (2e-4, 5e-4, 1e-3, 2e-3, 4e-3, 8e-3),
        _after_a_pause,
        paused=True,
    ),
    "worth_a_band": Overtaking(
        "seconds of a plane of n x n with 7 x 7 taps, in two bands on one thread instead of whole",
        (32, 64, 128, 192, 256, 384),
        _in_bands,
        1 / 1.1,
        lambda _, seconds: seconds,
    ),
    "worth_a_call": Overtaking(
        "seconds of one of a hundred sums of planes of n x n with 7 x 7 taps, by two threads "
        "instead of one",
        (16, 32, 48, 64, 96, 128),
        _short_calls,
        1.2,
        lambda _, seconds: seconds / 100,
    ),
    "one_more_thread": Inversion(
        (Case("numpy", "direct planes", 16, 16, (256, 256), 7, 16, threads=2),)
    ),
    "shared_by_opencv": Overtaking(
        "outputs of a plane of n x n with 5 x 5 taps, OpenCV's own threads instead of one",
        (512, 768, 1024, 1536),
        _own_threads,
        1.2,
        lambda side, _: side**2,
    ),
}
