"""More threads than processors: as many as there are, and that is said."""

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
from cli_support import COMMAND, environment

import convcalc as library
from unix import unix_files

PROCESSORS = len(os.sched_getaffinity(0))


@pytest.fixture
def _variables_stay(monkeypatch):
    """Those of this process, which others are started from."""
    monkeypatch.setattr("convcalc.cli.limits.COMPUTING_VARIABLES", ())


@pytest.mark.usefixtures("image", "_variables_stay")
@pytest.mark.parametrize("threads", [100_000, 2**31 - 1])
@pytest.mark.parametrize("backend", ["numpy", "torch"])
def test_no_more_threads_than_processors(convcalc, inside, backend, threads):
    run = ("run", "image.npy", "-k", "kernel.npy", "--backend", backend, "--format", "json")
    # One in a process that is told before it loads numpy; that torch is, tests of plans hold.
    own = (backend, threads) == ("numpy", 100_000)
    done = (convcalc if own else inside)(*run, "--threads", str(threads))
    assert 0 == done.code
    assert PROCESSORS == json.loads(done.out)["threads"]
    said = f"--threads {threads}: {PROCESSORS} used, as many as there are processors\n"
    assert f"convcalc: note: {said}" in done.err


@pytest.mark.usefixtures("image", "_variables_stay")
def test_quiet_keeps_the_note_of_threads_to_itself(inside):
    run = ("run", "image.npy", "-k", "kernel.npy", "--backend", "numpy", "--threads", "100000")
    assert "processors" in inside(*run).err
    assert "processors" not in inside(*run, "-q").err


def test_nor_in_the_library():
    torch = pytest.importorskip("torch")
    x, kernel = torch.ones(1, 1, 4, 4), torch.ones(1, 1, 2, 2)
    before = torch.get_num_threads()
    assert 4.0 == library.convolve(x, kernel, threads=100_000)[0, 0, 0, 0].item()
    assert before == torch.get_num_threads()
    assert (
        4.0
        == library.convolve(np.ones((1, 1, 4, 4)), np.ones((1, 1, 2, 2)), threads=10**6)[0, 0, 0, 0]
    )


OTHER_USER = (
    f"setpriv --reuid={60_000 + os.getpid() % 5_000} --clear-groups "
    "--inh-caps=+dac_override --ambient-caps=+dac_override"
)
"""A user whom the limit holds for, who has no other processes and may read all files."""

with_other_user = pytest.mark.skipif(
    not shutil.which("setpriv") or not shutil.which("prlimit") or os.getuid() != 0,
    reason="limits of threads do not hold for root, and no other user can be made",
)


def of_other_user(folder, most, command, **env):
    """The command with so many threads at most, its own first one among them."""
    return subprocess.run(
        [*OTHER_USER.split(), "prlimit", f"--nproc={most}", *command],
        env=environment(PYTHONDONTWRITEBYTECODE="1", XDG_CACHE_HOME=str(folder), **env),
        capture_output=True,
        check=False,
        timeout=60,
    )


@unix_files
@with_other_user
@pytest.mark.parametrize(
    ("backend", "most"), [("numpy", 1), ("numpy", 2), ("numpy", 3), ("torch", 1)]
)
def test_where_few_threads_may_be_started_fewer_compute(folder, backend, most):
    np.save("x.npy", np.ones((1, 1, 600, 600), "f4"))
    np.save("k.npy", np.ones((1, 1, 3, 3), "f4"))
    folder.chmod(0o777)
    run = ["run", "x.npy", "-k", "k.npy", "-q", "-o", "y.npy", "--backend", backend]
    done = of_other_user(folder, most, [*COMMAND, *run])
    assert (0, b"") == (done.returncode, done.stderr)
    assert (np.load("y.npy") == 9).all()


TOLD = """
import os
from convcalc.cli.limits import use_threads_to_be_had

use_threads_to_be_had()
print(os.environ.get("OMP_NUM_THREADS"))
"""
"""What libraries that are loaded next are told; torch takes a second to be loaded."""


@unix_files
@with_other_user
@pytest.mark.parametrize(
    ("threads", "most", "told"),
    [(1, 1, "1"), (1, 2, "1"), (1, 3, None), (2, 3, "1"), (2, 4, "1"), (2, 5, None)],
)
def test_libraries_use_one_thread_unless_twice_as_many_can_be_started(folder, threads, most, told):
    if threads > (os.cpu_count() or 1):
        pytest.skip("needs two processors")
    command = [sys.executable, "-c", TOLD]
    done = of_other_user(folder, most, command, OPENBLAS_NUM_THREADS=str(threads))
    assert (f"{told}\n", b"") == (done.stdout.decode(), done.stderr)


def test_work_is_done_here_where_no_thread_can_be_started():
    script = (
        "import resource, threading\n"
        "from convcalc.execute.backends import thread_pool\n"
        "def refuse(self):\n"
        '    raise RuntimeError("can\'t start new thread")\n'
        "threading.Thread.start = refuse\n"
        "done = []\n"
        "thread_pool.shared(lambda a, b: done.extend(range(a, b)), 40, 4, 1.0)\n"
        "assert sorted(done) == list(range(40)), done\n"
    )
    subprocess.run([sys.executable, "-c", script], env=environment(), check=True, timeout=60)
