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


@pytest.mark.usefixtures("image")
@pytest.mark.parametrize("threads", [100_000, 2**31 - 1])
@pytest.mark.parametrize("backend", ["numpy", "torch"])
def test_no_more_threads_than_processors(convcalc, backend, threads):
    run = ("run", "image.npy", "-k", "kernel.npy", "--backend", backend, "--format", "json")
    done = convcalc(*run, "--threads", str(threads))
    assert 0 == done.code
    assert PROCESSORS == json.loads(done.out)["threads"]
    said = f"--threads {threads}: {PROCESSORS} used, as many as there are processors\n"
    assert f"convcalc: note: {said}" in done.err


@pytest.mark.usefixtures("image")
def test_quiet_keeps_the_note_of_threads_to_itself(inside, monkeypatch):
    monkeypatch.setattr(
        "convcalc.cli.limits.COMPUTING_VARIABLES", ()
    )  # of this process, and of others
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
    "setpriv --reuid=65534 --clear-groups --inh-caps=+dac_override --ambient-caps=+dac_override"
)
"""A user whom the limit holds for, but who may read all files."""


@unix_files
@pytest.mark.skipif(
    not shutil.which("setpriv") or not shutil.which("prlimit") or os.getuid() != 0,
    reason="limits of threads do not hold for root, and no other user can be made",
)
@pytest.mark.parametrize("backend", ["numpy", "torch"])
@pytest.mark.parametrize("most", [1, 2, 3])
def test_where_few_threads_may_be_started_fewer_compute(folder, backend, most):
    np.save("x.npy", np.ones((1, 1, 600, 600), "f4"))
    np.save("k.npy", np.ones((1, 1, 3, 3), "f4"))
    folder.chmod(0o777)
    run = ["run", "x.npy", "-k", "k.npy", "-q", "-o", "y.npy", "--backend", backend]
    limited = [*OTHER_USER.split(), "prlimit", f"--nproc={most}"]
    done = subprocess.run(
        [*limited, *COMMAND, *run],
        env=environment(PYTHONDONTWRITEBYTECODE="1", XDG_CACHE_HOME=str(folder)),
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert (0, b"") == (done.returncode, done.stderr)
    assert (np.load("y.npy") == 9).all()


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
