"""Weights that torch.save wrote: tensors are read, what a pickle wants beside them is not run."""

from __future__ import annotations

import argparse
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

import convcalc
from convcalc.errors import DataError, ResourceError, UsageError
from convcalc.execute.weights import torch_files
from convcalc.execute.weights.files import read_weights

torch = pytest.importorskip("torch")


class Trap:
    """Makes a file when its pickle is read."""

    def __reduce__(self):
        return open, ("trapped", "w")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("archive", [True, False])
@pytest.mark.parametrize("key", [None, "state_dict", "model_state_dict", "model"])
def test_tensors_are_read_by_name(archive, key):
    state = {"a": torch.arange(6.0).reshape(2, 3).T, "b": torch.tensor([1, 2], dtype=torch.int16)}
    torch.save({key: state} if key else state, "w.pt", _use_new_zipfile_serialization=archive)
    found = read_weights("w.pt")
    assert [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]] == found.arrays["a"].tolist()
    assert ("int16", [1, 2]) == (found.arrays["b"].dtype.name, found.arrays["b"].tolist())
    expected = f"the weights are those that the file has under '{key}'"
    assert ((expected,) if key else (), True) == (found.notes, found.in_order)


def test_dtypes_stay_and_bfloat16_becomes_float32():
    names = ("float16", "float64", "bfloat16", "int64", "uint8")
    torch.save({name: torch.ones(2, dtype=getattr(torch, name)) for name in names}, "w.pth")
    found = read_weights("w.pth")
    dtypes = ["float16", "float64", "float32", "int64", "uint8"]
    assert dtypes == [array.dtype.name for array in found.arrays.values()]
    note = "1 array of bfloat16 is read as float32, which holds it exactly"
    assert (note,) == found.notes


def test_what_is_no_tensor_is_left_out_with_a_note():
    state = torch.nn.Linear(2, 1).state_dict()
    state["_extra_state"] = None
    torch.save(state, "w.pth")
    found = read_weights("w.pth")
    assert ["weight", "bias"] == list(found.arrays)
    assert ("no tensor, so left out: _extra_state",) == found.notes


@pytest.mark.parametrize("archive", [True, False])
@pytest.mark.parametrize(
    ("saved", "name"),
    [
        (Trap, "'io.open'"),
        (lambda: {"state_dict": {"w": torch.ones(1)}, "x": Trap()}, "'io.open'"),
        (lambda: {"w": torch.ones(1), "args": argparse.Namespace()}, "'argparse.Namespace'"),
        (lambda: torch.nn.Conv2d(1, 1, 1), "'torch.nn.modules.conv.Conv2d'"),
    ],
)
def test_code_is_named_and_not_run(saved, name, archive):
    torch.save(saved(), "w.pth", _use_new_zipfile_serialization=archive)
    with pytest.raises(DataError) as caught:
        read_weights("w.pth")
    told = str(caught.value)
    assert f"'w.pth' is a pickle that wants code of Python, {name}, which is not run; " in told
    assert "torch.save(model.state_dict(), 'weights.pth')" in told
    assert not Path("trapped").exists()


def test_a_program_of_torch_is_named():
    with zipfile.ZipFile("w.pt", "w") as archive:
        for name in ("w/data.pkl", "w/constants.pkl", "w/code/__torch__.py"):
            archive.writestr(name, b"x")
    with pytest.raises(DataError, match=r"^'w.pt' is a TorchScript program, not weights; save"):
        read_weights("w.pt")


def saved_bytes():
    torch.save({"w": torch.arange(100.0)}, "w.pth")
    return Path("w.pth").read_bytes()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (lambda: b"", "is empty, not of torch.save"),
        (lambda: b"\x89PNG\r\n\x1a\n" + bytes(40), "is not of torch.save; save the weights alone"),
        (lambda: b"conv:8,k3\n", "is not of torch.save"),
        (lambda: pickle.dumps(Trap(), 4), "is a pickle, but not of torch.save"),
        (lambda: pickle.dumps(Trap(), 2), "is a pickle that wants code of Python, 'io.open'"),
        (lambda: pickle.dumps([1.5] * 3, 2), "is damaged, or not written by torch.save"),
        (lambda: saved_bytes()[:-30], "is damaged"),
        (lambda: saved_bytes()[:100], "is damaged"),
        # The length of a text of 2^63 - 1 bytes, and of a list that is nowhere.
        (lambda: b"\x80\x02\x8d" + b"\xff" * 7 + b"\x7f.", "is damaged"),
        (lambda: b"\x80\x02e.", "is damaged"),
    ],
)
def test_a_damaged_file_is_refused_in_one_line(content, expected):
    Path("w.pth").write_bytes(content())
    with pytest.raises(DataError) as caught:
        read_weights("w.pth")
    assert f"'w.pth' {expected}" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not Path("trapped").exists()


@pytest.mark.parametrize(
    ("saved", "expected"),
    [
        (lambda: torch.ones(3), "holds a Tensor, expected tensors by name"),
        (lambda: [torch.ones(3)], "holds a list, expected tensors by name"),
        (dict, "holds no tensors by name, but nothing"),
        (lambda: {"epoch": 3, "lr": 0.1}, "holds no tensors by name, but 'epoch', 'lr'"),
        (lambda: {"w": torch.ones(2, 2).to_sparse()}, "has 'w' as a tensor that is sparse"),
        (lambda: {"w": torch.ones(2, device="meta")}, "has 'w' as a tensor that is sparse"),
        (lambda: {"w": torch.ones(2).to(torch.float8_e4m3fn)}, "has 'w' of dtype float8_e4m3fn"),
    ],
)
def test_what_holds_no_weights_is_told_in_one_line(saved, expected):
    torch.save(saved(), "w.pth")
    with pytest.raises(DataError) as caught:
        read_weights("w.pth")
    assert f"'w.pth' {expected}" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_archive_that_unpacks_to_more_than_it_is_is_refused():
    with zipfile.ZipFile("w.pth", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("w/data.pkl", bytes(1000))
    with pytest.raises(DataError, match=r"^'w.pth' is compressed, which torch.save does not"):
        read_weights("w.pth")
    with zipfile.ZipFile("w.pth", "w") as archive:
        archive.writestr("w.npy", bytes(10))
    with pytest.raises(DataError, match=r"^'w.pth' is a zip archive, but not of torch.save"):
        read_weights("w.pth")


def test_one_number_under_a_huge_shape_needs_its_memory(monkeypatch):
    monkeypatch.setattr(torch_files, "available_memory", lambda: 10**9)
    torch.save({"w": torch.ones(1).expand(10**6, 10**6)}, "w.pth")
    with pytest.raises(ResourceError, match=r"'w.pth' needs 8,000,000,000,000 bytes of memory"):
        read_weights("w.pth")


def test_without_torch_it_says_what_brings_it(monkeypatch):
    monkeypatch.setattr(torch_files, "find_spec", lambda _: None)
    with pytest.raises(UsageError, match=r"not installed; pip install 'convcalc\[torch\]' brings"):
        read_weights("w.pth")


def test_a_model_of_torch_takes_a_file(tmp_path):
    network = convcalc.parse("conv:1,k1")
    state = {"module.0.weight": torch.full((1, 1, 1, 1), 2.0), "module.0.bias": torch.ones(1)}
    torch.save(state, "w.pth")
    np.savez("w.npz", **{"0.weight": np.full((1, 1, 1, 1), 2.0), "0.bias": np.ones(1)})
    for path in ("w.pth", tmp_path / "w.npz"):
        model = network.to_torch((1, 2, 2), weights=path)
        assert [[[[7.0]]]] == model(torch.full((1, 1, 1, 1), 3.0)).tolist()
