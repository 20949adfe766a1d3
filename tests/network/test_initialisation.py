"""What untrained weights start from: every rule by hand."""

from __future__ import annotations

from math import sqrt

import pytest

import convcalc
from convcalc.network.initialisation import Initial, initial_rules
from convcalc.network.subgraph import part_until
from convcalc.zoo.catalog import load_network


def rules(text, shape=(4, 8, 8)):
    return initial_rules(convcalc.parse(text), shape)


def variance(text, name="0.weight", shape=(4, 8, 8)):
    """Of numbers drawn evenly from -b to b: b^2 / 3."""
    return rules(text, shape)[name].bound ** 2 / 3


@pytest.mark.parametrize(
    ("text", "fan"),
    [
        ("conv:6,k3", 4 * 9),
        ("conv:6,k3x5,g2", 2 * 15),
        ("conv:6,k3,s2,d2", 4 * 9),
        ("dw:k3,m3", 9),
        ("pw:8,g4", 1),
        ("linear:5", 8),
        # Each output of a transposed convolution sees every s-th tap of each axis.
        ("convt:6,k4,s2", 4 * 2 * 2),
        ("convt:6,k4x3,s2x3,g2", 2 * 2 * 1),
        ("convt:6,k3,s2", 4 * 1.5 * 1.5),
        # With gaps between the kernels, the outputs that see any tap see one.
        ("convt:6,k2,s5", 4),
    ],
)
def test_a_kernel_has_the_variance_one_over_its_products(text, fan):
    assert variance(text) == pytest.approx(1 / fan, rel=1e-14)


@pytest.mark.parametrize(
    ("behind", "gain"),
    [
        ("relu", 2),
        ("relu6", 2),
        ("gelu", 2),
        ("silu", 2),
        ("mish", 2),
        ("hardswish", 2),
        ("glu", 4),
        ("leakyrelu:0.5", 2 / 1.25),
        ("leakyrelu", 2 / 1.0001),
        ("prelu:1", 2 / 1.0625),
        ("rrelu:lower0.25,upper0.75", 2 / 1.25),
        ("", 1),
        ("sigmoid", 1),
        ("tanh", 1),
        ("selu", 1),
        ("softplus", 1),
        ("logsigmoid", 1),
        ("softsign", 1),
        ("logsoftmax", 1),
        ("softmin", 1),
        ("hardshrink", 1),
        ("softshrink", 1),
        ("tanhshrink", 1),
        ("threshold:0,value0", 2),
        ("threshold:0.5,value0", 1),
        ("threshold:0,value20", 1),
        ("celu:2", 1),
        ("maxpool:2 relu", 1),
        ("pw:3 relu", 1),
        # Looked through: what passes numbers on, and a normalisation that does nothing yet.
        ("bn relu", 2),
        ("dropout identity flatten bn relu", 2),
        ("gn:2 relu", 1),
        # Of several readers the most careful.
        ("concat{relu | relu}", 2),
        ("concat{relu | sigmoid}", 1),
        ("residual{relu}", 1),
        # The sum, not the branch, is what the activation reads.
        ("residual{pw:4} relu", 1),
        ("concat{identity | bn} relu", 2),
    ],
)
def test_what_an_activation_halves_is_doubled_before_it(behind, gain):
    assert variance(f"pw:4 {behind}") == pytest.approx(gain / 4, rel=1e-14)


def test_the_stages_of_a_separable_convolution_each_have_their_own():
    # depthwise: 9 products, and no activation before the pointwise one of 4 channels.
    assert variance("sep:6,k3 relu", "0.depthwise.weight") == pytest.approx(1 / 9)
    assert variance("sep:6,k3 relu", "0.pointwise.weight") == pytest.approx(2 / 4)


def test_everything_else_is_zero_or_one():
    found = rules("conv:2,k1 bn prelu:2 layerscale gn:1 ln in:affine linear:3", (1, 4, 4))
    values = (
        *(("0.bias", 0), ("1.weight", 1), ("1.bias", 0)),
        *(("1.running_mean", 0), ("1.running_var", 1)),
        *(("2.weight", 0.25), ("3.weight", 1), ("4.weight", 1), ("4.bias", 0)),
        *(("5.weight", 1), ("5.bias", 0), ("6.weight", 1), ("6.bias", 0), ("7.bias", 0)),
    )
    assert dict(values) == {name: rule.value for name, rule in found.items() if not rule.is_drawn}
    assert {"0.weight", "7.weight"} == {name for name, rule in found.items() if rule.is_drawn}
    statistics = {name for name, rule in found.items() if not rule.is_parameter}
    assert {"1.running_mean", "1.running_var"} == statistics


def test_without_a_seed_all_parameters_are_zero():
    found = rules("pw:2 bn prelu:1")
    ones = {name for name, rule in found.items() if rule.value_with(None)}
    assert {"1.running_var"} == ones
    assert 0.25 == found["2.weight"].value_with(3)
    assert 0 == found["2.weight"].value_with(None)


def test_names_and_shapes_are_those_that_running_needs():
    network = load_network("resnet18")
    found = initial_rules(network, (3, 64, 64))
    needed = network.tensor_shapes((3, 64, 64))
    assert list(needed.items()) == [(name, rule.shape) for name, rule in found.items()]
    assert found["conv1.weight"] == Initial((64, 3, 7, 7), bound=sqrt(3 * 2 / 147))


def test_a_rule_does_not_depend_on_the_size_of_the_image():
    network = load_network("resnet18")
    assert initial_rules(network, (3, 64, 64)) == initial_rules(network, (3, 224, 160))
    assert rules("convt:3,k3,s2,p1", (2, 5, 5)) == rules("convt:3,k3,s2,p1", (2, 50, 7))


def test_a_part_has_the_rules_of_the_whole_though_that_does_not_fit():
    whole = convcalc.parse("pw:4 bn relu conv:4,k9")
    part, shape = part_until(whole, (4, 3, 3), "1"), (4, 3, 3)
    found = initial_rules(part, shape, whole)
    assert found["0.weight"].bound == sqrt(3 * 2 / 4)
    assert list(part.tensor_shapes(shape)) == list(found)
    assert initial_rules(part, shape)["0.weight"].bound == sqrt(3 / 4)


def test_layers_that_wait_for_their_channels_have_rules_too():
    assert variance("pw:in*2 shuffle:in//4 relu") == pytest.approx(2 / 4)
