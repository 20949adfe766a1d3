"""Inputs for a wanted output: each gives it, and no other size does."""

from __future__ import annotations

import pytest

import convcalc
from convcalc.errors import ConvcalcError, UsageError
from convcalc.inverse.input_for import inputs_for
from convcalc.network.subgraph import last_node
from convcalc.zoo.catalog import load_network

CHAINS = ["conv:8,k3,s2,p1 maxpool:3,s2,p1", "conv:8,k5 convt:4,k3,s2", "conv:4,k7,s3 relu bn"]


@pytest.mark.parametrize("spec", CHAINS)
@pytest.mark.parametrize("wanted", [1, 2, 9, 10])
def test_every_size_that_gives_it_is_found(spec, wanted):
    network = convcalc.parse(spec)
    expected = []
    for size in range(1, 200):
        try:
            if network.analyze((3, size, size)).output_shape[1:] == (wanted, wanted):
                expected.append(size)
        except ConvcalcError:
            continue
    found = inputs_for(network, 3, (wanted, wanted)).found
    assert expected == sorted(shape[1] for shape, _ in found)


def test_inputs_that_drop_nothing_come_first():
    # floor((n - 7) / 3) + 1 = 5 for n = 19, 20 and 21; 19 leaves nothing unread.
    found = inputs_for(convcalc.parse("conv:4,k7,s3"), 1, (5,)).found
    assert (((1, 19), 0), ((1, 20), 1), ((1, 21), 2)) == found


def test_axes_may_differ():
    network = convcalc.parse("conv:4,k3,s2,p1")
    found = {shape for shape, _ in inputs_for(network, 1, (3, 4)).found}
    assert {(1, high, wide) for high in (5, 6) for wide in (7, 8)} == found


def test_a_layer_inside_may_be_meant():
    network = load_network("resnet50")
    found = inputs_for(network, 3, (7, 7), last_node(network, "layer4")).found
    assert list(range(193, 225)) == sorted(shape[1] for shape, _ in found)


def test_none_has_the_nearest():
    found = inputs_for(load_network("unet"), 1, (65, 65))
    assert (((1, 64, 64), (64, 64)), ((1, 80, 80), (80, 80))) == found.nearest


def test_an_output_without_axes_has_no_sizes():
    with pytest.raises(UsageError, match="the output is 1000, which has no 2 spatial axes"):
        inputs_for(load_network("resnet18"), 3, (7, 7))
