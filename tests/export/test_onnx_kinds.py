"""Networks as ONNX models: onnx accepts them, and onnxruntime computes what the executor does."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from random_layers import layers
from torch_comparing import JOINS, executed, samples, weights_of

import convcalc
from contract import COMPUTED, CONTRACT
from convcalc.errors import DataError, UsageError
from convcalc.execute.weights.random_weights import initial_weights
from convcalc.export import to_onnx
from convcalc.layers import KINDS
from convcalc.layers.kinds import row_of
from convcalc.network.graph import Network
from convcalc.zoo.catalog import network_input, network_names

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")
from convcalc.export.onnx_forms import FORMS  # noqa: E402 - it imports onnx

WRITTEN = sorted(COMPUTED)


def computed(data, x):
    quiet = onnxruntime.SessionOptions()
    quiet.log_severity_level = 3
    session = onnxruntime.InferenceSession(data, quiet, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: x})[0]


def agree(network, shape, batch=3, tolerance=2e-6, weights=None):
    """Both results in float32, held against the largest value.

    The input is of eighths: what a norm divides by is 0 or no small difference of large numbers.
    """
    x = (np.round(8 * samples(shape, batch)) / 8).astype("float32")
    weights = weights or weights_of(network, shape)
    rows = getattr(network.nodes[0].layer, "num_embeddings", None)
    x = np.floor(abs(x)) % rows if rows else x
    expected = executed(network, x.astype(float), weights)
    data = to_onnx(network, shape, weights)
    result = computed(data, x.astype("int64") if rows else x)
    assert expected.shape == result.shape
    scale = max(1.0, abs(expected[np.isfinite(expected)]).max(initial=0.0))
    np.testing.assert_allclose(result, expected, rtol=0, atol=tolerance * scale)
    return onnx.load_from_string(data)


def test_every_kind_that_can_be_run_has_a_form():
    written = {kind for kind, layer in KINDS.items() if row_of(FORMS, layer)}
    assert written == {*WRITTEN, "input"}


@pytest.mark.parametrize("kind", WRITTEN)
def test_a_kind_computes_what_the_executor_does(kind):
    agree(convcalc.parse(CONTRACT[kind].network), CONTRACT[kind].input)


@pytest.mark.parametrize("kind", sorted(set(WRITTEN) - JOINS - {"maxunpool"}))
@settings(max_examples=15, suppress_health_check=[HealthCheck.filter_too_much])
@given(data=st.data())
def test_random_layers_compute_what_the_executor_does(kind, data):
    layer, shape = data.draw(layers(kind))
    # onnxruntime refuses a result that consists of its output padding alone.
    added = getattr(layer, "output_padding", 0)
    assume(min(layer.out_shape(shape)[1:], default=1) > np.max(added))
    agree(Network.chain([layer]), shape, tolerance=2e-5)


def test_a_dilated_window_between_all_elements_has_a_maximum_below_everything():
    agree(convcalc.parse("maxpool:1x2,s2,same-upper,d3"), (4, 1, 2))


@pytest.mark.parametrize("name", ["mobilenet_v3_small", "convnext_tiny", "shufflenet_v2_x1_0"])
def test_a_reference_network_computes_what_the_executor_does(name):
    network = convcalc.load_network(name)
    model = agree(network, (3, 96, 96), batch=2, tolerance=1e-4)
    inputs, outputs = model.graph.input, model.graph.output
    assert ["N", "N"] == [v.type.tensor_type.shape.dim[0].dim_param for v in (*inputs, *outputs)]


@pytest.mark.slow
@pytest.mark.parametrize("name", network_names())
def test_every_reference_network_computes_what_the_executor_does(name):
    network = convcalc.load_network(name)
    shape = network_input(name)
    agree(network, shape, 1, tolerance=1e-4, weights=dict(initial_weights(network, shape, 1)))


def test_the_weights_keep_their_names():
    network = convcalc.parse("conv1=conv:4,k3 2x{bn relu}")
    model = agree(network, (3, 9, 9))
    names = {tensor.name for tensor in model.graph.initializer}
    assert set(network.tensor_shapes((3, 9, 9))) == names


def test_a_network_that_ends_with_its_input_gives_it_back():
    x = np.ones((2, 3, 4, 4), "float32")
    assert (computed(to_onnx(convcalc.parse("a=0x{relu} relu @a"), (3, 4, 4), {}), x) == x).all()


def test_kinds_without_a_form_are_named_with_a_layer_each():
    network = convcalc.parse("relu opaque:name=roll view:name=turn,out=3x8x8 opaque:name=roll")
    with pytest.raises(UsageError, match=r"^no form in ONNX: roll \(1\), turn \(2\)$"):
        to_onnx(network, (3, 8, 8), {})


def test_weights_must_be_those_of_the_network():
    with pytest.raises(DataError, match=r"missing '0.weight' \(4x3x1x1\)"):
        to_onnx(convcalc.parse("pw:4,nobias"), (3, 8, 8), {})


@pytest.mark.parametrize(
    "text",
    [
        *(f"elementwise:name={name}" for name in ("neg", "square", "exp", "expm1", "tanh", "erf")),
        *(f"elementwise:name={name}" for name in ("erfc", "abs", "sigmoid")),
        *(f"abs=elementwise:name=abs elementwise:name={n}" for n in ("sqrt", "log1p", "log")),
        *(f"elementwise:name={n}" for n in ("sin", "cos", "tan", "atan", "sinh", "cosh", "asinh")),
        *(f"sigmoid elementwise:name={n}" for n in ("asin", "acos", "atanh")),
        "elementwise:name=cosh elementwise:name=acosh",
        *(f"elementwise:name={n}" for n in ("floor", "ceil", "round", "sign")),
        *(f"elementwise:name={n},value=1.5" for n in ("rsub", "rdiv", "clamp_min", "clamp_max")),
        "softplus elementwise:name=rsqrt",
        "softplus elementwise:name=reciprocal",
        "softplus elementwise:name=pow,value=1.5",
        "a=relu elementwise:name=div{@a | gap elementwise:name=exp}",
        *(f"reduce:{name},axes1" for name in ("sum", "mean", "max", "min", "norm")),
        "reduce:mean,axes=0x1x2",
        "reduce:sum,axes=-1,keep",
        "x=flatten w=parameter:60x2 matmul{@x | @w}",
        "x=reshape:4x15 y=slice:0:2 attention{@x | @y | @y}",
        "r=reshape:4x3x5 s=slice:0:2 attention:causal{@r | @s | @s}",
        "reshape:4x15 softmax:dim=-1 ln:dim=2 glu:dim=1",
    ],
)
def test_named_operations_and_products_compute_what_the_executor_does(text):
    agree(convcalc.parse(text), (4, 3, 5), tolerance=1e-5)


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("lstm:5,layers2,bidirectional", (6, 4)),
        ("lstm:5,proj3,layers2,bidirectional,nobias", (4, 3)),
        ("lstm:5,proj=2", (3, 3)),
        ("gru:4,layers2,bidirectional", (5, 3)),
        ("gru:4,nobias", (5, 3)),
        ("rnn:4,relu,layers2", (5, 3)),
        ("rnn:4,bidirectional", (1, 3)),
        ("multiheadattention:8,heads=4", (5, 8)),
        ("multiheadattention:8,nobias", (5, 8)),
        ("p=maxpool:3,s2,p1 maxunpool:3,s2,p1,of=p", (2, 9, 7)),
        ("p=maxpool:2,s1 maxunpool:2,s1,of=p", (2, 5, 6)),
        ("p=maxpool:3,s1 relu maxunpool:3,s1,of=p", (2, 8)),
        ("p=maxpool:2 conv:3,k1 maxunpool:2,of=p", (3, 4, 4, 6)),
    ],
)
def test_sequences_and_unpooling_compute_what_the_executor_does(text, shape):
    agree(convcalc.parse(text), shape, tolerance=1e-5)


def test_what_has_no_operator_is_named_with_its_layer():
    for text in ("elementwise:name=digamma", "reduce:argmax,axes1", "elementwise:name=add"):
        with pytest.raises(UsageError, match=r"layer 0 \(.*\) has no form in ONNX"):
            to_onnx(convcalc.parse(text), (3, 4, 4), {})


def test_further_inputs_are_inputs_of_the_model():
    network = convcalc.parse("a=relu x=input:3x1x1 elementwise:name=add{@a | @x}")
    model = onnx.load_from_string(to_onnx(network, (3, 4, 4), {}))
    assert ["input", "x"] == [value.name for value in model.graph.input]
