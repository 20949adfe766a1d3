"""Files of other kinds given as a network: one line says what they are, and what to give."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from refusals import check

from convcalc.cli.parsing.network_argument import FILE_ENDINGS
from convcalc.importers.files.file_kinds import BY_ENDING, WITHOUT_SIGN

PRINT = "it is not read: give what print(model) shows of the PyTorch model, or its layers as text"
SAVED = f"{PRINT}; weights go into run --weights"
LAYERS = "it is not read: give its layers as text"
READ = "it is no text; convcalc convert MODEL -o net.spec writes one"
DAMAGED = "as its name says, or damaged"
NETWORK = "give the layers of a network, or the name of one: convcalc networks lists them"
BESIDE = "give the network beside them: convcalc run INPUT.npy --network NET --weights "


def refused(done, told):
    """One line tells it, and nothing else."""
    assert (3, "", f"convcalc: error: {told}\n") == done[:3]


# --- files of one sign or another

MODEL = b"\x08\x08\x12\x07pytorch\x1a\x052.1.0\x42\x02\x10\x11\x42\x0b\x0a\x07ai.test\x10\x01"
GRAPH = b"\x3a\x05hello"
ONNX = "an ONNX model (IR 8, opset 17, by pytorch 2.1.0)"


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("x.onnx", MODEL, f"not an ONNX model {DAMAGED}; {NETWORK}"),
        ("x.onnx", b"\x08", f"not an ONNX model {DAMAGED}; {NETWORK}"),
        ("x.onnx", b"\x08" + b"\xff" * 80, f"not an ONNX model {DAMAGED}; {NETWORK}"),
        ("x.onnx", b"", f"empty, not an ONNX model; {NETWORK}"),
        ("x.onnx", b"conv:8,k3\n", f"text, not an ONNX model; {NETWORK}"),
        ("X.ONNX", b"\x89PNG\r\n\x1a\n\0", f"a PNG image; {NETWORK}"),
        ("x.pth", b"", f"empty, not a file of torch.save; {NETWORK}"),
        ("x.pth", b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.", f"a file of torch.save; {SAVED}"),
        ("x.pkl", b"\x80\x04\x95\0", f"a pickle; {PRINT}"),
        ("x.h5", b"\x89HDF\r\n\x1a\n\0", f"an HDF5 file of Keras or others; {READ}"),
        ("x.h5", b"\xff\xfe\xfd", f"not an HDF5 file of Keras or others {DAMAGED}; {NETWORK}"),
        ("x.tflite", b"\x1c\0\0\0TFL3", f"a TFLite model; {READ}"),
        ("x.pb", b"\x0a\xff\x01", f"a TensorFlow graph; {LAYERS}"),
        ("x.mlmodel", b"\x08\x04\x12\xff\x01", f"a Core ML model; {PRINT}"),
        (
            "x.caffemodel",
            b"\x0a\xff\x01",
            "weights of Caffe; give the layers that its prototxt describes as text",
        ),
        ("x.gguf", b"GGUF\3\0\0\0", f"weights in GGUF, without an architecture; {NETWORK}"),
        ("x.pt", b"<!DOCTYPE html><html>", "a web page; download the file itself"),
        (
            "x.safetensors",
            b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n",
            "a pointer of Git LFS; git lfs pull brings the file",
        ),
        ("x.spec", b"\x1f\x8b\x08\0", "gzip-compressed; unpack it first"),
    ],
)
def test_a_file_is_told_by_its_content_or_its_ending(inside, name, content, told):
    Path(name).write_bytes(content)
    refused(inside("fmt", name), f"'{name}' is {told}")


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("x.onnx", MODEL + GRAPH, ONNX),
        ("x.bin", MODEL + GRAPH, ONNX),
        ("x.onnx", b"\x08\x03" + GRAPH, "an ONNX model (IR 3)"),
        ("x.onnx", MODEL + GRAPH[:-1], "an ONNX model that is cut short"),
        ("x.onnx", MODEL + b"\x3a" + b"\xff" * 9 + b"\x7f", "an ONNX model that is cut short"),
    ],
)
def test_an_onnx_model_is_no_text(inside, name, content, told):
    Path(name).write_bytes(content)
    refused(inside("fmt", name), f"'{name}' is {told}; {READ}")


def test_every_command_that_takes_a_network_reads_an_onnx_model(inside, save, monkeypatch):
    monkeypatch.setattr("convcalc.importers.files.onnx_file.find_spec", lambda name: None)
    save("y.npy", np.ones((1, 2, 2)))
    Path("x.onnx").write_bytes(MODEL + GRAPH)
    commands = (
        *(["shape", "x.onnx"], ["rf", "x.onnx"], ["weights", "x.onnx"]),
        *(["diff", "x.onnx", "relu"], ["run", "y.npy", "--network", "x.onnx"]),
    )
    told = "an ONNX model needs onnx; pip install 'convcalc[onnx]' brings it"
    for words in commands:
        assert (2, "", f"convcalc: error: {told}\n") == inside(*words)[:3]


def test_a_text_is_read_whatever_it_begins_with(inside):
    for name, text in (("a.net", "residual{conv:3,k1 | }"), ("b.net", "GIF8=relu")):
        Path(name).write_text(text, encoding="utf-8")
        assert 0 == inside("shape", name).code
    Path("empty.spec").touch()
    assert "empty, not" not in inside("shape", "empty.spec").err


def test_every_command_that_takes_a_network_tells_it(inside, save):
    save("y.npy", np.ones((1, 2, 2)))
    Path("x.pb").write_bytes(b"\x0a\xff\x01")
    commands = (
        *(["shape", "x.pb"], ["rf", "x.pb"], ["weights", "x.pb"], ["fmt", "x.pb"]),
        *(["diff", "x.pb", "relu"], ["run", "y.npy", "--network", "x.pb"]),
    )
    for words in commands:
        refused(inside(*words), f"'x.pb' is a TensorFlow graph; {LAYERS}")


def test_a_file_that_is_not_there_is_told_as_such(inside):
    for ending in FILE_ENDINGS:
        done = inside("summary", f"missing{ending}")
        refused(done, f"cannot read 'missing{ending}': No such file or directory")


def test_the_endings_of_files_are_those_of_all_kinds():
    assert {".spec", ".txt", ".py", ".json", *BY_ENDING} == set(FILE_ENDINGS)
    assert set(WITHOUT_SIGN) <= set(BY_ENDING)


# --- folders


def test_a_folder_is_told_by_what_is_in_it_or_by_its_ending(inside):
    os.makedirs("x.onnx")
    refused(inside("summary", "x.onnx"), f"'x.onnx' is a folder, not an ONNX model; {NETWORK}")
    os.makedirs("saved/variables")
    Path("saved/saved_model.pb").touch()
    told = f"'./saved' is a SavedModel of TensorFlow; {LAYERS}"
    refused(inside("summary", "./saved"), told)
    os.makedirs("other")
    refused(
        inside("summary", "./other"),
        "cannot read './other': it is a folder, expected a regular file",
    )


# --- weights alone

STATE = {
    "conv.weight": np.zeros((4, 3, 3, 3), "f4"),
    "conv.bias": np.zeros(4, "f4"),
    "bn.running_mean": np.zeros(4, "f4"),
    "bn.num_batches_tracked": np.int64(3),
}
COUNTED = (
    "weights without an architecture: 112 parameters in 2 arrays "
    "(and 5 elements of statistics in 2)"
)


def safetensors(shapes):
    """The header of a file of float32, and a hole in its place."""
    header, end = {}, 0
    for name, shape in shapes.items():
        begin, end = end, end + 4 * int(np.prod(shape, dtype=int))
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text, end


def test_an_archive_of_numpy_is_counted(inside):
    np.savez("w.npz", **STATE)
    refused(inside("summary", "w.npz"), f"'w.npz' is {COUNTED}; {BESIDE}w.npz")
    np.savez("my w.npz", w=np.ones(1))
    told = "weights without an architecture: 1 parameter in 1 array"
    refused(inside("summary", "my w.npz"), f"'my w.npz' is {told}; {BESIDE}'my w.npz'")


@pytest.mark.parametrize("name", ["w.safetensors", "w.bin"])
def test_safetensors_are_counted_without_their_data(inside, name):
    head, end = safetensors({"a.weight": (1000, 1000, 1000), "a.bias": (7,), "b.running_var": (2,)})
    with open(name, "wb") as file:
        file.write(head)
        file.truncate(len(head) + end)
    told = "1,000,000,007 parameters in 2 arrays (and 2 elements of statistics in 1)"
    refused(
        inside("summary", name),
        f"'{name}' is weights without an architecture: {told}; {BESIDE}{name}",
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xff" * 7 + b"\x7f{}", ["declare a header of 9,223,372,036,854,775,807"]),
        (b"\x02\0\0\0\0\0\0\0[]", ["it is no JSON object"]),
        (safetensors({"w": (2,)})[0] + bytes(7), ["'w.safetensors' is truncated"]),
    ],
)
def test_damaged_weights_are_told_as_such(inside, content, words):
    Path("w.safetensors").write_bytes(content)
    check(inside("summary", "w.safetensors"), 3, words, lines=1)


def test_files_of_torch_are_counted_or_named(inside):
    torch = pytest.importorskip("torch")
    state = {name: torch.tensor(array) for name, array in STATE.items()}
    for saved in (state, {"state_dict": state, "epoch": 3}):
        torch.save(saved, "w.pth")
        refused(inside("summary", "w.pth"), f"'w.pth' is {COUNTED}; {BESIDE}w.pth")
    torch.save(torch.nn.Linear(2, 1), "w.pt")
    named = "a file of torch.save that wants code of Python, 'torch.nn.modules.linear.Linear'"
    refused(inside("summary", "w.pt"), f"'w.pt' is {named}; {PRINT}")
    torch.save([1, 2], "w.ckpt")
    told = f"a file of torch.save without weights by name; {NETWORK}"
    refused(inside("summary", "w.ckpt"), f"'w.ckpt' is {told}")


@pytest.mark.parametrize(
    ("members", "told"),
    [
        (["m/archive_format", "m/models/model.json"], f"a program of torch.export; {READ}"),
        (["serialized_exported_program.json"], f"a program of torch.export; {READ}"),
        (["m/data.pkl"], f"a file of torch.save; {SAVED}"),
        (["config.json", "metadata.json", "model.weights.h5"], f"a Keras model; {READ}"),
        (["a.txt", "b.txt"], f"a zip archive of 2 files; {NETWORK}"),
        (["a.txt"], f"a zip archive of 1 file; {NETWORK}"),
    ],
)
def test_a_zip_archive_is_told_by_its_members(inside, members, told):
    with zipfile.ZipFile("x.onnx", "w") as archive:
        for name in members:
            archive.writestr(name, b"?")
    refused(inside("fmt", "x.onnx"), f"'x.onnx' is {told}")


def test_a_program_of_torchscript_that_is_damaged_is_told_as_one(inside):
    pytest.importorskip("torch")
    with zipfile.ZipFile("x.pt", "w") as archive:
        for name in ("m/data.pkl", "m/constants.pkl", "m/version"):
            archive.writestr(name, b"?")
    words = ["'x.pt' is a TorchScript program that torch cannot load: "]
    check(inside("fmt", "x.pt"), 3, words, lines=1)


def test_a_zip_archive_that_is_cut_short_is_told_as_such(inside):
    np.savez("w.npz", **STATE)
    Path("w.npz").write_bytes(Path("w.npz").read_bytes()[:-40])
    check(inside("summary", "w.npz"), 3, ["'w.npz' is damaged", "copy it again"], lines=1)
