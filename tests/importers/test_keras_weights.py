"""Weights inside files of Keras: what is computed with them is what Keras computes.

The files and what Keras 3.15 gives on torch were written by `keras_small.py`.
"""

from __future__ import annotations

import importlib.util
import io
import os
import shutil
import zipfile

import numpy as np
import pytest
from keras_small import FOLDER, MODELS, saved

from convcalc.cli.main import run

h5py = pytest.importorskip("h5py")


def computed(path, x, folder, *words):
    np.save(folder / "x.npy", x)
    last = x.ndim == 4
    layout = ("--layout", "nhwc") if last else ()
    out = str(folder / "y.npy")
    command = ["run", str(folder / "x.npy"), "--network", str(path), "-o", out, "-f", "-q"]
    assert 0 == run([*command, "--backend", "numpy", *layout, *words])
    return np.load(out)


@pytest.mark.parametrize("ending", ["keras", "h5"])
@pytest.mark.parametrize("name", MODELS)
def test_a_model_gives_what_keras_gives(tmp_path, name, ending):
    held = np.load(FOLDER / f"{name}.npz")
    found = computed(FOLDER / f"{name}.{ending}", held["x"], tmp_path, "--dtype", "float32")
    found = found.transpose(0, 2, 3, 1) if name == "made" else found
    np.testing.assert_allclose(found, held["y"], rtol=1e-4, atol=1e-4 * abs(held["y"]).max())


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", MODELS)
def test_a_model_gives_what_todays_keras_gives(tmp_path, name):
    if importlib.util.find_spec("keras") is None or importlib.util.find_spec("torch") is None:
        pytest.skip("needs keras and torch")
    os.environ.setdefault("KERAS_BACKEND", "torch")
    saved(name, tmp_path)
    held = np.load(tmp_path / f"{name}.npz")
    found = computed(tmp_path / f"{name}.keras", held["x"], tmp_path, "--dtype", "float32")
    found = found.transpose(0, 2, 3, 1) if name == "made" else found
    np.testing.assert_allclose(found, held["y"], rtol=1e-4, atol=1e-4 * abs(held["y"]).max())


def changed(folder, change):
    """The `.keras` with other arrays."""
    path = folder / "other.keras"
    with zipfile.ZipFile(FOLDER / "maps.keras") as old, zipfile.ZipFile(path, "w") as new:
        for one in old.infolist():
            data = io.BytesIO(old.read(one))
            if one.filename.endswith(".h5"):
                with h5py.File(data, "r+") as file:
                    change(file)
            new.writestr(one.filename, data.getvalue())
    return path


def refused(path, folder, capsys):
    np.save(folder / "x.npy", np.zeros((1, 8, 8, 3), "float32"))
    words = ["run", str(folder / "x.npy"), "--network", str(path), "--layout", "nhwc", "-q"]
    code = run(words)
    return code, capsys.readouterr().err


def _huge(file):
    del file["layers/conv2d/vars/0"]
    file.create_dataset("layers/conv2d/vars/0", (2**20, 2**20), "f8", chunks=(64, 64))


def _elsewhere(file):
    del file["layers/conv2d/vars/0"]
    file["layers/conv2d/vars/0"] = h5py.ExternalLink("/etc/passwd", "/x")


def _smaller(file):
    del file["layers/conv2d/vars/0"]
    file["layers/conv2d/vars/0"] = np.zeros((3, 3, 3, 2))


def _array_for_a_group(file):
    file["layers/odd"] = np.zeros(3)
    file["layers/conv2d/vars/\u00b2"] = np.zeros(3)


def _type_for_a_group(file):
    file["layers/odd"] = np.dtype("f4")
    del file["layers/conv2d/vars/0"]
    file["layers/conv2d/vars/0"] = np.dtype("f4")


@pytest.mark.parametrize(
    ("change", "code", "told"),
    [
        (_huge, 4, "needs 26,388,279,"),
        (_elsewhere, 3, "weights of layer 'first' in"),
        (_smaller, 3, "weights of layer 'first' in"),
        (_array_for_a_group, 3, "weights of layer 'first' in"),
        (_type_for_a_group, 3, "weights of layer 'first' in"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(tmp_path, capsys, change, code, told):
    found, said = refused(changed(tmp_path, change), tmp_path, capsys)
    assert (code, 1) == (found, said.count("\n"))
    assert told in said


def test_an_architecture_alone_has_no_weights(tmp_path, capsys):
    path = tmp_path / "bare.keras"
    shutil.copy(FOLDER / "maps.keras", path)
    with zipfile.ZipFile(FOLDER / "maps.keras") as old, zipfile.ZipFile(path, "w") as new:
        for one in old.infolist():
            if not one.filename.endswith(".h5"):
                new.writestr(one.filename, old.read(one))
    code, said = refused(path, tmp_path, capsys)
    assert 3 == code
    assert "has no model.weights.h5: it holds no weights" in said


def test_a_link_in_front_of_all_layers_leads_nowhere(tmp_path, capsys):
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["layers/conv2d/vars/0"] = np.zeros((3, 3, 3, 4))

    def change(file):
        del file["layers"]
        file["layers"] = h5py.ExternalLink(str(tmp_path / "other.h5"), "/layers")

    code, said = refused(changed(tmp_path, change), tmp_path, capsys)
    assert (3, 1) == (code, said.count("\n"))
    assert "weights of layer 'first' in" in said
    assert "do not fit: not enough values to unpack (expected at least 1, got 0)" in said


def _names_are_a_number(first, other):
    first.attrs["weight_names"] = 5


def _names_are_no_text(first, other):
    first.attrs["weight_names"] = np.array([b"\xff/kernel"], "S8")


def _names_are_a_group(first, other):
    first.attrs["weight_names"] = ["first/below"]
    first.create_group("first/below")


def _names_lead_elsewhere(first, other):
    del first["first"]
    first["first"] = h5py.ExternalLink(other, "/")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (_names_are_a_number, "lists '5', and does not hold it"),
        (_names_are_no_text, "/kernel', and does not hold it"),
        (_names_are_a_group, "lists 'first/below', and does not hold it"),
        (_names_lead_elsewhere, "lists 'first/kernel', and does not hold it"),
    ],
)
def test_lists_of_arrays_that_are_none_are_one_line(tmp_path, capsys, change, told):
    shutil.copy(FOLDER / "maps.h5", tmp_path / "net.h5")
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["kernel"] = other["bias"] = np.zeros(3)
    with h5py.File(tmp_path / "net.h5", "r+") as file:
        change(file["model_weights/first"], str(tmp_path / "other.h5"))
    code, said = refused(tmp_path / "net.h5", tmp_path, capsys)
    assert (3, 1) == (code, said.count("\n"))
    assert told in said


def test_names_in_several_lists_are_those_of_one(tmp_path):
    shutil.copy(FOLDER / "maps.h5", tmp_path / "net.h5")
    with h5py.File(tmp_path / "net.h5", "r+") as file:
        group = file["model_weights/first"]
        kernel, bias = group.attrs["weight_names"]
        del group.attrs["weight_names"]
        group.attrs["weight_names0"], group.attrs["weight_names1"] = [kernel], [bias]
    held = np.load(FOLDER / "maps.npz")
    found = computed(tmp_path / "net.h5", held["x"], tmp_path, "--dtype", "float32")
    np.testing.assert_allclose(found, held["y"], rtol=1e-4, atol=1e-4 * abs(held["y"]).max())
