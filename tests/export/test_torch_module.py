"""A network as a torch model: the same numbers, the same names, the modules one expects."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_layers import layers

import convcalc
from contract import CONTRACT
from convcalc.errors import DataError, ShapeError, SpecError, UsageError
from convcalc.execute.backends.numpy_backend import NumpyBackend
from convcalc.execute.in_memory import run_network
from convcalc.execute.settings import Settings
from convcalc.layers import KINDS, AvgPool, ConvTranspose, MaxPool, ReLU, Upsample
from convcalc.network.functional import ONLY_MODULES
from convcalc.network.graph import Network, Node
from convcalc.zoo.catalog import load_network, network_input, network_names

torch = pytest.importorskip("torch")
functional = torch.nn.functional
pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")

JOINS = {kind for kind, layer in KINDS.items() if layer.joins}


class Forms(NamedTuple):
    """The class of its module and the text of its call; one of them may be missing."""

    module: str = ""
    call: str = ""


FORMS = {
    "conv": Forms("Conv2d"),
    "convt": Forms("ConvTranspose2d"),
    "dw": Forms("Conv2d"),
    "pw": Forms("Conv2d"),
    "sep": Forms("Conv2d"),
    "maxpool": Forms("MaxPool2d", "torch.nn.functional.max_pool2d(x, "),
    "avgpool": Forms("AvgPool2d", "torch.nn.functional.avg_pool2d(x, "),
    "gap": Forms("AdaptiveAvgPool2d", "x.mean((2, 3), keepdim = True)"),
    "adaptiveavgpool": Forms("AdaptiveAvgPool1d", "torch.nn.functional.adaptive_avg_pool1d(x, 7)"),
    "adaptivemaxpool": Forms("AdaptiveMaxPool2d", "torch.nn.functional.adaptive_max_pool2d(x, ("),
    "linear": Forms("Linear"),
    "flatten": Forms("Flatten", "torch.flatten(x, 1)"),
    "bn": Forms("BatchNorm2d"),
    "gn": Forms("GroupNorm"),
    "ln": Forms("LayerNorm", 'getattr(self, "0")(x)'),
    "in": Forms("InstanceNorm2d"),
    "relu": Forms("ReLU", "torch.nn.functional.relu(x)"),
    "relu6": Forms("ReLU6", "torch.nn.functional.relu6(x)"),
    "hardtanh": Forms("Hardtanh", "torch.nn.functional.hardtanh(x, min_val = -2.0, max_val = 3.0)"),
    "leakyrelu": Forms("LeakyReLU", "torch.nn.functional.leaky_relu(x, negative_slope = 2.0)"),
    "elu": Forms("ELU", "torch.nn.functional.elu(x, alpha = 2.0)"),
    "gelu": Forms("GELU", "torch.nn.functional.gelu(x)"),
    "silu": Forms("SiLU", "torch.nn.functional.silu(x)"),
    "sigmoid": Forms("Sigmoid", "torch.nn.functional.sigmoid(x)"),
    "tanh": Forms("Tanh", "torch.nn.functional.tanh(x)"),
    "softplus": Forms("Softplus", "torch.nn.functional.softplus(x)"),
    "mish": Forms("Mish", "torch.nn.functional.mish(x)"),
    "hardsigmoid": Forms("Hardsigmoid", "torch.nn.functional.hardsigmoid(x)"),
    "hardswish": Forms("Hardswish", "torch.nn.functional.hardswish(x)"),
    "prelu": Forms("PReLU"),
    "softmax": Forms("Softmax", "torch.nn.functional.softmax(x, dim = 1)"),
    "pad": Forms(
        "ReplicationPad2d", "torch.nn.functional.pad(x, (0, 3, 1, 2), mode = 'replicate')"
    ),
    "upsample": Forms(
        "Upsample", "torch.nn.functional.interpolate(x, scale_factor = 2, mode = 'bilinear')"
    ),
    "pixelshuffle": Forms("PixelShuffle", "torch.nn.functional.pixel_shuffle(x, 2)"),
    "shuffle": Forms("ChannelShuffle", "x.unflatten(1, (2, -1))"),
    "slice": Forms("", "x[(slice(None, None, None), slice(1, 3, None))]"),
    "dropout": Forms("Dropout", "torch.nn.functional.dropout(x, 0.5, training = False)"),
    "identity": Forms("Identity", "return x"),
    "residual": Forms("", " + _0_1_0"),
    "concat": Forms("", "torch.cat((_0_0_0, _0_1_0), dim = 1)"),
    "scale": Forms("", "x * _0_0_0"),
    "layerscale": Forms("ChannelScale"),
}


def weights_of(network, shape, seed=1):
    """Weights that keep signals about their size through a ReLU, so that outputs say something."""
    rng = np.random.default_rng(seed)

    def drawn(name, size):
        if len(size) > 1:
            values = rng.standard_normal(size) * (2 / np.prod(size[1:])) ** 0.5
        elif name.endswith("running_var"):
            values = rng.uniform(0.5, 1.5, size)
        else:
            values = rng.uniform(-0.5, 0.5, size) + name.endswith("weight")
        return values.astype("float32")

    return {name: drawn(name, size) for name, size in network.tensor_shapes(shape).items()}


def samples(shape, batch=3, seed=0):
    return 3 * np.random.default_rng(seed).standard_normal((batch, *shape))


def executed(network, x, weights):
    """The result of our own executor; of vectors, which it does not read from files, by layers."""
    if x.ndim > 2:
        return run_network(network, x, weights, Settings("numpy", rank=x.ndim - 2)).array
    values = {-1: x}
    for index, step in enumerate(network.walk(x.shape[1:])):
        arrays = [values[source] for source in step.node.inputs]
        prefix = f"{step.node.label}."
        own = {name.removeprefix(prefix): w.astype(float) for name, w in weights.items()}
        values[index] = step.layer.run(NumpyBackend(), arrays, own)
    return values[index]


def both(network, shape, functions=(), batch=3):
    """What our own executor computes, and what the torch model does, in float64."""
    x, weights = samples(shape, batch), weights_of(network, shape)
    expected = executed(network, x, weights)
    model = network.to_torch(shape, functions, weights).double()
    with torch.no_grad():
        return expected, model(torch.from_numpy(x)).numpy()


def agree(network, shape, functions=(), batch=3, tolerance=1e-12):
    expected, result = both(network, shape, functions, batch)
    assert expected.shape == result.shape
    # A maximum over padding alone is -inf, in both.
    scale = max(1.0, abs(expected[np.isfinite(expected)]).max(initial=0.0))
    np.testing.assert_allclose(result, expected, rtol=0, atol=tolerance * scale)
    return expected


def shapes_in(model):
    """Names and shapes of the state, the counters of batches apart."""
    return {
        name: tuple(tensor.shape)
        for name, tensor in model.state_dict().items()
        if not name.endswith(".num_batches_tracked")
    }


def leaves(model):
    """The class names of the modules that have none inside."""
    return [type(m).__name__ for m in model.modules() if not [*m.children()]]


# Every kind


def test_every_kind_has_its_forms_here():
    assert set(FORMS) == set(KINDS)
    assert {kind for kind, form in FORMS.items() if not form.call} == ONLY_MODULES


@pytest.mark.parametrize("kind", CONTRACT)
@pytest.mark.parametrize("batch", [1, 3])
def test_a_kind_computes_what_the_executor_does(kind, batch):
    row, network = CONTRACT[kind], convcalc.parse(CONTRACT[kind].spec)
    expected = agree(network, row.input, batch=batch)
    assert (batch, *row.output) == expected.shape
    assert np.count_nonzero(expected) > 0.3 * expected.size


@pytest.mark.parametrize("kind", sorted(set(CONTRACT) - ONLY_MODULES))
def test_a_kind_that_is_called_as_a_function_computes_the_same(kind):
    agree(convcalc.parse(CONTRACT[kind].spec), CONTRACT[kind].input, (kind,))


@pytest.mark.parametrize("kind", CONTRACT)
def test_a_kind_has_the_module_and_the_call_that_are_expected(kind):
    row, form = CONTRACT[kind], FORMS[kind]
    network = convcalc.parse(row.spec)
    model = network.to_torch(row.input)
    assert (form.module in leaves(model)) == bool(form.module)
    assert network.tensor_shapes(row.input) == shapes_in(model)
    if not form.call:
        return
    called = network.to_torch(row.input, (kind,))
    assert form.call in called.code
    assert form.module not in leaves(called)
    assert kind in JOINS | {"slice"} or form.call not in model.code or kind == "ln"
    assert network.tensor_shapes(row.input) == shapes_in(called)


@pytest.mark.parametrize("kind", sorted(set(KINDS) - JOINS))
@settings(max_examples=40, suppress_health_check=[HealthCheck.filter_too_much])
@given(data=st.data())
def test_random_layers_compute_what_the_executor_does(kind, data):
    layer, shape = data.draw(layers(kind))
    network = Network.chain([layer])
    functions = () if kind in ONLY_MODULES else data.draw(st.sampled_from(((), (kind,))))
    agree(network, shape, functions)
    assert network.tensor_shapes(shape) == shapes_in(network.to_torch(shape, functions))


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
        ("pad:1:2,circular", (1, 4), "CircularPad1d((1, 2))", ()),
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


# Whole networks

SMALL = {"deeplabv3-resnet50": 520, "inception_v3": 96, "unet": 32, "fcn8s": 32}
HEAVY = {
    *("alexnet", "deeplabv3-resnet50", "fcn8s", "resnet34", "resnet50", "resnet50-paper"),
    *("resnet101", "resnet152", "resnext50_32x4d", "se-resnet50", "unet", "vgg11", "vgg16"),
    *("vgg16_bn", "vgg19", "wide_resnet50_2"),
}
"""Half a minute and more together; smaller networks are of the same blocks."""
REFERENCES = [
    pytest.param(name, marks=pytest.mark.slow if name in HEAVY else ()) for name in network_names()
]


@pytest.mark.parametrize("name", REFERENCES)
def test_a_reference_network_computes_what_the_executor_does(name):
    network, size = load_network(name), SMALL.get(name, 64)
    shape = (network_input(name)[0], size, size)
    result = agree(network, shape, batch=2, tolerance=1e-9)
    # Otherwise agreement would say little: biases alone could have made it.
    assert abs(result[0] - result[1]).max() > 1e-3 * abs(result).max()


@pytest.mark.parametrize("name", network_names())
def test_a_reference_network_has_the_state_and_the_products_that_are_reported(name):
    from torch.utils.flop_counter import FlopCounterMode

    network, shape = load_network(name), network_input(name)
    report = network.analyze(shape, batch=2)
    with torch.device("meta"):
        model = network.to_torch(shape)
        x = torch.empty(2, *shape)
    with FlopCounterMode(display=False) as counter:
        out = model(x)
    assert (2, *report.layers[-1].output_shape) == out.shape
    assert network.tensor_shapes(shape) == shapes_in(model)
    assert report.totals.params == sum(p.numel() for p in model.parameters())
    assert report.totals.flops == counter.get_total_flops()


@pytest.mark.parametrize(
    "name", ["googlenet", "mobilenet_v2", "convnext_tiny", "shufflenet_v2_x1_0"]
)
def test_functions_change_no_number_of_a_reference_network(name):
    called = ("relu", "relu6", "gap", "adaptiveavgpool", "maxpool", "ln", "gelu")
    called += ("dropout", "flatten", "shuffle")
    network = load_network(name)
    result = agree(network, (3, 64, 64), called, batch=1, tolerance=1e-9)
    kinds = set(leaves(network.to_torch((3, 64, 64), called)))
    assert kinds <= {"Conv2d", "BatchNorm2d", "Linear", "ChannelNorm", "ChannelScale"}
    assert np.isfinite(result).all()


TEXT = """
conv1=conv:8,k3,p1,nobias bn relu
residual{pw:8 | } concat{ | slice:0:2}
gap flatten head=linear:5
"""


def test_the_code_can_be_read():
    model = convcalc.parse(TEXT).to_torch((3, 8, 8), ("relu", "gap"))
    expected = """
def forward(self, x):
    conv1 = self.conv1(x);  x = None
    _1 = getattr(self, "1")(conv1);  conv1 = None
    _2 = torch.nn.functional.relu(_1);  _1 = None
    _3_0_0 = getattr(getattr(getattr(self, "3"), "0"), "0")(_2)
    _3 = _3_0_0 + _2;  _3_0_0 = _2 = None
    _4_1_0 = _3[(slice(None, None, None), slice(0, 2, None))]
    _4 = torch.cat((_3, _4_1_0), dim = 1);  _3 = _4_1_0 = None
    _5 = _4.mean((2, 3), keepdim = True);  _4 = None
    _6 = getattr(self, "6")(_5);  _5 = None
    head = self.head(_6);  _6 = None
    return head
"""
    assert expected.strip() == model.code.strip()


def test_the_example_of_the_documentation_is_what_is_written():
    network = convcalc.parse("conv1=conv:8,k3,p1 relu residual{pw:8 | } gap flatten")
    text = (Path(__file__).parents[2] / "docs" / "language.md").read_text(encoding="utf-8")
    assert f'parse("{network.spec()}")' in text
    assert network.to_torch((3, 32, 32), ("relu",)).code.strip() in text


def test_the_state_has_the_names_of_the_spec():
    model = convcalc.parse(TEXT).to_torch((3, 8, 8))
    expected = {
        "conv1.weight": (8, 3, 3, 3),
        "1.weight": (8,),
        "1.bias": (8,),
        "1.running_mean": (8,),
        "1.running_var": (8,),
        "3.0.0.weight": (8, 8, 1, 1),
        "3.0.0.bias": (8,),
        "head.weight": (5, 10),
        "head.bias": (5,),
    }
    assert expected == shapes_in(model)
    assert "1.num_batches_tracked" in model.state_dict()
    assert not model.training
    assert not any(module.training for module in model.modules())


def test_weights_are_drawn_as_torch_draws_them():
    nn = torch.nn
    torch.manual_seed(7)
    own = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.Flatten(), nn.Linear(288, 5))
    torch.manual_seed(7)
    model = convcalc.parse("conv:8,k3 bn flatten linear:5").to_torch((3, 8, 8))
    for name, tensor in own.state_dict().items():
        assert torch.equal(tensor, model.state_dict()[name])


def test_a_layer_of_the_spec_that_is_repeated_is_a_module_each_time():
    model = convcalc.parse("2x{pw:4 relu}").to_torch((4, 2, 2))
    assert ["0.0.0", "0.0.1", "0.1.0", "0.1.1"] == [
        node.target for node in model.graph.nodes if node.op == "call_module"
    ]
    parts = [model.get_submodule(path) for path in ("0.0.0", "0.1.0", "0.0.1", "0.1.1")]
    assert len({id(part) for part in parts}) == 4


def test_a_layer_that_nothing_reads_is_kept():
    network = convcalc.parse("stem=conv:4,k1 side=conv:2,k1 @stem pw:3")
    model = network.to_torch((2, 3, 3))
    assert network.tensor_shapes((2, 3, 3)) == shapes_in(model)
    agree(network, (2, 3, 3))


def test_a_network_without_layers_gives_its_input():
    x = torch.ones(2, 3)
    assert Network(()).to_torch((3,))(x) is x


def test_nodes_without_a_text_are_written_as_well():
    nodes = (Node(ReLU(), (-1,), "a-b.c"), Node(ReLU(), (0,), "7"))
    model = Network(nodes).to_torch((1, 2))
    assert torch.equal(torch.tensor([[[0.0, 3.0]]]), model(torch.tensor([[[-2.0, 3.0]]])))
    assert "ReLU" == type(model.get_submodule("a-b.c")).__name__


# What others do with a model


@pytest.mark.filterwarnings("ignore:`torch.jit")
def test_a_model_can_be_traced_copied_pickled_and_trained():
    network, shape = load_network("resnet18"), (3, 32, 32)
    model = network.to_torch(shape, ("relu", "maxpool", "gap"))
    x = torch.from_numpy(samples(shape)).float()
    expected = model(x)
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert torch.equal(expected, other(x))
        assert not other.training
        assert list(model.state_dict()) == list(other.state_dict())
    traced = torch.jit.trace(model, x[:1])
    torch.testing.assert_close(expected, traced(x), rtol=1e-4, atol=1e-4)
    fresh = network.to_torch(shape)
    fresh.load_state_dict(model.state_dict())
    assert torch.equal(expected, fresh(x))
    model.train()(x).sum().backward()
    assert all(p.grad is not None for p in model.parameters())
    model.graph.lint()


@pytest.mark.parametrize(
    "name", ["relu", "gelu", "avg_pool2d", "adaptive_avg_pool1d", "interpolate"]
)
def test_a_function_that_is_replaced_is_seen_to_be_called(monkeypatch, name):
    kind = {"interpolate": "upsample"}.get(name, name.replace("_", "").rstrip("12d"))
    row, own, seen = CONTRACT[kind], getattr(functional, name), []
    model = convcalc.parse(row.spec).to_torch(row.input, (kind,))
    monkeypatch.setattr(functional, name, lambda *a, **k: seen.append(name) or own(*a, **k))
    model(torch.ones(2, *row.input))
    assert [name] == seen


# Weights from elsewhere


def test_weights_are_taken_from_arrays_and_tensors():
    network = convcalc.parse("conv:4,k3 bn")
    given = weights_of(network, (3, 8, 8))
    read_only = given["0.weight"].copy()
    read_only.flags.writeable = False
    mixed = {
        **given,
        "0.weight": read_only,
        "0.bias": torch.from_numpy(given["0.bias"]),
        "1.weight": given["1.weight"].astype(">f8"),
        "1.num_batches_tracked": np.array(5),
    }
    state = network.to_torch((3, 8, 8), weights=mixed).state_dict()
    assert 5 == state.pop("1.num_batches_tracked")
    for name, tensor in state.items():
        assert (torch.float32, given[name].tolist()) == (tensor.dtype, tensor.tolist())


def test_weights_are_copied():
    network, own = convcalc.parse("pw:1,nobias"), torch.ones(1, 1, 1)
    model = network.to_torch((1, 1), weights={"0.weight": own})
    own += 1
    assert 1 == model.state_dict()["0.weight"].item()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"0.weight": None}, r"missing '0.weight' \(4x3x3x3\)"),
        ({"0.weight": np.ones((4, 3, 3))}, r"'0.weight' is 4x3x3, the network needs 4x3x3x3"),
        ({"7.weight": np.ones(4)}, "no layer has a weight '7.weight'"),
    ],
)
def test_weights_that_do_not_fit_are_named(change, message):
    network = convcalc.parse("conv:4,k3")
    given = {**weights_of(network, (3, 8, 8)), **change}
    given = {name: weight for name, weight in given.items() if weight is not None}
    with pytest.raises(DataError, match=message):
        network.to_torch((3, 8, 8), weights=given)


# Refusals


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ("half=conv:2,k1", "'half': every module of torch has a 'half' of its own"),
        ("code=relu", "'code': every module of torch has a 'code' of its own"),
        ("class=relu", "'class': 'class' is a word of Python"),
        ("a=2xrelu a.0.0.b=relu", "'a.0.0.b': it lies in layer 'a.0.0'"),
        ("a.b=relu a=relu", "'a': other layers lie in it"),
        ("a=sep:2,k1 a.pointwise.b=relu", "'a.pointwise.b': it lies in layer 'a.pointwise'"),
    ],
)
def test_a_label_that_torch_cannot_have_is_refused(spec, why):
    with pytest.raises(UsageError) as caught:
        convcalc.parse(spec).to_torch((2, 3, 3))
    assert f"torch can have no layer called {why}; label it otherwise" == str(caught.value)


def test_a_label_matters_only_where_there_is_a_module():
    convcalc.parse("half=relu").to_torch((2, 3, 3), ("relu",))


def test_an_unknown_function_is_refused():
    with pytest.raises(UsageError, match="no kind or label is called 'rellu'; did you mean 'relu'"):
        convcalc.parse("relu").to_torch((1, 2), ("rellu",))


def test_a_layer_that_does_not_fit_is_refused_as_everywhere():
    with pytest.raises(SpecError, match="the kernel spans 9 elements"):
        convcalc.parse("conv:2,k9").to_torch((1, 3, 3))
    with pytest.raises(ShapeError, match="an input needs at least its channels"):
        convcalc.parse("relu").to_torch(())


def test_without_torch_it_is_said_how_to_get_it(monkeypatch):
    monkeypatch.setattr("convcalc.export.find_spec", lambda name: None)
    with pytest.raises(
        UsageError, match=r"torch is not installed; pip install 'convcalc\[torch\]'"
    ):
        convcalc.parse("relu").to_torch((1, 2))
