"""`run --scheduler`: the result of the whole, whatever becomes of the workers."""

from __future__ import annotations

import os
import pickle
import signal
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from cli_support import appears, forked, limited, listing, strict

from changing import removed, replaced, touched, truncated, written_into
from convcalc.arrayfile.stored import open_stored
from convcalc.cli.terminal.progress import ProgressLine
from convcalc.errors import DataError
from unix import resource

distributed = pytest.importorskip("distributed")
zarr = pytest.importorskip("zarr")
cluster_module = pytest.importorskip("convcalc.execute.cluster.client")

RUN = ("run", "x.npy", "--kernel", "k.npy", "--backend", "numpy")
ONE_WORKER = ("--threads", str(cluster_module.processors()), "--scheduler", "local")


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
    ours = ("--scheduler", cluster.scheduler_address, "--max-memory", "1M")  # 32 tiles
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
@pytest.mark.parametrize("name", ["y.npy", "y.zarr"])
def test_an_output_that_appears_during_the_work_stays(inside, cluster, monkeypatch, name):
    def advance(line, count):
        os.makedirs(name, exist_ok=True) if name == "y.zarr" else Path(name).write_bytes(b"theirs")

    monkeypatch.setattr(ProgressLine, "advance", advance)
    done = inside(*RUN, "--scheduler", cluster.scheduler_address, "-o", name)
    assert (4, "") == (done.code, done.out)
    assert f"cannot write '{name}': it was made by somebody else during the work" in done.err
    assert ["k.npy", "x.npy", name] == sorted(os.listdir())
    assert not Path(name, "zarr.json").exists()
    zarr.save_array("y.zarr", np.zeros(3))
    forced = inside(*RUN, "--scheduler", cluster.scheduler_address, "-o", name, "--force")
    assert 0 == forced.code, forced.err


@pytest.mark.usefixtures("images")
def test_a_fault_of_the_data_arrives_as_in_memory(inside, cluster):
    before = listing()
    words = ("--scheduler", cluster.scheduler_address, "--dtype", "int8", "-o", "y.zarr")
    done = inside(*RUN, *words)
    assert (3, "") == (done.code, done.out)
    assert "which int8 cannot hold" in done.err
    assert before == listing()


def idle(cluster):
    """Waits until the one thread of each worker has come to another task."""
    with distributed.Client(cluster, set_as_default=False) as client:
        workers = client.scheduler_info()["workers"]
        others = [client.submit(os.getpid, workers=[name], pure=False) for name in workers]
        assert 2 == len(client.gather(others))


def test_a_worker_writes_nothing_after_the_end(inside, cluster):
    # The first tile fails at once, when the other has just begun.
    values = np.ones((2000, 1000), "uint64")
    values[0, 0] = 2**63
    np.save("x.npy", values)
    np.save("k.npy", np.ones((9, 9), "int64"))
    words = (*RUN, "--scheduler", cluster.scheduler_address, "--max-memory", "120M")
    assert "2 tasks" in inside(*words, "-o", "y.zarr", "--dry-run").err
    assert 3 == inside(*words, "-o", "y.zarr").code
    idle(cluster)
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


@pytest.fixture
def changing(monkeypatch):
    """`changing(path, change)`: what becomes of a file when the first tile is done."""

    def arrange(path, change):
        done = []

        def advance(line, count):
            if not done:
                change(path)
            done.append(count)

        monkeypatch.setattr(ProgressLine, "advance", advance)

    return arrange


@pytest.mark.usefixtures("images")
@pytest.mark.parametrize("change", [replaced, truncated, written_into, removed])
def test_an_input_that_changes_in_mid_run_gives_no_result(inside, cluster, changing, change):
    changing(Path("x.npy"), change)
    words = ("--scheduler", cluster.scheduler_address, "--max-memory", "1M")
    done = inside(*RUN, *words, "-o", "y.npy")
    assert (3, "") == (done.code, done.out)
    assert "has changed since the work began; run it again" in done.err or change is removed
    assert 1 == sum("error" in line for line in done.err.splitlines())
    assert ["k.npy"] == sorted({*os.listdir()} - {"x.npy"})


@pytest.mark.usefixtures("images")
@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("zarr.json", touched),
        ("c/0/0/0", replaced),  # which the first tile has read
        ("c/2/2/1", written_into),
        ("c/2/2/1", removed),
    ],
)
def test_a_folder_that_changes_in_mid_run_gives_no_result(inside, cluster, changing, change, part):
    zarr.create_array("x.zarr", data=np.load("x.npy"), chunks=(1, 100, 100))
    changing(Path("x.zarr") / part, change)
    words = ("run", "x.zarr", *RUN[2:], "--scheduler", cluster.scheduler_address)
    done = inside(*words, "--max-memory", "1M", "-o", "y.zarr")
    assert (3, "") == (done.code, done.out)
    assert "x.zarr" in done.err
    assert ["k.npy", "x.npy", "x.zarr"] == sorted(os.listdir())


@pytest.mark.usefixtures("images")
def test_a_new_chunk_in_mid_run_is_a_change(inside, cluster, changing):
    zarr.create_array("x.zarr", data=np.load("x.npy"), chunks=(1, 100, 100))
    chunk = Path("x.zarr/c/2/0/0")
    content = chunk.read_bytes()
    chunk.unlink()  # a chunk that is not there is all zeros
    changing(chunk, lambda path: path.write_bytes(content))
    words = ("run", "x.zarr", *RUN[2:], "--scheduler", cluster.scheduler_address)
    done = inside(*words, "--max-memory", "1M", "-o", "y.npy")
    assert (3, "") == (done.code, done.out)
    assert "has changed since the work began" in done.err


def test_workers_tell_another_file_from_the_one_that_was_looked_at(folder):
    np.save("x.npy", np.arange(10))
    zarr.save_array("x.zarr", np.arange(10))
    for name, part in (("x.npy", "x.npy"), ("x.zarr", "x.zarr/zarr.json")):
        stored = pickle.loads(pickle.dumps(open_stored(name)))
        assert [3, 4] == stored.read((slice(3, 5),)).tolist()
        touched(folder / part)
        with pytest.raises(DataError, match="has changed since the work began"):
            stored.read((slice(3, 5),))


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
    ],
)
def test_what_it_goes_with(inside, options, code, said):
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
def test_workers_of_its_own_compute_the_whole_and_leave_nothing_behind(convcalc, inside, folder):
    # Neither does a module in the current folder run in them.
    assert 0 == inside(*RUN, "-o", "whole.npy").code
    (folder / "signal.py").write_text("open('trapped', 'w').close()")
    zarr.save_array("x.zarr", np.load("x.npy"))
    words = ("run", "x.zarr", *RUN[2:], "--scheduler", "local", "--max-memory", "4M")
    (folder / "tmp").mkdir()
    done = convcalc(*words, "-q", "-o", "y.npy", env={"TMPDIR": str(folder / "tmp")})
    assert (0, "", "") == (done.code, done.out, done.err)
    assert Path("whole.npy").read_bytes() == Path("y.npy").read_bytes()
    left = {*os.listdir()} - {"k.npy", "x.npy", "x.zarr", "whole.npy", "y.npy"}
    assert {"signal.py", "tmp"} == left
    assert [] == os.listdir("tmp")


@pytest.mark.parametrize("name", ["y.npy", "y.zarr"])
def test_the_values_of_a_small_result_are_shown(inside, cluster, name):
    np.save("x.npy", np.array([1, 2, 3, 4, 5]))
    np.save("k.npy", np.array([1, 2, 3]))
    words = ("--scheduler", cluster.scheduler_address, "-o", name, "--format", "json", "-q")
    assert [14, 20, 26] == strict(inside(*RUN, *words).out)["output"]["values"]


@pytest.mark.parametrize(
    "sign",
    ["tmp/*/dask-scratch-space/worker-*", ".convcalc-*/result/c/*/*"],
    ids=["while they are started", "while they compute"],
)
def test_an_interrupt_while_workers_start_is_one_word(folder, sign):
    np.save("x.npy", np.ones((2000, 2000)))
    np.save("k.npy", np.ones((9, 9)))
    (folder / "tmp").mkdir()
    words = (*RUN, *ONE_WORKER, "--max-memory", "2M", "-o", "y.zarr")
    process = forked(
        *words, env={"TMPDIR": str(folder / "tmp")}, loaded="dask", before=partial(os.setsid)
    )
    appears(process, sign)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: everybody hears of it
    _, err = process.communicate(timeout=50)
    assert (130, b"convcalc: interrupted\n") == (process.returncode, err)
    assert ["k.npy", "tmp", "x.npy"] == sorted(os.listdir())
    assert [] == os.listdir("tmp")


@pytest.mark.usefixtures("images")
@pytest.mark.parametrize("number", [16, 63])
def test_too_few_open_files_for_workers_are_told(convcalc, number):
    before = listing()
    words = (*RUN, "--scheduler", "local", "-q", "-o", "y.npy")

    limit = limited(resource.RLIMIT_NOFILE, number)
    done = convcalc(*words, preexec_fn=limit, fresh=False, loaded="dask")
    assert (4, "") == (done.code, done.out)
    assert (
        f"convcalc: error: cannot start workers: {number} files may be open, 64 are needed; "
        f"ulimit -n 64 or more\n"
    ) == done.err
    assert before == listing()


ENDED_WHILE_IT_STARTS = """
import os
import distributed

def told(real, numbers):
    def call(*arguments, **more):
        real(*arguments, **more)
        while numbers:
            os.kill(os.getpid(), numbers.pop())
    return call

kind = distributed.{kind}
kind.__init__ = told(kind.__init__, [{number}])
"""
"""The process gets a signal when the first of Dask's objects is made."""


@pytest.mark.usefixtures("images")
@pytest.mark.parametrize(
    ("kind", "number", "code"),
    [("Scheduler", signal.SIGTERM, 143), ("Nanny", signal.SIGTERM, 143), ("Nanny", 1, 129)],
)
def test_a_signal_while_workers_start_leaves_nothing_behind(folder, kind, number, code):
    (folder / "tmp").mkdir()
    script = ENDED_WHILE_IT_STARTS.format(kind=kind, number=int(number))
    words = (*RUN, *ONE_WORKER, "-o", "y.zarr")
    process = forked(*words, env={"TMPDIR": str(folder / "tmp")}, loaded="dask", script=script)
    assert (b"", b"") == process.communicate(timeout=60)
    assert code == process.returncode
    assert ["k.npy", "tmp", "x.npy"] == sorted(os.listdir())
    assert [] == os.listdir("tmp")
