"""Networks put together in Python are those that the same text gives."""

from __future__ import annotations

import pytest

import convcalc
from convcalc.errors import ParameterError, ShapeError, SpecError
from convcalc.language.building import chained, concat, join, named, residual
from convcalc.layers import BatchNorm, Conv, Linear, MaxPool, ReLU, Residual, Scale
from convcalc.network.graph import Network

BODY = Conv(8, 3, padding=1) >> BatchNorm() >> ReLU()


@pytest.mark.parametrize(
    ("network", "text"),
    [
        (Conv(64, 7, stride=2, padding=3) >> ReLU(), "conv:64,k7,s2,p3 relu"),
        (Conv(8, 3) >> (ReLU() >> MaxPool(2)), "conv:8,k3 relu maxpool:2"),
        ("conv:8,k3" >> ReLU(), "conv:8,k3 relu"),
        (ReLU() >> "gap" >> Linear(10), "relu gap linear:10"),
        ("relu" >> (ReLU() >> "gap"), "relu relu gap"),
        (residual(BODY), "residual{conv:8,k3,p1 bn relu | }"),
        (residual(BODY, Conv(8, 1)), "residual{conv:8,k3,p1 bn relu | conv:8,k1}"),
        (concat("", BODY, "pw:4"), "concat{ | conv:8,k3,p1 bn relu | pw:4}"),
        (concat("pw:4", "pw:4", dim=2), "concat:dim2{pw:4 | pw:4}"),
        (join(Scale(), "gap pw:8 sigmoid"), "scale{gap pw:8 sigmoid}"),
        (join(Residual(), "pw:8", "pw:8", "pw:8"), "residual{pw:8 | pw:8 | pw:8}"),
        (named("stem", Conv(8, 3)) >> ReLU(), "stem=conv:8,k3 relu"),
        (named("block", residual(BODY)), "block=1x{residual{conv:8,k3,p1 bn relu | }}"),
        (
            named("a", BODY) >> named("b", BODY),
            "a=1x{conv:8,k3,p1 bn relu} b=1x{conv:8,k3,p1 bn relu}",
        ),
        (chained(), ""),
    ],
)
def test_a_network_built_in_python_is_that_of_the_text(network, text):
    assert (convcalc.parse(text) if text else Network(())) == network
    assert text == network.spec()


def test_a_residual_block_of_a_resnet_costs_what_the_reference_costs():
    body = "conv:64,k3,p1,nobias bn relu conv:64,k3,p1,nobias bn"
    block = residual(body) >> ReLU()
    reference = convcalc.load_network("resnet18").analyze((3, 224, 224))["layer1.0"].totals
    found = block.analyze((64, 56, 56)).totals
    # torchvision's BasicBlock: 2 * (64 * 64 * 9 + 2 * 64) parameters
    assert (73_984, 231_211_008) == (found.params, found.macs) == (reference.params, reference.macs)


def test_the_input_and_the_functions_of_the_parts_go_along():
    first = convcalc.parse("# input 3x32x32\nconv:8,k3")
    network = first >> convcalc.load_network("alexnet")
    assert (3, 32, 32) == network.input_shape
    assert convcalc.load_network("alexnet").functions == network.functions


def test_an_error_names_the_layer_and_no_text_that_nobody_wrote():
    with pytest.raises(ShapeError) as caught:
        (Conv(8, 3) >> Conv(8, 9)).analyze((3, 9, 9))
    assert str(caught.value).startswith("layer 1 (conv:8,k9): ")


def test_two_layers_of_one_label_are_refused():
    with pytest.raises(SpecError, match="label"):
        named("a", Conv(8, 3)) >> named("a", ReLU())


@pytest.mark.parametrize("part", [3, None, [ReLU()]])
def test_what_is_no_part_is_told(part):
    with pytest.raises(ParameterError, match=r"^part: expected a network, a layer or its"):
        ReLU() >> part
    with pytest.raises(ParameterError, match=r"^branch: "):
        concat(part, "relu")
    with pytest.raises(ParameterError, match=r"^layer: expected one such as Residual"):
        join(part, "relu")
