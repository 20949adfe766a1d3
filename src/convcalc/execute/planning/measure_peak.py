"""What this machine reaches: the rate of a matrix product, and the bandwidth of a copy.

The peak is that of a product of two square matrices, 2*n^3 operations, which is what libraries do
best; the bandwidth that of copying an array far larger than the caches, which reads each byte once
and writes it once (counted as STREAM counts a copy: lines that are fetched before they are written
over are left out). Each is the best of several runs, after one that is not counted.

Source: McCalpin, "Memory Bandwidth and Machine Balance in Current High Performance Computers",
1995, whose benchmark STREAM is.
"""

from __future__ import annotations

from fractions import Fraction
from importlib.util import find_spec
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from convcalc.analysis.dtypes import BITS
from convcalc.analysis.roofline.model import RooflineMachine
from convcalc.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from convcalc.execute.backends.numpy_backend import NumpyBackend
    from convcalc.execute.backends.torch_backend import TorchBackend

MEASURABLE = {"numpy": ("float32",), "torch": ("float32", "bfloat16")}
"""The dtypes in which each library has a quick matrix product on a processor."""

LEAST_RUNS, MOST_RUNS, ENOUGH_SECONDS = 3, 20, 1.0


class Work(NamedTuple):
    """How much is computed and copied.

    Attributes:
        side: Rows and columns of the two matrices.
        copied: Bytes of the array that is copied.
    """

    side: int = 2048
    copied: int = 2**28


def check_measurable(dtype: str) -> None:
    """Raises before anything slow is done.

    Raises:
        UsageError: the installed library has no quick matrix product of that dtype.
    """
    library = "torch" if find_spec("torch") else "numpy"
    if dtype not in MEASURABLE[library]:
        known = " or ".join(MEASURABLE[library])
        raise UsageError(f"--measure: {library} computes quickly in {known} here, not in {dtype}")


def measure(
    dtype: str = "float32",
    *,
    backend: NumpyBackend | TorchBackend | None = None,
    clock: Callable[[], float] = perf_counter,
    work: Work = Work(),  # noqa: B008 - it cannot change
) -> RooflineMachine:
    """The peak and bandwidth that this machine reaches with the installed library.

    Args:
        dtype: Of the matrices and of what is copied.
        backend: The library; torch where it is installed, else numpy.
        clock: Seconds that pass.
        work: How much is computed and copied.

    Raises:
        UsageError: the library has no quick matrix product of that dtype.
    """
    if backend is None:
        check_measurable(dtype)
        backend = _open_backend()
    bits = BITS[dtype]
    product = _product_seconds(backend, dtype, work.side, clock)
    copy = _copy_seconds(backend, dtype, 8 * work.copied // bits, clock)
    threads = "thread" if backend.threads == 1 else "threads"
    version = backend.versions[backend.name]
    return RooflineMachine(
        peak=Fraction(round(2 * work.side**3 / product)),
        bandwidth=Fraction(round(2 * work.copied / copy)),
        name="this machine",
        source=(
            f"measured: {backend.name} {version}, {backend.threads} {threads}; "
            f"product of {work.side}x{work.side}, copy of {work.copied / 2**20:g} MiB"
        ),
    )


def _open_backend() -> NumpyBackend | TorchBackend:
    if find_spec("torch"):
        from convcalc.execute.backends.torch_backend import TorchBackend

        return TorchBackend()
    from convcalc.execute.backends.numpy_backend import NumpyBackend

    return NumpyBackend()


def _product_seconds(backend: Any, dtype: str, side: int, clock: Callable[[], float]) -> float:
    matrix = backend.load(np.ones((side, side), np.float32), dtype)
    return _best(lambda: backend.linear(matrix, matrix, None), clock)


def _copy_seconds(backend: Any, dtype: str, elements: int, clock: Callable[[], float]) -> float:
    # Ones, not zeros: untouched zeros are one page of memory, shown many times.
    source = backend.load(np.ones(elements, np.float32), dtype)
    target = backend.load(np.zeros(elements, np.float32), dtype)
    return _best(lambda: backend.copy(source, target), clock)


def _best(run: Callable[[], object], clock: Callable[[], float]) -> float:
    """The shortest of several runs in seconds; the first one, which warms up, is left out."""
    run()
    times: list[float] = []
    while len(times) < LEAST_RUNS or (sum(times) < ENOUGH_SECONDS and len(times) < MOST_RUNS):
        begin = clock()
        run()
        times.append(clock() - begin)
    return max(min(times), 1e-9)  # a clock of coarse steps may see nothing pass
