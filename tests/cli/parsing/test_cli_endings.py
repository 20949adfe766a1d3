"""What an output may be called: never as a kind of file that is not written."""

from __future__ import annotations

import os
import threading

import numpy as np
import pytest

from unix import unix_files

RUN = ("run", "image.npy", "--kernel", "kernel.npy", "-q")
OTHERS = ["gif", "bmp", "tiff", "npz", "zip", "csv", "txt", "json", "pt", "h5", "dat", "1"]

pytestmark = pytest.mark.usefixtures("image")


@pytest.mark.parametrize("ending", OTHERS)
@pytest.mark.parametrize("more", [(), ("--force",), ("--dry-run",), ("--max-memory", "1M")])
def test_a_name_of_another_kind_of_file_is_refused(inside, folder, ending, more):
    done = inside(*RUN, "-o", f"a.b/x.{ending}", *more)
    assert (2, "") == (done.code, done.out)
    assert (
        f"convcalc: error: --output: '.{ending}' is not written; the result is one array, .npy: "
        f"name it 'a.b/x.npy'\n"
    ) == done.err
    assert ["bias.npy", "image.npy", "kernel.npy"] == sorted(os.listdir(folder))


def test_an_existing_picture_of_another_kind_stays_even_with_force(inside, folder):
    (folder / "x.gif").write_bytes(b"a picture")
    assert 2 == inside(*RUN, "-o", "x.gif", "--force").code
    assert b"a picture" == (folder / "x.gif").read_bytes()


@pytest.mark.parametrize("name", ["y.npy", "y.NPY", "y", ".y", "y.", "a.b/y", "./y"])
def test_an_array_file_or_no_ending_is_written(inside, folder, name):
    (folder / "a.b").mkdir()
    done = inside(*RUN, "-o", name)
    assert (0, "", "") == tuple(done[:3])
    # The first output: 4*1 + 1*0 + 4*2 + 4*1.
    assert (3, 3) == np.load(folder / name).shape
    assert 16 == np.load(folder / name)[0, 0]


@unix_files
@pytest.mark.parametrize("name", ["-", "/dev/stdout", "/dev/fd/1"])
def test_standard_output_is_no_file(convcalc, name):
    done = convcalc(*RUN, "-o", name)
    assert (0, b"\x93NUMPY") == (done.code, done.raw[:6])


@unix_files
def test_a_device_takes_the_bytes(convcalc):
    assert 0 == convcalc(*RUN, "-o", "/dev/null").code


def test_a_pipe_takes_them_whatever_it_is_called(convcalc, folder):
    os.mkfifo("pipe.csv")
    read = []
    reader = threading.Thread(target=lambda: read.append((folder / "pipe.csv").read_bytes()))
    reader.start()
    assert 0 == convcalc(*RUN, "-o", "pipe.csv").code
    reader.join()
    assert b"\x93NUMPY" == read[0][:6]


@pytest.mark.parametrize("name", ["maps.png", "maps.npy", "maps.npz", "maps.zarr", "maps.JPG/"])
def test_a_folder_of_maps_is_not_named_as_a_file(inside, folder, name):
    done = inside("run", "image.npy", "--network", "relu", "--save-all", name)
    assert (2, "") == (done.code, done.out)
    assert f"--save-all: expected a folder, got '{name}'; it gets a .npy per layer" in done.err
    assert not (folder / name).exists()


@pytest.mark.parametrize("name", ["maps", "maps.v1.2", "there.png"])
def test_other_folders_and_those_that_are_there_are_taken(inside, folder, name):
    (folder / "there.png").mkdir()
    assert 0 == inside("run", "image.npy", "--network", "relu", "--save-all", name).code
    assert ["0.npy"] == os.listdir(folder / name)


def test_weights_are_an_archive(inside, folder):
    done = inside("weights", "-i", "1x9x9", "conv:2,k3", "-o", "w.png")
    assert (2, "") == (done.code, done.out)
    assert "--output: the weights are a .npz archive; name it so, as weights.npz" in done.err


@pytest.mark.parametrize("ending", ["png", "npz", "h5"])
def test_workers_write_arrays_and_zarr_folders_alone(inside, folder, ending):
    pytest.importorskip("distributed")
    pytest.importorskip("zarr")
    done = inside(*RUN, "--scheduler", "local", "-o", f"x.{ending}")
    assert (2, "") == (done.code, done.out)
    assert (
        f"'.{ending}' is not written; the result is one array, .npy or .zarr: name it 'x.npy'"
        in (done.err)
    )
