"""Models that other programs have saved, on the command line."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import pytest
from cli_support import call, loaded_by

HERE = Path(__file__).parents[2] / "importers"
KERAS = HERE / "keras_models" / "unet.keras"
EXPORTED = HERE / "exported" / "resnet18.pt2"


def test_a_model_of_keras_is_summarised_by_its_layers():
    run = call("summary", str(KERAS), "--format", "json")
    totals = json.loads(run.out)["totals"]
    assert (81_458, 77_398_016) == (totals["params"], totals["macs"])
    assert "channels first: the model's 64x64x3 is 3x64x64 here" in run.err


def test_an_input_of_other_channels_than_a_model_of_keras_has_is_refused():
    run = call("summary", str(KERAS), "-i", "64x64x3")
    assert 2 == run.code
    assert "the model takes an input 3x64x64, got 64x64x3" in run.err
    assert 0 == call("summary", str(KERAS), "-i", "3x96x96").code


def test_a_file_of_one_model_has_no_others_behind_a_colon():
    for path in (KERAS, EXPORTED):
        run = call("summary", f"{path}:other")
        assert (2, f"convcalc: error: '{path}' holds one model, and no 'other'\n") == (
            run.code,
            run.err,
        )


def test_an_exported_program_is_summarised_by_its_modules_without_torch():
    run = call("summary", str(EXPORTED), "--depth", "1", "--format", "json")
    document = json.loads(run.out)
    assert 1_814_073_344 == document["totals"]["macs"]
    loaded = loaded_by("summary", str(EXPORTED))
    assert not {"torch", "onnx", "h5py", "tflite"} & loaded


def test_the_content_decides_whatever_the_name(tmp_path):
    path = tmp_path / "model.bin"
    shutil.copy(KERAS, path)
    assert 0 == call("flops", str(path)).code


def test_another_size_is_asked_for_by_the_input():
    run = call("summary", str(KERAS), "-i", "3x128x128", "--format", "json")
    assert 4 * 77_398_016 == json.loads(run.out)["totals"]["macs"]


def test_a_model_that_is_broken_is_one_line(tmp_path):
    path = tmp_path / "net.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", "{}")
        archive.writestr("config.json", '{"class_name": "MyNet", "config": {}}')
    run = call("summary", str(path))
    assert 3 == run.code
    assert run.err == (
        f"convcalc: error: '{path}': the model is of class MyNet, whose layers are in Python code, "
        "not in the file\n"
    )


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (KERAS.read_bytes(), "a zip archive, as .keras, .pt2, .pth and .npz are"),
        (b"\x1c\0\0\0TFL3" + bytes(80), "a TFLite model"),
        (b"\x89HDF\r\n\x1a\n" + bytes(80), "an HDF5 file of Keras or others"),
        (b"\x08\x03\x12\x07pytorch", "an ONNX model"),
    ],
)
def test_a_model_that_is_piped_in_is_told_what_it_is(data, told):
    run = call("summary", "-", stdin=data)
    assert 3 == run.code
    assert run.err.strip() == (
        f"convcalc: error: standard input is {told}; give the name of the file in place of '-'"
    )
