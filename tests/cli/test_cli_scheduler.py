"""`run --scheduler`: the result of the whole, whatever becomes of the workers."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
from cli_support import COMMAND, environment, listing, strict

from convcalc.cli.progress import ProgressLine

distributed = pytest.importorskip("distributed")
zarr = pytest.importorskip("zarr")

RUN = ("run", "x.npy", "--kernel", "k.npy", "--backend", "numpy")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Two workers on this machine."""
    with distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        host="127.0.0.1",
        scheduler_kwargs={"dashboard": False, "dashboard_address": "127.0.0.1:0"},
        local_directory=tmp_path_factory.mktemp("workers"),
        silence_logs=logging.CRITICAL + 1,
    ) as cluster:
        yield cluster


@pytest.fixture
def images(folder):
    """A colour image of whole numbers, 300 x 200, and a kernel of 5 x 3."""
    rng = np.random.default_rng(1)
    np.save("x.npy", rng.integers(-9, 9, (3, 300, 200)))
    np.save("k.npy", rng.integers(-9, 9, (4, 3, 5, 3)))


@pytest.mark.usefixtures("images")
def test_a_killed_worker_costs_nothing_of_the_result(inside, cluster, monkeypatch):
    assert 0 == inside(*RUN, "--padding", "same", "-o", "whole.npy").code
    victim = cluster.workers[0].process.pid
    done = []

    def advance(line, count):
        if not done:
            os.kill(victim, signal.SIGKILL)
        done.append(count)

    monkeypatch.setattr(ProgressLine, "advance", advance)
    ours = ("--scheduler", cluster.scheduler_address, "--max-memory", "300k")
    ended = inside(*RUN, "--padding", "same", *ours, "-o", "tiles.npy")
    assert 0 == ended.code, ended.err
    assert len(done) > 20
    assert 8 * 4 * 300 * 200 == sum(done)  # bytes
    assert Path("whole.npy").read_bytes() == Path("tiles.npy").read_bytes()
    assert not list(Path.cwd().glob(".convcalc-*"))


@pytest.mark.usefixtures("images")
def test_from_a_folder_into_a_folder(inside, cluster):
    assert 0 == inside(*RUN, "-o", "whole.npy").code
    zarr.save_array("x.zarr", np.load("x.npy"))
    words = ("run", "x.zarr", *RUN[2:], "--scheduler", cluster.scheduler_address)
    assert 0 == inside(*words, "--max-memory", "2M", "-o", "y.zarr").code
    np.testing.assert_array_equal(np.load("whole.npy"), zarr.open_array("y.zarr", mode="r")[:])


@pytest.mark.usefixtures("images")
def test_nothing_is_left_of_a_chunk_that_a_lost_worker_was_writing(inside, cluster, monkeypatch):
    def advance(line, count):
        (made,) = Path.cwd().glob(".convcalc-*/result")
        (made / "c" / "0.4711.partial").write_bytes(b"half")

    monkeypatch.setattr(ProgressLine, "advance", advance)
    words = (*RUN, "--scheduler", cluster.scheduler_address, "-o", "y.zarr")
    assert 0 == inside(*words).code
    assert ["c", "zarr.json"] == sorted(os.listdir("y.zarr"))
    assert ["0"] == os.listdir("y.zarr/c")


@pytest.mark.usefixtures("images")
def test_a_fault_of_the_data_arrives_as_in_memory(inside, cluster):
    before = listing()
    words = ("--scheduler", cluster.scheduler_address, "--dtype", "int8", "-o", "y.zarr")
    done = inside(*RUN, *words)
    assert (3, "") == (done.code, done.out)
    assert "which int8 cannot hold" in done.err
    assert before == listing()


def test_a_worker_writes_nothing_after_the_end(inside, cluster):
    # The first tile fails at once, when the other has just begun.
    values = np.ones((2000, 1000), "uint64")
    values[0, 0] = 2**63
    np.save("x.npy", values)
    np.save("k.npy", np.ones((9, 9), "int64"))
    words = (*RUN, "--scheduler", cluster.scheduler_address, "--max-memory", "120M")
    assert "2 tasks" in inside(*words, "-o", "y.zarr", "--dry-run").err
    assert 3 == inside(*words, "-o", "y.zarr").code
    time.sleep(3)
    assert ["k.npy", "x.npy"] == sorted(os.listdir())


def test_integers_are_refused_however_they_are_cut(inside, cluster):
    # Each group for itself is exact: large numbers by 1, small ones by 100.
    np.save("x.npy", np.array([[2**60] * 8, [1] * 8]))
    np.save("k.npy", np.array([[[1]], [[100]]]))
    words = (*RUN, "--groups", "2", "--dims", "1")
    in_memory = inside(*words)
    apart = ("--scheduler", cluster.scheduler_address, "--max-memory", "100", "-o", "y.npy")
    assert "16 tasks" in inside(*words, *apart, "--dry-run").err
    done = inside(*words, *apart)
    assert (3, 3) == (in_memory.code, done.code)
    assert "the integers are too large: a sum of products may reach" in in_memory.err
    assert in_memory.err == done.err
    assert ["k.npy", "x.npy"] == sorted(os.listdir())


@pytest.mark.usefixtures("images")
@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (("--scheduler", "nobody", "-o", "y.npy"), 2, "expected local, or an address"),
        (("--scheduler", "local"), 2, "give a file or folder with -o"),
        (("--scheduler", "local", "-o", "y.npy", "--stats"), 2, "exclude each other"),
        (("--scheduler", "local", "-o", "x.npy"), 4, "add --force"),
        (("--scheduler", "local", "-o", "y.npz"), 2, ".npy or .zarr: name it"),
        (("-o", "y.zarr"), 2, "--scheduler local starts some"),
        (("--scheduler", "tcp://127.0.0.1:9", "-o", "y.npy"), 4, "no scheduler answers"),
    ],
)
def test_what_it_goes_with(inside, monkeypatch, options, code, said):
    monkeypatch.setattr("convcalc.execute.cluster.CONNECT_SECONDS", 1)
    before = listing()
    done = inside(*RUN, *options)
    assert (code, "") == (done.code, done.out)
    assert said in done.err
    assert before == listing()


@pytest.mark.usefixtures("images")
def test_the_tiles_are_shown_before(inside):
    done = inside(*RUN, "--scheduler", "local", "--max-memory", "300k", "--dry-run")
    assert 0 == done.code
    assert "tasks for the workers: tiles of 4x" in done.err


@pytest.mark.usefixtures("images")
def test_workers_of_its_own_leave_nothing_behind(convcalc, folder):
    # Neither does a module in the current folder run in them.
    (folder / "signal.py").write_text("open('trapped', 'w').close()")
    zarr.save_array("x.zarr", np.load("x.npy"))
    words = ("run", "x.zarr", *RUN[2:], "--scheduler", "local", "--max-memory", "4M")
    done = convcalc(*words, "-q", "-o", "y.npy")
    assert (0, "", "") == (done.code, done.out, done.err)
    assert ["k.npy", "signal.py", "x.npy", "x.zarr", "y.npy"] == sorted(os.listdir())


@pytest.mark.parametrize("name", ["y.npy", "y.zarr"])
def test_the_values_of_a_small_result_are_shown(inside, cluster, name):
    np.save("x.npy", np.array([1, 2, 3, 4, 5]))
    np.save("k.npy", np.array([1, 2, 3]))
    words = ("--scheduler", cluster.scheduler_address, "-o", name, "--format", "json", "-q")
    assert [14, 20, 26] == strict(inside(*RUN, *words).out)["output"]["values"]


@pytest.mark.parametrize("seconds", [0.4, 1.5])
def test_an_interrupt_while_workers_start_is_one_word(folder, seconds):
    np.save("x.npy", np.ones((2000, 2000)))
    np.save("k.npy", np.ones((9, 9)))
    words = (*RUN, "--scheduler", "local", "--max-memory", "2M", "-o", "y.zarr")
    process = subprocess.Popen(
        [*COMMAND, *words], env=environment(), stderr=subprocess.PIPE, start_new_session=True
    )
    while process.poll() is None and not list(folder.glob(".convcalc-*")):
        time.sleep(0.05)
    time.sleep(seconds)  # workers are started, one after the other, or compute
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: everybody hears of it
    _, err = process.communicate(timeout=50)
    assert (130, b"convcalc: interrupted\n") == (process.returncode, err)
    assert ["k.npy", "x.npy"] == sorted(os.listdir())
