"""Commands with too little memory: done, or one line and 4, whatever the limit."""

from importlib.util import find_spec

import pytest
from cli_support import limited

from unix import resource

MIB = 2**20


def outcome(convcalc, mib, *command):
    limit = limited(resource.RLIMIT_AS, mib * MIB)
    done = convcalc(*command, preexec_fn=limit, fresh=True)
    if done.code != 0:
        assert (4, "", 1) == (done.code, done.out, done.err.count("\n")), (mib, done)
        assert done.err.startswith("convcalc: error: not enough memory"), done.err
    return done.code


@pytest.mark.usefixtures("image")
@pytest.mark.parametrize("threads", ["1", "2"])
def test_a_convolution_is_done_or_refused_in_one_line(convcalc, threads):
    run = ("run", "image.npy", "-k", "kernel.npy", "-q", "--threads", threads)
    codes = [outcome(convcalc, mib, *run) for mib in (40, 60, 80, 90, 100, 110, 120, 140, 160, 320)]
    assert (4, 0) == (codes[0], codes[-1])
    assert codes == sorted(codes, reverse=True)  # once it fits, it fits


@pytest.mark.parametrize("mib", [40, 70, 100])
def test_weights_need_room_too(convcalc, mib):
    assert 4 == outcome(convcalc, mib, "weights", "conv:1,k1", "-q", "--init", "0", "-o", "w.npz")


@pytest.mark.parametrize("mib", [40, 100])
def test_the_calculator_needs_no_numpy(convcalc, mib):
    assert 0 == outcome(convcalc, mib, "shape", "conv:1,k1", "-q")


@pytest.mark.usefixtures("image")
@pytest.mark.skipif(find_spec("torch") is None, reason="torch is not installed")
def test_torch_that_does_not_fit_is_named(convcalc):
    run = ("run", "image.npy", "-k", "kernel.npy", "-q", "--backend", "torch")
    done = convcalc(*run, preexec_fn=limited(resource.RLIMIT_AS, 400 * MIB), fresh=True)
    assert (4, "") == (done.code, done.out)
    assert done.err.startswith("convcalc: error: not enough memory to load a library: libtorch")
    assert 1 == done.err.count("\n")
