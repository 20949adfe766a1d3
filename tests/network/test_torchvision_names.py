"""Weights by the names that torchvision gives to the layers of the reference networks."""

from __future__ import annotations

import numpy as np
import pytest

from convcalc.network.torchvision_names import torchvision_layers, without_torchvision_names
from convcalc.zoo.catalog import load_network, network_input

LAYERS = dict(torchvision_layers())


@pytest.mark.parametrize("name", LAYERS)
def test_there_is_a_name_for_each_layer_with_weights(name):
    needed = load_network(name).tensor_shapes(network_input(name))
    labels = dict.fromkeys(weight.rpartition(".")[0] for weight in needed)
    assert len(labels) == len(LAYERS[name]) == len(set(LAYERS[name]))


def test_names_are_those_of_torchvision():
    # https://github.com/pytorch/vision, models/resnet.py: BasicBlock and ResNet
    assert ["conv1", "bn1", "layer1.0.conv1", "layer1.0.bn1"] == LAYERS["resnet18"][:4]
    assert "layer4.0.downsample.1" in LAYERS["resnet18"]
    assert ["features.0", "features.2"] == LAYERS["vgg16"][:2]


def arrays_of(name):
    """Arrays of the network's shapes under torchvision's names, each with a number of its own."""
    network = load_network(name)
    needed = network.tensor_shapes(network_input(name))
    labels = list(dict.fromkeys(weight.rpartition(".")[0] for weight in needed))
    other = dict(zip(labels, LAYERS[name], strict=True))
    return (
        network,
        needed,
        {
            f"{other[label]}.{end}": np.broadcast_to(np.float32(number), needed[weight])
            for number, weight in enumerate(needed)
            for label, _, end in [weight.rpartition(".")]
        },
    )


@pytest.mark.parametrize("name", ["resnet18", "googlenet", "mobilenet_v2", "densenet121"])
def test_arrays_get_the_labels_of_the_network_in_whatever_order_they_are(name):
    network, needed, given = arrays_of(name)
    found, note = without_torchvision_names(dict(sorted(given.items())), network)
    assert f"the names of the weights are those of torchvision's {name}" == note
    assert {weight: float(number) for number, weight in enumerate(needed)} == {
        weight: float(array.flat[0]) for weight, array in found.items()
    }


def test_layers_for_training_alone_are_left_out():
    network, needed, given = arrays_of("googlenet")
    found, _ = without_torchvision_names(given | {"aux1.fc1.weight": np.zeros(3)}, network)
    assert set(needed) == set(found)


def test_other_names_stay():
    network = load_network("resnet18")
    own = dict.fromkeys(network.tensor_shapes((3, 224, 224)), 0)
    assert (own, None) == without_torchvision_names(own, network)
    assert ({"a.weight": 1}, None) == without_torchvision_names({"a.weight": 1}, network)
