"""Every kind of layer: shapes, weights, costs and fields, as the contract has them."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from reports import Loops, layer_of, report, seen

import convcalc
from contract import COMPUTED, CONTRACT
from convcalc.errors import ShapeError
from convcalc.layers import (
    KINDS,
    AvgPool,
    BatchNorm,
    Costs,
    Crop,
    ElementOps,
    Hardtanh,
    InstanceNorm,
    Layer,
    LeakyReLU,
    MaxPool,
    Pad,
    Reshape,
    Slice,
    Unflatten,
    Upsample,
)
from convcalc.network.graph import Network
from convcalc.receptive import IDENTITY

SEEING_ALL = {
    *("gap", "gn", "in", "linear", "flatten", "scale", "lstm", "gru", "rnn", "multiheadattention"),
    *("bilinear", "reshape", "view", "matmul", "attention", "reduce"),
}


NEED_SPATIAL_AXES = {
    "conv", "convt", "dw", "pw", "sep", "maxpool", "maxunpool", "avgpool", "gap", "adaptiveavgpool",
    "adaptivemaxpool", "in", "pad", "crop", "upsample", "pixelshuffle", "lppool", "lrn",
    "pixelunshuffle",
}  # fmt: skip


NEED_SEQUENCES = {"lstm", "gru", "rnn", "multiheadattention"}
NEED_OTHERS = NEED_SPATIAL_AXES | NEED_SEQUENCES | {"embedding"}


NEED_MORE = {"slice", "reshape", "unflatten", "permute", "matmul", "attention", "reduce"}
"""Kinds whose row asks for more than two features."""


SAYING_THEIR_SHAPE = {"opaque", "view", "input", "parameter", "unreached"}


WITH_BIAS = [kind for kind, layer in KINDS.items() if "bias" in layer.rules()]


def test_every_kind_has_a_row_here():
    assert set(CONTRACT) == set(KINDS)


@pytest.mark.parametrize("kind", CONTRACT)
def test_a_kind_answers_for_shapes_weights_costs_and_field(kind):
    expected, row = CONTRACT[kind], report(CONTRACT[kind].network, CONTRACT[kind].input)
    assert (kind, expected.spec.partition("{")[0]) == (row.kind, row.spec)
    assert (expected.output, expected.weights) == (row.output_shape, row.weights)
    assert list(expected.weights) == list(row.weights)
    assert (expected.params, expected.macs, 2 * expected.macs) == (row.params, row.macs, row.flops)
    assert (expected.bias_adds, expected.elements.total) == (row.bias_adds, row.element_ops)
    assert expected.elements == layer_of(kind).costs(*row.input_shapes).elements
    assert expected.field == seen(row)
    whole = {field.whole for field in row.receptive_field or ()}
    assert whole == (set() if expected.field is None else {kind in SEEING_ALL})


@pytest.mark.parametrize("kind", WITH_BIAS)
def test_without_bias_nothing_else_changes(kind):
    expected, (call, *branches) = CONTRACT[kind], CONTRACT[kind].network.partition("{")
    row = report("".join((call, ",nobias", *branches)), expected.input)
    weights = {name: shape for name, shape in expected.weights.items() if "bias" not in name}
    assert (expected.output, weights) == (row.output_shape, row.weights)
    assert (expected.macs, 0) == (row.macs, row.bias_adds)


@pytest.mark.parametrize("kind", CONTRACT)
def test_batch_multiplies_costs_and_not_params(kind):
    spec, shape = CONTRACT[kind].network, CONTRACT[kind].input
    one, many = report(spec, shape), report(spec, shape, batch=7)
    for name in ("macs", "flops", "bias_adds", "element_ops", "activations"):
        assert 7 * getattr(one, name) == getattr(many, name)
    assert (one.params, one.output_shape) == (many.params, many.output_shape)


def test_totals_are_the_sums_over_the_layers():
    totals = convcalc.parse("conv:4,k3 dw:k3 pw:2").analyze((3, 6, 6), batch=2).totals
    assert 162 == totals.params  # (4*27 + 4) + (4*9 + 4) + (2*4 + 2)
    assert 3808 == totals.macs  # 2*(16*4*27 + 4*4*9 + 4*2*4)
    assert 7616 == totals.flops
    assert 176 == totals.bias_adds  # 2*(16*4 + 4*4 + 4*2)
    assert 176 == totals.activations
    assert 0 == totals.element_ops


def test_costs_add_column_by_column():
    one = Costs(1, 2, ElementOps(3, 4, 5, 6, 7))
    other = Costs(10, 20, ElementOps(30, 40, 50, 60, 70))
    assert Costs(11, 22, ElementOps(33, 44, 55, 66, 77)) == one + other
    assert 275 == (one + other).elements.total


def test_weights_are_named_by_the_label_of_their_layer():
    network = convcalc.parse("dw:k3,nobias sep:2,k1")
    expected = {
        "0.weight": (3, 1, 3, 3),
        "1.depthwise.weight": (3, 1, 1, 1),
        "1.depthwise.bias": (3,),
        "1.pointwise.weight": (2, 3, 1, 1),
        "1.pointwise.bias": (2,),
    }
    assert expected == network.weight_shapes((3, 4, 4))


@pytest.mark.parametrize("kind", COMPUTED)
def test_running_gives_the_promised_shape(kind):
    spec, shape = CONTRACT[kind].network, CONTRACT[kind].input
    layer, inputs = layer_of(kind), report(spec, shape).input_shapes
    weights = {name: np.ones(of) for name, of in layer.tensor_shapes(*inputs).items()}
    arrays = [np.ones((2, *of)) for of in inputs]
    assert (2, *CONTRACT[kind].output) == layer.run(Loops(), arrays, weights).shape


@pytest.mark.parametrize(
    ("layer", "spec"),
    [
        (MaxPool(3, 2, 1, True), "maxpool:3,s2,p1,ceil"),
        (AvgPool((2, 3), count_include_pad=False), "avgpool:2x3,noinclude"),
        (AvgPool(3, 1, 1, count_include_pad=True), "avgpool:3,s1,p1"),
        (AvgPool(3, 1, "same-upper", count_include_pad=False), "avgpool:3,s1,same-upper"),
        (AvgPool(3, 1, "same-upper", count_include_pad=True), "avgpool:3,s1,same-upper,include"),
        (BatchNorm(eps=0.001, affine=False), "bn:eps0.001,noaffine"),
        (InstanceNorm(affine=True), "in:affine"),
        (LeakyReLU(0.2), "leakyrelu:0.2"),
        (LeakyReLU(2), "leakyrelu:2"),
        (Hardtanh(-2, 0.5), "hardtanh:min-2,max0.5"),
        (Slice((0, 32)), "slice:0:32"),
        (Crop((3, 5)), "crop:3x5"),
        (Crop(4, (0, 1)), "crop:4,offset0x1"),
        (Upsample(size=(7, 9), mode="bilinear"), "upsample:size7x9,bilinear"),
        (Upsample(2, mode="bilinear", align_corners=True), "upsample:2,bilinear,align"),
        (Reshape((16, -1, 4)), "reshape:16x-1x4"),
        (Reshape([256]), "reshape:256"),
        (Unflatten((4, 4)), "unflatten:4x4"),
        (Unflatten((2, -1), -1), "unflatten:2x-1,dim-1"),
        (Pad(((0, 1), 2), "reflect"), "pad:0:1x2,reflect"),
    ],
)
def test_a_layer_writes_itself_in_the_spec_language(layer, spec):
    assert spec == layer.spec()


@pytest.mark.parametrize("kind", sorted(NEED_SPATIAL_AXES))
@pytest.mark.parametrize("shape", [(12,), (12, 9, 9, 9, 9)])
def test_kinds_with_windows_refuse_what_has_no_spatial_axes_or_too_many(kind, shape):
    with pytest.raises(ShapeError, match="1 to 3 spatial sizes"):
        Network.chain([layer_of(kind)]).weight_shapes(shape)


@pytest.mark.parametrize("kind", sorted(set(KINDS) - NEED_OTHERS - NEED_MORE - SAYING_THEIR_SHAPE))
def test_other_kinds_work_on_features_alone(kind):
    layer = layer_of(kind)
    shapes = ((2,),) * (2 if layer.joins else 1)
    assert 1 == len(layer.out_shape(*shapes))
    assert (IDENTITY,) == tuple(
        dataclasses.replace(field, whole=False)
        for field in layer.field(((IDENTITY,),) * len(shapes), shapes)
    )


@pytest.mark.parametrize("kind", KINDS)
def test_a_layer_cannot_be_changed(kind):
    with pytest.raises(dataclasses.FrozenInstanceError):
        layer_of(kind).bias = False


@pytest.mark.parametrize("kind", KINDS)
def test_two_kinds_cannot_share_a_name(kind):
    before = dict(KINDS)
    with pytest.raises(TypeError, match=f"two kinds are called '{kind}'"):
        type("Again", (Layer,), {"kind": kind})
    assert before == KINDS
