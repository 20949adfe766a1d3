"""Whole networks as torch models: the numbers, the names, the code."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from torch_comparing import agree, leaves, shapes_in

import convcalc
from convcalc.layers import ReLU
from convcalc.network.graph import Network, Node
from convcalc.zoo.catalog import load_network, network_input, network_names

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")

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
def test_a_reference_network_has_the_state_and_the_products_that_are_reported(name, monkeypatch):
    from torch.utils.flop_counter import FlopCounterMode

    # On "meta" a normalisation is a dozen operations in Python, and none of them a product.
    monkeypatch.setattr(torch.nn.functional, "batch_norm", lambda x, *_: x)

    network, shape = load_network(name), network_input(name)
    report = network.analyze(shape, batch=2)
    with torch.device("meta"):
        model = network.to_torch(shape)
        x = torch.empty(2, *shape)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
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
