"""Layers for sequences: shapes, costs by hand, and what is refused."""

from __future__ import annotations

import re

import pytest

import convcalc
from convcalc.errors import ParameterError, ShapeError, SpecError
from convcalc.layers import LSTM, RNN, Bilinear, ElementOps, MultiheadAttention


def analyzed(spec, shape, batch=1):
    return convcalc.parse(spec).analyze(shape, batch).layers[-1]


def test_two_layers_of_ten_steps_and_two_samples():
    # 2 samples * 10 steps * (128*(16 + 32) + 128*(32 + 32))
    assert 286_720 == analyzed("lstm:32,layers2", (10, 16), batch=2).macs


@pytest.mark.parametrize(
    ("spec", "output", "params", "macs", "bias_adds"),
    [
        # 20*(7 + 5), 20 + 20
        ("lstm:5", (3, 5), 280, 3 * 240, 3 * 40),
        ("lstm:5,nobias", (3, 5), 240, 3 * 240, 0),
        # 20*(7 + 2) + 2*5; the second layer reads 2 directions of 2: 20*(4 + 2) + 10
        ("lstm:5,proj2", (3, 2), 230, 3 * 190, 3 * 40),
        ("lstm:5,proj2,layers2,bidirectional", (3, 4), 800, 3 * 640, 3 * 160),
        ("gru:5,bidirectional", (3, 10), 420, 3 * 360, 3 * 60),
        ("rnn:5,layers3", (3, 5), 190, 3 * 160, 3 * 30),
    ],
)
def test_weights_are_used_once_a_step(spec, output, params, macs, bias_adds):
    row = analyzed(spec, (3, 7))
    assert (output, params) == (row.output_shape, row.params)
    assert (macs, bias_adds) == (row.macs, row.bias_adds)
    parts = row.params_by_part
    assert (params - bias_adds // 3, bias_adds // 3, 0) == parts


def test_the_projection_stands_behind_the_weights_of_its_direction():
    weights = LSTM(5, proj_size=2, bidirectional=True).weight_shapes((3, 7))
    assert list(weights) == [
        *("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0", "weight_hr_l0"),
        *("weight_ih_l0_reverse", "weight_hh_l0_reverse", "bias_ih_l0_reverse"),
        *("bias_hh_l0_reverse", "weight_hr_l0_reverse"),
    ]
    assert (20, 2) == weights["weight_hh_l0"]
    assert (2, 5) == weights["weight_hr_l0"]
    without = LSTM(5, bias=False, proj_size=2).weight_shapes((3, 7))
    assert ["weight_ih_l0", "weight_hh_l0", "weight_hr_l0"] == list(without)


@pytest.mark.parametrize(
    ("spec", "each"),
    [
        ("lstm:1", ElementOps(multiply=3, add=4, divide=3, exponent=5)),
        ("lstm:2,proj1", ElementOps(multiply=6, add=8, divide=6, exponent=10)),
        ("gru:1", ElementOps(multiply=3, add=5, divide=2, exponent=3)),
        ("rnn:1", ElementOps(exponent=1)),
        ("rnn:1,relu", ElementOps(compare=1)),
    ],
)
def test_what_one_step_computes_beside_the_sums(spec, each):
    assert each == analyzed(spec, (1, 1)).elements


def test_an_output_sees_all_features():
    field, *more = analyzed("lstm:3 gru:2", (5, 4)).receptive_field
    assert ([], True) == (more, field.whole)


@pytest.mark.parametrize("shape", [(7,), (5, 7, 7)])
def test_a_sample_is_a_sequence(shape):
    with pytest.raises(ShapeError, match="needs an input of steps and features, as 100x64; got "):
        LSTM(3).out_shape(shape)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: LSTM(3, proj_size=3), "proj_size: must be below hidden_size=3, got 3"),
        (lambda: LSTM(3, num_layers=1001), "num_layers: must be at most 1000, got 1001"),
        (lambda: LSTM(0), "hidden_size: must be at least 1, got 0"),
        (lambda: RNN(3, nonlinearity="gelu"), "nonlinearity: expected one of tanh, relu; got"),
    ],
)
def test_impossible_parameters_are_refused(make, message):
    with pytest.raises(ParameterError, match=message):
        make()


def test_a_layer_writes_itself():
    layer = LSTM(8, num_layers=2, bias=False, bidirectional=True, proj_size=3)
    assert "lstm:8,layers2,nobias,bidirectional,proj3" == layer.spec()
    assert "rnn:8,relu" == RNN(8, nonlinearity="relu").spec()


def test_bilinear_layers_by_hand():
    row = analyzed("bilinear:5{linear:4 | linear:6}", (7, 3))
    assert ((7, 5), 125, 7 * 120, 35) == (row.output_shape, row.params, row.macs, row.bias_adds)
    assert ElementOps(multiply=7 * 24) == row.elements
    assert "bilinear:5" == row.spec
    one = analyzed("bilinear:5,nobias{|}", (6,))
    assert ((5,), 180, 180, 0) == (one.output_shape, one.params, one.macs, one.bias_adds)
    assert one.macs == Bilinear(5).real_macs((6,), (6,))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("bilinear:5{relu | flatten}", "all axes but the last must be equal"),
        ("bilinear:5{relu}", "bilinear"),
        ("bilinear:5{relu | relu | relu}", "bilinear"),
        ("bilinear:5", "bilinear"),
        ("nn.Bilinear(4, 5, 3)", "a spec writes as its branches, bilinear:5{a | b}"),
    ],
)
def test_bilinear_layers_need_two_branches(text, message):
    with pytest.raises(SpecError, match=re.escape(message)):
        analyzed(text, (7, 3))


def test_an_attention_by_hand():
    # 10 steps: 10 * 192*64 + 2 * 100 * 64 + 10 * 64*64; biases 10 * 256
    row = analyzed("multiheadattention:64,heads8", (10, 64))
    assert (16_640, 176_640, 2560) == (row.params, row.macs, row.bias_adds)
    # 80 softmaxes of 10 scores
    softmax = ElementOps(add=80 * 19, compare=80 * 9, divide=800, exponent=800)
    assert softmax._replace(multiply=640) == row.elements
    assert 0 == analyzed("multiheadattention:64,heads8,nobias", (10, 64)).bias_adds


@pytest.mark.parametrize("shape", [(64,), (10, 63), (10, 10, 64)])
def test_an_attention_keeps_its_features(shape):
    with pytest.raises(ShapeError, match="needs an input of steps and 64 features, as 100x64; got"):
        MultiheadAttention(64).out_shape(shape)


def test_heads_share_the_features():
    with pytest.raises(ParameterError, match="num_heads: must divide embed_dim=64, got 7"):
        MultiheadAttention(64, 7)
