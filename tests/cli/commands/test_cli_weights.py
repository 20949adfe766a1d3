"""`weights`: the list of names, and a file of them that `run` takes."""

from __future__ import annotations

import csv
import io
import json
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from cli_support import listing, loaded_by, strict

IMPORTED = Path(__file__).parents[2] / "importers"
NET = ("conv:4,k3,nobias", "bn", "relu", "pw:2")
SHAPES = {
    "0.weight": [4, 1, 3, 3],
    "1.weight": [4],
    "1.bias": [4],
    "1.running_mean": [4],
    "1.running_var": [4],
    "3.weight": [2, 4, 1, 1],
    "3.bias": [2],
}


def read(path):
    with np.load(path) as archive:
        return {name: archive[name] for name in archive.files}


def test_the_list_on_a_terminal(on_terminal):
    done = on_terminal("weights", *NET, "-i", "1x8x8", "--color", "never")
    assert 0 == done.code
    rows = [line.split() for line in done.out.splitlines()]
    # The bound of 9 products before relu: sqrt(3 * 2 / 9)
    assert ["0.weight", "4x1x3x3", "36", "144", "-0.8165", "to", "0.8165"] in rows
    assert ["1.running_var", "4", "4", "16", "1"] in rows
    assert ["total", "62", "248"] in rows
    assert max(map(len, done.out.splitlines())) <= 80


def test_json_lists_names_shapes_dtype_and_bytes(inside):
    told = strict(inside("weights", *NET, "-i", "1x8x8", "--format", "json").out)
    assert (1, "weights", "float32", [1, 8, 8], 0, "complete") == tuple(
        told[key] for key in ("schema_version", "command", "dtype", "input", "seed", "status")
    )
    assert SHAPES == {row["name"]: row["shape"] for row in told["weights"]}
    assert {"arrays": 7, "numbers": 62, "params": 54, "bytes": 248} == told["totals"]
    first, *_, last = told["weights"]
    assert (36, 144, True) == (first["numbers"], first["bytes"], first["parameter"])
    assert "uniform" == first["init"]["distribution"]
    assert -first["init"]["low"] == first["init"]["high"] == (6 / 9) ** 0.5
    assert {"distribution": "constant", "value": 0.0} == last["init"]
    statistics = [row["name"] for row in told["weights"] if not row["parameter"]]
    assert ["1.running_mean", "1.running_var"] == statistics


def test_csv_and_markdown_have_the_same_rows(inside):
    rows = list(csv.DictReader(io.StringIO(inside("weights", *NET, "--format", "csv").out)))
    assert ["0.weight", "4x3x3x3", "108", "432"] == list(rows[0].values())[:4]
    assert "| 1.running_var | 4 | 4 | 16 | 1 |" in inside("weights", *NET, "--format", "md").out


def test_a_reference_network_brings_its_input(inside):
    done = inside("weights", "resnet18", "--format", "json")
    told = strict(done.out)
    assert ("", [3, 224, 224]) == (done.err, told["input"])
    # torchvision: 11,689,512 parameters; 4,800 channels are normalised, each with mean and variance
    assert (11689512, 11689512 + 2 * 4800) == (told["totals"]["params"], told["totals"]["numbers"])


def test_the_list_is_made_without_numpy():
    loaded = loaded_by("weights", "resnet18", "--format", "json")
    assert set() == loaded & {"numpy", "torch", "rich"}


@pytest.mark.parametrize(("dtype", "size"), [("float32", 4), ("float64", 8), ("float16", 2)])
def test_the_file_has_what_the_list_says(inside, dtype, size):
    command = ("weights", *NET, "-i", "1x8x8", "--dtype", dtype, "--init", "3", "-o", "w.npz")
    done = inside(*command)
    assert (0, "") == (done.code, done.out)
    assert f"wrote w.npz (7 arrays, 62 elements of {dtype}, {62 * size} bytes)" in done.err
    found = read("w.npz")
    assert {name: (dtype, shape) for name, shape in SHAPES.items()} == {
        name: (array.dtype, list(array.shape)) for name, array in found.items()
    }
    told = strict(inside(*command, "--force", "--format", "json").out)
    for row in told["weights"]:
        array = found[row["name"]].astype(float)
        if row["init"]["distribution"] == "constant":
            assert {row["init"]["value"]} == set(array.ravel().tolist())
        else:
            # A float16 may be rounded beyond the bound.
            assert (abs(array) <= row["init"]["high"] * (1 + 2.0**-11)).all()
            assert len(set(array.ravel().tolist())) > 0.9 * array.size
    assert (2 * size, 3) == (told["weights"][-1]["bytes"], told["seed"])


def test_without_a_seed_it_is_0_and_that_is_said(inside):
    done = inside("weights", *NET, "-o", "w.npz")
    assert "not given, so assumed: seed 0 (--init)" in done.err
    inside("weights", *NET, "-o", "same.npz", "--init", "0", "-q")
    assert listing()[os.path.abspath("w.npz")] == listing()[os.path.abspath("same.npz")]
    assert "" == inside("weights", *NET, "-o", "w.npz", "-f", "-q").err


def test_zeros(inside):
    assert 0 == inside("weights", *NET, "--init", "ZEROS", "-o", "w.npz").code
    sums = {name: float(array.sum()) for name, array in read("w.npz").items()}
    assert {**dict.fromkeys(SHAPES, 0), "1.running_var": 4} == sums
    told = strict(
        inside("weights", *NET, "--init", "zeros", "-o", "w.npz", "-f", "--format", "json").out
    )
    assert (None, 0) == (told["seed"], told["weights"][0]["init"]["value"])


@pytest.mark.parametrize("backend", ["numpy", "torch"])
def test_run_draws_the_numbers_of_the_file(inside, save, backend):
    save("x.npy", np.random.default_rng(0).standard_normal((1, 9, 7)), "f4")
    # Of another size than the input: the rules know channels only.
    inside("weights", *NET, "-i", "1x64x64", "--init", "11", "-o", "w.npz")
    command = ("run", "x.npy", "--network", " ".join(NET), "--backend", backend)
    assert 0 == inside(*command, "--weights", "w.npz", "-o", "one.npy").code
    assert 0 == inside(*command, "--random-weights", "11", "-o", "two.npy").code
    one, two = np.load("one.npy"), np.load("two.npy")
    assert one.tobytes() == two.tobytes()
    assert (2, 7, 5) == one.shape
    assert np.count_nonzero(one) > 0.9 * one.size


def test_more_than_a_thousand_arrays_are_written_and_read_back(inside, save):
    save("x.npy", np.ones((2, 4, 4)), "f4")
    text = "600xpw:2"
    assert 0 == inside("weights", text, "-i", "2x4x4", "--init", "1", "-o", "w.npz").code
    assert 1200 == len(zipfile.ZipFile("w.npz").namelist())
    done = inside("run", "x.npy", "--network", text, "--weights", "w.npz", "-o", "y.npy")
    assert 0 == done.code, done.err


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ((), 2, ("whose weights?", "resnet18")),
        (("resnet19",), 2, ("resnet18",)),
        (("conv:4,k3", "--init", "3"), 2, ("--init", "-o")),
        (("conv:4,k3", "--init", "one", "-o", "w.npz"), 2, ("--init", "'one'")),
        (("conv:4,k3", "--init", "-1", "-o", "w.npz"), 2, ("--init",)),
        (("conv:4,k3", "--dtype", "float8"), 2, ("--dtype", "float32, float64, float16")),
        (("conv:4,k3", "--dtype", "int8"), 2, ("--dtype",)),
        (("conv:4,k3", "-o", "w.npy"), 2, ("--output", "weights.npz")),
        (("conv:4,k3", "-o", "-"), 2, ("--output", "weights.npz")),
        (("conv:4,k3", "-o", ""), 2, ("--output",)),
        (("relu", "-o", "w.npz"), 2, ("no weights", "nothing to write")),
        (("conv:4,k3", "-i", "3x2x2", "-o", "w.npz"), 2, ("conv:4,k3",)),
        (("conv:4,k3", "-o", "no/w.npz"), 4, ("there is no folder 'no'",)),
        (("10001xpw:1,nobias", "-o", "w.npz"), 2, ("10,001 arrays", "10,000")),
        (("conv:4,k3", "-o", "old.npz"), 4, ("'old.npz'", "--force")),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_is_written(inside, save, arguments, code, words):
    with open("old.npz", "wb") as file:
        file.write(b"old")
    before = listing()
    done = inside("weights", *arguments)
    assert (code, "") == (done.code, done.out)
    assert all(word in done.err for word in words), done.err
    assert before == listing()


def test_force_replaces_an_old_file(inside):
    with open("w.npz", "wb") as file:
        file.write(b"old")
    assert 0 == inside("weights", "pw:2", "-o", "w.npz", "--force").code
    assert ["0.weight", "0.bias"] == list(read("w.npz"))


def test_the_spec_may_come_from_a_file_or_standard_input(convcalc):
    with open("net.spec", "w", encoding="utf-8") as file:
        file.write("# input 2x5x5\nstem=pw:3\n")
    for name, stdin in (("net.spec", b""), ("-", b"# input 2x5x5\nstem=pw:3\n")):
        told = json.loads(convcalc("weights", name, "--format", "json", stdin=stdin).out)
        assert ["stem.weight", "stem.bias"] == [row["name"] for row in told["weights"]]
        assert [3, 2, 1, 1] == told["weights"][0]["shape"]


@pytest.mark.parametrize(
    ("file", "first", "totals"),
    [
        # resnet18 of torchvision: 62 parameters; 20 norms of 4,800 channels with two statistics.
        ("exported/resnet18.pt2", "conv1.weight", (102, 11_689_512 + 2 * 4_800, 11_689_512)),
        # Dense of 6 to 20; a convolution of 5 channels by 3x3 and its copy, counted once each.
        ("keras_weights/made.keras", "seed.weight", (6, 600, 370)),
        ("keras_weights/made.h5", "seed.weight", (6, 600, 370)),
    ],
)
def test_models_in_files_list_theirs(inside, file, first, totals):
    if file.endswith(".h5"):
        pytest.importorskip("h5py")
    done = inside("weights", "-q", str(IMPORTED / file), "--format", "json")
    document = json.loads(done.out)
    assert first == document["weights"][0]["name"]
    assert totals == tuple(document["totals"][name] for name in ("arrays", "numbers", "params"))
