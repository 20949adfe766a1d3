"""Models of several inputs and of whole tensors: their nodes, costs, fields and values."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from older_torch import needs_checked_ids

torch = pytest.importorskip("torch")

from torch.utils.flop_counter import FlopCounterMode  # noqa: E402

from convcalc.errors import DataError, UsageError  # noqa: E402
from convcalc.execute.in_memory import run_network  # noqa: E402
from convcalc.execute.settings import Settings  # noqa: E402
from convcalc.importers.loading import found  # noqa: E402
from convcalc.importers.target import target_of  # noqa: E402
from convcalc.importers.torch_model import network_of  # noqa: E402
from convcalc.network.given_inputs import GivenInput  # noqa: E402

MODULES = Path(__file__).with_name("several_inputs.py")


def network(name, *inputs):
    given = [one if isinstance(one, GivenInput) else GivenInput(one) for one in inputs]
    return network_of(target_of(f"{MODULES}:{name}"), given[0].shape, 1, given)


def rows(name, *inputs):
    read = network(name, *inputs)
    return [(row.label, row.spec, row.inputs) for row in read.analyze(read.input_shape).layers]


def test_a_further_input_is_a_node_with_the_name_that_forward_has_for_it():
    assert [
        ("distance", "input:1x8x8", (-1,)),
        ("image", "conv:8,k3,p1", (-1,)),
        ("depth", "conv:8,k1", (0,)),
        ("add", "residual", (1, 2)),
        ("relu", "relu", (3,)),
    ] == rows("Fused", (3, 8, 8), (1, 8, 8))


def test_inputs_may_have_a_dtype_and_a_name():
    ids, mask = GivenInput((12,), "int64"), GivenInput((12,), "", "mask")
    assert ["embedding:100,d16", "linear:4", "reduce:mean,axes0"] == [
        spec for _, spec, _ in rows("Tokens", ids)
    ]
    assert ("mask", "input:12", (-1,)) == rows("Tokens", ids, mask)[0]


@pytest.mark.parametrize("name", ["Listed", "Mapped"])
def test_a_forward_with_one_parameter_gets_a_list_or_a_mapping(name):
    names = ("a", "b") if name == "Mapped" else ("", "")
    pictures = [GivenInput((3, 4, 4), "", names[0]), GivenInput((4, 4, 4), "", names[1])]
    assert [
        (names[1] or "input2", "input:4x4x4", (-1,)),
        ("conv", "conv:4,k1", (-1,)),
        ("add", "residual", (1, 0)),
    ] == rows(name, *pictures)


COSTS = {
    # 8*27 * 64 and 8*1 * 64.
    "Fused": ([(3, 8, 8), (1, 8, 8)], 13_824 + 512, 224 + 16),
    "Tokens": ([GivenInput((12,), "int64")], 768, 1_600 + 68),
    "Listed": ([(3, 4, 4), (4, 4, 4)], 192, 16),
    # 8*4 * 256, 8*8 * 64, 8*16 * 16; then 8*72 on all positions.
    "Pyramid": (
        [(4, 16, 16), (8, 8, 8), (16, 4, 4)],
        8_192 + 4_096 + 2_048 + 576 * 336,
        40 + 72 + 136 + 3 * 584,
    ),
    # 6*64 in and out, keys 4*8*5, values 4*8*7; two heads of 6 x 4 scores of 4, twice.
    "Crossed": ([(6, 8), (4, 5), (4, 7)], 2 * 384 + 160 + 224 + 384, 64 + 40 + 56 + 24 + 72),
    # 6*64 twice; four heads of 6 x 6 scores of 2, twice.
    "Grouped": ([(6, 8), (6, 6)], 2 * 384 + 576, 2 * 72),
}


@pytest.mark.parametrize("name", COSTS)
def test_products_and_parameters_of_several_inputs_are_those_of_torch(name):
    inputs, macs, params = COSTS[name]
    read = network(name, *inputs)
    totals = read.analyze(read.input_shape).totals
    assert (macs, params) == (totals.macs, totals.params)
    model = found(target_of(f"{MODULES}:{name}"))().eval().to("meta").requires_grad_(False)
    given = [one if isinstance(one, GivenInput) else GivenInput(one) for one in inputs]
    tensors = [
        torch.zeros(1, *one.shape, dtype=getattr(torch, one.dtype or "float32"), device="meta")
        for one in given
    ]
    with FlopCounterMode(display=False) as counter:
        model(tensors) if name in ("Listed", "Pyramid") else model(*tensors)
    assert macs == counter.get_total_flops() / 2
    assert params == sum(one.numel() for one in model.parameters())


@pytest.mark.parametrize(
    ("name", "inputs", "error", "message"),
    [
        ("Fused", [(3, 8, 8)], UsageError, "Fused.forward(picture, distance) needs 2 inputs, 1"),
        ("Fused", [(3, 8, 8)] * 3, UsageError, "takes 2 inputs at most, 3 given"),
        ("Tokens", [GivenInput((4,), "int65")], UsageError, "torch has no dtype 'int65'"),
        ("Tokens", [(4,)], DataError, "Tokens.forward(ids, mask) was given an input of 4"),
    ],
)
def test_a_wrong_number_or_type_of_inputs_is_refused(name, inputs, error, message):
    if inputs == [(4,)]:
        needs_checked_ids()
    with pytest.raises(error) as caught:
        network(name, *inputs)
    assert message in str(caught.value)
    assert str(caught.value).count("\n") <= 2


SHAPES = {"Block": (8, 2, 3), "Sequence": (4, 7), "Last": (3, 6, 7)}
MACS = {
    # qkv 6*8*24, scores and means 2*2*6*6*4, out 6*8*8, attention of 6 6*6*(8 + 8), then that of
    # nn.MultiheadAttention 6*24*8 + 2*6*6*8 + 6*8*8
    "Block": 1152 + 576 + 384 + 576 + 1152 + 576 + 384,
    "Sequence": 7 * 20 * (4 + 5),
    "Last": 6 * 7 * (4 * 27 + 16),
}


@pytest.mark.parametrize("name", SHAPES)
def test_products_and_parameters_are_those_of_the_model_and_no_row_is_opaque(name):
    report = network(name, SHAPES[name]).analyze(SHAPES[name])
    assert set() == {row.kind for row in report.layers} & {"opaque", "view"}
    model = found(target_of(f"{MODULES}:{name}"))().eval().to("meta").requires_grad_(False)
    with FlopCounterMode(display=False) as counter:
        model(torch.zeros(1, *SHAPES[name], device="meta"))
    assert MACS[name] == report.totals.macs
    assert name == "Block" or counter.get_total_flops() / 2 == MACS[name]
    assert sum(one.numel() for one in model.parameters()) == report.totals.params


@pytest.mark.parametrize("name", SHAPES)
def test_what_is_read_computes_what_the_model_does(name):
    torch.manual_seed(0)
    model = found(target_of(f"{MODULES}:{name}"))().eval().double()
    with torch.no_grad():
        for one in model.parameters():
            one.uniform_(-1, 1)
    read = network(name, SHAPES[name])
    own = {label: tensor.numpy() for label, tensor in model.state_dict().items()}
    weights = {
        label: own[label if label in own else label.removesuffix(".weight")].reshape(shape)
        for label, shape in read.tensor_shapes(SHAPES[name]).items()
    }
    x = np.random.default_rng(0).standard_normal((1, *SHAPES[name]))
    expected = model(torch.from_numpy(x)).detach().numpy()
    settings = Settings(backend="numpy", spatial_dims=len(SHAPES[name]) - 1)
    result = run_network(read, x, weights, settings).array
    np.testing.assert_allclose(result.reshape(expected.shape), expected, rtol=1e-9, atol=1e-11)


def test_channels_that_go_last_and_come_back_leave_the_fields_exact():
    report = network("Last", (3, 6, 7)).analyze((3, 6, 7))
    field = report.layers[report.output].receptive_field
    assert [(3, 1, -1, False)] * 2 == [
        (axis.size, axis.effective_stride, axis.start, axis.whole) for axis in field
    ]


def test_a_block_of_a_transformer_sees_the_whole_input():
    report = network("Block", (8, 2, 3)).analyze((8, 2, 3))
    assert all(axis.whole for axis in report.layers[report.output].receptive_field)


def test_parameters_that_are_read_as_arrays_are_rows_of_their_own():
    found = {label: spec for label, spec, _ in rows("Block", (8, 2, 3))}
    assert ("parameter:6x8", "parameter:8") == (found["position"], found["scale"])
