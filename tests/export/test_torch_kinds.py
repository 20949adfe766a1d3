"""Every kind of layer as torch writes it: the numbers, the module, the call."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_layers import drawn, layers
from torch_comparing import JOINS, ONLY_MODULES, agree, agreeing, leaves, shapes_in

import convcalc
from contract import COMPUTED, CONTRACT
from convcalc.layers import KINDS, AvgPool, ConvTranspose, MaxPool, Upsample
from convcalc.network.graph import Network

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")


def test_every_kind_has_its_forms_in_the_contract():
    assert {kind for kind, layer in KINDS.items() if layer.computable} == {*COMPUTED, "input"}
    assert {kind for kind, row in COMPUTED.items() if not row.call} == ONLY_MODULES


CALLS = {"crop", "permute", "reduce", "reshape", "slice"}
"""Kinds that are calls whether functions are asked for or not."""


@pytest.mark.parametrize("kind", COMPUTED)
@pytest.mark.parametrize("batch", [1, 3])
def test_a_kind_computes_what_the_executor_does(kind, batch):
    row, network = CONTRACT[kind], convcalc.parse(CONTRACT[kind].network)
    expected = agree(network, row.input, batch=batch)
    assert (batch, *row.output) == expected.shape
    assert np.count_nonzero(expected) > 0.3 * expected.size


@pytest.mark.parametrize("kind", sorted(set(COMPUTED) - ONLY_MODULES))
def test_a_kind_that_is_called_as_a_function_computes_the_same(kind):
    agree(convcalc.parse(CONTRACT[kind].network), CONTRACT[kind].input, (kind,))


@pytest.mark.parametrize("kind", COMPUTED)
def test_a_kind_has_the_module_and_the_call_that_are_expected(kind):
    row = CONTRACT[kind]
    network = convcalc.parse(row.network)
    model = network.to_torch(row.input)
    assert (row.module in leaves(model)) == bool(row.module)
    assert network.tensor_shapes(row.input) == shapes_in(model)
    if not row.call:
        return
    called = network.to_torch(row.input, (kind,))
    assert row.call in called.code
    assert row.module not in leaves(called)
    assert kind in JOINS | CALLS or row.call not in model.code or kind == "ln"
    assert network.tensor_shapes(row.input) == shapes_in(called)


@pytest.mark.parametrize("kind", sorted(set(COMPUTED) - JOINS - {"maxunpool"}))
def test_random_layers_compute_what_the_executor_does(kind):
    forms = ((),) if kind in ONLY_MODULES else ((), (kind,))

    @settings(max_examples=drawn(kind, 40), suppress_health_check=[HealthCheck.filter_too_much])
    @given(layers(kind), st.sampled_from(forms))
    def check(layer_and_shape, functions):
        layer, shape = layer_and_shape
        network = Network.chain([layer])
        _, model = agreeing(network, shape, functions)
        assert network.tensor_shapes(shape) == shapes_in(model)

    check()


@pytest.mark.parametrize(
    ("layer", "shape", "module", "calls"),
    [
        # torch pads both ends alike: what it can is left to its module.
        ("conv:2,k3,p1", (1, 5, 5), "padding=(1, 1)", ()),
        ("conv:2,k3,same", (1, 5, 5), "padding=same", ()),
        ("conv:2,k3,valid", (1, 5, 5), "padding=valid", ()),
        ("conv:2,k3,p1,reflect", (1, 5, 5), "padding=(1, 1), padding_mode=reflect", ()),
        ("conv:2,k3,s2,same-upper", (1, 5, 5), "stride=(2, 2), padding=(1, 1)", ()),
        ("conv:2,k3,s2,same-upper", (1, 6, 6), "stride=(2, 2))", ("pad(x, (0, 1, 0, 1))",)),
        ("conv:2,k3,s2,same-lower", (1, 6, 6), "stride=(2, 2))", ("pad(x, (1, 0, 1, 0))",)),
        (
            "conv:2,k3,p0:1x2:0,replicate",
            (1, 5, 5),
            "kernel_size=(3, 3), stride=(1, 1))",
            ("pad(x, (2, 0, 0, 1), mode = 'replicate')",),
        ),
        ("dw:k3,p0:1", (2, 5), "groups=2", ("pad(x, (0, 1))",)),
        ("convt:2,k3,s2,p1,op1", (1, 5, 5), "padding=(1, 1), output_padding=(1, 1)", ()),
        ("convt:2,k1,s3,same-upper", (1, 5), "stride=(3,), output_padding=(2,))", ()),
        # Crop 1 before and 0 after; two cells more than that at the end.
        ("convt:2,k3,s3,p1:0,op2", (1, 5), "output_padding=(2,))", ("_0_whole[(Ellipsis, slice(",)),
        ("maxpool:3,s2,p1", (1, 6, 6), "kernel_size=3, stride=2, padding=1", ()),
        ("maxpool:3,s2,same-upper", (1, 6), "padding=0", ("pad(x, (0, 1), value = -inf)",)),
        ("avgpool:3,s2,p1,ceil", (1, 6, 6), "kernel_size=3, stride=2, padding=1", ()),
        ("avgpool:2,s2,same-upper,include", (1, 5), "padding=(0,)", ("pad(x, (0, 1))",)),
        (
            "avgpool:2,s2,same-upper",
            (1, 5),
            "padding=(0,)",
            ("ones_like", "_0 = _0_mean / _0_share"),
        ),
        ("gap", (2, 5), "AdaptiveAvgPool1d(output_size=1)", ()),
        ("bn", (3,), "BatchNorm1d(3, ", ()),
        ("ln:eps0.1", (3,), "LayerNorm((3,), eps=0.1", ()),
        ("ln", (3, 4), "LayerNorm((3,)", ("permute(0, 2, 1)",)),
        ("pixelshuffle:2", (8, 2, 2, 2), "", ("unflatten", "permute(0, 1, 5, 2, 6, 3, 7, 4)")),
        ("pixelunshuffle:2", (1, 4, 4, 4), "", ("unflatten", "permute(0, 1, 3, 5, 7, 2, 4, 6)")),
        ("pad:1:2,circular", (1, 4), "CircularPad1d((1, 2))", ()),
        ("pad:1:2,constant=3.5", (1, 4), "ConstantPad1d(padding=(1, 2), value=3.5)", ()),
        ("pad:1:2,symmetric", (1, 4), "SymmetricPad((1, 2))", ()),
        (
            "conv:2,k3,same,symmetric",
            (1, 5, 5),
            "stride=(1, 1))",
            ("symmetric_pad(x, (1, 1, 1, 1))",),
        ),
    ],
)
def test_what_torch_can_is_left_to_its_modules(layer, shape, module, calls):
    model = convcalc.parse(layer).to_torch(shape)
    assert module in str(model)
    assert all(call in model.code for call in calls)
    assert bool(calls) == (model.code.count(" = ") > 2 or "return _0\n" not in model.code)


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        # TensorFlow's SAME, 5 cells, kernel 2, stride 2: one cell is added at the end.
        (AvgPool(2, 2, "same-upper"), [-1.5, -3.5, -5.0]),
        (AvgPool(2, 2, "same-upper", count_include_pad=True), [-1.5, -3.5, -2.5]),
        (AvgPool(2, 2, "same-lower"), [-1.0, -2.5, -4.5]),
        # The means of 0 0 1 2, 1 2 3 4 and 3 4 5: what hangs over the end does not count.
        (AvgPool(4, 2, ((2, 0),), ceil_mode=True), [-0.75, -2.5, -4.0]),
        (AvgPool(4, 2, ((2, 0),), ceil_mode=True, count_include_pad=False), [-1.5, -2.5, -4.0]),
        (MaxPool(2, 2, "same-lower"), [-1, -2, -4]),
        (MaxPool(2, 2, ((1, 0),)), [-1, -2, -4]),
        # A second window would start in the padding behind the input: there is none.
        (MaxPool(2, 5, ((0, 1),), ceil_mode=True), [-1]),
        (AvgPool(2, 5, ((0, 1),), ceil_mode=True), [-1.5]),
        # 1 0 2 0 3 0 4 0 5 without its first cell, and one more at the end.
        (
            ConvTranspose(1, 1, 2, ((1, 0),), output_padding=1, bias=False),
            [0, -2, 0, -3, 0, -4, 0, -5, 0],
        ),
    ],
)
def test_a_single_axis_by_hand(layer, expected):
    x = torch.tensor([[[-1.0, -2.0, -3.0, -4.0, -5.0]]])
    weights = {"0.weight": np.ones((1, 1, 1))} if isinstance(layer, ConvTranspose) else {}
    model = Network.chain([layer]).to_torch((1, 5), weights=weights)
    assert expected == model(x)[0, 0].tolist()


@pytest.mark.parametrize("factor", [2, 3, 7, 16, 40])
def test_the_nearest_cells_are_torchs_up_to_a_factor_of_40(factor):
    agree(Network.chain([Upsample(factor)]), (1, 9))
