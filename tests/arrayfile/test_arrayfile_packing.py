"""What `write_archive` leaves on the disk, and that it is what numpy and `read_archive` read."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from convcalc.arrayfile import packing, read_archive, write_archive, writing
from convcalc.errors import OutputError, ResourceError
from unix import unix_files

ARRAYS = {
    "0.weight": np.arange(24, dtype="f4").reshape(2, 3, 4),
    "0.bias": np.array([1.5, -2.5], "f2"),
    "a-b.running_var": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "cut": np.arange(20)[::3],
}


def write(arrays=ARRAYS, path="w.npz"):
    write_archive(path, iter(arrays.items()), sum(array.nbytes for array in arrays.values()))


@pytest.mark.parametrize("chunk", [8, 1 << 24])
def test_the_arrays_come_back_as_they_were(monkeypatch, chunk):
    monkeypatch.setattr(packing, "WRITE_CHUNK", chunk)
    write()
    for found in (read_archive("w.npz"), dict(np.load("w.npz"))):
        assert list(found) == list(ARRAYS)
        for name, array in ARRAYS.items():
            assert (array.dtype, array.tolist()) == (found[name].dtype, found[name].tolist())


def test_each_member_has_the_bytes_that_numpy_would_write():
    write()
    content = io.BytesIO()
    np.save(content, ARRAYS["0.weight"])
    with zipfile.ZipFile("w.npz") as archive:
        assert archive.read("0.weight.npy") == content.getvalue()
        assert archive.testzip() is None


def test_the_same_arrays_give_the_same_bytes_on_any_day(monkeypatch):
    write()
    monkeypatch.setattr("time.time", lambda: 2e9)
    write(path="later.npz")
    assert Path("w.npz").read_bytes() == Path("later.npz").read_bytes()


def test_arrays_are_asked_for_one_by_one():
    alive = []

    def made():
        for name, array in ARRAYS.items():
            alive.append(name)
            # The one before is in the file when the next is asked for.
            size = next(Path().glob(".convcalc-*")).stat().st_size
            assert size >= sum(ARRAYS[other].nbytes for other in alive[:-1])
            yield name, array

    write_archive("w.npz", made(), 0)
    assert alive == list(ARRAYS)


STEPS = ("write", "fsync", "replace", "posix_fallocate", "lseek")


class Faults:
    """The n-th of these calls fails, and all later writes, as those on a full disk do."""

    def __init__(self, monkeypatch, failing, error):
        self.calls, self.failing, self.error = 0, failing, error
        for name in STEPS:
            monkeypatch.setattr(os, name, self.wrapped(name, getattr(os, name)))

    def wrapped(self, name, real):
        def call(*arguments):
            self.calls += 1
            if self.calls == self.failing or (self.calls > self.failing and name == "write"):
                raise self.error
            return real(*arguments)

        return call


@pytest.mark.parametrize(
    "error", [OSError(28, "x"), OSError(5, "x"), KeyboardInterrupt(), SystemExit(143)]
)
def test_whatever_fails_the_old_file_is_untouched_and_no_other_is_left(monkeypatch, error):
    few = {"a": np.arange(5.0), "b": np.arange(3)}
    write(few, "whole.npz")
    whole = Path("whole.npz").read_bytes()
    Path("whole.npz").unlink()
    caught = 0
    for failing in range(1, 99):
        Path("w.npz").write_bytes(b"old")
        with monkeypatch.context() as patched:
            faults = Faults(patched, failing, error)
            try:
                write(few)
            except (OutputError, KeyboardInterrupt, SystemExit) as failure:
                caught += 1
                if isinstance(error, OSError):
                    assert str(failure).startswith("cannot write 'w.npz': ")
                    assert (error.errno == 28) == isinstance(failure, ResourceError)
                # An interrupt may also come when all is done but to synchronise the folder.
                found = Path("w.npz").read_bytes()
                assert found == b"old" or (found == whole and not isinstance(error, OSError))
        assert os.listdir() == ["w.npz"]
        if faults.calls < failing:
            break
    # Room, then of both members the head, .npy head, numbers and head again, the directory, ...
    assert caught > 12
    assert list(few) == list(read_archive("w.npz"))


def test_memory_that_runs_out_is_reported():
    def made():
        yield "a", np.ones(3)
        raise MemoryError

    with pytest.raises(ResourceError, match=r"cannot write 'w\.npz': not enough memory"):
        write_archive("w.npz", made(), 24)
    assert [] == os.listdir()


def test_room_is_made_for_all_arrays_beforehand(monkeypatch):
    asked = []
    monkeypatch.setattr(os, "posix_fallocate", lambda *given: asked.append(given[1:]))
    write()
    # 24 * 4, 2 * 2, 6 * 8 and 7 * 8 bytes
    assert [(0, 96 + 4 + 48 + 56)] == asked
    assert writing.WRITE_CHUNK == packing.WRITE_CHUNK == 1 << 24


@unix_files
@pytest.mark.parametrize("path", ["-", "/dev/null", "/dev/stdout"])
def test_only_a_file_can_be_an_archive(path):
    with pytest.raises(OutputError, match="an archive is written to a file only"):
        write(path=path)


@unix_files
def test_a_replaced_archive_keeps_its_mode():
    Path("w.npz").write_bytes(b"old")
    Path("w.npz").chmod(0o600)
    write()
    assert 0o600 == Path("w.npz").stat().st_mode & 0o777
