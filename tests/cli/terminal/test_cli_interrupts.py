"""Signals in the middle of the work: one line, one exit code, nothing left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress

import numpy as np
import pytest
from cli_support import COMMAND, at_work, ended, environment, heed_signals

from unix import fcntl, termios

LONG = ["run", "large.npy", "--kernel", "wide.npy", "--backend", "numpy", "-q", "-o", "y.npy"]

HANGUP = getattr(signal, "SIGHUP", 1)  # of Unix


@pytest.fixture
def working(save):
    """Starts a convolution of many seconds and returns its process in the middle of it."""
    # Integers leave no quicker way than all the products.
    save("large.npy", np.arange(1_000_000).reshape(1000, 1000) % 251, "i8")
    save("wide.npy", np.arange(6561).reshape(81, 81) % 7, "i8")
    started = []

    def start(*more):
        process = at_work(*LONG, *more)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def fields_of(process):
    """What the system knows of a process, from its state on."""
    with open(f"/proc/{process.pid}/stat", encoding="ascii") as file:
        return file.read().rpartition(")")[2].split()


def state(process):
    """R where it computes, S where it waits."""
    return fields_of(process)[0]


def unread(pipe):
    """Bytes in a pipe that nobody has read."""
    return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder)


def used(process):
    """Seconds of computing that the process has taken."""
    fields = fields_of(process)
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (HANGUP, 129)],
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
    words = ("run", "x.npy", *words, *more, *options, "-o", "y.npy")
    process = at_work(*words, function="conv2d", loaded="torch")
    called = used(process)
    while (begun := used(process)) < called + 0.2:  # until it is in the middle of the call
        with suppress(subprocess.TimeoutExpired):
            assert process.wait(0.005) is None
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    # In time of the processor, whatever else the machine does; half a second is leaving torch.
    assert process.seconds - begun < 2
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
        preexec_fn=heed_signals,
    )
    os.close(reading)
    os.write(writing, b"!")
    while unread(writing) or state(process) != "S":  # until it has read that and waits for more
        with suppress(subprocess.TimeoutExpired):
            assert process.wait(0.005) is None
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    os.close(writing)
    assert 130 == process.returncode
    assert b"Traceback" not in err
