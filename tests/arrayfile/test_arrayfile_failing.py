"""What is left on the disk when writing fails: the old file, whole, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from written import ARRAY, run, saved

from convcalc.arrayfile import whole_file, write_array, writing
from convcalc.errors import OutputError, ResourceError
from unix import resource, unix_calls

NEEDED = ("write", "fsync", "replace", "posix_fallocate", "fchmod", "close")
STEPS = [name for name in NEEDED if hasattr(os, name)]


class Faults:
    """The functions of `os` that writing needs, of which call number `failing` fails."""

    def __init__(self, monkeypatch, failing, error):
        self.calls = 0
        self.error = error
        self.failing = failing
        for name in STEPS:
            monkeypatch.setattr(os, name, self.wrapped(name, getattr(os, name)))

    def wrapped(self, name, real):
        def call(*arguments):
            self.calls += 1
            if self.calls == self.failing:
                if name == "close":
                    real(*arguments)
                raise self.error
            return real(*arguments)

        return call


@unix_calls
@pytest.mark.parametrize("error", [OSError(28, "x"), OSError(5, "x")])
def test_whatever_fails_the_old_file_is_untouched_and_no_other_is_left(monkeypatch, error):
    monkeypatch.setattr(whole_file, "WRITE_CHUNK", 64)
    outcomes = []
    for failing in range(1, 99):
        Path("y.npy").write_bytes(b"old")
        with monkeypatch.context() as patched:
            faults = Faults(patched, failing, error)
            try:
                write_array("y.npy", ARRAY)
            except OutputError as caught:
                message = str(caught)
            else:
                message = "written"
        assert Path("y.npy").read_bytes() == (saved(ARRAY) if message == "written" else b"old")
        assert os.listdir() == ["y.npy"]
        outcomes.append(message)
        if faults.calls < failing:
            break
    failures = [message for message in outcomes if message != "written"]
    # A reservation, 2 writes of the header and 2 of the data, mode, fsync, close, replace.
    assert len(failures) == 9
    assert all("cannot write 'y.npy': " in message for message in failures)
    assert outcomes[-1] == "written"


@unix_calls
@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit(143)])
def test_an_interrupt_leaves_nothing_behind(monkeypatch, error):
    # A reservation, the header, the data, mode, fsync, close, replace.
    for failing in range(1, 8):
        with monkeypatch.context() as patched:
            Faults(patched, failing, error)
            with pytest.raises(BaseException) as caught:
                write_array("y.npy", ARRAY)
        assert isinstance(caught.value, KeyboardInterrupt | SystemExit)
        assert os.listdir() == []


def test_memory_that_runs_out_is_reported(monkeypatch):
    def refuse(_):
        raise MemoryError

    Path("y.npy").write_bytes(b"old")
    monkeypatch.setattr(writing.np, "ascontiguousarray", refuse)
    with pytest.raises(ResourceError, match=r"cannot write 'y.npy': not enough memory"):
        write_array("y.npy", ARRAY[..., ::2])
    assert Path("y.npy").read_bytes() == b"old"
    assert os.listdir() == ["y.npy"]


def test_a_folder_that_cannot_be_synchronised_is_no_failure(monkeypatch):
    Faults(monkeypatch, 8, OSError(22, "x"))  # the second fsync, after the file is in its place
    write_array("y.npy", ARRAY)
    assert Path("y.npy").read_bytes() == saved(ARRAY)


@unix_calls
@pytest.mark.parametrize(
    ("number", "kind", "reason"),
    [
        (28, ResourceError, "No space left on device"),
        (122, ResourceError, "Disk quota exceeded"),
        (27, ResourceError, "File too large"),
        (5, OutputError, "Input/output error"),
        (30, OutputError, "Read-only file system"),
    ],
)
def test_the_reason_of_the_system_is_passed_on(monkeypatch, number, kind, reason):
    Faults(monkeypatch, 1, OSError(number, "x"))
    with pytest.raises(OutputError) as caught:
        write_array("y.npy", ARRAY)
    assert type(caught.value) is kind
    assert str(caught.value) == f"cannot write 'y.npy': {reason}"


@unix_calls
def test_a_reservation_that_the_system_does_not_know_is_done_without(monkeypatch):
    for number in (95, 22, 38):
        with monkeypatch.context() as patched:
            Faults(patched, 1, OSError(number, "x"))
            write_array("y.npy", ARRAY)
        assert Path("y.npy").read_bytes() == saved(ARRAY)


def test_nothing_is_lost_when_the_system_writes_less_than_it_is_given(monkeypatch):
    write = os.write
    monkeypatch.setattr(os, "write", lambda end, data: write(end, data[: len(data) // 2 + 1]))
    write_array("y.npy", ARRAY)
    assert Path("y.npy").read_bytes() == saved(ARRAY)


def test_a_file_beyond_the_limit_of_the_process_is_refused():
    Path("y.npy").write_bytes(b"old")
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    done = run(
        "import resource, sys; sys.dont_write_bytecode = True\n"  # half a module would stay
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "write_array('y.npy', np.zeros(10_000))"
    )
    assert limit == resource.getrlimit(resource.RLIMIT_FSIZE)
    assert "ResourceError: cannot write 'y.npy': File too large" in done.stderr
    assert Path("y.npy").read_bytes() == b"old"
    assert os.listdir() == ["y.npy"]
