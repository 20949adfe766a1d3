"""Weights in the order of a file: which array is whose, told by shapes and the ends of names."""

from __future__ import annotations

import numpy as np
import pytest

import convcalc
from convcalc.errors import DataError
from convcalc.network.weight_names import check_weights, in_order, without_prefix


def array(*shape):
    """An array of that shape that takes no memory."""
    return np.broadcast_to(np.float32(0), shape)


def norm(name, channels):
    words = ("weight", "bias", "running_mean", "running_var")
    return {f"{name}.{word}": array(channels) for word in words} | {
        f"{name}.num_batches_tracked": array()
    }


def torchvision_resnet18():
    """The names and shapes of torchvision's resnet18 in the order of its state_dict."""
    state = {"conv1.weight": array(64, 3, 7, 7), **norm("bn1", 64)}
    channels = 64
    for stage in range(4):
        out = 64 << stage
        for block in range(2):
            name = f"layer{stage + 1}.{block}"
            state[f"{name}.conv1.weight"] = array(out, channels, 3, 3)
            state |= norm(f"{name}.bn1", out)
            state[f"{name}.conv2.weight"] = array(out, out, 3, 3)
            state |= norm(f"{name}.bn2", out)
            if channels != out:
                state[f"{name}.downsample.0.weight"] = array(out, channels, 1, 1)
                state |= norm(f"{name}.downsample.1", out)
            channels = out
    return state | {"fc.weight": array(1000, 512), "fc.bias": array(1000)}


def test_the_weights_of_torchvision_s_resnet18_are_in_the_order_of_ours():
    needed = convcalc.load_network("resnet18").tensor_shapes((3, 224, 224))
    state = torchvision_resnet18()
    assert 122 == len(state)
    named = in_order(state, needed)
    assert list(needed) == list(named)
    assert named["layer2.0.1.0.weight"] is state["layer2.0.downsample.0.weight"]
    assert named["layer4.2.0.0.0.0.4.bias"] is state["layer4.1.bn2.bias"]


NEEDED = {"0.weight": (2,), "0.bias": (2,)}


def test_a_bias_is_never_taken_for_a_weight_of_the_same_shape():
    swapped = {"bn.bias": array(2), "bn.weight": array(2)}
    with pytest.raises(
        DataError, match=r"array 1 is 'bn.bias' \(2\), the network needs '0.weight'"
    ):
        in_order(swapped, NEEDED)
    other = {"bn.gamma": array(2), "bn.beta": array(2)}
    assert ["0.weight", "0.bias"] == list(in_order(other, NEEDED))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"a": array(2), "b": array(2)}, True),
        ({"a": array(2), "b": array(3)}, False),
        ({"a": array(2)}, False),
        ({"0.bias": array(2), "b": array(2)}, False),
    ],
)
def test_names_that_do_not_fit_are_told_that_their_order_does(given, told):
    with pytest.raises(DataError) as caught:
        check_weights(given, NEEDED)
    assert told == str(caught.value).endswith("; all fit in their order: --weights-by order")


@pytest.mark.parametrize(
    ("names", "kept", "note"),
    [
        (["module.a", "module.b"], ["a", "b"], "'module.' is left out of the names of the weights"),
        (["module.a", "b"], ["module.a", "b"], None),
        (
            ["_orig_mod.module.a"],
            ["a"],
            "'_orig_mod.module.' is left out of the names of the weights",
        ),
        ([], [], None),
    ],
)
def test_a_word_before_every_name_is_left_out(names, kept, note):
    network = convcalc.parse("conv:1,k1")
    found = without_prefix(dict.fromkeys(names, 0), network)
    assert (kept, note) == (list(found[0]), found[1])
