"""Networks as Python source: a model of torch with the network's weights and values."""

from __future__ import annotations

import pytest
from torch_comparing import samples, weights_of

import convcalc
from contract import COMPUTED, CONTRACT
from convcalc.errors import UsageError
from convcalc.export import to_source

torch = pytest.importorskip("torch")


def made(network, shape):
    """The class that a source defines, made, and the source."""
    text = to_source(network, shape)
    names = {"__name__": "made"}
    exec(compile(text, "net.py", "exec"), names)
    return names["Net"]().eval(), text


def agree(network, shape):
    """The source computes what `to_torch` does, with the same weights by the same names."""
    weights = weights_of(network, shape)
    model = network.to_torch(shape, weights=weights).double()
    own, text = made(network, shape)
    assert set(model.state_dict()) == set(own.state_dict())
    own.double().load_state_dict(model.state_dict())
    x = torch.from_numpy(samples(shape))
    rows = getattr(network.nodes[0].layer, "num_embeddings", None)
    x = x.abs().long() % rows if rows else x
    with torch.no_grad():
        torch.testing.assert_close(own(x), model(x), rtol=0, atol=1e-12, equal_nan=True)
    return text


@pytest.mark.parametrize("kind", sorted(COMPUTED))
def test_a_kind_computes_what_the_model_does(kind):
    network = convcalc.parse(CONTRACT[kind].network)
    if kind == "bilinear":  # its branches lie in the module that joins them
        network = convcalc.parse("a=0x{relu} x=linear:3 y=bilinear:4{@x | @a}")
    agree(network, (2, 5) if kind == "bilinear" else CONTRACT[kind].input)


@pytest.mark.parametrize("name", ["convnext_tiny", "shufflenet_v2_x1_0", "densenet121"])
def test_a_reference_network_computes_what_the_model_does(name):
    text = agree(convcalc.load_network(name), (3, 64, 64))
    assert max(map(len, text.splitlines())) <= 100


def test_a_chain_is_a_sequential_and_defaults_are_left_out():
    text = to_source(convcalc.parse("conv:8,k3x5,p1x2,nobias bn maxpool:3,s2"), (3, 9, 9))
    assert text == (
        '"""A network for inputs (N, 3, 9, 9)."""\n\n'
        "from torch import nn\n\n\n"
        "class Net(nn.Sequential):\n"
        "    def __init__(self):\n"
        "        super().__init__(\n"
        "            nn.Conv2d(3, 8, (3, 5), padding=(1, 2), bias=False),\n"
        "            nn.BatchNorm2d(8),\n"
        "            nn.MaxPool2d(3, stride=2),\n"
        "        )\n"
    )


def test_equal_blocks_are_one_class_and_modules_lie_under_their_labels():
    text = agree(
        convcalc.parse(
            "stem=conv:8,k3,p1 body.0.conv=conv:8,k3,p1 body.0.act=relu "
            "body.0.add=residual{@stem | } body.1.conv=conv:8,k3,p1 body.1.act=relu "
            "body.1.add=residual{@body.0.add | } head=pw:2"
        ),
        (3, 9, 9),
    )
    assert text.endswith(
        "class Body(nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.conv = nn.Conv2d(8, 8, 3, padding=1)\n"
        "        self.act = nn.ReLU()\n\n"
        "    def forward(self, x):\n"
        "        y = self.conv(x)\n"
        "        y = self.act(y)\n"
        "        return x + y\n\n\n"
        "class Net(nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.stem = nn.Conv2d(3, 8, 3, padding=1)\n"
        "        self.body = nn.Sequential(Body(), Body())\n"
        "        self.head = nn.Conv2d(8, 2, 1)\n\n"
        "    def forward(self, x):\n"
        "        x = self.stem(x)\n"
        "        x = self.body(x)\n"
        "        return self.head(x)\n"
    )


def test_modules_that_are_entered_from_outside_are_a_list_or_a_dictionary():
    text = agree(
        convcalc.parse(
            "a.0=pw:4 b.one=relu a.1=pw:4 b.two-2=residual{@a.0 | @b.one | @a.1} c=pw:3"
        ),
        (3, 5, 5),
    )
    assert "self.a = nn.ModuleList([nn.Conv2d(3, 4, 1), nn.Conv2d(4, 4, 1)])" in text
    assert 'self.b = nn.ModuleDict({"one": nn.ReLU()})' in text
    assert 'z = self.b["one"](x)' in text or 'self.b["one"](x)' in text


def test_a_kind_without_a_form_is_named():
    with pytest.raises(UsageError, match=r"no form in PyTorch: roll \(0\)"):
        to_source(convcalc.parse("opaque:name=roll"), (3, 4, 4))
