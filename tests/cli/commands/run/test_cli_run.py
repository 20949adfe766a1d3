"""`run`: the real convolution of array files, what it shows and what it writes."""

from __future__ import annotations

import csv
import io
import math
import os

import numpy as np
import pytest
from by_hand import document, numbers

ROWS = [
    [15.795, 10.795, 15.795, 14.795],
    [24.795, 19.795, 9.795, 12.795],
    [8.795, 8.795, 9.795, 11.795],
    [0.795, -0.205, 1.795, 3.795],
]

BY_HAND = ["run", "image.npy", "--kernel", "kernel.npy", "--padding", "same", "--bias", "bias.npy"]


@pytest.mark.usefixtures("image")
@pytest.mark.parametrize("backend", ["numpy", "torch"])
def test_the_convolution_done_by_hand(inside, backend):
    done = inside(*BY_HAND, "--backend", backend)
    assert 0 == done.code
    np.testing.assert_allclose(numbers(done.out), ROWS, atol=1e-12)
    assert backend in done.out


@pytest.mark.usefixtures("image")
def test_what_was_assumed_about_axes_is_said(inside):
    done = inside(*BY_HAND)
    assert all(word in done.err for word in ("note", "(H, W)", "1x1x2x2"))
    assert "" == inside(*BY_HAND, "-q").err


def test_a_large_result_is_shown_by_its_key_figures(inside, save):
    save("image.npy", np.arange(10000).reshape(100, 100), "f4")
    save("kernel.npy", [[1]], "f4")
    done = inside("run", "image.npy", "--kernel", "kernel.npy")
    assert all(word in done.out for word in ("100x100", "float32", "9999", "4999.5", "10,000"))
    assert len(done.out.splitlines()) < 10
    assert document(inside("run", "image.npy", "--kernel", "kernel.npy", "--format", "json"))[
        "output"
    ] == {
        "shape": [100, 100],
        "dtype": "float32",
        "min": 0.0,
        "mean": 4999.5,
        "max": 9999.0,
        "nonfinite": 0,
        "values": None,
    }


@pytest.mark.parametrize(("rows", "columns", "whole"), [(25, 16, 1), (26, 16, 0), (2, 17, 0)])
def test_a_small_result_is_shown_whole(inside, save, rows, columns, whole):
    save("image.npy", np.ones((rows, columns)), "i4")
    save("kernel.npy", [[1]], "i4")
    out = inside("run", "image.npy", "--kernel", "kernel.npy").out
    assert whole * rows == len(numbers(out))


def test_a_result_of_several_channels_is_shown_channel_by_channel(inside, save):
    save("image.npy", [[[1, 2], [3, 4]]], "i4")
    save("kernel.npy", [[[[1]]], [[[10]]]], "i4")
    out = inside("run", "image.npy", "--kernel", "kernel.npy").out
    assert [[1, 2], [3, 4], [10, 20], [30, 40]] == numbers(out)
    assert "[0]" in out
    assert "[1]" in out


@pytest.mark.usefixtures("image")
def test_output_goes_to_a_file_as_it_is_named(inside, folder):
    done = inside(*BY_HAND, "-o", "result")
    assert (0, "") == (done.code, done.out)
    np.testing.assert_allclose(np.load(folder / "result"), ROWS, atol=1e-12)
    assert all(word in done.err for word in ("wrote", "result", "4x4", "float64", "128"))
    assert {"image.npy", "kernel.npy", "bias.npy", "result"} == set(os.listdir())


@pytest.mark.usefixtures("image")
def test_the_same_command_writes_the_same_bytes(inside, folder):
    inside(*BY_HAND, "-o", "one.npy")
    inside(*BY_HAND, "-o", "two.npy")
    assert (folder / "one.npy").read_bytes() == (folder / "two.npy").read_bytes()


@pytest.mark.usefixtures("image")
def test_force_replaces_an_existing_output(inside, folder):
    (folder / "y.npy").write_bytes(b"old")
    assert 4 == inside(*BY_HAND, "-o", "y.npy").code
    assert b"old" == (folder / "y.npy").read_bytes()
    assert 0 == inside(*BY_HAND, "-o", "y.npy", "--force").code
    np.testing.assert_allclose(np.load("y.npy"), ROWS, atol=1e-12)


@pytest.mark.usefixtures("image")
def test_force_replaces_an_input_by_the_result(inside):
    assert 4 == inside(*BY_HAND, "-o", "image.npy").code
    assert 0 == inside(*BY_HAND, "-o", "image.npy", "-f").code
    np.testing.assert_allclose(np.load("image.npy"), ROWS, atol=1e-12)


def test_a_mapped_input_of_80_megabytes_is_replaced_too(convcalc, folder, save):
    values = np.random.default_rng(1).integers(0, 1000, (3200, 3200)).astype("f8")
    save("image.npy", values)
    save("kernel.npy", [[3.0]])
    done = convcalc("run", "image.npy", "--kernel", "kernel.npy", "-o", "image.npy", "--force")
    assert 0 == done.code, done.err
    assert (np.load(folder / "image.npy") == 3 * values).all()


@pytest.mark.usefixtures("image")
def test_a_dash_is_standard_input_and_standard_output(convcalc, folder):
    content = (folder / "image.npy").read_bytes()
    done = convcalc("run", "-", *BY_HAND[2:], "-o", "-", stdin=content)
    assert 0 == done.code
    inputs = io.BytesIO(done.raw)
    np.testing.assert_allclose(np.load(inputs), ROWS, atol=1e-12)
    assert b"" == inputs.read()
    assert "wrote standard output" in done.err


@pytest.mark.usefixtures("image")
def test_the_bytes_on_standard_output_are_those_of_the_file(convcalc, folder):
    convcalc(*BY_HAND, "-o", "y.npy")
    done = convcalc(*BY_HAND, "-o", "-", "--format", "json", env={"PYTHONUNBUFFERED": "1"})
    assert (folder / "y.npy").read_bytes() == done.raw


@pytest.mark.usefixtures("image")
def test_the_kernel_may_come_from_standard_input(convcalc, folder):
    content = (folder / "kernel.npy").read_bytes()
    done = convcalc("run", "image.npy", "--kernel", "-", stdin=content)
    assert [[16, 11, 16], [25, 20, 10], [9, 9, 10]] == numbers(done.out)


@pytest.mark.usefixtures("image")
def test_json_beside_a_file_describes_what_was_written(inside):
    figures = document(inside(*BY_HAND, "-o", "y.npy", "--format", "json"))["output"]
    assert ([4, 4], -0.205, 24.795) == (figures["shape"], figures["min"], figures["max"])


@pytest.mark.usefixtures("image")
def test_json_records_how_the_result_came_about(inside):
    told = document(inside(*BY_HAND, "--format", "json", "--backend", "numpy"))
    assert (1, "run", "direct") == (told["schema_version"], told["command"], told["algorithm"])
    assert ("float64", "float64") == (told["dtype"], told["accumulate_dtype"])
    assert (None, "numpy") == (told["seed"], told["backend"])
    assert isinstance(told["threads"], int)
    assert told["threads"] >= 1
    assert np.__version__ == told["versions"]["numpy"]
    assert {"convcalc", "numpy"} == set(told["versions"]) - {"opencv"}
    np.testing.assert_allclose(told["output"]["values"], ROWS, atol=1e-12)


@pytest.mark.usefixtures("image")
@pytest.mark.parametrize(("more", "bare"), [([], True), (["--bias", "bias.npy"], False)])
def test_json_names_the_layer_as_it_was_run(inside, more, bare):
    told = document(inside(*BY_HAND[:4], *more, "--format", "json"))
    assert bare == ("nobias" in told["layers"][0]["spec"])


@pytest.mark.usefixtures("image")
def test_json_of_torch_names_its_version(inside):
    pytest.importorskip("torch")
    told = document(inside(*BY_HAND, "--format", "json", "--backend", "torch"))
    assert "torch" == told["backend"]
    assert "torch" in told["versions"]


@pytest.mark.usefixtures("image")
def test_csv_and_markdown_hold_the_key_figures(inside):
    (row,) = csv.DictReader(io.StringIO(inside(*BY_HAND, "--format", "csv").out))
    assert ("4x4", "24.795", "64") == (row["output_shape"], row["max"], row["macs"])
    assert "| 4x4 | float64 |" in inside(*BY_HAND, "--format", "md").out


def test_values_that_are_not_finite_are_words_in_json(inside, save):
    save("image.npy", [1, math.nan, math.inf, -math.inf], "f4")
    save("kernel.npy", [1], "f4")
    figures = document(inside("run", "image.npy", "--kernel", "kernel.npy", "--format", "json"))
    assert [1.0, "NaN", "Infinity", "-Infinity"] == figures["output"]["values"]
    assert 3 == figures["output"]["nonfinite"]
    assert "NaN" in inside("run", "image.npy", "--kernel", "kernel.npy").out


def test_a_bias_may_be_one_number(inside, save):
    save("image.npy", [1, 2], "f4")
    save("kernel.npy", [1], "f4")
    save("bias.npy", 5, "f4")
    assert [[6, 7]] == numbers(
        inside("run", "image.npy", "--kernel", "kernel.npy", "--bias", "bias.npy").out
    )


def test_an_array_of_an_archive_is_named_by_a_colon(inside):
    np.savez("all.npz", image=np.array([1.0, 2, 3]), kernel=np.array([1.0, 10]))
    done = inside("run", "all.npz:image", "--kernel", "all.npz:kernel")
    assert [[21, 32]] == numbers(done.out)


@pytest.mark.parametrize("order", ["<f8", ">f8"])
def test_bytes_and_memory_may_be_in_any_order(inside, save, order):
    values = np.asfortranarray(np.arange(6).reshape(2, 3))
    np.save("image.npy", values.astype(order, order="K"))
    save("kernel.npy", [[1, 10]], "f8")
    done = inside("run", "image.npy", "--kernel", "kernel.npy")
    assert [[10, 21], [43, 54]] == numbers(done.out)
