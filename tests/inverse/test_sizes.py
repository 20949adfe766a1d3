"""The rule of the sizes that a network takes agrees with every size, tried one by one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import convcalc
from convcalc.errors import ConvcalcError, UsageError
from convcalc.inverse.input_for import inputs_for
from convcalc.inverse.nearby import nearby_inputs
from convcalc.inverse.rule import rule_of
from convcalc.inverse.sizes import network_sizes
from convcalc.layers import Conv, Flatten, Linear, ReLU
from convcalc.network.graph import Network
from convcalc.zoo.catalog import load_network, network_input, network_names


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ([], "no size"),
        ([37], "37 alone"),
        (range(1, 101), "every size"),
        (range(33, 101), "every size from 33 on"),
        (range(16, 101, 16), "multiples of 16"),
        (range(48, 101, 16), "multiples of 16 from 48 on"),
        (range(12, 101, 16), "multiples of 16 plus 12"),
        (
            [n for n in range(1, 101) if n % 8 in (0, 1, 2, 5)],
            "sizes that leave 0..2, 5 when divided by 8",
        ),
        ([3, 4, *range(20, 101, 10)], "3, 4, and multiples of 10 from 20 on"),
        ([2, 3, 5, 7, 11], "2, 3, 5, 7, 11"),
    ],
)
def test_a_rule_in_words(members, words):
    assert words == str(rule_of(members, 1, 100))


@given(st.sets(st.integers(5, 60)))
def test_a_rule_holds_what_it_was_made_of(members):
    rule = rule_of(members, 5, 60)
    assert sorted(members) == rule.sizes()
    assert not {4, 61} & {size for size in range(70) if size in rule}


def taken(network, channels, sizes):
    """The sizes that a network takes, analysed one by one."""
    for size in sizes:
        try:
            network.analyze((channels, size, size))
        except ConvcalcError:
            continue
        yield size


def dropped(network, channels, size):
    return max(max(row.unread, default=0) for row in network.analyze((channels, size, size)).layers)


def agrees(name, last=400):
    network, channels = load_network(name), network_input(name)[0]
    found = network_sizes(network, channels, 2, 1, last)
    sizes = list(taken(network, channels, range(1, last + 1)))
    assert sizes == found.rule.sizes()
    assert last == len(sizes) + sum(one.sizes for one in found.breaking)


@pytest.mark.parametrize("name", ["alexnet"])
def test_the_rule_of_a_reference_network_agrees_with_every_size(name):
    agrees(name, 100)


@pytest.mark.slow
@pytest.mark.parametrize("name", network_names())
def test_the_rule_of_every_reference_network_agrees_with_every_size(name):
    agrees(name)


def test_a_unet_takes_multiples_of_16_and_its_branches_meet_at_its_concatenations():
    found = network_sizes(load_network("unet"), 1)
    assert "multiples of 16" == str(found.rule)
    assert ((496, 512), (512,), ()) == (found.near(500), found.near(512), found.near(0)[:0])
    # Of 512 sizes 256 are odd, 128 of the others half of one, and so on: the first 16 are lost to
    # a pooling of one element where a branch has none to meet.
    assert ["9", "11", "13", "15"] == [one.label for one in found.breaking[:4]]
    assert "branch 0 gives 512x63x63, branch 1 gives 512x62x62: a concatenation needs equal" in (
        found.breaking[0].reason
    )


def test_sizes_at_which_nothing_is_dropped():
    network = load_network("vgg16")
    found = network_sizes(network, 3, 2, 1, 130, unused=0)
    assert [32, 64, 96, 128] == found.rule.sizes()
    assert "multiples of 32" == str(found.rule)
    assert [0, 0] == [dropped(network, 3, size) for size in (64, 96)]
    assert dropped(network, 3, 65) > 0
    assert "0.1" == found.dropping[0][0]


def test_a_network_of_one_size():
    text = "nn.Sequential(nn.Conv2d(3, 8, 3), nn.Flatten(), nn.Linear(8 * 30 * 30, 10))"
    found = network_sizes(convcalc.parse(text), 3)
    assert "32 alone" == str(found.rule)
    assert (32,) == found.near(500)


def test_the_weights_of_a_model_fit_some_sizes():
    # Stride 2 and padding 1 make 16 of 31 and of 32, and the linear layer has 8 * 16 * 16 weights.
    layers = [Conv(8, 3, 2, 1), ReLU(), Flatten(), Linear(10)]
    model = replace(Network.chain(layers), input_shape=(3, 32, 32))
    found = network_sizes(model, 3)
    assert ("31, 32", (3, 32, 32)) == (str(found.rule), found.model_input)
    assert ["the model's weight is 10x2048, this input needs 10x524288"] == [
        one.reason for one in found.breaking
    ]
    taken = [shape for shape, _ in inputs_for(model, 3, (16, 16), until=0).found]
    assert [(3, 31, 31), (3, 32, 32)] == sorted(taken)
    assert ((3, 32, 32),) == nearby_inputs(model, (3, 40, 40)).shapes
    text = network_sizes(Network.chain(layers), 3)
    assert ("every size", None) == (str(text.rule), text.model_input)


@pytest.mark.parametrize(
    ("axes", "first", "last", "told"),
    [
        (0, 1, 9, "no spatial axes"),
        (2, 9, 1, "no sizes from 9 to 1"),
        (2, 1, 200_000, "200,000 sizes of 1 layer are too many; at most 100,000"),
    ],
)
def test_what_cannot_be_tried_is_refused(axes, first, last, told):
    with pytest.raises(UsageError, match=told):
        network_sizes(convcalc.parse("relu"), 3, axes, first, last)


def test_a_network_goes_by_its_name_too():
    assert (496, 512) == convcalc.sizes("UNet").near(500)
