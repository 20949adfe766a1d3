"""Outputs of every command: what appears during the work stays, and a full disk leaves nothing."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest
from cli_support import listing

from convcalc.errors import OutputError
from convcalc.execute.planning import calibrate
from convcalc.execute.planning.machine import DEFAULT

KERNEL = ("run", "image.npy", "--kernel", "kernel.npy")
NETWORK = ("run", "image.npy", "--network", "relu")
WEIGHTS = ("weights", "-i", "1x9x9", "conv:8,k3")


@pytest.fixture
def appearing(monkeypatch):
    """Lets a file appear when another one is complete, but for its name."""

    def appear(name):
        real = os.fsync

        def fsync(descriptor):
            real(descriptor)
            if stat.S_ISREG(os.fstat(descriptor).st_mode):
                Path(name).write_bytes(b"theirs")

        monkeypatch.setattr(os, "fsync", fsync)

    return appear


@pytest.mark.usefixtures("image")
@pytest.mark.parametrize(
    ("command", "name"),
    [
        ((*KERNEL, "-o", "y.npy"), "y.npy"),
        ((*KERNEL, "-o", "y.npy", "--max-memory", "2M"), "y.npy"),
        ((*NETWORK, "-o", "y.npy"), "y.npy"),
        ((*WEIGHTS, "-o", "w.npz"), "w.npz"),
        ((*NETWORK, "--save-all", "."), "0.npy"),
    ],
)
def test_a_file_that_appears_during_the_work_needs_force(inside, appearing, command, name):
    before = listing()
    appearing(name)
    done = inside(*command)
    assert (4, "") == (done.code, done.out)
    assert (
        f"cannot write '{name}': it was made by somebody else during the work; add --force to "
        f"replace it\n"
    ) in done.err.replace("./", "")
    assert {**before, str(Path.cwd() / name): b"theirs"} == listing()
    assert 0 == inside(*command, "--force").code
    assert b"theirs" != Path(name).read_bytes()


STEPS = ("write", "fsync", "replace", "fchmod", "posix_fallocate")


def full_at(monkeypatch, failing):
    """Lets one call of those that change the disk find no room; the calls so far."""
    calls = []

    def wrapped(real):
        def call(*arguments):
            calls.append(real)
            if len(calls) == failing:
                raise OSError(28, "full")
            return real(*arguments)

        return call

    for name in STEPS:
        monkeypatch.setattr(os, name, wrapped(getattr(os, name)))
    return calls


@pytest.mark.parametrize("exists", [False, True])
def test_wherever_the_room_ends_the_old_rates_stay(monkeypatch, tmp_path, exists):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    path = tmp_path / "cache" / "convcalc" / "machine.json"
    path.parent.mkdir(parents=True)
    failures, written = 0, False
    while not written:
        path.unlink(missing_ok=True)
        if exists:
            path.write_bytes(b"old")
        before = listing()
        with monkeypatch.context() as patched:
            full_at(patched, failures + 1)
            try:
                calibrate.keep(DEFAULT)
                written = True
            except OutputError as error:
                assert f"cannot write '{path}': No space left on device" == str(error)
                assert before == listing()
                failures += 1
    assert 5 == failures  # a reservation, the text, the mode, fsync and the name
    assert "version" in json.loads(path.read_text())
    assert ["machine.json"] == os.listdir(path.parent)
    calibrate.forget()
