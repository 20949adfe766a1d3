"""`run --max-memory` against the same run in memory: peak memory and throughput.

A float32 image of random numbers is written piece by piece and convolved with a 31 x 31 kernel,
once within --memory and once in memory, each in a process of its own on the same threads.
Where the image does not fit into memory several times over, the run in memory takes a smaller one.

    python benchmarks/bounded.py [--gib 1] [--threads 1] [--backend auto] [--dir /tmp] [--orders]

Printed per run: the seconds by the clock and of the processor, inputs per second, and the peak
resident memory (resource.getrusage) beyond that of importing the backend. What is required: a peak
of at most --memory, and 60 % of the throughput in memory.

Then files of 74 MB of every dtype, in both orders of bytes and of axes, by numpy within 16 MiB:
the peak beyond that of the imports and a dry run in the same process. --orders does nothing else.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

SIDE = 31
COLUMNS = 32_768
ROWS_PER_GIB = 2**28 // COLUMNS
TIMES = 6
"""How many times the image a run in memory may take: itself, its result, copies (5 were seen)."""

WRITE = """
import sys
import numpy as np
path, rows, columns = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
rng = np.random.default_rng(1)
with open(path, "wb") as file:
    header = {"descr": "<f4", "fortran_order": False, "shape": (rows, columns)}
    np.lib.format.write_array_header_1_0(file, header)
    for row in range(0, rows, 64):
        count = min(64, rows - row)
        file.write(rng.standard_normal((count, columns), np.float32).data)
"""

RUN = """
import json, resource, sys, time
import convcalc.execute.out_of_core.run
from convcalc.cli.main import run
from convcalc.execute.executor.open_executor import open_executor
from convcalc.execute.planning.select_backend import planner_of
open_executor(planner_of(sys.argv[1], None, ()))
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
before, wall, cpu = peak(), time.perf_counter(), time.process_time()
code = run(sys.argv[2:])
wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
if code:
    sys.exit(code)
print(json.dumps({"imported": before, "peak": peak() - before, "wall": wall, "cpu": cpu}))
"""

DTYPES = ("f2", "f4", "f8", "i1", "i2", "i4", "i8")
ORDERS = ("<C", "<F", ">C", ">F")
ORDER_BYTES, ORDER_COLUMNS, ORDER_MEMORY = 74_000_000, 4_096, 16

WRITE_ORDER = """
import sys
import numpy as np
path, order, dtype, size, columns = *sys.argv[1:4], int(sys.argv[4]), int(sys.argv[5])
shape = (size // columns // np.dtype(dtype).itemsize, columns)
values = np.random.default_rng(1).integers(-9, 10, shape, "i1")
np.save(path, values.astype(order[0] + dtype, order=order[1]))
"""

RUN_ORDER = """
import resource, sys
from convcalc.cli.main import run
try:
    import cv2  # which the backend imports when it computes planes
except ImportError:
    pass
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
code = run([*sys.argv[1:], "--dry-run", "--format", "json"])
before = peak()
code = code or run(sys.argv[1:])
print(peak() - before)
sys.exit(code)
"""


class Files(NamedTuple):
    """Where the arrays of one run lie."""

    image: Path
    kernel: Path
    result: Path


def main() -> None:
    """Prints a line per run, and the two figures that count."""
    options = _options()
    with tempfile.TemporaryDirectory(dir=options.dir) as folder:
        files = Files(*(Path(folder) / f"{name}.npy" for name in ("image", "kernel", "result")))
        if options.orders:
            _orders(files)
            return
        within = _bounded(files, options)
        fitting = _fitting(options.gib)
        whole = _in_memory(files, options, fitting)
        _orders(files)
    if fitting < options.gib:
        print(f"{options.gib:g} GiB do not fit into memory {TIMES} times: {fitting:g} GiB instead")
    for clock in ("wall", "cpu"):
        share = options.gib / within[clock] / (fitting / whole[clock])
        print(f"throughput by {clock} time: {100 * share:.0f} % of that in memory")
    print(f"peak beyond the import: {within['peak'] / 2**20:.0f} MiB of {options.memory}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--gib", type=float, default=1.0)
    parser.add_argument("--memory", default="512M")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--backend", default="auto")
    parser.add_argument("--orders", action="store_true", help="only orders of bytes and axes")
    parser.add_argument("--dir", help="a folder for the files, twice as large as the image")
    return parser.parse_args()


def _fitting(gib: float) -> float:
    """The image, halved until it fits into memory several times."""
    with open("/proc/meminfo", encoding="ascii") as lines:
        left = next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable"))
    while TIMES * gib * 2**20 > left:
        gib /= 2
    return gib


def _bounded(files: Files, options: argparse.Namespace) -> dict[str, Any]:
    _write(files.image, int(options.gib * ROWS_PER_GIB), COLUMNS)
    _write(files.kernel, SIDE, SIDE)
    return _measured(files, options, options.gib, ("--max-memory", options.memory))


def _in_memory(files: Files, options: argparse.Namespace, gib: float) -> dict[str, Any]:
    if gib < options.gib:
        _write(files.image, int(gib * ROWS_PER_GIB), COLUMNS)
    return _measured(files, options, gib, ())


def _orders(files: Files) -> None:
    """A row per dtype, a column per order of bytes and axes."""
    print(f"peak in MiB within {ORDER_MEMORY} MiB: {'  '.join(ORDERS)}")
    for dtype in DTYPES:
        peaks = [f"{_peak_of_order(files, order, dtype) / 2**20:4.1f}" for order in ORDERS]
        print(f"{dtype:>27}  {'  '.join(peaks)}", flush=True)


def _peak_of_order(files: Files, order: str, dtype: str) -> int:
    """Bytes beyond a dry run, of a file in that order, with a kernel of 7 x 7."""
    for path, size, columns in (
        (files.image, ORDER_BYTES, ORDER_COLUMNS),
        (files.kernel, 49 * int(dtype[1]), 7),
    ):
        words = (str(path), order, dtype, str(size), str(columns))
        subprocess.run([sys.executable, "-c", WRITE_ORDER, *words], check=True)
    words = ("run", str(files.image), "--kernel", str(files.kernel), "--backend", "numpy", "-q")
    words = (*words, "--max-memory", f"{ORDER_MEMORY}M", "-o", str(files.result))
    command = [sys.executable, "-c", RUN_ORDER, *words]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    files.result.unlink()
    return int(done.stdout.splitlines()[-1])


def _write(path: Path, rows: int, columns: int) -> None:
    # In a child: what this process held would count as the peak of those it starts.
    subprocess.run([sys.executable, "-c", WRITE, path, str(rows), str(columns)], check=True)


def _measured(
    files: Files, options: argparse.Namespace, gib: float, more: tuple[str, ...]
) -> dict[str, Any]:
    """One run in a process of its own, by the backend that it would take."""
    words = ["run", str(files.image), "--kernel", str(files.kernel), "--quiet", *more]
    words += ["--threads", str(options.threads)]
    dry = ("--backend", options.backend, "--dry-run", "--format", "json")
    backend = _child("-m", "convcalc", *words, *dry)["backend"]
    words += ["--backend", backend, "-o", str(files.result)]
    found = _child("-c", RUN, backend, *words, threads=options.threads)
    files.result.unlink()
    found["backend"] = backend
    print(
        f"{' '.join(more) or 'in memory'}: {gib:g} GiB by {backend}: "
        f"{found['wall']:.1f} s ({found['cpu']:.1f} s of the processor), "
        f"{gib * 2**28 / found['wall'] / 1e6:.1f} million inputs/s, "
        f"{found['peak'] / 2**20:.0f} MiB beyond the {found['imported'] / 2**20:.0f} of the import",
        flush=True,
    )
    return found


def _child(*words: str, threads: int = 1) -> dict[str, Any]:
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    environment = os.environ | dict.fromkeys(names, str(threads))
    done = subprocess.run(
        [sys.executable, *words], check=True, stdout=subprocess.PIPE, text=True, env=environment
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


if __name__ == "__main__":
    main()
