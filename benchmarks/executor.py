"""The executor against what else a user could call: ratios in one run, on the same threads.

Every cell of the grid is computed by `convcalc.convolve` and by its peers in turns, arrays in
memory and libraries imported: torch's own convolution (contiguous and channels-last), and for a
single channel scipy.signal.oaconvolve, scipy.signal.fftconvolve, scipy.ndimage.correlate and
cv2.filter2D, where they are installed. A peer that took a second is run once.

    python benchmarks/executor.py [--quick] [--runs 5] [--threads 2] [--seconds 1.0] [--cpu-time]

Printed per cell: the plan, its time, torch's default over it, the better torch over it, the best of
the others over it, the GFLOP/s as a share of a matrix product of 2048, and what was missed: 1.15
times torch's default, 1.3 times the best of the others, 1.2 times the fastest of the planner's own
ways, 100 times faster than torch where a kernel of 31 meets an image of 1024. --cpu-time takes the
time of one thread's own work instead of the clock, for a machine that others use too.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import statistics
import time
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable


class Cell(NamedTuple):
    """Channels in and out, groups, and the sides of input and kernel."""

    channels: int
    out: int
    groups: int
    size: int
    kernel: int
    rank: int = 2

    def __str__(self) -> str:
        groups = f" g{self.groups}" if self.groups > 1 else ""
        return f"{self.channels}->{self.out}{groups} {self.size}^{self.rank} k{self.kernel}"


def grid(quick: bool) -> list[Cell]:
    """Every combination that makes sense, or a few of each kind."""
    single = [
        Cell(1, 1, 1, size, kernel)
        for size in (56, 224, 512, 1024, 2048)
        for kernel in (3, 5, 7, 11, 15, 31, 63)
        if kernel < size
    ]
    layers = [
        Cell(channels, out, groups, size, kernel)
        for channels, out, groups, size in (
            (3, 64, 1, 224),
            (16, 16, 1, 128),
            (64, 64, 1, 56),
            (256, 256, 1, 56),
            (64, 64, 64, 112),
            (64, 64, 4, 56),
        )
        for kernel in (1, 3, 5, 7, 11, 15, 31)
        if channels * out < 1000 or kernel <= 15
        if channels < 256 or kernel <= 7
        if groups == 1 or kernel > 1
    ]
    rows = [Cell(1, 1, 1, 10**6, kernel, 1) for kernel in (9, 64, 256, 1024, 4096)]
    volumes = [Cell(c, c, 1, 64, kernel, 3) for c in (1, 16) for kernel in (3, 5, 7)]
    if quick:
        return [c for c in single if c.size in (224, 1024) and c.kernel in (3, 7, 31)] + [
            *layers[::5],
            *rows[:3:2],
            *volumes[:2],
        ]
    return [*single, *layers, *rows, *volumes]


SAMPLE = 1e-2
"""Seconds that a sample should take at least."""

PAUSE = 0.02
"""Seconds before a sample: threads of the last one, which wait for work in a loop, fall asleep."""


class Bench:
    """Times in turns, on one clock."""

    def __init__(self, runs: int, seconds: float, cpu: bool) -> None:
        self.runs, self.seconds = runs, seconds
        self.clock = time.thread_time if cpu else time.perf_counter

    def shortest(self, functions: dict[str, Callable[[], Any]]) -> dict[str, float]:
        """The shortest time of each; one that took longer than a cell may is not run again.

        What else the machine does makes a sample longer, never shorter.

        Each round goes through them in another order, so that nobody always follows the same.
        """
        order = random.Random(0)
        samples: dict[str, list[float]] = {name: [self._once(f)] for name, f in functions.items()}
        for name, function in functions.items():  # what has been prepared once is ready now
            if samples[name][0] <= self.seconds:
                samples[name].append(self._repeated(function, samples[name][0]))
        for _ in range(self.runs):
            for name in order.sample(list(functions), len(functions)):
                if samples[name][0] <= self.seconds:
                    samples[name].append(self._repeated(functions[name], min(samples[name])))
        return {name: min(times[2:] or times) for name, times in samples.items()}

    def _once(self, function: Callable[[], Any]) -> float:
        start = self.clock()
        function()
        return self.clock() - start

    def _repeated(self, function: Callable[[], Any], expected: float) -> float:
        """The seconds of one call; short ones are called many times in a row, all alike.

        A result is dropped before the next is made: to keep them all would be to measure how fast
        the system hands out fresh memory.
        """
        calls = max(1, min(1000, int(SAMPLE / max(expected, 1e-9))))
        time.sleep(PAUSE)

        def several() -> None:
            for _ in range(calls):
                function()

        return self._once(several) / calls


def main() -> None:
    """Prints a line per cell, and the figures over the grid."""
    options = _options()
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = str(options.threads)
    import torch

    torch.set_num_threads(options.threads)
    if find_spec("cv2"):
        import cv2

        cv2.setNumThreads(options.threads)
    bench = Bench(options.runs, options.seconds, options.cpu_time)
    a = torch.randn(2048, 2048)
    peak = 2 * 2048**3 / min(bench.shortest({"product": lambda: a @ a}).values())
    print(f"a matrix product of 2048: {peak / 1e9:.0f} GFLOP/s on {options.threads} threads")
    found = [_cell(cell, bench, peak) for cell in grid(options.quick)]
    _summary([row for row in found if row])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--cpu-time", action="store_true")
    return parser.parse_args()


def _cell(cell: Cell, bench: Bench, peak: float) -> dict[str, float]:
    import torch

    import convcalc

    x = torch.randn(1, cell.channels, *(cell.size,) * cell.rank)
    w = torch.randn(cell.out, cell.channels // cell.groups, *(cell.kernel,) * cell.rank)
    options: dict[str, Any] = {"padding": cell.kernel // 2, "groups": cell.groups}
    plan = convcalc.plan_convolution(x.shape, w.shape, backend="torch", **options)
    ways = _ours(plan, x, w, options) | _torch(cell, x, w) | _others(cell, x, w)
    times = bench.shortest(ways)
    auto = times["ours auto"]
    others = {name: t for name, t in times.items() if name.startswith(("scipy", "cv2"))}
    row = {
        "default": times["torch"] / auto,
        "better": min(t for name, t in times.items() if name.startswith("torch")) / auto,
        "others": min(others.values()) / auto if others else math.nan,
        "chosen": min(t for name, t in times.items() if name.startswith("ours")) / auto,
    }
    peer = f"{min(others, key=others.__getitem__)} x{row['others']:.2f}" if others else ""
    macs = cell.out * cell.size**cell.rank * w[0].numel()
    print(
        f"{cell!s:22} {plan.algorithm:8} {plan.layout:14} {1e3 * auto:9.2f} ms  torch x"
        f"{row['default']:8.2f}  best torch x{row['better']:7.2f}  {peer:24} "
        f"{100 * 2 * macs / auto / peak:4.0f} % of peak  {'; '.join(_missed(cell, row))}",
        flush=True,
    )
    return row


def _missed(cell: Cell, row: dict[str, float]) -> list[str]:
    """What is wanted of a cell and was not reached, in words."""
    wanted = {
        "slower than torch": row["default"] < 1 / 1.15,
        "slower than another library": row["others"] < 1 / 1.3,
        "not the fastest way": row["chosen"] < 1 / 1.2,
        "not 100 times": cell == Cell(1, 1, 1, 1024, 31) and row["default"] < 100,
    }
    return [words for words, missed in wanted.items() if missed]


def _ours(plan: Any, x: Any, w: Any, options: dict[str, Any]) -> dict[str, Callable[[], Any]]:
    """What is planned, and the algorithms that are not foretold to take ten times as long."""
    import convcalc

    expected = {name: s for name, s, _ in plan.alternatives if s is not None}
    near = {"auto", plan.algorithm} | {
        name for name, s in expected.items() if s < 10 * plan.predicted_seconds
    }
    return {
        f"ours {name}": lambda name=name: convcalc.convolve(x, w, algorithm=name, **options)
        for name in ("auto", "direct", "im2col", "fft")
        if name in near
    }


def _torch(cell: Cell, x: Any, w: Any) -> dict[str, Callable[[], Any]]:
    from torch.nn import functional

    pad = cell.kernel // 2
    conv = (functional.conv1d, functional.conv2d, functional.conv3d)[cell.rank - 1]
    ways = {"torch": lambda: conv(x, w, None, 1, pad, 1, cell.groups)}
    if cell.rank == 2:
        import torch

        last = x.contiguous(memory_format=torch.channels_last)
        kernel = w.contiguous(memory_format=torch.channels_last)
        ways["torch channels-last"] = lambda: conv(last, kernel, None, 1, pad, 1, cell.groups)
    return ways


def _others(cell: Cell, x: Any, w: Any) -> dict[str, Callable[[], Any]]:
    """Peers that know a single channel only."""
    if cell.channels > 1:
        return {}
    image, kernel = x[0, 0].numpy(), w[0, 0].numpy()
    flipped = kernel[(slice(None, None, -1),) * cell.rank].copy()
    ways: dict[str, Callable[[], Any]] = {}
    if find_spec("scipy"):
        from scipy import ndimage, signal

        ways["scipy oaconvolve"] = lambda: signal.oaconvolve(image, flipped, mode="same")
        ways["scipy fftconvolve"] = lambda: signal.fftconvolve(image, flipped, mode="same")
        if cell.kernel <= 7:
            ways["scipy ndimage"] = lambda: ndimage.correlate(image, kernel, mode="constant")
    if find_spec("cv2") and cell.rank == 2:
        import cv2

        border = cv2.BORDER_CONSTANT
        ways["cv2 filter2D"] = lambda: cv2.filter2D(image, -1, kernel, borderType=border)
    return ways


def _summary(rows: list[dict[str, float]]) -> None:
    geometric = math.exp(statistics.fmean(math.log(row["default"]) for row in rows))
    slow = sum(row["default"] < 1 / 1.15 for row in rows)
    single = [row["others"] for row in rows if not math.isnan(row["others"])]
    chosen = sum(row["chosen"] > 1 / 1.2 for row in rows)
    print(f"\n{len(rows)} cells; geometric mean of torch's default over ours: {geometric:.2f}")
    print(f"slower than 1.15 times torch's default: {slow}")
    print(
        f"single channel: within 1.3 times the best of scipy and OpenCV: "
        f"{sum(ratio > 1 / 1.3 for ratio in single)} of {len(single)}"
    )
    print(f"the fastest of our ways, or within 1.2 of it: {chosen} of {len(rows)}")


if __name__ == "__main__":
    main()
