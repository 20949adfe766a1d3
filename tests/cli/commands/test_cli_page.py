"""`explain --html`: one convolution as a page, and what it refuses."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

NOTES = ("explain", "image.npy", "--kernel", "kernel.npy", "--bias", "bias.npy")


@pytest.fixture
def files(folder):
    image = [[4, 1, 7, 5], [4, 4, 2, 5], [7, 7, 2, 4], [1, 0, 2, 4]]
    np.save(folder / "image.npy", np.array([image], dtype="float32"))
    np.save(folder / "kernel.npy", np.array([[[[1, 0], [2, 1]]]], dtype="float32"))
    np.save(folder / "bias.npy", np.array([-0.205], dtype="float32"))
    return folder


def start_of(path):
    text = path.read_text(encoding="utf-8")
    return json.loads(re.search(r'id="start">(.*?)</script>', text, re.DOTALL)[1])


def test_it_holds_the_array_the_kernel_and_the_bias_as_they_were_written(files, inside):
    done = inside(*NOTES, "--padding", "same", "--at", "0,2,1", "--html", "out.html")
    assert (0, "") == (done.code, done.out)
    assert re.search(r"note: wrote out.html \([\d,]+ bytes\)", done.err)
    start = start_of(files / "out.html")
    assert [0, 2, 1] == start["place"]
    assert [4, 1, 7, 5] == start["input"][0][0]
    (layer,), (own,) = (node["layer"] for node in start["nodes"]), start["weights"]
    assert [[[[1, 0], [2, 1]]]] == own["weight"]
    assert [-0.205] == own["bias"]
    assert ([0, 0], [1, 1]) == (layer["before"], layer["after"])


def test_it_holds_made_up_numbers_of_a_layer(folder, inside):
    assert 0 == inside("explain", "dw:k3,s2", "-i", "2x7x7", "--html", "out.html", "-q").code
    start = start_of(folder / "out.html")
    assert (2, 2) == (start["nodes"][0]["layer"]["groups"], len(start["input"]))
    assert [1, 1] == [len(kernels) for kernels in start["weights"][0]["weight"]]


def test_it_holds_a_network_down_to_its_features(folder, inside):
    words = ("conv:2,k3", "gelu", "flatten", "linear:3", "-i", "1x4x4", "--at", "2")
    assert 0 == inside("explain", *words, "--html", "out.html", "-q").code
    start = start_of(folder / "out.html")
    assert [3, 3, 3, 1] == [node["rank"] for node in start["nodes"]]
    assert [0, 0, 2] == start["place"]
    assert (3, 8) == (
        len(start["weights"][3]["weight"]),
        len(start["weights"][3]["weight"][0][0][0]),
    )
    (piece,) = start["nodes"][1]["layer"]["pieces"]
    assert "{x}/2 * erfc(-{(x)} / sqrt(2))" == piece["text"]


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("conv:2,k3 ln",), 2, "'ln' is none of them; without --html it is told in text"),
        (("conv:1,k1", "-i", "1x4x4x4"), 2, "1x4x4x4 has 3 axes beside its channels; without"),
        (("conv:1,k3", "-i", "1x70x70"), 2, "--html: inputs and outputs are 9,524 squares"),
        (("conv:9,k9", "-i", "9x9x9"), 2, "--html: input, weights and biases have 7,299 numbers"),
        (("conv:1,k3", "--svg", "o.svg"), 2, "--svg and --html exclude each other; give one"),
        (("conv:1,k3", "--format", "json"), 2, "--html and --format exclude each other"),
        (("conv:1,k3", "--every", "2"), 2, "--every goes with --animate"),
    ],
)
def test_what_a_page_cannot_show_is_refused_and_nothing_is_written(
    folder, inside, words, code, told
):
    done = inside("explain", *words, "--html", "out.html", "-q")
    assert code == done.code
    assert told in done.err
    assert not (folder / "out.html").exists()


def test_its_file_has_the_ending_html_and_is_not_replaced_unasked(folder, inside):
    done = inside("explain", "conv:1,k3", "--html", "out.svg")
    assert (2, True) == (done.code, "expected a name as out.html, got 'out.svg'" in done.err)
    words = ("explain", "conv:1,k3", "--html", "out.html", "-q")
    assert [0, 4, 0] == [inside(*words).code, inside(*words).code, inside(*words, "-f").code]


@pytest.mark.parametrize(
    ("values", "dtype", "told"),
    [
        ([1, np.nan, 2], "float64", "a page computes with finite numbers, and one is not"),
        ([2**52, 0, 0], "int64", "sums may reach 2^53"),
    ],
)
def test_numbers_that_a_page_cannot_compute_with_are_refused(folder, inside, values, dtype, told):
    np.save(folder / "row.npy", np.array([values], dtype=dtype))
    np.save(folder / "kernel.npy", np.array([[[1, 1]]], dtype=dtype))
    done = inside("explain", "row.npy", "--kernel", "kernel.npy", "--dims", "1", "--html", "o.html")
    assert (3, True) == (done.code, told in done.err)
