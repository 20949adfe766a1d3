"""Which `bn` can be folded into the layer before it; the arithmetic is tested with the executor."""

from __future__ import annotations

import pytest

import convcalc
from convcalc.network.batchnorm_folding import absorbed, absorptions
from convcalc.zoo.catalog import load_network, network_input


def found(text, shape=(4, 8, 8)):
    """(label of the layer, label of the bn, prefix, groups) of each that can be."""
    network = convcalc.parse(text)
    labels = [node.label for node in network.nodes]
    return [
        (labels[pair.host], labels[pair.norm], pair.prefix, pair.groups)
        for pair in absorptions(network, shape)
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("conv:6,k3,reflect,p1 bn relu", [("0", "1", "", None)]),
        ("conv:6,k3,g2,nobias bn:noaffine", [("0", "1", "", None)]),
        ("dw:k3,m2 bn pw:3 bn", [("0", "1", "", None), ("2", "3", "", None)]),
        ("sep:5,k3 bn", [("0", "1", "pointwise.", None)]),
        ("convt:6,k3,s2,g2 bn", [("0", "1", "", 2)]),
        ("flatten linear:7 bn", [("1", "2", "", None)]),
        # The channels of a linear layer on several axes are not what it makes.
        ("linear:7 bn", []),
        # Nothing to be part of, or something in between.
        ("bn", []),
        ("conv:6,k3 relu bn", []),
        ("maxpool:2 bn", []),
        # Of two the first, which leaves nothing for the second to be part of.
        ("pw:3 bn bn", [("0", "1", "", None)]),
        # The convolution is read by somebody else: a sum, another branch, twice by one.
        ("x=pw:4 residual{bn | @x}", []),
        ("pw:4 residual{bn}", []),
        ("pw:4 concat{bn | bn}", []),
        ("pw:4 residual{pw:4 bn} bn", [("1.0.0", "1.0.1", "", None)]),
        # Indices are not places in the text: what nobody reads counts too.
        ("x=identity pw:4 @x pw:3 bn", [("2", "3", "", None)]),
    ],
)
def test_a_bn_is_folded_into_a_convolution_that_it_alone_reads(text, expected):
    assert expected == found(text)


@pytest.mark.parametrize(
    ("name", "number"),
    # torchvision's own: resnet50 has 53 convolutions and 53 bn, mobilenet_v2 52 of each, all in
    # pairs; densenet121 has bn and relu before each convolution: only the stem's and the second
    # in each of 58 layers follow one.
    [("resnet50", 53), ("resnet18", 20), ("mobilenet_v2", 52), ("densenet121", 59), ("vgg16", 0)],
)
def test_reference_networks_have_as_many_as_their_papers_say(name, number):
    network = load_network(name)
    assert number == len(absorptions(network, network_input(name)))


def test_the_folded_network_has_the_same_shapes_and_products_and_biases():
    network, shape = load_network("resnet50"), (3, 64, 64)
    folded = absorbed(network, shape, absorptions(network, shape))
    before, after = network.analyze(shape), folded.analyze(shape)
    assert "bn" not in {row.kind for row in after.layers}
    assert before.totals.macs == after.totals.macs
    # A weight and a bias per channel have become a bias per channel.
    norms = sum(row.params for row in before.layers if row.kind == "bn")
    assert before.totals.params - norms // 2 == after.totals.params
    shapes = {row.label: row.output_shape for row in before.layers}
    assert all(row.output_shape == shapes[row.label] for row in after.layers)
    assert len(before.layers) - 53 == len(after.layers)


def test_what_cannot_be_folded_stays():
    network, shape = convcalc.parse("pw:4 bn bn residual{bn pw:4 bn}"), (4, 3, 3)
    folded = absorbed(network, shape, absorptions(network, shape))
    assert ["0", "2", "3.0.0", "3.0.1", "3"] == [node.label for node in folded.nodes]
    assert [(-1,), (0,), (1,), (2,), (3, 1)] == [node.inputs for node in folded.nodes]
