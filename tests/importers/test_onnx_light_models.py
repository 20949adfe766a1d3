"""The nine light models of the onnx package: what they hold and cost, measured apart from this."""

from __future__ import annotations

import pytest

pytest.importorskip("onnx")

from convcalc.importers.onnx_model import network_of
from onnx_files import light

MODELS = {
    # parameters without the statistics of batch norms, these, multiply-accumulates
    "bvlc_alexnet": (60_965_224, 0, 654_560_384),
    "densenet121": (8_062_504, 83_648, 2_834_161_664),
    "inception_v1": (6_998_552, 0, 1_431_556_352),
    "inception_v2": (11_214_888, 19_904, 2_018_851_840),
    "resnet50": (25_557_032, 53_120, 4_089_184_256),
    "shufflenet": (1_393_320, 26_832, 124_664_528),
    "squeezenet": (1_235_496, 0, 349_151_936),
    "vgg19": (143_667_240, 0, 19_632_062_464),
    "zfnet512": (87_250_536, 0, 1_481_727_008),
}


@pytest.mark.parametrize("name", MODELS)
def test_parameters_and_products_are_those_of_the_file(name):
    network = network_of(light(name))
    assert (3, 224, 224) == network.input_shape
    report = network.analyze((3, 224, 224))
    steps = network.walk((3, 224, 224))
    statistics = sum(
        size
        for step in steps
        for (size,) in step.layer.buffer_shapes(*step.arriving).values()
        if step.layer.kind == "bn"
    )
    assert MODELS[name] == (report.totals.params, statistics, report.totals.macs)
    assert () == report.unknown


def test_layers_are_of_our_kinds():
    resnet = network_of(light("resnet50"))
    assert {"conv", "bn", "relu", "maxpool", "residual", "avgpool", "flatten", "linear"} | {
        "softmax"
    } == {node.layer.kind for node in resnet.nodes}


def test_receptive_fields_are_those_of_the_reference_network():
    # The file ends in a window of 7 x 7, the reference in a mean over everything that is there.
    import convcalc

    ours = network_of(light("resnet50")).analyze((3, 224, 224)).layers
    theirs = convcalc.load_network("resnet50").analyze((3, 224, 224)).layers
    fields = [
        [row.receptive_field for row in rows if row.kind in ("conv", "maxpool")]
        for rows in (ours, theirs)
    ]
    assert len(fields[0]) == 54
    assert fields[0] == fields[1]
