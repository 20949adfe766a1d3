"""What is complete takes its name: over nothing that may not be replaced, whatever fails."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from disks import Full, tree

from convcalc.arrayfile import grow_array, whole_file, write_archive, write_array, writing
from convcalc.arrayfile.new_folder import rename_folder, scratch_folder
from convcalc.errors import OutputError, ResourceError
from unix import unix_files

ARRAY = np.arange(24, dtype="f4").reshape(2, 3, 4)
APPEARED = "it was made by somebody else during the work; add --force to replace it"


# Writers of one file, each of which lets somebody else be quicker.


def npy(name, appear, *, force):
    real = writing._write_npy

    def late(end, array):
        real(end, array)
        appear()

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(writing, "_write_npy", late)
        write_array(name, ARRAY, force=force)


def npz(name, appear, *, force):
    def arrays():
        yield "a", ARRAY
        appear()

    write_archive(name, arrays(), ARRAY.nbytes, force=force)


def growing(name, appear, *, force):
    def fill(elements):
        elements.write((slice(None),) * ARRAY.ndim, ARRAY)
        appear()

    grow_array(name, ARRAY.shape, ARRAY.dtype, fill, force=force)


WRITERS = {"npy": npy, "npz": npz, "growing": growing}


@pytest.fixture(params=WRITERS.values(), ids=WRITERS)
def write(request):
    return request.param


@pytest.mark.usefixtures("system")
def test_a_file_that_appears_during_the_work_stays(write):
    with pytest.raises(OutputError) as caught:
        write("y.npy", lambda: Path("y.npy").write_bytes(b"theirs"), force=False)
    assert f"cannot write 'y.npy': {APPEARED}" == str(caught.value)
    assert {"y.npy": b"theirs"} == tree()


@unix_files
@pytest.mark.usefixtures("system")
def test_so_does_a_link_that_appears_during_the_work(write):
    with pytest.raises(OutputError, match="add --force"):
        write("y.npy", lambda: os.symlink("nowhere", "y.npy"), force=False)
    assert ["y.npy"] == os.listdir()
    assert "nowhere" == os.readlink("y.npy")


@pytest.mark.usefixtures("system")
def test_with_force_it_is_replaced(write):
    write("y.npy", lambda: Path("y.npy").write_bytes(b"theirs"), force=True)
    assert ["y.npy"] == os.listdir()
    assert b"theirs" != Path("y.npy").read_bytes()


@unix_files
@pytest.mark.usefixtures("system")
def test_a_new_file_is_whole_and_has_one_name(write):
    write("y.npy", lambda: None, force=False)
    assert ["y.npy"] == os.listdir()
    assert (1, 0o644) == (os.stat("y.npy").st_nlink, os.stat("y.npy").st_mode & 0o777)
    found = np.load("y.npy")
    np.testing.assert_array_equal(ARRAY, found["a"] if write is npz else found)


def test_a_file_that_is_there_is_not_even_written_beside(monkeypatch):
    Path("y.npy").write_bytes(b"old")
    monkeypatch.setattr(whole_file.tempfile, "mkstemp", None)
    with pytest.raises(OutputError, match="add --force to replace it"):
        write_array("y.npy", ARRAY, force=False)


# Folders.


def test_an_empty_folder_that_appears_during_the_work_stays():
    with scratch_folder("y.zarr") as made:
        Path(made, "zarr.json").write_text("{}", encoding="utf-8")
        os.mkdir("y.zarr")
        with pytest.raises(OutputError, match=APPEARED):
            rename_folder(made, "y.zarr", force=False)
    assert {"y.zarr": None} == tree()


def test_a_folder_of_others_that_appears_stays_with_force_too():
    with scratch_folder("y.zarr") as made:
        os.mkdir("y.zarr")
        Path("y.zarr/letter").write_bytes(b"theirs")
        with pytest.raises(OutputError, match="the folder holds no Zarr array"):
            rename_folder(made, "y.zarr", force=True)
    assert {"y.zarr": None, "y.zarr/letter": b"theirs"} == tree()


def test_a_folder_that_cannot_be_put_back_is_not_deleted(monkeypatch):
    os.mkdir("y.zarr")
    Path("y.zarr/zarr.json").write_bytes(b"old")
    real = os.rename

    def rename(old, new):
        if new.endswith("y.zarr"):
            raise OSError(5, "x")
        real(old, new)

    with scratch_folder("y.zarr") as made:
        monkeypatch.setattr(os, "rename", rename)
        with pytest.raises(OutputError, match="Input/output error"):
            rename_folder(made, "y.zarr", force=True)
    assert [b"old"] == [content for content in tree().values() if content is not None]


# A disk that is full.


@pytest.mark.usefixtures("system")
@pytest.mark.parametrize("exists", [False, True])
def test_wherever_the_room_ends_a_file_is_the_old_or_the_new_one(monkeypatch, write, exists):
    failures = 0
    for failing in range(1, 99):
        was = {"y.npy": b"old"} if exists else {}
        for name, content in was.items():
            Path(name).write_bytes(content)
        with monkeypatch.context() as patched:
            faults = Full(patched, failing)
            try:
                write("y.npy", lambda: None, force=exists)
            except ResourceError as error:
                assert "cannot write 'y.npy': No space left on device" == str(error)
                assert was == tree()
                failures += 1
            else:
                assert ["y.npy"] == os.listdir()
                np.load("y.npy")
                os.unlink("y.npy")
        if faults.calls < failing:
            break
    assert failures >= 3
