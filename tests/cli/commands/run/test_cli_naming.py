"""Messages name the file at fault, and a shortage of open files is one."""

from __future__ import annotations

import builtins
import os

import numpy as np
import pytest
from cli_support import call, limited, listing

from convcalc.cli.commands.run.naming import with_files
from unix import resource

KERNEL = ("run", "x.npy", "--kernel", "k.npy")
NETWORK = ("run", "x.npy", "--network", "a=pw:1", "--weights", "w.npz")


@pytest.fixture(autouse=True)
def arrays(folder):
    np.save("x.npy", np.ones((3, 4, 4), "f4"))
    np.save("k.npy", np.ones((2, 3, 3, 3), "f4"))
    np.save("b.npy", np.ones(2, "f4"))
    np.savez("w.npz", **{"a.weight": np.ones((1, 3, 1, 1), "f4"), "a.bias": np.ones(1, "f4")})


def wrong(name, value):
    if name.endswith(".npz"):
        np.savez(name, **value)
    else:
        np.save(name, value)


WEIGHT = np.ones((1, 3, 1, 1), "f4")

FAULTS = [
    ("x.npy", np.ones((3, 4, 4), bool), "the input is of dtype bool (input 'x.npy'); convert"),
    ("x.npy", np.ones((3, 4, 4), "c8"), "the input is of dtype complex64 (input 'x.npy'); real"),
    ("x.npy", np.ones((0, 4)), "the input is empty (0x4): there is nothing to convolve (input 'x."),
    ("x.npy", np.ones(()), "the input is a single number (input 'x.npy'); a convolution needs"),
    ("k.npy", np.ones((2, 3, 3, 3), bool), "the kernel is of dtype bool (kernel 'k.npy'); conv"),
    ("k.npy", np.ones((0, 3)), "nothing to convolve (kernel 'k.npy')"),
    ("k.npy", np.ones((2, 2, 3, 3)), "the kernel 2x2x3x3 reads 2 (input 'x.npy', kernel 'k.npy');"),
    ("k.npy", np.ones((2, 3, 7, 7)), "(input 'x.npy', kernel 'k.npy')"),
    ("b.npy", np.ones(3), "channels (kernel 'k.npy', bias 'b.npy'); a bias of 2 would fit"),
    ("b.npy", np.ones(2, bool), "the bias is of dtype bool (bias 'b.npy'); convert it"),
]
OF_NETWORKS = [
    ("x.npy", np.ones((3, 4, 4), bool), "the input is of dtype bool (input 'x.npy'); convert"),
    ("x.npy", np.ones((0, 4)), "nothing to convolve (input 'x.npy')"),
    (
        "w.npz",
        {"a.weight": WEIGHT.astype(bool), "a.bias": np.ones(1)},
        "(weights 'w.npz'); convert",
    ),
    ("w.npz", {"a.weight": WEIGHT}, "missing 'a.bias' (1) (weights 'w.npz')"),
    ("w.npz", {"a.weight": WEIGHT[:, :2], "a.bias": np.ones(1)}, "(weights 'w.npz')"),
]


@pytest.mark.parametrize("more", [(), ("--dry-run",), ("-o", "y.npy", "--max-memory", "2M")])
@pytest.mark.parametrize(("name", "value", "said"), FAULTS)
def test_a_fault_of_an_array_names_its_file(inside, name, value, said, more):
    wrong(name, value)
    before = listing()
    done = inside(*KERNEL, "--bias", "b.npy", *more)
    assert (3, "") == (done.code, done.out), done.err
    assert said in done.err
    assert 1 == len(done.err.splitlines())
    assert before == listing()


@pytest.mark.parametrize("more", [(), ("--dry-run",)])
@pytest.mark.parametrize(("name", "value", "said"), OF_NETWORKS)
def test_so_does_one_of_a_network(inside, name, value, said, more):
    wrong(name, value)
    done = inside(*NETWORK, *more)
    assert (3, "") == (done.code, done.out), done.err
    assert said in done.err
    assert 1 == len(done.err.splitlines())


def test_integers_that_are_too_large_name_all_files(inside):
    np.save("x.npy", np.full((3, 4, 4), 2**60))
    np.save("k.npy", np.full((2, 3, 3, 3), 2**9))
    done = inside(*KERNEL)
    assert 3 == done.code
    assert (
        "int64 ends at 9,223,372,036,854,775,807 (input 'x.npy', kernel 'k.npy'); scale" in done.err
    )


def test_standard_input_is_named_too():
    np.save("x.npy", np.ones((0, 4)))
    with open("x.npy", "rb") as piped:
        done = call("run", "-", "--kernel", "k.npy", stdin=piped.fileno())
    assert 3 == done.code
    assert "nothing to convolve (input from standard input)" in done.err


@pytest.mark.parametrize(
    ("message", "named"),
    [
        ("the input is 5; do", "the input is 5 (input 'x.npy'); do"),
        ("'x.npy' is truncated", "'x.npy' is truncated"),
        ("'/a/k.npz' is damaged", "'/a/k.npz' is damaged"),
        ("'k.npz:one' is damaged", "'k.npz:one' is damaged"),
        ("'max.npy' is no word", "'max.npy' is no word (input 'x.npy', kernel 'k.npz')"),
        ("nothing fits", "nothing fits (input 'x.npy', kernel 'k.npz')"),
        ("a kernel\n  pw:1\n  ^", "a kernel (kernel 'k.npz')\n  pw:1\n  ^"),
    ],
)
def test_the_file_comes_before_the_advice(message, named):
    assert named == with_files(message, {"input": "x.npy", "kernel": "k.npz"})


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "cannot read './net.spec': No such file"), (b"\xff", "'./net.spec' is no text in UTF")],
)
def test_a_fault_of_another_file_names_that_one_alone(inside, folder, content, said):
    if content is not None:
        (folder / "net.spec").write_bytes(content)
    done = inside("run", "x.npy", "--network", "./net.spec", "--weights", "w.npz")
    assert 3 == done.code
    assert said in done.err
    assert "x.npy" not in done.err


# Open files.


TOLD = "convcalc: error: cannot read '{}': Too many open files\n"


def test_open_files_that_run_out_are_no_fault_of_the_input(inside, monkeypatch, folder):
    def full(*_, **__):
        raise OSError(24, "Too many open files")

    for words in (KERNEL, NETWORK):
        assert 0 == inside(*words).code  # and what is imported is there
        with monkeypatch.context() as patched:
            patched.setattr("convcalc.arrayfile.source.BoundedFile", full)
            done = inside(*words)
        assert (4, TOLD.format("x.npy")) == (done.code, done.err)
    (folder / "a.spec").write_text("pw:1")
    assert 0 == inside("shape", "a.spec").code
    with monkeypatch.context() as patched:
        patched.setattr(builtins, "open", full)
        done = inside("shape", "a.spec")
    assert (4, TOLD.format("a.spec")) == (done.code, done.err)


COMMANDS = [
    ("shape", "conv:8,k3", "-q"),
    (*KERNEL, "-q"),
    (*KERNEL, "-q", "-f", "-o", "y.npy", "--max-memory", "2M"),
    (*NETWORK, "-q", "-f", "--save-all", "maps"),
    ("weights", "pw:8", "--init", "1", "-q", "-f", "-o", "v.npz"),
    ("fmt", "resnet18"),
]
FEW = [(number, words) for number in (5, 6, 8) for words in COMMANDS]


@pytest.mark.parametrize(("number", "words"), [*FEW, (5, ("calibrate", "-q"))])
def test_few_open_files_are_enough_or_told_in_one_line(number, words):
    # Python itself does not start with fewer than 5, which are enough for all that is imported.
    done = call(
        *words,
        preexec_fn=limited(resource.RLIMIT_NOFILE, number),
        env={"XDG_CACHE_HOME": os.getcwd()},
        fresh=number == 5,
    )
    assert done.code in (0, 4), done.err
    if done.code:
        assert done.err.startswith("convcalc: error: ")
        assert done.err.endswith("Too many open files\n")
        assert 1 == len(done.err.splitlines())
    assert not [name for name in os.listdir() if name.startswith(".convcalc")]


@pytest.mark.parametrize(
    "words",
    [("run", "-", "--kernel", "k.npy"), (*KERNEL[:3], "-"), ("shape", "-"), ("fmt", "-")],
)
def test_a_standard_input_that_can_only_be_written_is_told(folder, words):
    with open("sink", "wb") as sink:
        done = call(*words, stdin=sink.fileno())
    assert (3, "") == (done.code, done.out)
    assert "convcalc: error: cannot read standard input: Bad file descriptor\n" == done.err
