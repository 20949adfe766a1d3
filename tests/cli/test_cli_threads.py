"""More threads than processors: as many as there are, and that is said."""

import json
import os

import numpy as np
import pytest

import convcalc as library

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
    assert "processors" not in convcalc(*run, "--threads", str(threads), "-q").err


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
