"""What a call of `convolve` that repeats takes beside torch's own call, in microseconds.

Both run alternately in one process, and medians are compared. The promise is at most 20 us for
tensors and 30 us for numpy arrays, with a number of threads and without.

    python benchmarks/prepared.py [--runs 300]
"""

from __future__ import annotations

import argparse
from statistics import median
from time import perf_counter

import torch
from torch.nn.functional import conv2d

from convcalc import convolve

LIMITS = {"tensors": 20, "tensors, threads=": 20, "numpy": 30, "numpy, threads=": 30}
SHAPES = {
    "128 -> 128, 14 x 14, k3, p1": ((1, 128, 14, 14), (128, 128, 3, 3), {"padding": 1}),
    "64 -> 64, 40 x 40, k3, g8": ((1, 64, 40, 40), (64, 8, 3, 3), {"groups": 8}),
    "192 -> 64, 28 x 28, k1": ((1, 192, 28, 28), (64, 192, 1, 1), {}),
    "3 -> 48, 224 x 224, k11, s4": ((1, 3, 224, 224), (48, 3, 11, 11), {"stride": 4}),
}


def main() -> None:
    """Prints a table of what each way takes beside torch's own call."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--runs", type=int, default=300)
    runs = parser.parse_args().runs
    print(f"{'median of ' + str(runs) + ' (us)':30} torch  " + "  ".join(LIMITS))
    for name, (shape, kernel, options) in SHAPES.items():
        own, *others = measure(torch.randn(shape), torch.randn(kernel), options, runs)
        shown = "  ".join(
            f"{other - own:+{len(way)}.1f}" for way, other in zip(LIMITS, others, strict=True)
        )
        met = all(t - own <= most for t, most in zip(others, LIMITS.values(), strict=True))
        print(f"{name:30} {own:5.0f}  {shown}  {'met' if met else 'MISSED'}")


def measure(x: torch.Tensor, w: torch.Tensor, options: dict[str, int], runs: int) -> list[float]:
    """Medians in microseconds of torch's own call and of each of ours."""
    arrays, threads = (x.numpy(), w.numpy()), torch.get_num_threads()
    calls = [
        lambda: conv2d(x, w, **options),
        lambda: convolve(x, w, **options),
        lambda: convolve(x, w, threads=threads, **options),
        lambda: convolve(*arrays, backend="torch", **options),
        lambda: convolve(*arrays, backend="torch", threads=threads, **options),
    ]
    seconds: list[list[float]] = [[] for _ in calls]
    for run in range(runs + 5):
        for call, taken in zip(calls, seconds, strict=True):
            start = perf_counter()
            call()
            if run >= 5:
                taken.append(perf_counter() - start)
    return [1e6 * median(taken) for taken in seconds]


if __name__ == "__main__":
    main()
