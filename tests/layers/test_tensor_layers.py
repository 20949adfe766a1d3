"""Operations on whole tensors: shapes, costs, fields, and how texts have them."""

from __future__ import annotations

import pytest

import convcalc
from convcalc.analysis.memory.report import analyze_memory
from convcalc.errors import ParameterError, ShapeError, SpecError
from convcalc.layers import (
    Attention,
    Concat,
    Costs,
    ElementOps,
    Elementwise,
    LayerNorm,
    MatMul,
    Parameter,
    Permute,
    Reduce,
    Softmax,
    View,
)
from convcalc.network.graph import INPUT, Network, Node
from convcalc.receptive import IDENTITY, UNSEEN


def test_a_product_costs_what_a_loop_over_its_elements_does():
    one, other = (3, 1, 2, 5), (4, 5, 6)
    out = MatMul().out_shape(one, other)
    products = sum(1 for _ in range(3 * 4 * 2 * 6) for _ in range(5))
    assert ((3, 4, 2, 6), products) == (out, MatMul().costs(one, other).macs)


@pytest.mark.parametrize(
    ("query", "key", "value", "macs"),
    [
        ((1, 4, 8), (1, 7, 8), (1, 7, 3), 308),  # 1*4*7*(8 + 3)
        ((4, 6, 8), (2, 6, 8), (2, 6, 8), 2304),  # 4*6*6*16, keys of 2 heads
        ((5, 3), (7, 3), (7, 2), 175),  # no heads: 5*7*(3 + 2)
        ((9, 2, 5, 3), (9, 2, 7, 3), (9, 2, 7, 2), 9 * 2 * 175),
    ],
)
@pytest.mark.parametrize("causal", [False, True])
def test_attention_multiplies_every_query_with_every_key(query, key, value, macs, causal):
    layer = Attention(causal=causal)
    assert macs == layer.costs(query, key, value).macs
    assert (*query[:-1], value[-1]) == layer.out_shape(query, key, value)
    mask = (query[-2], key[-2])
    more = layer.costs(query, key, value, mask).elements.add
    rows = macs // (query[-1] + value[-1])
    assert rows == more - layer.costs(query, key, value).elements.add


@pytest.mark.parametrize(
    ("layer", "shapes", "message"),
    [
        (MatMul(), [(3, 4), (3, 4)], "sums over 4 elements of the first and 3 of the second"),
        (MatMul(), [(2, 3, 4), (3, 4, 5)], "must be equal, or one of them 1"),
        (MatMul(), [(3, 4)], "needs two inputs, got 1"),
        (Attention(), [(2, 4, 8)] * 2, "needs queries, keys and values, got 2 inputs"),
        (Attention(), [(3, 4, 8), (2, 4, 8), (2, 4, 8)], "must divide those of queries"),
        (Attention(), [(2, 4, 8), (2, 4, 7), (2, 4, 8)], "E, S and the axes in front"),
        (Attention(), [(2, 4, 8), (4, 8), (4, 8)], "as many axes"),
        (Attention(), [(2, 4, 8)] * 3 + [(3, 4)], "a mask 3x4 on scores 2x4x4"),
        (Elementwise("sub"), [(3, 4), (4, 3)], "must be equal, or one of them 1"),
        (Elementwise("exp"), [(3,), (3,)], "'exp' takes 1 inputs, got 2"),
        (Reduce("sum", 3), [(3, 4)], "no such axis"),
        (Permute((1, 0)), [(3, 4, 5)], "puts 2 axes in another order"),
        (Softmax(4), [(3, 4)], "dim=4 is no axis of 3x4"),
        (Concat(2), [(3, 4), (2, 4)], "all axes but dim=2 must be equal"),
    ],
)
def test_what_does_not_fit_is_refused(layer, shapes, message):
    with pytest.raises(ShapeError, match=message):
        layer.out_shape(*shapes)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Elementwise("subb"), "no operation is called 'subb'; did you mean 'sub'"),
        (lambda: Permute((0, 2)), "expected each axis from 0 on once"),
        (lambda: Reduce("sum", (1, 1)), "the same axis twice"),
        (lambda: Reduce("median", 1), "expected one of sum, mean"),
        (lambda: LayerNorm(dim=0), "0 is the batch; 1 are the channels"),
    ],
)
def test_an_impossible_parameter_is_refused(make, message):
    with pytest.raises(ParameterError, match=message):
        make()


@pytest.mark.parametrize(
    ("layer", "elements"),
    [
        (Elementwise("rsqrt"), ElementOps(divide=12, exponent=12)),
        (Elementwise("mul", 2), ElementOps(multiply=12)),
        (Elementwise("where"), ElementOps(compare=12)),
        (Reduce("mean", 1), ElementOps(add=12, divide=3)),
        (Reduce("max", (0, 1)), ElementOps(compare=12)),
        (Reduce("norm", 1, True), ElementOps(multiply=12, add=12, exponent=3)),
        (Reduce("std", 1), ElementOps(multiply=12, add=36, divide=6, exponent=3)),
        (Permute((1, 0)), ElementOps()),
        (View("roll", (3, 4)), ElementOps()),
    ],
)
def test_elements_cost_what_their_operation_does(layer, elements):
    assert Costs(elements=elements) == layer.costs((3, 4))


def test_an_array_that_is_learned_is_seen_by_no_field_and_hides_none():
    report = convcalc.parse("conv:4,k3 residual{ | parameter:4x6x6}").analyze((3, 8, 8))
    assert [3, 0, 3] == [row.receptive_field[0].size for row in report.layers]
    assert (144, 0) == (report.layers[1].params, report.layers[1].activations)
    assert UNSEEN == Parameter((4, 6)).field((), ((3,),))[0]


def test_fields_follow_axes_through_permutations():
    text = "conv:4,k3 permute:1x2x0 ln:dim-1 linear:5 gelu permute:2x0x1 conv:2,k3"
    report = convcalc.parse(text).analyze((3, 9, 8))
    fields = [report.layers[index].receptive_field for index in (0, 5, 6)]
    assert [(3, False), (3, False), (5, False)] == [(f[0].size, f[0].whole) for f in fields]
    assert report.layers[2].receptive_field[1].whole  # the channels, of which nothing is said


def test_an_operation_between_arrays_of_one_element_along_an_axis_sees_all_of_it():
    layer = Elementwise("mul")
    (field,) = layer.field(((IDENTITY,), (IDENTITY,)), ((2, 5), (2, 1)))
    assert field.whole
    (field,) = layer.field(((IDENTITY,), (IDENTITY,)), ((2, 5), (1, 5)))
    assert not field.whole


def test_a_text_has_several_inputs():
    network = convcalc.parse("a=conv:8,k3,p1 b=input:1x8x8 conv:8,k1 residual{ | @a}")
    assert [(INPUT,), (INPUT,), (1,), (2, 0)] == [node.inputs for node in network.nodes]
    assert network == convcalc.parse(network.spec())
    assert (8, 8, 8) == network.analyze((3, 8, 8)).layers[-1].output_shape


def test_an_operation_stands_alone_and_a_product_does_not():
    assert 3 == convcalc.parse("elementwise:name=exp").analyze((3,)).totals.element_ops
    with pytest.raises(SpecError, match="matmul needs branches"):
        convcalc.parse("matmul")


def test_a_further_input_is_alive_from_the_start_to_its_last_reader():
    network = convcalc.parse("conv:4,k1 residual{ | input:4x5x5}")
    # The picture of 3*25 and the other input of 4*25 are there while the convolution makes 4*25;
    # two arrays of 4*25 wait for the sum, which makes one more.
    report = analyze_memory(network, (3, 5, 5))
    assert [4 * (75 + 100 + 100), 4 * 200, 4 * 300] == [row.live for row in report.layers]


def test_nodes_can_be_made_in_code():
    nodes = (
        Node(Parameter((4, 4)), (INPUT,), "table"),
        Node(MatMul(), (INPUT, 0), "product"),
    )
    report = Network(nodes).analyze((3, 4))
    assert (16, 48) == (report.totals.params, report.totals.macs)
