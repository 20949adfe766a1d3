"""A campaign: inputs that change at random moments of real runs never give a mixed result.

    python -m pytest -m slow tests/cli/commands/run/test_cli_changing.py

prints how many runs ended with which code, and how many of those that ended with 0 were right.
"""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from cli_support import COMMAND, appears, environment

from changing import appended, replaced, touched, truncated

CHANGES = (replaced, truncated, appended, touched)
RUNS, SIDE = 100, 2000
KERNEL = np.array([[1, 2, 3], [4, 5, 6], [7, 8, 9]])
BOUNDED = ("--max-memory", "2M")


@pytest.fixture(params=["bounded", "workers"])
def way(request):
    """The options of a run on one machine, or of one by two workers."""
    if request.param == "bounded":
        return BOUNDED
    pytest.importorskip("distributed")
    address = request.getfixturevalue("cluster").scheduler_address
    return ("--scheduler", address, "--max-memory", "4M")


def convolved(x):
    """What is right, from sums of shifted copies."""
    rows, columns = x.shape[0] - 2, x.shape[1] - 2
    return sum(
        int(KERNEL[i, j]) * x[i : i + rows, j : j + columns] for i in range(3) for j in range(3)
    )


def started(way):
    words = ("run", "x.npy", "-k", "k.npy", "--backend", "numpy", "-q", "-o", "y.npy")
    return subprocess.Popen(
        [*COMMAND, *words, *way],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def begun(process, seconds=300.0):
    """Seconds until the result is in the making, or the process has ended, or so many are over."""
    begin = time.perf_counter()
    appears(process, ".convcalc-*", seconds=seconds)
    return time.perf_counter() - begin


def undisturbed(way, expected):
    """Seconds until the result is in the making, and from then on to the end."""
    process = started(way)
    starting = begun(process)
    begin = time.perf_counter()
    assert (b"", b"") == process.communicate(timeout=300)
    np.testing.assert_array_equal(expected, np.load("y.npy"))
    Path("y.npy").unlink()
    return starting, time.perf_counter() - begin


def disturbed(way, change, starting, working):
    """(exit code, whether there is a result, standard error) of a run with a change.

    Either so many seconds after its start, or so many after the result is in the making.
    """
    process = started(way)
    begun(process, starting)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(working)
    if process.poll() is None:
        change(Path("x.npy"))
    _, err = process.communicate(timeout=300)
    return process.returncode, os.path.exists("y.npy"), err.decode()


@pytest.mark.slow
def test_no_run_ends_well_with_a_mixed_result(capsys, way):
    rng, draw = np.random.default_rng(1), random.Random(1)
    x = rng.integers(-99, 99, (SIDE, SIDE))
    original = convolved(x)
    np.save("k.npy", KERNEL)
    np.save("x.npy", x)
    starting, working = min(undisturbed(way, original) for _ in range(3))
    codes, right = Counter(), Counter()
    for number in range(RUNS):
        np.save("x.npy", x)
        change = CHANGES[number % len(CHANGES)]
        early = number % 5 == 0
        delays = (draw.uniform(0, starting), 0) if early else (300, draw.uniform(0, working))
        code, there, err = disturbed(way, change, *delays)
        codes[change.__name__, code] += 1
        assert code in (0, 3), err
        assert there == (code == 0)
        if code == 3:
            assert 1 == err.count("\n"), err
            assert "x.npy'" in err
            continue
        # All of it from before, or all of it from after.
        found = np.load("y.npy")
        same = np.array_equal(original, found)
        if not same and change is replaced:
            same = np.array_equal(convolved(np.load("x.npy")), found)
        assert same
        right[change.__name__] += 1
        Path("y.npy").unlink()
    with capsys.disabled():
        sys.stdout.write(
            f"\n{way[0]}: {starting:.1f} + {working:.1f} s; {dict(codes)}; right: {right}\n"
        )
