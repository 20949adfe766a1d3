"""Files that are no arrays, arrays that do not fit each other, and too little memory for them."""

from __future__ import annotations

import os
import pickle

import numpy as np
import pytest
from cli_support import limited, listing
from refusals import RUN, check

from unix import resource, unix_files


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
        pytest.param(
            "run /dev/zero --kernel kernel.npy", ["/dev/zero", "device"], marks=unix_files
        ),
        ("run image.npy/x --kernel kernel.npy", ["image.npy/x"]),
        ("run image.npy --network pw:1 --weights image.npy", ["image.npy", ".npz"]),
        ("run image.npy --network pw:1 --weights missing.npz", ["missing.npz"]),
        ("run all.npz --kernel kernel.npy", ["all.npz", "one", "two"]),
        ("run all.npz:thre --kernel kernel.npy", ["thre", "one", "two"]),
    ],
)
def test_an_input_that_is_no_array_file_is_refused(inside, line, words):
    if "pipe" in line:
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
