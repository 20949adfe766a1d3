"""A file that is refused is told the same in Python as on the command line."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

import convcalc
from convcalc.errors import ConvcalcError

HERE = Path(__file__).parents[2] / "importers"
NETWORK = "give the layers of a network, or the name of one: convcalc networks lists them"
READ = "expected a regular file"
CUT = "is damaged: File is not a zip file; copy it again"

CONTENTS = {
    "empty.onnx": b"",
    "empty.keras": b"",
    "text.pt2": b"conv:8,k3\n",
    "text.tflite": b"conv:8,k3\n",
    "not.h5": b"\xff\xfe\xfd",
    "x.onnx": b"\x89PNG\r\n\x1a\n\0",
    "x.pkl": b"\x80\x04\x95\0",
    "latin.spec": "# \N{LATIN SMALL LETTER E WITH ACUTE}\nrelu".encode("latin-1"),
    "input.spec": b"# input 3xy\nrelu\n",
    "fault.spec": b"relu\nconx:3\n",
    "empty.spec": b"",
    "cut.json": b'{"convcalc_network": 1, "nodes": [',
    "cut.onnx": b"\x08\x08\x12\x07pytorch\x1a\x052.1.0\x42\x02\x10\x11\x3a\x09hello",
    "cut.keras": (HERE / "keras_models" / "unet.keras").read_bytes()[:-100],
    "cut.pt2": (HERE / "exported" / "resnet18.pt2").read_bytes()[:-100],
}

TOLD = [
    ("missing.onnx", "cannot read 'missing.onnx': No such file or directory"),
    ("./missing", "cannot read './missing': No such file or directory"),
    ("folder.keras", f"'folder.keras' is a folder, not a Keras model; {NETWORK}"),
    ("./folder", f"cannot read './folder': it is a folder, {READ}"),
    ("pipe.spec", f"cannot read 'pipe.spec': it is a named pipe, {READ}; use - for standard input"),
    ("empty.onnx", f"'empty.onnx' is empty, not an ONNX model; {NETWORK}"),
    ("empty.keras", f"'empty.keras' is empty, not a Keras model; {NETWORK}"),
    ("text.pt2", f"'text.pt2' is text, not a program of torch.export; {NETWORK}"),
    ("text.tflite", f"'text.tflite' is text, not a TFLite model; {NETWORK}"),
    (
        "not.h5",
        "'not.h5' is not an HDF5 file of Keras or others as its name says, or damaged; " + NETWORK,
    ),
    ("x.onnx", f"'x.onnx' is a PNG image; {NETWORK}"),
    (
        "x.pkl",
        "'x.pkl' is a pickle; it is not read: give what print(model) shows of the PyTorch model, "
        "or its layers as text",
    ),
    ("latin.spec", "'latin.spec' is no text in UTF-8: byte 2 is 0xe9"),
    (
        "input.spec",
        "expected channels and up to 3 spatial sizes after '# input', as 3x224x224 ('input.spec', "
        "line 1, column 9)\n  # input 3xy\n          ^^^",
    ),
    (
        "fault.spec",
        "unknown kind 'conx'; did you mean 'conv'? ('fault.spec', line 2, column 1)\n  conx:3\n"
        "  ^^^^",
    ),
    (
        "empty.spec",
        "expected a layer, as conv:64,k3,p1; found none ('empty.spec', column 1)\n  \n  ^",
    ),
    ("cut.json", "'cut.json' is no JSON: Expecting value: line 1 column 35 (char 34)"),
    ("cut.onnx", "'cut.onnx' is cut short"),
    ("cut.keras", f"'cut.keras' {CUT}"),
    ("cut.pt2", f"'cut.pt2' {CUT}"),
]


@pytest.fixture
def files(folder):
    """One of each kind that is refused."""
    for name, content in CONTENTS.items():
        (folder / name).write_bytes(content)
    for name in ("folder.keras", "folder"):
        (folder / name).mkdir()


def refused(inside, name):
    """What Python is told of a file, once the command line has told it, too."""
    with pytest.raises(ConvcalcError) as caught:
        convcalc.from_file(name)
    done = inside("summary", name)
    code = caught.value.exit_code
    assert (code, "", f"convcalc: error: {caught.value}\n") == done[:3]
    return str(caught.value)


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(("name", "told"), TOLD, ids=[name for name, _ in TOLD])
def test_a_file_is_refused_in_the_same_words(inside, name, told):
    if name == "cut.onnx":
        pytest.importorskip("onnx")
    if name == "pipe.spec":
        getattr(os, "mkfifo", lambda _: pytest.skip("there are no named pipes"))(name)
    assert told == refused(inside, name)


@pytest.mark.parametrize(
    ("name", "library", "told"),
    [
        ("net.onnx", "onnx", "an ONNX model needs onnx; pip install 'convcalc[onnx]' brings it"),
        (
            "net.h5",
            "h5py",
            "an .h5 model of Keras needs h5py; pip install 'convcalc[keras]' brings it",
        ),
        (
            "net.tflite",
            "tflite",
            "a TFLite model needs the package tflite; pip install 'convcalc[tflite]' brings it",
        ),
        (
            "net.pt",
            "torch",
            "a model of PyTorch needs torch; pip install 'convcalc[torch]' brings it",
        ),
    ],
)
def test_an_extra_that_is_missing_is_named(inside, folder, monkeypatch, name, library, told):
    content = {
        "net.onnx": b"\x08\x08\x3a\x05hello",
        "net.tflite": b"\x1c\0\0\0TFL3" + bytes(80),
    }
    if name in content:
        (folder / name).write_bytes(content[name])
    elif name == "net.h5":
        shutil.copy(HERE / "keras_weights" / "maps.h5", name)
    else:
        import zipfile

        with zipfile.ZipFile(name, "w") as archive:
            archive.writestr("net/constants.pkl", b"")
    monkeypatch.setitem(sys.modules, library, None)
    assert told == refused(inside, name)


def test_a_dash_is_no_standard_input_in_python(folder, typed):
    typed(b"relu\n")
    with pytest.raises(ConvcalcError, match=r"^cannot read '-': No such file or directory$"):
        convcalc.from_file("-")
