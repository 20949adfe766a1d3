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


@pytest.mark.parametrize(
    ("change", "code", "told"),
    [
        (_huge, 4, "needs 26,388,279,"),
        (_elsewhere, 3, "weights of layer 'first' in"),
        (_smaller, 3, "weights of layer 'first' in"),
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
