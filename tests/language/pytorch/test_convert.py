"""PyTorch's own text: every module as PyTorch itself prints and counts it, and every refusal."""

from __future__ import annotations

import copy
import time
from collections import OrderedDict
from contextlib import suppress
from math import prod

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convcalc.errors import Problem, SpecError
from convcalc.execute.in_memory import run_network
from convcalc.execute.settings import Settings
from convcalc.language.parse import parse
from convcalc.language.pytorch.convert import (
    looks_like_pytorch,
    printed_parameters,
    read_pytorch,
)
from convcalc.language.pytorch.modules import call_of
from convcalc.language.pytorch.reader import Given, Module
from convcalc.language.pytorch.table import FORMS
from convcalc.language.tree import Place

torch = pytest.importorskip("torch")
nn = torch.nn


def network(text, shape=None):
    """The network of a text, checked against an input if there is one."""
    found = parse(text)
    if shape is not None:
        list(found.walk(shape))
    return found


def fault(text, shape=None):
    with pytest.raises(SpecError) as caught:
        network(text, shape)
    return str(caught.value)


IMAGE = (4, 8, 10)

PRINTED = [
    (nn.Conv1d(4, 6, 3), (4, 9)),
    (nn.Conv1d(4, 6, 3, stride=2, padding=1, padding_mode="circular"), (4, 9)),
    (nn.Conv2d(4, 6, (3, 5), (2, 1), (1, 2), bias=False), IMAGE),
    (nn.Conv2d(4, 6, 3, padding="same", dilation=2), IMAGE),
    (nn.Conv2d(4, 6, 3, padding="valid"), IMAGE),
    (nn.Conv2d(4, 6, 3, padding=1, groups=2, padding_mode="reflect"), IMAGE),
    (nn.Conv3d(2, 3, 2, padding=(0, 1, 2)), (2, 4, 5, 6)),
    (nn.ConvTranspose1d(4, 6, 4, 2, 1), (4, 9)),
    (nn.ConvTranspose2d(4, 6, 3, 2, 1, output_padding=(1, 0), groups=2, bias=False), IMAGE),
    (nn.ConvTranspose3d(2, 3, 3, dilation=2), (2, 4, 5, 6)),
    (nn.MaxPool1d(3, 2), (4, 9)),
    (nn.MaxPool2d(3, 2, 1, ceil_mode=True), (4, 8, 11)),
    (nn.MaxPool2d((2, 3), dilation=(1, 2)), IMAGE),
    (nn.MaxPool3d(2), (2, 4, 5, 6)),
    (nn.AvgPool1d(3, 2), (4, 9)),
    (nn.AvgPool2d(3, 2, 1), IMAGE),
    (nn.AvgPool3d(2), (2, 4, 5, 6)),
    (nn.AdaptiveAvgPool1d(3), (4, 9)),
    (nn.AdaptiveAvgPool2d((1, 1)), IMAGE),
    (nn.AdaptiveAvgPool3d((1, 2, 3)), (2, 4, 5, 6)),
    (nn.AdaptiveMaxPool1d(3), (4, 9)),
    (nn.AdaptiveMaxPool2d(3), IMAGE),
    (nn.AdaptiveMaxPool3d(2), (2, 4, 5, 6)),
    (nn.BatchNorm1d(4), (4, 9)),
    (nn.BatchNorm1d(4), (4,)),
    (nn.BatchNorm2d(4, eps=0.001, momentum=None), IMAGE),
    (nn.BatchNorm2d(4, affine=False), IMAGE),
    (nn.BatchNorm3d(2), (2, 4, 5, 6)),
    (nn.SyncBatchNorm(4), IMAGE),
    (nn.GroupNorm(2, 4), IMAGE),
    (nn.GroupNorm(2, 4, affine=False), (4,)),
    (nn.LayerNorm(4), (4,)),
    (nn.LayerNorm(4, elementwise_affine=False), (4,)),
    (nn.InstanceNorm1d(4), (4, 9)),
    (nn.InstanceNorm2d(4, affine=True), IMAGE),
    (nn.InstanceNorm3d(2), (2, 4, 5, 6)),
    (nn.Linear(10, 3), (10,)),
    (nn.Linear(10, 3, bias=False), IMAGE),
    (nn.Flatten(), IMAGE),
    (nn.Flatten(1, 3), IMAGE),
    (nn.Dropout(0.1), IMAGE),
    (nn.Dropout1d(), (4, 9)),
    (nn.Dropout2d(0.25, inplace=True), IMAGE),
    (nn.Dropout3d(), (2, 4, 5, 6)),
    (nn.AlphaDropout(), IMAGE),
    (nn.FeatureAlphaDropout(), IMAGE),
    (nn.Identity(), IMAGE),
    (nn.ReLU(inplace=True), IMAGE),
    (nn.ReLU6(inplace=True), IMAGE),
    (nn.SiLU(inplace=True), IMAGE),
    (nn.Mish(inplace=True), IMAGE),
    (nn.Hardsigmoid(), IMAGE),
    (nn.Hardswish(), IMAGE),
    (nn.Sigmoid(), IMAGE),
    (nn.Tanh(), IMAGE),
    (nn.GELU(), IMAGE),
    (nn.LeakyReLU(), IMAGE),
    (nn.LeakyReLU(0.2, inplace=True), IMAGE),
    (nn.ELU(1.5), IMAGE),
    (nn.Softplus(), IMAGE),
    (nn.Hardtanh(-2, 2.5), IMAGE),
    (nn.PReLU(), IMAGE),
    (nn.PReLU(4), IMAGE),
    (nn.Softmax(1), IMAGE),
    (nn.Softmax(-3), IMAGE),
    (nn.Softmax2d(), IMAGE),
    (nn.PixelShuffle(2), IMAGE),
    (nn.ChannelShuffle(2), IMAGE),
    (nn.Upsample(scale_factor=2), (4, 9)),
    (nn.Upsample(scale_factor=(2.0, 3.0)), IMAGE),
    (nn.Upsample((3, 4)), IMAGE),
    (nn.Upsample(scale_factor=2, mode="linear"), (4, 9)),
    (nn.Upsample(scale_factor=2, mode="bilinear"), IMAGE),
    (nn.Upsample(scale_factor=2, mode="trilinear"), (2, 4, 5, 6)),
    (nn.UpsamplingNearest2d(scale_factor=2), IMAGE),
    (nn.ZeroPad1d((1, 2)), (4, 9)),
    (nn.ZeroPad2d((1, 2, 3, 4)), IMAGE),
    (nn.ZeroPad3d(1), (2, 4, 5, 6)),
    (nn.ConstantPad1d(1, 0.0), (4, 9)),
    (nn.ConstantPad2d(1, 0.0), IMAGE),
    (nn.ConstantPad3d(1, 0), (2, 4, 5, 6)),
    (nn.ReflectionPad1d(2), (4, 9)),
    (nn.ReflectionPad2d((1, 0, 2, 0)), IMAGE),
    (nn.ReflectionPad3d(1), (2, 4, 5, 6)),
    (nn.ReplicationPad1d(2), (4, 9)),
    (nn.ReplicationPad2d(2), IMAGE),
    (nn.ReplicationPad3d(1), (2, 4, 5, 6)),
    (nn.CircularPad1d(2), (4, 9)),
    (nn.CircularPad2d(2), IMAGE),
    (nn.CircularPad3d(1), (2, 4, 5, 6)),
]


def parameters(module):
    return sum(p.numel() for p in module.parameters())


def test_every_module_that_is_read_has_a_row():
    assert set(FORMS) == {type(module).__name__ for module, _ in PRINTED}


@pytest.mark.parametrize(("module", "shape"), PRINTED, ids=lambda value: str(value)[:60])
def test_a_printed_module_has_pytorchs_parameters_and_shape(module, shape):
    out = tuple(module.eval()(torch.zeros(2, *shape)).shape[1:])
    found = network(str(module), shape)
    (step,) = found.walk(shape)
    total = sum(prod(weight) for weight in found.weight_shapes(shape).values())
    assert (out, parameters(module)) == (step.leaving, total)
    assert parameters(module) == printed_parameters(str(module)).printed


@pytest.mark.parametrize(("module", "shape"), PRINTED, ids=lambda value: str(value)[:60])
def test_its_weights_have_pytorchs_names_and_shapes(module, shape):
    found = network(f"Sequential(\n  (0): {module}\n)", shape)
    assert states(nn.Sequential(module)) == found.tensor_shapes(shape)


@pytest.mark.parametrize(("module", "shape"), PRINTED, ids=lambda value: str(value)[:60])
def test_it_prints_as_a_spec_of_the_same_network(module, shape):
    found = network(str(module), shape)
    assert found == parse(found.spec())


def states(module):
    """The names and shapes of a module's state; batches counted in training are none of it."""
    return {
        name: tuple(value.shape)
        for name, value in module.state_dict().items()
        if not name.endswith("num_batches_tracked")
    }


@pytest.mark.parametrize(
    ("module", "shape"),
    [row for row in PRINTED if len(row[1]) > 1],
    ids=lambda value: str(value)[:60],
)
def test_it_computes_what_pytorch_computes(module, shape):
    module = nn.Sequential(copy.deepcopy(module)).double().eval()
    generator = torch.Generator().manual_seed(7)
    for value in (*module.parameters(), *module.buffers()):
        if value.is_floating_point():
            value.data.uniform_(0.5, 2, generator=generator)
    image = torch.randn(2, *shape, dtype=torch.float64, generator=generator)
    weights = {name: value.numpy() for name, value in module.state_dict().items()}
    found = network(str(module), shape)
    result = run_network(found, image.numpy(), weights, Settings("numpy", rank=len(shape) - 1))
    expected = module(image).detach().numpy()
    np.testing.assert_allclose(result.array, expected, rtol=1e-10, atol=1e-10)


def conv_block(channels, out):
    return nn.Sequential(nn.Conv2d(channels, out, 3, padding=1), nn.BatchNorm2d(out), nn.ReLU())


NESTED = [
    nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.MaxPool2d(2)),
    nn.Sequential(conv_block(3, 8), nn.Sequential(conv_block(8, 4), nn.Identity()), nn.Flatten()),
    nn.Sequential(
        OrderedDict(stem=nn.Conv2d(3, 8, 3), body=conv_block(8, 8), head_1=nn.Conv2d(8, 2, 1))
    ),
    nn.Sequential(nn.Sequential(), nn.ReLU(), nn.Sequential(nn.PReLU(3)), nn.PReLU()),
]


@pytest.mark.parametrize("module", NESTED)
def test_a_printed_sequential_is_the_same_network(module):
    shape = (3, 12, 14)
    found = network(str(module), shape)
    *_, last = found.walk(shape)
    assert found == parse(found.spec())
    assert states(module) == found.tensor_shapes(shape)
    assert tuple(module(torch.zeros(2, *shape)).shape[1:]) == last.leaving
    assert parameters(module) == printed_parameters(str(module)).printed


def test_a_repeated_module_is_there_under_each_of_its_numbers():
    block = "Sequential(\n      (0): PReLU(num_parameters=1)\n      (act): ReLU()\n    )"
    text = f"Sequential(\n  (0-2): 3 x {block}\n  (3): 1 x ReLU()\n)".replace("(3): 1 x", "(3):")
    labels = [node.label for node in network(text).nodes]
    assert ["0.0", "0.act", "1.0", "1.act", "2.0", "2.act", "3"] == labels
    assert printed_parameters(text) == (3, 1)


def test_what_pytorch_prints_as_repeats_is_read():
    # Only lists are printed so; inside a Sequential each is a line of its own.
    listed = str(nn.ModuleList([nn.Linear(5, 5) for _ in range(3)]))
    assert "(0-2): 3 x Linear" in listed
    found = network(listed.replace("ModuleList", "Sequential"), (5,))
    assert ["0", "1", "2"] == [node.label for node in found.nodes]


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("nn.Conv2d(3, 64, 7, stride=2)", "conv:64,k7,s2"),
        (
            "torch.nn.Conv2d(3, 64, 7, 2, 3, 2, 1, False, 'reflect')",
            "conv:64,k7,s2,p3,d2,nobias,reflect",
        ),
        ("torch.nn.modules.conv.Conv2d(3, 64, 7)", "conv:64,k7"),
        (
            "torch.nn.Conv2d(3, 64, kernel_size=(7, 7), stride=(2, 2), padding=(3, 3), bias=False)",
            "conv:64,k7,s2,p3,nobias",
        ),
        ("nn.Conv2d(kernel_size=[3, 5], out_channels=8, in_channels=3,)", "conv:8,k3x5"),
        ("nn.ConvTranspose2d(4, 6, 3, 2, 1, 1, 2, False, 1)", "convt:6,k3,s2,p1,g2,nobias,op1"),
        ("nn.MaxPool2d(3, 2, 1, 2, False, True)", "maxpool:3,s2,p1,ceil,d2"),
        ("nn.AvgPool2d(3, 2, 1, True, False)", "avgpool:3,s2,p1,ceil,noinclude"),
        ('nn.Conv2d(3, 8, 3, padding="same")', "conv:8,k3,same"),
        ("Conv2d(3, 8, kernel_size=(3, 3), stride=(1, 1), padding=same)", "conv:8,k3,same"),
        ("nn.Conv2d(3, 8, (3), device='cpu', dtype=torch.float16)", "conv:8,k3"),
        ("nn.Identity(54, unused_argument1=0.1)", "identity"),
        ("# a stem\nnn.Conv2d(  # narrow\n    3, 8, 3\n)  # that is all\n", "conv:8,k3"),
        ("nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(True),)", "conv:8,k3 relu"),
        (
            "nn.Sequential(OrderedDict([('a', nn.Conv2d(3, 8, 3)), ('b', nn.ReLU())]))",
            "a=conv:8,k3 b=relu",
        ),
        ("nn.Sequential(nn.ReLU(), nn.Sequential(nn.Tanh()))", "relu 1.0=tanh"),
    ],
)
def test_source_text(text, spec):
    assert looks_like_pytorch(text)
    assert spec == network(text).spec()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Conv2d(3, 8, 3)", True),
        ("nn.ReLU()", True),
        ("  # a comment\n torch.nn.ReLU()", True),
        ("ResNet(\n  (conv1): Conv2d(", True),
        ("unet(\n  (down): Conv2d(3, 8, 3)\n)", True),
        ("conv(64, 3)", False),
        ("conv:64,k3", False),
        ("CONV:64,K3", False),
        ("3x{conv:64}", False),
        ("define Block(w) { conv:$w }", False),
        ("Stem=conv:8,k(1+2)", False),
        ("nn", False),
        ("", False),
        ("# nn.ReLU()", False),
    ],
)
def test_what_looks_like_pytorch(text, expected):
    assert expected is looks_like_pytorch(text)


def test_the_number_of_channels_is_checked():
    text = "nn.Sequential(nn.Conv2d(3, 64, 7), nn.Conv2d(3, 8, 3))"
    assert (
        "this Conv2d expects 3 input channels, 64 arrive (column 46)\n"
        "  nn.Sequential(nn.Conv2d(3, 64, 7), nn.Conv2d(3, 8, 3))\n"
        "                                               ^"
    ) == fault(text, (3, 32, 32)).replace("column 46", "column 46").replace(
        "column 48", "column 46"
    )


@pytest.mark.parametrize(
    ("text", "shape", "message"),
    [
        ("Conv2d(3, 8, 3)", (1, 9, 9), "this Conv2d expects 3 input channels, 1 arrives"),
        ("Conv2d(3, 8, 3)", (3, 9), "this Conv2d expects 2 spatial axes, 1 arrives (3x9)"),
        ("Conv1d(3, 8, 3)", (3, 9, 9), "this Conv1d expects 1 spatial axis, 2 arrive (3x9x9)"),
        ("BatchNorm1d(3)", (3, 9, 9), "this BatchNorm1d expects no or 1 spatial axes, 2 arrive"),
        ("BatchNorm2d(3)", (4, 9, 9), "this BatchNorm2d expects 3 input channels, 4 arrive"),
        ("GroupNorm(2, 6)", (4, 9, 9), "this GroupNorm expects 6 input channels, 4 arrive"),
        ("Linear(9, 5)", (4, 9, 8), "expects 9 input features, 8 arrive (the last axis of 4x9x8)"),
        ("Linear(9, 5)", (4,), "this Linear expects 9 input features, 4 arrive (column 8)"),
        ("LayerNorm(9)", (4, 9), "expects no spatial axes, 1 arrives (4x9); it is over the last"),
        ("Softmax(dim=-1)", (4, 9), "this Softmax expects no spatial axes, 1 arrives (4x9)"),
        ("Flatten(1, 2)", (4, 9, 9), "this Flatten expects 1 spatial axis, 2 arrive"),
        ("PixelShuffle(2)", (4, 9), "this PixelShuffle expects 2 spatial axes, 1 arrives"),
        ("Upsample(scale_factor=2, mode='bilinear')", (4, 9), "expects 2 spatial axes, 1 arrives"),
        ("MaxPool2d(9)", (3, 8, 9), "the kernel spans 9 elements, the padded input 8"),
        ("MaxPool2d(3)", (3,), "this MaxPool2d expects 2 spatial axes, none arrives (3)"),
    ],
)
def test_an_input_that_the_text_does_not_expect(text, shape, message):
    assert message in fault(text, shape)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nn.Convv2d(3, 8, 3)", "unknown PyTorch module 'Convv2d'; did you mean 'Conv2d'?"),
        ("Embedding(3, 8)", "unknown PyTorch module 'Embedding'"),
        ("nn.Conv2d(3, 8)", "Conv2d needs kernel_size"),
        ("nn.Conv2d(3, 8, 3, strid=2)", "Conv2d has no argument 'strid'; did you mean 'stride'?"),
        ("nn.Conv2d(3, 8, 3, kernel_size=3)", "Conv2d is given kernel_size twice"),
        ("nn.ReLU(True, 1)", "ReLU takes at most 1 argument ("),
        ("nn.Conv2d(3, 8, 0)", "kernel_size: must be at least 1, got 0"),
        ("nn.Conv2d(3, 8, (3, 3, 3))", "kernel_size of Conv2d: expected one number or 2, got 3"),
        ("nn.Conv2d(3, 8.5, 3)", "out_channels of Conv2d: expected a whole number, got 8.5"),
        ("nn.Conv2d(3, 8, 3, padding='full')", "expected numbers, 'same' or 'valid', got 'full'"),
        ("nn.MaxPool2d(3, padding='same')", "padding of MaxPool2d: expected a whole number"),
        ("nn.Conv2d(3, 8, 3, bias=0)", "bias of Conv2d: expected True or False, got 0"),
        ("nn.Conv2d(3, 8, 3, padding_mode='wrap')", "expected 'zeros', 'reflect', 'replicate'"),
        ("nn.GELU(approximate='tanh')", "'tanh' has no counterpart here; only 'none' can be"),
        ("nn.Softplus(beta=2)", "beta of Softplus: 2 has no counterpart here"),
        ("nn.MaxPool2d(2, return_indices=True)", "return_indices of MaxPool2d: True has no"),
        ("nn.AvgPool2d(2, divisor_override=3)", "divisor_override of AvgPool2d: 3 has no"),
        ("nn.BatchNorm2d(3, track_running_stats=False)", "track_running_stats of BatchNorm2d"),
        ("nn.InstanceNorm2d(3, track_running_stats=True)", "only False can be expressed"),
        ("nn.BatchNorm2d(3, bias=False)", "a BatchNorm2d with a weight and without a bias"),
        ("nn.LayerNorm((3, 4))", "several axes together have no counterpart here"),
        ("nn.Flatten(2)", "start_dim of Flatten: 2 has no counterpart here; only 1 can be"),
        ("nn.Flatten(1, -2)", "end_dim of Flatten: expected -1, the last axis, got -2"),
        ("nn.Softmax()", "Softmax needs dim"),
        ("nn.Softmax(dim=None)", "dim of Softmax: expected 1, the channels, got None"),
        ("nn.AdaptiveAvgPool2d((None, 7))", "expected a whole number, got None"),
        ("nn.Upsample(scale_factor=2.5)", "a factor that is not whole has no counterpart here"),
        ("nn.Upsample(scale_factor=2, mode='bicubic')", "'bicubic' has no counterpart here"),
        ("nn.Upsample(size=4, align_corners=True)", "align_corners of Upsample: True has no"),
        ("nn.UpsamplingBilinear2d(2)", "UpsamplingBilinear2d has no counterpart here: it aligns"),
        ("nn.ConstantPad2d(1, 0.5)", "value of ConstantPad2d: 0.5 has no counterpart here"),
        ("nn.ZeroPad2d((1, 2))", "padding of ZeroPad2d: expected one number or 4, got 2"),
        ("nn.ZeroPad2d((1, 2, -1, 0))", "negative padding, which cuts elements off"),
        ("nn.LeakyReLU(inf)", "expected a number, got 'inf'"),
        ("nn.Conv2d(3, 8, 3 3)", "expected a ',' or a ')' after this argument (column 19)"),
        ("nn.Conv2d(3, 8, 2*2)", "expected a ',' or a ')' after this argument (column 18)"),
        ("nn.Conv2d(3, 8, (3, $))", "no expression is worked out (column 21)"),
        ("nn.Conv2d(3, 8, " + "9" * 50 + ")", "a number of too many digits"),
        ("nn.Conv2d(3, 8, 3", "this bracket is never closed; expected a ')' (column 10)"),
        ("nn.Conv2d(3, 8, (3, 3", "this bracket is never closed; expected a ')' (column 17)"),
        ("nn.Conv2d(3, 8, 3).cuda()", "expected the end of the text after the module (column 19)"),
        ("nn.Conv2d", "expected a module, as Conv2d(3, 64, kernel_size=3)"),
        ("nn.Sequential(*layers)", "no expression is worked out (column 15)"),
        ("nn.Sequential(3)", "expected a module here, as nn.ReLU()"),
        ("nn.Sequential()", "expected at least one module; there is none"),
        ("Sequential((0): ReLU() (0): ReLU())", "the name '0' is there twice"),
        ("Sequential((a b): ReLU())", "'a b' is no name of letters, digits and underscores"),
        ("Sequential((a.b): ReLU())", "'a.b' is no name of letters"),
        ("Sequential((0-2): 2 x ReLU())", "expected the numbers of 2 modules, as (0-1)"),
        ("Sequential((0-99999999): 100000000 x ReLU())", "more than 100000 modules"),
    ],
)
def test_what_cannot_be_read_is_named(text, message):
    assert message in fault(text)


def test_every_fault_has_its_line():
    text = "Sequential(\n  (0): Conv2d(3, 8)\n  (1): Rellu()\n)"
    assert (
        "Conv2d needs kernel_size (line 2, column 8)\n"
        "    (0): Conv2d(3, 8)\n"
        "         ^^^^^^\n"
        "unknown PyTorch module 'Rellu'; did you mean 'ReLU'? (line 3, column 8)\n"
        "    (1): Rellu()\n"
        "         ^^^^^"
    ) == fault(text)


class Block(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = nn.Sequential(nn.Conv2d(channels, channels, 1, bias=False))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 7, 2, 3, bias=False)
        self.layers = nn.Sequential(Block(16), Block(16))
        self.more = nn.ModuleList([Block(8) for _ in range(3)])
        self.norm = nn.LayerNorm(16)
        self.fc = nn.Linear(16, 10)


def test_a_printout_without_the_flow_says_what_it_shows():
    # conv1 3*16*49; each block n*n*9 + 2*n + n*n; norm 2*16; fc 16*10 + 10
    printed = 2352 + 2 * (256 * 10 + 32) + 3 * (64 * 10 + 16) + 32 + 170
    distinct = 2352 + (256 * 10 + 32) + (64 * 10 + 16) + 32 + 170
    assert (9706, 5802) == (printed, distinct) == printed_parameters(str(Net()))
    assert parameters(Net()) == 9706
    assert (
        "a printed Net does not say how data flows between its modules; only a Sequential does\n"
        "Printed are convolutions, linear layers and norms of 9,706 parameters (5,802 if those "
        "printed alike are one); shared weights, and those outside of modules, are not to be seen."
        "\nThe rest needs an importer of ONNX models, which this version has not: "
        "write its branches as residual{...} or concat{...} "
        "(line 1, column 1)\n"
        "  Net(\n"
        "  ^^^"
    ) == fault(str(Net()))


class Stage(nn.Module):
    """The same two modules under two names, as a block and in a list of its parts."""

    def __init__(self, shared):
        super().__init__()
        parts = [nn.Conv3d(2, 10, 3, padding=1), nn.InstanceNorm3d(10, affine=True)]
        self.body = nn.ModuleDict({"mix": parts[0], "scale": parts[1]})
        self.chain = nn.Sequential(*(parts if shared else copy.deepcopy(parts)))


@pytest.mark.parametrize(("shared", "held"), [(True, 570), (False, 1140)])
def test_a_module_that_is_printed_twice_may_be_one(shared, held):
    # 2*10*27 + 10 and 2*10: what the text shows is the same, what the model holds is not
    module = Stage(shared)
    assert str(Stage(True)) == str(Stage(False))
    assert held == parameters(module)
    assert (1140, 570) == printed_parameters(str(module))
    message = fault(str(module))
    assert "of 1,140 parameters (570 if those printed alike are one)" in message
    assert "ertain" not in message
    assert "at least" not in message


def test_what_is_printed_once_has_one_count():
    text = "Net(\n  (a): Linear(in_features=3, out_features=4, bias=True)\n)"
    assert "of 16 parameters; shared weights" in fault(text)
    assert (32, 16) == printed_parameters(text.replace("(a): ", "(0-1): 2 x "))
    assert (0, 0) == printed_parameters(text.replace("(a): ", "(0-1): 0 x "))


def test_the_flow_is_missing_inside_a_sequential_too():
    message = fault(str(nn.Sequential(nn.ReLU(), Block(4), Block(8))))
    assert message.startswith("a printed Block does not say how data flows")
    assert "(line 3, column 8)" in message
    assert message.count("a printed") == 1


def test_arguments_of_unknown_modules_are_no_obstacle_to_counting():
    text = "Net(\n  (a): Odd(3 -> 4, x={1: (2)}, 'a)b')\n  (b): Linear(3, 4)\n)"
    assert printed_parameters(text) == (16, 16)
    with pytest.raises(SpecError, match="never closed"):
        printed_parameters("Net(")


VALUES = st.sampled_from([True, None, "x", -7, 0, 2.5, (), (1,), (1, 2, 3, 4), ("a",), 10**30])


@given(st.sampled_from(sorted(FORMS)), st.data())
def test_any_value_of_any_argument_is_read_or_refused(name, data):
    chosen = data.draw(st.dictionaries(st.sampled_from(FORMS[name].parameters or ("x",)), VALUES))
    arguments = tuple(Given(key, value, Place(0, 1)) for key, value in chosen.items())
    call, _, problems = call_of(Module(name, arguments, (), Place(0, 9), Place(0, 1)))
    assert (call is None) is bool(problems)


SEEDS = [*(str(module) for module in NESTED), str(Net()), "nn.Sequential(nn.Conv2d(3, 8, [3, 3]))"]
PIECES = [*"()[]{},:=.-'\"#\n 09x\\", "3 x ", "(0-2): ", "None", "Sequential(", "1e9", "\u00b2"]


@st.composite
def mutated(draw):
    text = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(1, 4))):
        begin = draw(st.integers(0, len(text)))
        end = draw(st.integers(begin, min(len(text), begin + 9)))
        text = text[:begin] + draw(st.sampled_from(PIECES) | st.text(max_size=3)) + text[end:]
    return text


@given(mutated() | st.text())
def test_a_damaged_text_gives_a_network_or_problems(text):
    looks_like_pytorch(text)
    items, problems, _ = read_pytorch(text)
    assert all(0 <= problem.start <= problem.end <= len(text) + 1 for problem in problems)
    if not problems:
        assert items
    with suppress(SpecError):
        network(text, (3, 12, 14))
    with suppress(SpecError):
        printed, distinct = printed_parameters(text)
        assert 0 <= distinct <= printed


@pytest.mark.parametrize(
    "text",
    [
        "Sequential((0): " * 50_000,
        "Sequential((0): " * 101 + "ReLU()" + ")" * 101,
        "nn.Sequential(" * 50_000,
        "nn.Conv2d(" + "(" * 500_000,
        "nn.Conv2d(" + "[" * 99 + "]" * 99 + ")",
        "nn.Conv2d(" + "(a " * 200_000 + ")",
        "A" * 1_000_000 + "(",
        " " * 1_000_000 + "nn.",
        "# \n" * 300_000,
        "Sequential(" + "(a): Rellu() " * 50_000 + ")",
        "Sequential(" + "(0-999): 1000 x Sequential(" * 20 + ")" * 21,
        "Sequential(" + "x " * 500_000 + ")",
        "Sequential(" + "'" * 500_000 + ")",
        "Sequential(" + "(a): Odd(# " * 50_000 + ")",
        "nn.Conv2d(" + "3," * 500_000 + ")",
        "(" * 1_000_000,
    ],
    ids=lambda text: text[:24],
)
def test_a_hostile_text_is_answered_at_once(text):
    begin = time.process_time()
    looks_like_pytorch(text)
    _, problems, _ = read_pytorch(text)
    assert problems
    assert time.process_time() - begin < 5


def test_a_deep_sequential_is_read():
    text = "Sequential((0): " * 99 + "ReLU()" + ")" * 99
    assert [".".join("0" * 99)] == [node.label for node in network(text).nodes]


def test_a_text_beyond_all_modules_is_not_read():
    with pytest.raises(SpecError, match="a PyTorch module of 1048577 characters; at most 1048576"):
        read_pytorch("nn.ReLU()" + " " * (2**20 - 8))
    assert read_pytorch("nn.ReLU()" + " " * 1000)[1] == []


def test_a_wide_sequential_is_read_quickly():
    text = "Sequential(\n" + "".join(f"  ({n}): ReLU()\n" for n in range(50_000)) + ")"
    items, problems, _ = read_pytorch(text)
    assert (50_000, []) == (len(items), problems)


def test_a_problem_of_an_expectation_points_at_the_number():
    _, _, expectations = read_pytorch("Conv2d(3, 8, 3)")
    message = "this Conv2d expects 3 input channels, 5 arrive"
    assert Problem(message, 7, 8) == expectations["0"].problem((5, 9, 9))
    assert expectations["0"].problem((3, 9, 9)) is None
