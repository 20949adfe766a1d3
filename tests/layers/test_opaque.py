"""A layer that is known by what is said of it: of one input, or of several."""

from __future__ import annotations

import pytest

import convcalc
from convcalc.errors import ShapeError
from convcalc.layers import Conv, Opaque
from convcalc.network.graph import INPUT, Network, Node


def network(*layers):
    """A convolution of the input, then layers that read it and the input."""
    first = Node(Conv(4, 3, padding=1), (INPUT,), "conv")
    return Network((first, *(Node(layer, (0, INPUT), str(i)) for i, layer in enumerate(layers))))


def test_one_of_several_inputs_has_the_costs_and_the_shape_that_are_said():
    report = network(Opaque("matmul", (4, 6), params=5, macs=70)).analyze((4, 8, 8))
    row = report.layers[1]
    assert ((0, INPUT), (4, 6), 5, 70) == (row.inputs, row.output_shape, row.params, row.macs)
    assert 4 * 4 * 9 * 64 + 70 == report.totals.macs


def test_element_by_element_it_sees_what_any_of_its_inputs_sees():
    row = network(Opaque("sub", macs=0, elementwise=True)).analyze((4, 8, 8)).layers[1]
    assert ([3, 3], False) == ([f.size for f in row.receptive_field], row.receptive_field[0].whole)


def test_element_by_element_the_inputs_are_spread_to_each_other():
    gate = convcalc.parse("a=conv:4,k3,p1 gap opaque:name=gate,macs0,elementwise{@a | }")
    row = gate.analyze((4, 8, 8)).layers[2]
    assert ((4, 8, 8), True) == (row.output_shape, row.receptive_field[0].whole)
    with pytest.raises(ShapeError, match="element by element 4x8x8 leaves odd, not 4x9x9"):
        Opaque("odd", (4, 9, 9), elementwise=True).out_shape((4, 8, 8))


@pytest.mark.parametrize("macs", [None, 0])
@pytest.mark.parametrize("out", [None, (4, 64), (2, 2, 8, 8), (256,)])
def test_which_elements_it_reads_is_not_known(out, macs):
    row = network(Opaque("view", out, macs=macs)).analyze((4, 8, 8)).layers[1]
    assert row.receptive_field is None


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("conv:4,k3 opaque:name=X conv:4,k3 gap flatten linear:5", [1, 2, 3, 4, 5]),
        ("concat{conv:4,k3,p1 | opaque:name=X} conv:4,k3", [1, 2, 3]),
        ("conv:4,k3 opaque:name=X reshape:12x12 lstm:3", [1, 2, 3]),
        ("a=conv:4,k3,p1 opaque:name=X concat{@a | relu}", [1, 2, 3]),
        ("a=conv:4,k3,p1 opaque:name=X residual{@a | @a}", [1]),
        ("reshape:4x64 matmul{ | opaque:name=X,out64x4} softmax", [1, 2, 3]),
        ("conv:4,k3 opaque:name=X,elementwise conv:4,k3", []),
    ],
)
def test_no_field_is_known_behind_it(text, unknown):
    rows = convcalc.parse(text).analyze((4, 8, 8)).layers
    assert unknown == [row.index for row in rows if row.receptive_field is None]


def test_no_multiply_accumulates_are_known_and_none_said_are_not():
    rows = network(Opaque("view", (4,), macs=0), Opaque("other", (4,))).analyze((4, 8, 8)).layers
    assert [True, True, False] == [row.counted for row in rows]


def test_what_is_like_a_layer_sees_and_computes_what_that_does_with_its_own_parameters():
    like = Conv(4, 3, padding=1)
    own = Opaque("conv2d", (4, 8, 8), params=4, macs=9300, like=like)
    row, known = (Network.chain([one]).analyze((4, 8, 8)).layers[0] for one in (own, like))
    assert (4, 9300, known.bias_adds) == (row.params, row.macs, row.bias_adds)
    assert known.receptive_field == row.receptive_field


def test_of_zero_padding_it_knows_what_the_layer_knows_that_it_is_like():
    like = Conv(4, 3, padding=1)
    # 22*22 of 24*24 taps are real along the two axes; 100 more have made the weights.
    own = Opaque("conv2d", (4, 8, 8), macs=9216 + 100, like=like)
    assert 4 * 4 * 22 * 22 + 100 == own.real_macs((4, 8, 8))
    assert 9216 == Opaque("conv2d", (4, 8, 8), macs=9216).real_macs((4, 8, 8))


def test_with_branches_it_reads_what_they_give_and_no_more():
    text = "a=pw:4 b=relu opaque:name=stack,out8x8x8,macs0{@a | @b} c=opaque:name=roll{@a}"
    read = convcalc.parse(text)
    assert [(0, 1), (0,)] == [node.inputs for node in read.nodes[2:]]
    assert text.replace("c=", "") == convcalc.parse(text.replace("c=", "")).spec()
