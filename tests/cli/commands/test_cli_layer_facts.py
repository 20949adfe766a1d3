"""What JSON says of every layer: what arrives, weights, parameters by PyTorch's names, padding."""

from __future__ import annotations

import json

import pytest

FACTS = ("input_shapes", "weights", "attributes", "padding")


def facts(inside, command, *words):
    done = inside(command, *words, "-q", "--format", "json")
    assert 0 == done.code, done.err
    return [{key: row[key] for key in FACTS} for row in json.loads(done.out)["layers"]]


def test_a_convolution_has_pytorch_s_parameters_for_every_axis(inside):
    (found,) = facts(inside, "shape", "-i", "3x10x8", "conv:4,k5x3,s2x1,p0:1x2,g1,nobias")
    assert {
        "input_shapes": [[3, 10, 8]],
        "weights": {"weight": [4, 3, 5, 3]},
        "attributes": {
            "in_channels": 3,
            "out_channels": 4,
            "kernel_size": [5, 3],
            "stride": [2, 1],
            "padding": [[0, 1], [2, 2]],
            "dilation": [1, 1],
            "groups": 1,
            "bias": False,
            "padding_mode": "zeros",
        },
        "padding": [[0, 1], [2, 2]],
    } == found


@pytest.mark.parametrize(
    ("spec", "padding"),
    [
        # TensorFlow's SAME: (5 - 1)*2 + 3 - 9 = 2 elements in all, and of k2 (5-1)*2 + 2 - 9 = 1.
        ("conv:1,k3,s2,p=same-upper", [[1, 1], [1, 1]]),
        ("conv:1,k2,s2,p=same-upper", [[0, 1], [0, 1]]),
        ("conv:1,k2,s2,p=same-lower", [[1, 0], [1, 0]]),
        ("conv:1,k3,d2,p=full", [[4, 4], [4, 4]]),
        ("dw:k3,p1", [[1, 1], [1, 1]]),
        ("sep:2,k3,p1", [[1, 1], [1, 1]]),
        ("convt:1,k4,s2,p1", [[1, 1], [1, 1]]),
        ("maxpool:2,ceil", [[0, 0], [0, 0]]),  # what hangs over is no padding
        ("pad:1:2", [[1, 2], [1, 2]]),
        ("relu", None),
        ("gap", None),
    ],
)
def test_padding_is_in_elements_whatever_its_word(inside, spec, padding):
    (found,) = facts(inside, "shape", "-i", "3x9x9", spec)
    assert padding == found["padding"]


def test_a_depthwise_layer_is_a_grouped_convolution_of_pytorch(inside):
    (found,) = facts(inside, "flops", "-i", "3x9x9", "dw:k3,m2")
    assert (3, 6, 3) == tuple(
        found["attributes"][name] for name in ("in_channels", "out_channels", "groups")
    )


def test_a_pooling_s_stride_is_its_kernel_and_a_linear_layer_knows_its_features(inside):
    pool, _, linear = facts(inside, "rf", "-i", "3x9x9", "maxpool:3", "flatten", "linear:5")
    assert [3, 3] == pool["attributes"]["stride"]
    assert {"in_features": 27, "out_features": 5, "bias": True} == linear["attributes"]


@pytest.mark.parametrize("command", ["summary", "memory", "roofline", "explain", "run"])
def test_every_document_of_layers_has_them(inside, image, command):
    words = {
        "run": ("image.npy", "--kernel", "kernel.npy"),
        "roofline": ("-i", "3x9x9", "conv:4,k3", "--device", "t4"),
    }
    for found in facts(inside, command, *words.get(command, ("-i", "3x9x9", "conv:4,k3"))):
        assert found["padding"] == [[0, 0], [0, 0]]
        assert found["weights"]["weight"]
