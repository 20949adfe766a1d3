"""Networks written as models of torch and read back by running them: the same layers again."""

from __future__ import annotations

import pytest

import convcalc

pytest.importorskip("torch")

from convcalc.importers.target import target_of
from convcalc.importers.torch_model import network_of

MODEL = """
import convcalc

def network(text, shape):
    return convcalc.parse(text).to_torch(shape)

def reference(name, shape):
    return convcalc.load_network(name).to_torch(shape)
"""


@pytest.fixture
def read_back(tmp_path):
    (tmp_path / "written.py").write_text(MODEL)
    return lambda call, shape: network_of(target_of(f"{tmp_path}/written.py:{call}"), shape)


def facts(report):
    """Everything about each layer but its name and how it is written."""
    return [
        (
            *(row.kind, row.output_shape, row.params, row.macs, row.bias_adds, row.elements),
            *(row.receptive_field, row.unread, row.inputs),
        )
        for row in report.layers
    ]


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("conv:8,k3,s2,p1,nobias bn relu maxpool:3,s2,p1 conv:4,k3,d2,g4 gap flatten linear:5", 32),
        ("conv:8,k3,p1 residual{conv:8,k3,p1 bn | } relu concat{conv:4,k1 | avgpool:3,s1,p1}", 16),
        ("conv:8,k5,s2 silu convt:6,k4,s2,p1 upsample:2 conv:3,k3,s1x2 hardswish", 17),
        ("conv:8,k3 scale{gap conv:2,k1 relu conv:8,k1 sigmoid} gn:4 leakyrelu:0.2 softmax", 9),
        ("conv:8,k3 gelu slice:2:6 pixelshuffle:2 pad:1:2 elu tanh adaptiveavgpool:3", 12),
        ("conv:8,k3 in prelu maxpool:2,ceil upsample:size=9,bilinear,align hardtanh", 12),
    ],
)
def test_layers_come_back_with_their_costs_and_receptive_fields(read_back, text, shape):
    shape = (3, shape, shape)
    network = read_back(f"network({text!r}, {shape})", shape)
    wanted = facts(convcalc.parse(text).analyze(shape))
    assert wanted == facts(network.analyze(shape))


@pytest.mark.parametrize(
    ("name", "macs", "params"),
    [
        ("resnet18", 1_814_073_344, 11_689_512),
        ("mobilenet_v3_small", 56_510_400, 2_542_856),
        ("shufflenet_v2_x1_0", 144_907_992, 2_278_604),
        ("densenet121", 2_834_161_664, 7_978_856),
        ("unet", 192_384_335_872, 31_030_658),
    ],
)
def test_reference_networks_come_back_as_they_are(read_back, name, macs, params):
    known = convcalc.load_network(name)
    shape = known.input_shape
    wanted = known.analyze(shape)
    report = read_back(f"reference({name!r}, {shape})", shape).analyze(shape)
    assert (macs, params) == (report.totals.macs, report.totals.params)
    assert wanted.totals == report.totals
    field = [row.receptive_field for row in wanted.layers]
    assert field == [row.receptive_field for row in report.layers]
