"""The conventions against the tools themselves, on models built from our own specs."""

from __future__ import annotations

import dataclasses
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import convcalc
import installed_libraries
from convcalc.zoo.catalog import load_network, network_input

torch = pytest.importorskip("torch")

# The tools use what newer libraries call deprecated; none of that is ours.
pytestmark = pytest.mark.filterwarnings("ignore")


def device_of(model):
    """ "cpu", or "meta", on which nothing is computed."""
    return next((parameter.device.type for parameter in model.parameters()), "cpu")


def torch_total(model, size):
    from torch.utils.flop_counter import FlopCounterMode

    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(torch.zeros(1, *size, device=device_of(model)))
    return counter.get_total_flops()


def fvcore_total(model, size):
    nn = pytest.importorskip("fvcore.nn")
    analysis = nn.FlopCountAnalysis(model, torch.zeros(1, *size, device=device_of(model)))
    return analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False).total()


def torchinfo_total(model, size):
    torchinfo = pytest.importorskip("torchinfo")
    return torchinfo.summary(model, (1, *size), verbose=0, device=device_of(model)).total_mult_adds


def ptflops_total(model, size):
    total, _ = installed_libraries.ptflops().get_model_complexity_info(
        model, size, as_strings=False, print_per_layer_stat=False, backend="pytorch"
    )
    return total


def thop_total(model, size):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        thop = pytest.importorskip("thop")
    total, _ = thop.profile(model, (torch.zeros(1, *size, device=device_of(model)),), verbose=False)
    return total


TOOLS = {
    "torch": torch_total,
    "fvcore": fvcore_total,
    "torchinfo": torchinfo_total,
    "ptflops": ptflops_total,
    "thop": thop_total,
}


def both(network, size, tool):
    """(the tool's total, ours in its convention)."""
    ours = network.analyze(size, convention=tool).totals.total
    return TOOLS[tool](network.to_torch(size), size), ours


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize(
    "name", ["resnet18", "resnet50", "vgg16_bn", "mobilenet_v2", "googlenet", "squeezenet1_1"]
)
def test_whole_networks(name, tool):
    network, size = load_network(name), network_input(name)
    # Nothing is computed on "meta"; fvcore traces a computation, and ptflops reads elements, of
    # which nobody asks what they are.
    with torch.device("meta"):
        model = network.to_torch(size)
    if tool in {"fvcore", "ptflops"}:
        model = model.to_empty(device="cpu")
    assert TOOLS[tool](model, size) == network.analyze(size, convention=tool).totals.total


CASES = [
    ("conv:3,k3 bn relu", (4, 8)),
    ("conv:3,k3,same,d2 relu6", (4, 8, 8)),
    ("conv:3,k3x2,valid elu", (4, 8, 8)),
    ("conv:3,k3,s2,same-upper leakyrelu", (4, 8, 8)),
    ("conv:3,k3,p0:1 gelu", (4, 8, 8)),
    ("conv:4,k3,same,reflect,g2 silu", (4, 8, 8)),
    ("conv:4,k3,p1 sigmoid tanh hardswish hardsigmoid hardtanh softplus mish", (2, 3, 4, 5)),
    ("conv:4,k3 selu celu:2 hardshrink softshrink tanhshrink threshold:0,value1", (4, 8, 8)),
    ("conv:4,k3 gelu:tanh rrelu softsign", (4, 8, 8)),
    ("conv:4,k3 logsigmoid softplus:2 softmin logsoftmax", (4, 8, 8)),
    ("dw:k3,p1,m2 prelu:8 softmax", (4, 8, 8)),
    ("sep:5,k3,same prelu", (4, 8, 8)),
    ("sep:5,k3,nodwbias", (4, 8, 8)),
    ("convt:4,k4,s2,p1,g2 in:affine", (2, 5)),
    ("conv:4,k3,p1 p=maxpool:2 pw:4 maxunpool:2,of=p crop:5x6", (2, 8, 8)),
    ("convt:4,k3,s2,p1,op1 in", (2, 5, 5)),
    ("convt:4,k2,s2,nobias gn:2", (2, 3, 4, 5)),
    ("convt:4,k3,s2,same-upper ln", (2, 5, 5)),
    ("gn:2,noaffine ln:noaffine bn:noaffine", (4, 6, 6)),
    ("lppool:3,s2 lppool:2,ceil", (3, 9, 9)),
    ("lppool:3,s1,p1 lppool:2,norm3", (3, 9)),
    ("lppool:2,same-upper,s2", (2, 5, 5, 5)),
    ("lrn:5 relu", (3, 9, 9)),
    ("lrn:4,alpha2", (6, 9)),
    ("lrn:3,k2", (3, 2, 4, 5)),
    ("maxpool:3,s2,p1 avgpool:2,ceil", (3, 9, 9)),
    ("maxpool:3,s2,same-upper avgpool:2,s2,same-lower", (3, 8, 8)),
    ("maxpool:3,s1,d3,same-upper", (2, 9, 9)),
    ("convt:4,k3,s2,p1:0,op1", (2, 5)),
    ("avgpool:3,p1,noinclude maxpool:2", (3, 9)),
    ("maxpool:2 avgpool:2", (2, 8, 8, 8)),
    ("adaptiveavgpool:7 adaptivemaxpool:3", (2, 8, 8)),
    ("adaptiveavgpool:3 gap", (2, 8)),
    ("adaptiveavgpool:3 gap", (2, 5, 6, 7)),
    ("upsample:2 upsample:size5x9,bilinear", (2, 3, 4)),
    ("upsample:2,bilinear", (2, 7)),
    ("upsample:2,bilinear,align", (2, 3, 4)),
    ("upsample:2,bilinear", (2, 3, 4, 5)),
    ("pixelshuffle:2 shuffle:2 slice:0:1 pad:1", (8, 3, 3)),
    ("pixelunshuffle:2", (2, 4, 6)),
    ("unflatten:2x4 reshape:8x24", (8, 4, 6)),
    ("linear:7 relu linear:3,nobias", (5, 6)),
    ("flatten dropout linear:5", (3, 4, 4)),
    ("linear:5 bn relu", (9,)),
    ("residual{conv:4,k3,p1 | } scale{gap pw:4 sigmoid} concat{pw:2 | identity}", (4, 6, 6)),
    ("layerscale se:2", (4, 6, 6)),
]


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize(("spec", "size"), CASES)
def test_every_kind(spec, size, tool):
    theirs, ours = both(convcalc.parse(spec), size, tool)
    assert theirs == ours


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize(
    "kind",
    [
        "relu",
        "relu6",
        "elu",
        "gelu",
        "silu",
        "leakyrelu",
        "softmax",
        "softmin",
        "glu",
        "logsoftmax",
        "sigmoid",
        "maxpool:2",
        "avgpool:2",
        "adaptiveavgpool:3",
        "adaptivemaxpool:3",
        "gap",
        "upsample:2",
        "upsample:3,bilinear",
        "upsample:3,bilinear,align",
        "ln",
        "lppool:2",
        "lrn:3",
    ],
)
def test_functions(kind, tool):
    network = convcalc.parse(f"pw:4 {kind}")
    network = dataclasses.replace(network, functions=(kind.partition(":")[0],))
    theirs, ours = both(network, (3, 8, 8), tool)
    assert theirs == ours


numbers = st.integers(1, 4)


@pytest.mark.parametrize("tool", TOOLS)
@settings(max_examples=10)
@given(numbers, numbers, numbers, st.integers(0, 2), st.booleans(), st.integers(1, 2))
def test_convolutions_drawn_at_random(tool, k, s, m, p, bias, g):
    end = "" if bias else ",nobias"
    spec = f"conv:{2 * m},k{k},s{s},p{p},g{g}{end} bn convt:{g},k{k},s{s},g{g}{end} relu"
    theirs, ours = both(convcalc.parse(spec), (2 * g, 9, 7), tool)
    assert theirs == ours


@pytest.mark.parametrize("batch", [2, 3, 5])
@pytest.mark.parametrize(
    ("spec", "size"),
    [
        ("adaptiveavgpool:7", (2, 8, 8)),
        ("adaptiveavgpool:3x7x11", (3, 5, 8, 13)),
        ("conv:4,k3 bn softmax prelu avgpool:2 upsample:2 gap", (4, 8, 8)),
        ("convt:4,k3,s2 in ln linear:3", (2, 5, 5)),
    ],
)
def test_thop_with_a_batch(spec, size, batch):
    # Its quotients are cut once for the whole batch, so that n samples are not n times one.
    thop = pytest.importorskip("thop")
    network = convcalc.parse(spec)
    total, _ = thop.profile(network.to_torch(size), (torch.zeros(batch, *size),), verbose=False)
    assert total == network.analyze(size, batch, convention="thop").totals.total
