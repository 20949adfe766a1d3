"""Models of Keras, from their configurations alone: Keras's parameters, and torch's products.

The files beside this test are what `model.save` writes, without the weights. Numbers are those of
Keras 3.15: `count_params()`, of its trainable weights, and FlopCounterMode / 2 while its torch
backend runs the model.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from convcalc.importers.keras.file import config_of
from convcalc.importers.keras.model import network_of

FOLDER = Path(__file__).parent / "keras_models"

MODELS = {
    # applications with weights=None; MobileNetV3Small with 10 classes
    "mobilenet_v3_small": (1_540_218, 1_528_106, 55_496_640),
    "resnet50": (25_636_712, 25_583_592, 3_857_973_248),
    "efficientnet_b0": (5_330_571, 5_288_548, 385_814_752),
    "densenet121": (8_062_504, 7_978_856, 2_834_161_664),
    "xception": (22_910_480, 22_855_952, 8_357_403_496),
    # our own
    "unet": (81_650, 81_458, 77_398_016),
    # Keras's torch backend runs SimpleRNN for one step more than there are: 24*16 + 16*16 less
    "lstm": (354_097, 354_097, 2_688_656 - 640),
    "transformer": (31_733, 31_733, 2_096_240),
    "wave": (11_116, 11_084, 272_016),
    "volume": (723, 723, 1_247_244),
    "gan": (390_561, 384_289, 3_528_000),
}


def network(name):
    return network_of(config_of(str(FOLDER / f"{name}.keras")), None, name)


def statistics(network):
    """The elements that a note says Keras counts as well."""
    notes = [note for note in network.notes if "of statistics" in note]
    return int(notes[0].split()[0].replace(",", "")) if notes else 0


@pytest.mark.parametrize("name", MODELS)
def test_parameters_are_keras_and_products_are_torch(name):
    found = network(name)
    totals = found.analyze(found.input_shape).totals
    weights = totals.params + statistics(found), totals.params
    assert MODELS[name] == (*weights, totals.macs)


@pytest.mark.parametrize("name", MODELS)
def test_every_layer_has_its_arithmetic(name):
    found = network(name)
    assert all(layer.counted for layer in found.analyze(found.input_shape).layers)
    assert not [note for note in found.notes if "not known" in note]


def test_layers_have_the_names_that_they_have_in_keras():
    labels = [node.label for node in network("resnet50").nodes]
    assert ["conv1_pad", "conv1_conv", "conv1_bn", "conv1_relu", "pool1_pad", "pool1_pool"] == (
        labels[:6]
    )
    assert ["avg_pool", "avg_pool.flatten", "predictions", "predictions.softmax"] == labels[-4:]


def test_the_field_of_resnet_is_that_of_the_layers():
    # The stride of a block is on its first 1x1, as in the paper, so that each 3x3 adds 2 steps of
    # its own stage: 11 + 3*2*4 + 4*2*8 + 6*2*16 + 3*2*32; torchvision's has 427.
    report = network("resnet50").analyze((3, 224, 224))
    last = next(layer for layer in report.layers if layer.label == "conv5_block3_out")
    assert (483, 483) == tuple(axis.size for axis in last.receptive_field)


def test_another_size_of_input_is_worked_out():
    found = network_of(config_of(str(FOLDER / "unet.keras")), (3, 128, 96), "unet")
    assert (2, 128, 96) == found.analyze((3, 128, 96)).layers[-1].output_shape


def test_a_sequence_keeps_its_axes_and_a_picture_has_its_channels_first():
    assert (3, 224, 224) == network("resnet50").input_shape
    assert (50, 48) == network("transformer").input_shape
    assert (2, 400) == network("wave").input_shape
