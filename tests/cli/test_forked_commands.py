"""A command that is forked says, reads and ends as one that is started."""

from __future__ import annotations

import os
import signal
import subprocess

import pytest
from cli_support import FORKS, at_work, call, closed, environment, forks_of, limited
from forking import Forks, Order

from unix import resource


@pytest.mark.usefixtures("image")
@pytest.mark.parametrize(
    ("words", "stdin"),
    [
        (("shape", "-i", "3x9x9", "conv:8,k3"), b""),
        (("shape", "-"), b"conv:8,k3 conx"),
        (("run", "-", "--kernel", "kernel.npy", "-o", "y.npy"), b"no array"),
        (("run", "image.npy", "--kernel", "kernel.npy", "-o", "-", "-q"), b""),
    ],
)
def test_it_is_the_same_command(words, stdin):
    assert call(*words, stdin=stdin, fresh=True) == call(*words, stdin=stdin)


@pytest.mark.usefixtures("image")
@pytest.mark.parametrize("stream", [0, 1, 2])
def test_closed_streams_are_the_same(stream):
    words = ("run", "-", "--kernel", "kernel.npy", "--backend", "numpy")
    with open("image.npy", "rb") as image:
        started, forked = (
            call(*words, stdin=image.fileno(), preexec_fn=closed(stream), fresh=fresh)
            for fresh in (True, None)
            if not image.seek(0)
        )
    assert started == forked
    assert ({0: 3, 1: 4, 2: 0}[stream], "") == (forked.code, forked.err * (stream == 2))


@pytest.mark.usefixtures("image")
def test_a_limit_is_the_same():
    words = ("run", "image.npy", "--kernel", "kernel.npy", "-o", "y.npy", "--max-memory", "2M")
    limit = limited(resource.RLIMIT_NOFILE, 5)
    started, forked = (call(*words, preexec_fn=limit, fresh=fresh) for fresh in (True, None))
    assert (started, 4) == (forked, forked.code)
    assert "Too many open files" in forked.err


def test_variables_and_the_folder_are_its_own(folder):
    env = {"COLUMNS": "44", "CONVCALC_TRACEBACK": "1"}
    words = ("shape", "conx:3")
    started, forked = call(*words, env=env, fresh=True), call(*words, env=env)
    assert (2, True) == (forked.code, "Traceback" in forked.err)
    assert started.err.splitlines()[-3:] == forked.err.splitlines()[-3:]
    assert "Traceback" not in call(*words).err


def test_a_signal_that_ends_it_is_told():
    reading, writing = os.pipe()  # nobody writes: it waits
    streams = (reading, os.open(os.devnull, os.O_WRONLY), os.open(os.devnull, os.O_WRONLY))
    pid = FORKS[""].start(Order(("shape", "-"), os.getcwd(), environment()), streams)
    os.kill(pid, signal.SIGKILL)
    assert -signal.SIGKILL == FORKS[""].ended()[0]
    for descriptor in (*streams, writing):
        os.close(descriptor)


@pytest.mark.usefixtures("image")
def test_one_at_work_has_begun_and_ends_when_it_is_told_to():
    process = at_work("run", "image.npy", "--kernel", "kernel.npy", function="read_array")
    process.send_signal(signal.SIGSTOP)  # whatever is left to do
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.01)
    process.kill()
    assert ((b"", b""), -signal.SIGKILL) == (process.communicate(), process.returncode)
    assert 0 < process.seconds < 60


def test_what_a_library_changes_later_is_not_read_at_a_start(monkeypatch):
    monkeypatch.setenv("LD_LIBRARY_PATH", "/nowhere")
    assert "/nowhere" not in environment().values()
    assert forks_of(("shape",), environment()) is FORKS[""]


def test_the_first_command_does_not_decide_what_others_are_forked_from():
    forks = Forks(environment())
    assert not forks.starts_alike(environment(PYTHONDONTWRITEBYTECODE="7"))
    assert forks.starts_alike(environment())
    forks.close()


@pytest.mark.parametrize("name", ["PYTHONIOENCODING", "OMP_NUM_THREADS", "LC_ALL"])
def test_what_is_read_at_a_start_needs_a_start(name):
    assert forks_of(("shape",), environment()) is FORKS[""]
    assert forks_of(("shape",), environment(**{name: "7"})) is None
    assert forks_of(("run", "--threads", "1"), environment()) is None
    assert forks_of(("run", "--threads", "1"), environment(), fresh=False) is FORKS[""]
