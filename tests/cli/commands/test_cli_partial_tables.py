"""Tables of a network that does not fit its input: the layers before that, in every command."""

from __future__ import annotations

import json

import pytest

ASKED = [
    "shape",
    "flops",
    "flops --detail",
    "flops --real-taps",
    "flops --convention fvcore",
    "flops --compare separable",
    "flops --reconcile",
    "rf",
    "memory",
    "summary",
    "roofline --device t4",
]
LAYERS = ("-i", "3x8x8", "conv:8,k3", "conv:8,k9", "relu")


@pytest.mark.parametrize("asked", ASKED)
def test_the_layers_before_the_one_that_does_not_fit_are_shown(inside, asked):
    done = inside(*asked.split(), *LAYERS)
    assert 2 == done.code
    assert [line for line in done.out.splitlines() if "9" in line and "conv:8,k9" in line] == []
    remark = "only the layers before the one at fault; totals are theirs"
    assert [remark, "every layer fits an input of 3x11x11"] == [
        line for line in done.out.splitlines() if line.startswith(("only", "every"))
    ]
    said, shown, _ = done.err.splitlines()
    assert said.startswith("convcalc: error: the kernel spans 9 elements, the padded input 6 ")
    assert "conv:8,k3 conv:8,k9 relu" == shown.strip()


@pytest.mark.parametrize("asked", [one for one in ASKED if "--" not in one])
def test_json_says_that_it_is_partial_and_what_would_fit(inside, asked):
    done = inside(*asked.split(), *LAYERS, "--format", "json")
    document = json.loads(done.out)
    assert (2, "partial") == (done.code, document["status"])
    assert [[3, 11, 11]] == document["inputs_that_fit"]
    assert document["failure"].startswith("the kernel spans 9 elements")
    assert 1 == len(document["layers"])


@pytest.mark.parametrize("asked", ASKED)
def test_a_first_layer_that_does_not_fit_is_an_error_alone(inside, asked):
    done = inside(*asked.split(), "-i", "3x8x8", "conv:8,k9", "relu")
    assert (2, "") == (done.code, done.out)
    assert 3 == len(done.err.splitlines())


def test_what_features_would_fit_is_said(inside):
    text = "nn.Sequential(nn.Conv2d(3, 8, 3), nn.Flatten(), nn.Linear(100, 10))"
    done = inside("shape", "-q", "-i", "3x8x8", text)
    assert 2 == done.code
    assert "this Linear expects 100 input features, 288 arrive; 288 would fit here" in done.err
    assert "every layer fits" not in done.out


def test_both_neighbours_that_fit_are_named(inside):
    done = inside("rf", "unet", "-i", "1x500x500", "-q")
    assert "every layer fits an input of 1x496x496 and 1x512x512" in done.out.splitlines()
