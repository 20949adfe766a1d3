"""What goes wrong, and how it is told: one exit code, a few lines, nothing left behind."""

from __future__ import annotations

import os
import pickle
import resource
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pytest
from cli_support import COMMAND, UNCOMPILED, environment, listing

NOBODY = 65534
RUN = "run image.npy --kernel kernel.npy"


def check(done, code, words, lines=3):
    """The failure is told in a few lines on standard error and nowhere else."""
    assert (code, "") == (done.code, done.out), done.err
    assert "convcalc: error: " in done.err
    assert [word for word in words if word not in done.err] == [], done.err
    assert "Traceback" not in done.err
    assert len(done.err.splitlines()) <= lines, done.err


BAD_LAYERS = [
    ("conv:8,k7", "-k 7", ["7", "5", "padd"]),
    ("conv:8,k3,d3", "-k 3 -d 3", ["7", "5"]),
    ("conv:8,k3,g2", "-n 8 -g 2", ["3", "groups=2", "groups 1"]),
    ("conv:8,k3,g3", "-n 8 -g 3", ["8 output channels", "groups=3"]),
    ("conv:8,k3,s0", "-s 0", ["stride", "at least 1", "0"]),
    ("conv:8,k3,s-1", "-s -1", ["stride", "at least 1", "-1"]),
    ("conv:8,k3,d0", "-d 0", ["dilation", "at least 1", "0"]),
    ("conv:8,k3,d-2", "-d -2", ["dilation", "at least 1", "-2"]),
    ("conv:8,k3,g0", "-g 0", ["groups", "at least 1", "0"]),
    ("conv:8,k3,g-3", "-g -3", ["groups", "at least 1", "-3"]),
    ("conv:8,k0", "-k 0", ["kernel", "at least 1", "0"]),
    ("conv:8,k-3", "-k -3", ["kernel", "at least 1", "-3"]),
    ("conv:0,k3", "-n 0", ["channels", "at least 1", "0"]),
    ("conv:8,k3,p-1", "-p -1", ["padding", "at least 0", "-1"]),
    ("conv:8,k3,p0:-1", "-p 0:-1", ["padding", "-1"]),
    ("conv:8,k3x3x3", "-k 3x3x3", ["kernel", "3 values", "2 spatial"]),
    ("conv:8,k3,s1x1x1", "-s 1x1x1", ["stride", "3 values", "2 spatial"]),
    ("conv:8,k3x3x3x3", "-k 3x3x3x3", ["kernel", "1 to 3", "4"]),
    ("conv:8,k3,same,s2", "-p same -s 2", ["padding", "'same'", "stride", "same-upper"]),
    ("conv:8,k3,p5,reflect", "-p 5 --padding-mode reflect", ["reflect", "5", "at most 4"]),
    ("conv:8,k3,p6,circular", "-p 6 --padding-mode circular", ["circular", "6", "at most 5"]),
    ("conv:8,k3000000000", "-k 3000000000", ["kernel", "at most 2147483647"]),
    ("conv:8,k99999999999999999999", "-k 99999999999999999999", ["digits"]),
    ("conv:3000000000,k3", "-n 3000000000", ["channels", "at most 2147483647"]),
    ("conv:8,k2.5", "-k 2.5", ["expected", "2.5"]),
    ("conv:8,k1_0", "-k 1_0", ["expected", "1_0"]),
    ("conv:8,k3,knan", "-k nan", ["nan"]),
]


@pytest.mark.parametrize("command", ["shape", "flops", "rf"])
@pytest.mark.parametrize(("spec", "flags", "words"), BAD_LAYERS)
def test_an_impossible_layer_is_refused(inside, command, spec, flags, words):
    by_spec = inside(command, "-i", "3x5x5", spec)
    check(by_spec, 2, words)
    assert "^" in by_spec.err
    check(inside(command, "-i", "3x5x5", *flags.split()), 2, words)


POINTED = [
    ("conx:8,k3", "conx", "did you mean 'conv'"),
    ("pww:4", "pww", "did you mean 'pw'"),
    ("conv:8,k3,padd=1", "padd", "did you mean 'padding'"),
    ("conv:8,k3,strid=2", "strid", "did you mean 'stride'"),
    ("conv:8,k3,sme", "sme", "did you mean 'same'"),
    ("conv:8,k3,reflct", "reflct", "did you mean 'reflect'"),
    ("conv:8,k3,nobas", "nobas", "did you mean 'nobias'"),
    ("dw:k3 pw:4 conv:8,k3,s0", "s0", "at least 1"),
    ("conv:8,k3,,s2", ",", "argument"),
    ("conv:8,k3,k5", "k5", "twice"),
    ("dw:k3 conv:k3", "conv:k3", "out_channels"),
    ("zzzzzz:3", "zzzzzz", "conv"),
]


@pytest.mark.parametrize(("spec", "word", "hint"), POINTED)
def test_a_caret_stands_under_the_word(inside, spec, word, hint):
    done = inside("shape", "-i", "3x9x9", spec)
    check(done, 2, [hint, "column"])
    _, shown, carets = done.err.splitlines()
    assert spec == shown.strip()
    assert shown[carets.index("^") :].startswith(word)
    assert {" ", "^"} == set(carets)


def test_all_faults_of_a_spec_are_told_at_once(inside):
    done = inside("shape", "-i", "3x9x9", "conx:8", "conv:8,k3,padd=1", "dw:k0")
    check(done, 2, ["conx", "padd", "kernel_size"], lines=9)
    assert 3 == done.err.count("column")
    assert 1 == done.err.count("convcalc: error:")


def test_at_most_ten_faults_are_told(inside):
    done = inside("shape", *["conx:8"] * 40)
    check(done, 2, ["conx"], lines=31)
    assert 10 == done.err.count("column")


def test_a_long_spec_is_shown_around_the_fault(inside):
    done = inside("shape", "-i", "3x99x99", *["conv:8,k3"] * 30, "conx:8", *["conv:8,k3"] * 30)
    check(done, 2, ["conx"])
    assert all(len(line) <= 80 for line in done.err.splitlines()[1:])


BAD_USAGE = [
    ("shpe", ["shpe", "did you mean 'shape'"]),
    ("bogus", ["bogus", "--help"]),
    ("help shpe", ["shpe", "did you mean 'shape'"]),
    ("shape --strid 2", ["--strid", "--stride"]),
    ("shape --frobnicate", ["--frobnicate", "--help"]),
    ("shape --kern 3", ["--kern", "--kernel-size"]),
    ("shape -k=3", ["--kernel-size", "=3", "blank"]),
    ("shape --kernel-size=", ["--kernel-size", "empty"]),
    ("shape -i=3x9x9", ["--input", "=3x9x9"]),
    ("shape --input=", ["--input", "empty"]),
    ("shape -k", ["-k", "argument"]),
    ("shape -k abc", ["--kernel-size", "'abc'", "3x5"]),
    ("shape -1", ["-1", "--"]),
    ("shape -i 3x0x5", ["--input", "at least 1", "3x0x5"]),
    ("shape -i 3x-1x5", ["--input", "at least 1", "3x-1x5"]),
    ("shape -i 3", ["conv:64,k3", "3x224x224", "got 3"]),
    ("shape -i 3x5x5x5x5", ["--input", "up to 3", "3x5x5x5x5"]),
    ("shape -i image", ["--input", "'image'", "3x224x224"]),
    ("shape -i 3xx5", ["--input", "3xx5"]),
    ("shape --batch 0", ["--batch", "at least 1", "0"]),
    ("shape --batch 2x2", ["--batch", "whole number"]),
    ("shape --format jsn", ["--format", "'jsn'", "did you mean 'json'", "csv"]),
    ("shape --format xml", ["--format", "'xml'", "table, json, csv, md"]),
    ("shape --color alway", ["--color", "did you mean 'always'"]),
    ("shape --padding sme", ["--padding", "did you mean 'same'"]),
    ("shape --padding-mode reflct", ["--padding-mode", "did you mean 'reflect'"]),
    ("shape --output-padding 1", ["--output-padding", "--transposed"]),
    ("shape --transposed --padding-mode reflect", ["--padding-mode", "--transposed"]),
    ("shape --transposed -s 2 --output-padding 2", ["--output-padding", "smaller", "2"]),
    ("shape --transposed --output-padding 1 --output-size 9", ["--output-size", "only one"]),
    ("flops --compare sepable", ["--compare", "did you mean 'separable'"]),
    ("flops --compare=", ["--compare: the value is empty"]),
    ("flops --compare grouped", ["--compare", "needs a number", "grouped:4"]),
    ("flops --compare stacked:3", ["--compare", "takes no number", "'stacked:3'"]),
    ("flops --compare grouped:1", ["--compare", "at least 2", "grouped:4"]),
    ("flops --compare separable,,stacked", ["--compare", "missing"]),
    ("flops --compare stacked", ["nothing to compare", "layer 0 (conv:64,k3)", "kernel of 3"]),
    ("rf --compare separable", ["--compare"]),
    ("diff", ["'A'", "diff --help"]),
    ("diff resnet18", ["'B'", "diff --help"]),
    ("diff resnet18 resnet35", ["resnet35", "did you mean"]),
    ("diff conv:8 conv:8,k3", ["kernel_size", "conv:8"]),
    ("diff - -", ["standard input", "one"]),
    ("diff conv:8,k3 conv:8,k33 -i 3x9x9", ["spans 33 elements", "conv:8,k33"]),
    ("diff resnet18 resnet34 -i 3x0", ["--input", "at least 1"]),
    ("run", ["INPUT.npy", "--help"]),
    ("run image.npy", ["--kernel", "--network"]),
    (f"{RUN} --network pw:4", ["--kernel", "--network"]),
    (f"{RUN} other.npy", ["other.npy"]),
    (f"{RUN} --dtype float23", ["float23", "did you mean 'float32'"]),
    (f"{RUN} --dtype complex64", ["complex64"]),
    (f"{RUN} --backend jax", ["--backend", "'jax'", "auto, numpy, torch"]),
    (f"{RUN} --layout nchv", ["--layout", "did you mean 'nchw'"]),
    (f"{RUN} --dims 4", ["--dims", "1, 2 or 3", "4"]),
    (f"{RUN} --dims 0", ["--dims", "at least 1"]),
    (f"{RUN} --format jsn", ["--format", "json"]),
    (f"{RUN} --stride 0", ["--stride", "at least 1"]),
    (f"{RUN} --stride -1", ["--stride", "at least 1"]),
    (f"{RUN} --dilation 0", ["--dilation", "at least 1"]),
    (f"{RUN} --groups 0", ["--groups", "at least 1"]),
    (f"{RUN} --padding -1", ["--padding", "at least 0"]),
    (f"{RUN} --padding same --stride 2", ["'same'", "same-upper"]),
    (f"{RUN} --output-padding 1", ["--output-padding", "--transposed"]),
    (f"{RUN} --random-weights 1", ["--random-weights", "--network"]),
    (f"{RUN} --weights w.npz", ["--weights", "--network"]),
    (f"{RUN} --device cuda --backend numpy", ["--device", "torch"]),
    ("run image.npy --kernel=", ["--kernel", "empty"]),
    ("run -k=kernel.npy image.npy", ["--kernel", "=kernel.npy"]),
    ("run - --kernel -", ["standard input", "one"]),
    ("run - --kernel kernel.npy --bias -", ["standard input", "one"]),
    ("run image.npy --network conx:3 --random-weights 1", ["conx", "did you mean 'conv'"]),
    ("run image.npy --network pw:4 --random-weights -1", ["--random-weights", "at least 0"]),
    ("run image.npy --network pw:4 --random-weights x", ["--random-weights", "'x'"]),
    ("run image.npy --network pw:4 --random-weights 1 --stride 2", ["--stride", "--network"]),
    ("run image.npy --network pw:4 --random-weights 1 --flip", ["--flip", "--network"]),
    ("run image.npy --network pw:4 --bias bias.npy --random-weights 1", ["--bias", "--weights"]),
    ("run image.npy --network pw:4 --weights w.npz --random-weights 1", ["not both"]),
    (f"{RUN} -o result.npz", ["--output", "result.npy"]),
    (f"{RUN} --output=", ["--output", "empty"]),
]


@pytest.mark.usefixtures("image")
@pytest.mark.parametrize(("line", "words"), BAD_USAGE)
def test_a_wrong_command_line_is_refused_before_any_work(inside, line, words):
    before = listing()
    done = inside(*line.split())
    found = [word.lower() for word in words]
    check(done._replace(err=done.err.lower()), 2, found)
    assert before == listing()


def test_an_empty_spec_is_an_error(inside):
    check(inside("shape", ""), 2, ["expected a layer"], lines=4)


def header(shape, descr="<f8", version=1):
    """The first bytes of a .npy that claims to hold an array."""
    text = f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': {shape}, }}".encode()
    text = text.ljust(117) + b"\n"
    return b"\x93NUMPY" + bytes([version, 0]) + len(text).to_bytes(2, "little") + text


WHOLE = header((2, 2)) + bytes(32)

BAD_FILES = {
    "empty": (b"", ["empty", ".npy"]),
    "text": (b"1 2 3\n4 5 6\n", ["text", ".npy"]),
    "pickle": (pickle.dumps([1, 2]), ["pickle", ".npy"]),
    "zip": (b"PK\x03\x04" + bytes(60), ["zip"]),
    "gzip": (b"\x1f\x8b\x08" + bytes(60), ["gzip"]),
    "noise": (b"\xfe\x00\x01" + bytes(60), ["unknown type"]),
    "cut in the header": (WHOLE[:40], ["truncated", "40"]),
    "cut in the data": (WHOLE[:-9], ["truncated", "32", "23"]),
    "with trailing bytes": (WHOLE + b"\r\n", ["2 bytes after"]),
    "claiming too much": (header((1000,)) + bytes(80), ["truncated", "8,000", "80"]),
    "claiming far too much": (header((10**6, 10**6, 10**3)) + bytes(80), ["truncated"]),
    "beyond all sizes": (header((2**40, 2**40)), ["2^63"]),
    "of negative size": (header((-1,)) + bytes(8), ["-1"]),
    "of version 9": (header((1,), version=9) + bytes(8), ["version 9.0"]),
    "without a header": (WHOLE[:10] + b"?" * 118, ["invalid header"]),
    "structured": (header((1,), [("a", "<i4")]) + bytes(4), ["records"]),
    "strings": (header((1,), "<U4") + bytes(16), ["text"]),
    "dates": (header((1,), "<M8[s]") + bytes(8), ["dates"]),
    "long doubles": (header((1,), "<f16") + bytes(16), ["long doubles", "float64"]),
    "objects": (header((1,), "|O") + pickle.dumps([os.system]), ["objects"]),
    "complex": (header((2, 2), "<c8") + bytes(32), ["complex64"]),
    "bool": (header((2, 2), "|b1") + bytes(4), ["bool"]),
    "zero-size": (header((0, 4)), ["empty", "0x4"]),
    "a single number": (header(()) + bytes(8), ["single number"]),
    "six axes": (header((1,) * 6) + bytes(8), ["1x1x1x1x1x1"]),
}


@pytest.mark.usefixtures("image")
@pytest.mark.parametrize("option", ["input", "kernel", "standard input"])
@pytest.mark.parametrize("kind", BAD_FILES)
def test_a_bad_file_is_refused(inside, folder, monkeypatch, kind, option):
    content, words = BAD_FILES[kind]
    (folder / "bad.npy").write_bytes(content)
    before = listing()
    arrays = {"input": ("bad.npy", "kernel.npy"), "kernel": ("image.npy", "bad.npy")}
    array, kernel = arrays.get(option, ("-", "kernel.npy"))
    with (folder / "bad.npy").open() as piped:
        monkeypatch.setattr("sys.stdin", piped)
        done = inside("run", array, "--kernel", kernel, "-o", "result.npy")
    check(done, 3, words)
    assert before == listing()


@pytest.mark.usefixtures("image")
@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("run missing.npy --kernel kernel.npy", ["missing.npy", "No such file"]),
        ("run image.npy --kernel missing.npy", ["missing.npy", "No such file"]),
        (f"{RUN} --bias missing.npy", ["missing.npy", "No such file"]),
        ("run . --kernel kernel.npy", ["'.'", "folder"]),
        ("run pipe --kernel kernel.npy", ["pipe", "named pipe", "-"]),
        ("run /dev/zero --kernel kernel.npy", ["/dev/zero", "device"]),
        ("run image.npy/x --kernel kernel.npy", ["image.npy/x"]),
        ("run image.npy --network pw:1 --weights image.npy", ["image.npy", ".npz"]),
        ("run image.npy --network pw:1 --weights missing.npz", ["missing.npz"]),
        ("run all.npz --kernel kernel.npy", ["all.npz", "one", "two"]),
        ("run all.npz:thre --kernel kernel.npy", ["thre", "one", "two"]),
    ],
)
def test_an_input_that_is_no_array_file_is_refused(inside, line, words):
    os.mkfifo("pipe")
    np.savez("all.npz", one=np.ones((4, 4)), two=np.ones((4, 4)))
    check(inside(*line.split()), 3, words)


MISFITS = [
    ((4, 4), (7, 7), None, "", ["7", "4"]),
    ((4, 4), (3, 3), None, "--dilation 2", ["5", "4"]),
    ((3, 5, 5), (4, 2, 3, 3), None, "", ["3x5x5", "4x2x3x3", "3 channels"]),
    ((3, 5, 5), (4, 3, 3, 3), None, "--groups 2", ["groups=2"]),
    ((4, 5, 5), (3, 2, 3, 3), None, "--groups 2", ["groups=2", "3"]),
    ((3, 5, 5), (4, 3, 3, 3), (3,), "", ["bias", "3", "4"]),
    ((3, 5, 5), (4, 3, 3, 3), (4, 1), "", ["bias", "4x1", "4"]),
    ((5,), (3, 3), None, "", ["5", "3x3"]),
    ((1, 1, 1, 5, 5), (3, 3), None, "", ["1x1x1x5x5", "2-D"]),
    ((5, 5), (3, 3), None, "--dims 3", ["3 spatial"]),
    ((4, 4), (3, 3), None, "-p 4 --padding-mode reflect", ["reflect", "4", "at most 3"]),
    ((4, 4), (3, 3), None, "--stride 1x1x1", ["stride", "3 values", "2 spatial"]),
    ((4, 4), (3, 3), None, "--dtype int8", ["int8", "float64"]),
    ((3, 5, 5), (4, 3, 3, 3), None, "--layout nhwc", ["5", "3"]),
]


@pytest.mark.parametrize(("array", "kernel", "bias", "flags", "words"), MISFITS)
def test_arrays_that_do_not_fit_are_refused(inside, save, array, kernel, bias, flags, words):
    save("image.npy", np.ones(array))
    save("kernel.npy", np.ones(kernel))
    save("bias.npy", np.ones(bias or 1))
    more = ["--bias", "bias.npy"] if bias else []
    before = listing()
    done = inside(*RUN.split(), *more, *flags.split(), "-o", "result.npy")
    check(done, 2 if "--stride" in flags and done.code == 2 else 3, words)
    assert before == listing()


def test_an_array_beyond_all_memory_is_refused_at_once(inside, folder, save):
    save("kernel.npy", [[1.0]], "f4")
    with (folder / "image.npy").open("wb") as file:
        file.write(header((10**6, 10**6), "<f4"))
        file.truncate(128 + 4 * 10**12)  # sparse: it takes no disk
    done = inside(*RUN.split(), "-o", "result.npy")
    check(done, 4, ["memory", "bytes"])
    assert {"image.npy", "kernel.npy"} == set(os.listdir())


def limited(kind, value):
    """What a child process does first: give itself a limit."""

    def limit():
        resource.setrlimit(kind, (value, value))

    return limit


def test_a_result_beyond_the_memory_is_refused(convcalc, save):
    save("image.npy", np.ones((40, 40)), "f4")
    save("kernel.npy", np.ones((4000, 1, 3, 3)), "f4")
    # 4000 x 40000 x 40000 numbers
    done = convcalc(*RUN.split(), "--padding", "20000", "-o", "result.npy")
    check(done, 4, ["memory", "bytes"])
    assert {"image.npy", "kernel.npy"} == set(os.listdir())


def test_what_torch_needs_beside_the_arrays_is_part_of_the_memory(convcalc, save):
    pytest.importorskip("torch")
    # torch lines up the windows of a float64 image: 300 * 300 * 201 * 201 * 8 bytes are 29 GB.
    save("image.npy", np.ones((500, 500)), "f8")
    save("kernel.npy", np.ones((201, 201)), "f8")
    done = convcalc(
        *[*RUN.split(), "--backend", "torch", "-o", "result.npy"],
        preexec_fn=limited(resource.RLIMIT_AS, 12 << 30),
        env={"OMP_NUM_THREADS": "1"},
    )
    if done.code:
        check(done, 4, ["memory"], lines=5)
    assert ("result.npy" in os.listdir()) == (done.code == 0)


BAD_OUTPUTS = [
    ("old.npy", ["old.npy", "exists", "--force"]),
    ("image.npy", ["image.npy", "input", "--force"]),
    ("link.npy", ["link.npy", "input", "--force"]),
    ("missing/y.npy", ["missing", "no folder"]),
    (".", ["'.'", "folder"]),
    ("new/", ["new/", "folder"]),
    ("image.npy/y.npy", ["image.npy"]),
    ("y" * 300 + ".npy", ["too long"]),
]


@pytest.mark.usefixtures("image")
@pytest.mark.parametrize(("output", "words"), BAD_OUTPUTS)
def test_an_impossible_output_is_refused_before_the_work(inside, folder, output, words):
    (folder / "old.npy").write_bytes(b"old")
    (folder / "link.npy").symlink_to("image.npy")
    (folder / "image.npy").with_name("kernel.npy").write_bytes(b"never looked at")
    before = listing()
    done = inside(*RUN.split(), "-o", output)
    check(done, 4, words)
    assert before == listing()


@pytest.mark.usefixtures("image")
def test_a_full_disk_leaves_the_old_output(convcalc, folder, save):
    save("image.npy", np.ones((64, 64)))
    (folder / "y.npy").write_bytes(b"old")
    before = listing()
    limit = limited(resource.RLIMIT_FSIZE, 1024)
    arguments = [*RUN.split(), "-q", "-o", "y.npy", "--force"]
    done = convcalc(*arguments, preexec_fn=limit, env=UNCOMPILED)
    check(done, 4, ["y.npy", "File too large"])
    assert before == listing()


@pytest.mark.usefixtures("image")
def test_a_full_device_is_told(convcalc):
    check(convcalc(*RUN.split(), "-q", "-o", "/dev/full"), 4, ["/dev/full", "No space left"])


@pytest.fixture
def foreign_folder(monkeypatch):
    """A folder that belongs to root, seen by somebody else."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to become somebody else")
    path = Path(tempfile.mkdtemp())
    path.chmod(0o755)
    monkeypatch.chdir(path)
    yield path
    os.seteuid(0)
    shutil.rmtree(path)


def unprivileged(inside, *arguments):
    """The command as somebody whom modes apply to; what it imports is loaded before."""

    inside("shape", "--bad")
    inside(*RUN.split())
    os.seteuid(NOBODY)
    try:
        return inside(*arguments)
    finally:
        os.seteuid(0)


def test_an_unwritable_folder_is_told(inside, foreign_folder):
    np.save("image.npy", np.ones((4, 4)))
    np.save("kernel.npy", np.ones((2, 2)))
    before = listing()
    done = unprivileged(inside, *RUN.split(), "-o", "y.npy")
    check(done, 4, ["y.npy", "not writable"])
    assert before == listing()


def test_a_read_only_output_is_left_alone(inside, foreign_folder):
    foreign_folder.chmod(0o777)
    np.save("image.npy", np.ones((4, 4)))
    np.save("kernel.npy", np.ones((2, 2)))
    (foreign_folder / "y.npy").write_bytes(b"old")
    done = unprivileged(inside, *RUN.split(), "-o", "y.npy", "--force")
    check(done, 4, ["y.npy", "read-only"])
    assert b"old" == (foreign_folder / "y.npy").read_bytes()


def test_an_unreadable_input_is_told(inside, foreign_folder):
    np.save("image.npy", np.ones((4, 4)))
    np.save("kernel.npy", np.ones((2, 2)))
    (foreign_folder / "image.npy").chmod(0o600)
    done = unprivileged(inside, *RUN.split())
    check(done, 3, ["image.npy", "Permission denied"])


@pytest.mark.usefixtures("image")
@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("shape -i 3x9x9 conv:8,k3", 0),
        ("shape conx:8", 2),
        ("shape --bogus", 2),
        ("run missing.npy --kernel kernel.npy", 3),
        (f"{RUN} -o missing/y.npy", 4),
    ],
)
def test_the_exit_codes_of_a_process(convcalc, line, code):
    done = convcalc(*line.split())
    assert code == done.code
    if code:
        check(done, code, [])
        assert done.err.startswith("convcalc: error: ")


def broken(monkeypatch, error):
    """The calculator has a fault."""

    def fail(given):
        raise error

    monkeypatch.setattr("convcalc.cli.commands.shape_rf.shape", fail)


def test_a_bug_is_told_in_few_lines(inside, monkeypatch):
    broken(monkeypatch, ZeroDivisionError("a \x1b[31m fault"))
    done = inside("shape")
    check(done, 70, ["bug", "ZeroDivisionError", "CONVCALC_TRACEBACK=1"])
    assert "\x1b" not in done.err


def test_a_bug_shows_its_place_on_request(inside, monkeypatch):
    broken(monkeypatch, ZeroDivisionError("a fault"))
    monkeypatch.setenv("CONVCALC_TRACEBACK", "1")
    done = inside("shape")
    assert (70, "") == (done.code, done.out)
    assert all(word in done.err for word in ("Traceback", "ZeroDivisionError", "bug"))


def test_memory_that_runs_out_is_no_bug(inside, monkeypatch):
    broken(monkeypatch, MemoryError("Unable to allocate 5 TiB"))
    check(inside("shape"), 4, ["memory", "5 TiB"])


def test_a_warning_of_a_library_is_one_line(inside, monkeypatch):
    import warnings

    def warned(given):
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.showwarning = sys_showwarning()
            warnings.warn("something\nodd", UserWarning, stacklevel=1)

    def sys_showwarning():
        from convcalc.cli import main

        return main._show_warning

    monkeypatch.setattr("convcalc.cli.commands.shape_rf.shape", warned)
    assert "convcalc: warning: something odd\n" == inside("shape").err


def test_several_writers_never_share_a_temporary_file(folder, save):
    save("image.npy", np.ones((400, 400)))
    save("kernel.npy", np.ones((3, 3)))
    command = [*COMMAND, *RUN.split(), "-q", "-f", "-o", "y.npy"]
    running = [subprocess.Popen(command, env=environment()) for _ in range(3)]
    assert [0, 0, 0] == [process.wait(timeout=60) for process in running]
    assert (398, 398) == np.load("y.npy").shape
    assert {"image.npy", "kernel.npy", "y.npy"} == set(os.listdir())
