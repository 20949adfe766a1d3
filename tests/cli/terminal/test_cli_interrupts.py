"""Signals in the middle of the work: one line, one exit code, nothing left."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import time

import numpy as np
import pytest
from cli_support import COMMAND, ended, environment, heed_interrupts

LONG = ["run", "large.npy", "--kernel", "wide.npy", "--backend", "numpy", "-q", "-o", "y.npy"]


@pytest.fixture
def working(save):
    """Starts a convolution of many seconds and returns its process in the middle of it."""
    # Integers leave no quicker way than all the products.
    save("large.npy", np.arange(4_000_000).reshape(2000, 2000) % 251, "i8")
    save("wide.npy", np.arange(6561).reshape(81, 81) % 7, "i8")
    started = []

    def start(*more):
        process = subprocess.Popen(
            [*COMMAND, *LONG, *more],
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=heed_interrupts,
        )
        started.append(process)
        deadline = time.monotonic() + 30
        while used(process) < 1.0 and time.monotonic() < deadline:
            time.sleep(0.02)
        assert process.poll() is None, process.communicate()
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def used_by_the_ended():
    """Seconds of computing that all processes took which were started here and have ended."""
    times = resource.getrusage(resource.RUSAGE_CHILDREN)
    return times.ru_utime + times.ru_stime


def used(process):
    """Seconds of computing that the process has taken."""
    with open(f"/proc/{process.pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_ends_the_work_and_leaves_nothing(working, folder, number, code):
    (folder / "y.npy").write_bytes(b"old")
    process = working("--force")
    sent = time.monotonic()
    process.send_signal(number)
    done = ended(0, *process.communicate(timeout=30))
    assert time.monotonic() - sent < 3
    assert (code, "") == (process.returncode, done.out)
    assert "Traceback" not in done.err
    assert b"old" == (folder / "y.npy").read_bytes()
    assert {"large.npy", "wide.npy", "y.npy"} == set(os.listdir())


@pytest.mark.parametrize("words", [("--kernel", "k.npy"), ("--network", "conv:512,k11,p5")])
def test_a_long_call_into_torch_is_interrupted(folder, save, words):
    pytest.importorskip("torch")
    # 16 x 512 x 56 x 56 outputs of 256 x 11 x 11 products: 8 * 10^11, in one call of many seconds
    save("x.npy", np.ones((16, 256, 56, 56)), "f4")
    save("k.npy", np.ones((512, 256, 11, 11)), "f4")
    more = ["--random-weights", "1"] if words[0] == "--network" else ["--padding", "5"]
    options = ["--backend", "torch", "--threads", "1", "--algorithm", "direct", "-q"]
    before = used_by_the_ended()
    process = subprocess.Popen(
        [*COMMAND, "run", "x.npy", *words, *more, *options, "-o", "y.npy"],
        env=environment(OMP_NUM_THREADS="1"),
        stderr=subprocess.PIPE,
        preexec_fn=heed_interrupts,
    )
    deadline = time.monotonic() + 60
    # Torch's import and the drawing of weights take about three seconds.
    while used(process) < 6.0 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert process.poll() is None
    begun = used(process)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    # In time of the processor, whatever else the machine does; half a second is leaving torch.
    assert used_by_the_ended() - before - begun < 2
    assert (130, b"convcalc: interrupted\n") == (process.returncode, err)
    assert {"x.npy", "k.npy"} == set(os.listdir())


def test_an_interrupt_is_said_once(working):
    process = working()
    process.send_signal(signal.SIGINT)
    assert (b"", b"convcalc: interrupted\n") == process.communicate(timeout=30)


def test_interrupts_that_follow_disturb_nothing(working, folder):
    process = working()
    for _ in range(200):  # the interrupt is heard between two steps, the others while it unwinds
        process.send_signal(signal.SIGINT)
    assert (b"", b"convcalc: interrupted\n") == process.communicate(timeout=30)
    assert 130 == process.returncode
    assert {"large.npy", "wide.npy"} == set(os.listdir())


def test_a_kill_leaves_the_old_output(working, folder):
    (folder / "y.npy").write_bytes(b"old")
    process = working("--force")
    process.kill()
    process.communicate()
    assert b"old" == (folder / "y.npy").read_bytes()
    others = set(os.listdir()) - {"large.npy", "wide.npy", "y.npy"}
    assert len(others) <= 1
    assert all(name.startswith(".convcalc-") for name in others)


def test_an_interrupt_before_the_work_is_told(convcalc):
    reading, writing = os.pipe()
    process = subprocess.Popen(
        [*COMMAND, "run", "-", "--kernel", "kernel.npy"],
        env=environment(),
        stdin=reading,
        stderr=subprocess.PIPE,
        preexec_fn=heed_interrupts,
    )
    os.close(reading)
    while used(process) < 0.1:
        time.sleep(0.02)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    os.close(writing)
    assert 130 == process.returncode
    assert b"Traceback" not in err
