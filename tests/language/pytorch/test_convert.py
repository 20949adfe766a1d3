"""PyTorch's own text: every module as PyTorch itself prints and counts it."""

from __future__ import annotations

import copy
from math import prod

import numpy as np
import pytest
from printed_modules import NESTED, network, nn, parameters, torch

from convcalc.execute.in_memory import run_network
from convcalc.execute.settings import Settings
from convcalc.language.parse import parse
from convcalc.language.pytorch.convert import looks_like_pytorch
from convcalc.language.pytorch.printed import printed_parameters
from convcalc.language.pytorch.table import FORMS

IMAGE = (4, 8, 10)


class LayerNorm2d(nn.LayerNorm):
    """Over the channels of every position, as torchvision has it."""

    def forward(self, x):
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


def first_result(kind):
    """A class of that name that gives the first result alone."""
    return type(kind.__name__, (kind,), {"forward": lambda self, x: kind.forward(self, x)[0]})


class MultiheadAttention(nn.MultiheadAttention):
    """Of an array with itself."""

    def forward(self, x):
        return super().forward(x, x, x)[0]


class Embedding(nn.Embedding):
    """Of indices that are floats."""

    def forward(self, x):
        return super().forward(x.long())


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
    (nn.MaxUnpool1d(3, 2), (4, 9)),
    (nn.MaxUnpool2d((2, 3), stride=(2, 1), padding=(0, 1)), IMAGE),
    (nn.MaxUnpool3d(2), (2, 4, 5, 6)),
    (nn.AvgPool1d(3, 2), (4, 9)),
    (nn.AvgPool2d(3, 2, 1), IMAGE),
    (nn.AvgPool3d(2), (2, 4, 5, 6)),
    (nn.LPPool1d(2, 3, 2), (4, 9)),
    (nn.LPPool2d(1.0, (3, 2), ceil_mode=True), (4, 8, 11)),
    (nn.LPPool3d(2, 2), (2, 4, 5, 6)),
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
    (nn.LocalResponseNorm(5), IMAGE),
    (nn.LocalResponseNorm(2, alpha=1e-05, beta=0.5, k=2), (4, 9)),
    (nn.Linear(10, 3), (10,)),
    (nn.Linear(10, 3, bias=False), IMAGE),
    (nn.Flatten(), IMAGE),
    (nn.Flatten(1, 3), IMAGE),
    (nn.Unflatten(1, (2, 2)), IMAGE),
    (nn.Unflatten(1, (2, 3, 4)), (24,)),
    (nn.Unflatten(-1, torch.Size([5, 2])), IMAGE),
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
    (nn.GELU(approximate="tanh"), IMAGE),
    (nn.Softsign(), IMAGE),
    (nn.RReLU(), IMAGE),
    (nn.RReLU(0.1, 0.4, inplace=True), IMAGE),
    (nn.LeakyReLU(), IMAGE),
    (nn.LeakyReLU(0.2, inplace=True), IMAGE),
    (nn.ELU(1.5), IMAGE),
    (nn.SELU(inplace=True), IMAGE),
    (nn.CELU(1.5), IMAGE),
    (nn.CELU(0.5, inplace=True), IMAGE),
    (nn.Hardshrink(), IMAGE),
    (nn.Hardshrink(0.3), IMAGE),
    (nn.Softshrink(0.3), IMAGE),
    (nn.Tanhshrink(), IMAGE),
    (nn.Threshold(0.1, 20), IMAGE),
    (nn.Threshold(-0.1, 0.0, inplace=True), IMAGE),
    (nn.Softplus(), IMAGE),
    (nn.Softplus(2, 10.5), IMAGE),
    (nn.LogSigmoid(), IMAGE),
    (nn.Hardtanh(-2, 2.5), IMAGE),
    (nn.PReLU(), IMAGE),
    (nn.PReLU(4), IMAGE),
    (nn.Softmax(1), IMAGE),
    (nn.Softmax(-3), IMAGE),
    (nn.Softmax2d(), IMAGE),
    (nn.GLU(1), IMAGE),
    (nn.GLU(), (4,)),
    (nn.GLU(-2), (4, 9)),
    (nn.LogSoftmax(1), (4, 9)),
    (nn.LogSoftmax(-1), (4,)),
    (nn.Softmin(1), IMAGE),
    (nn.Softmin(-3), IMAGE),
    (nn.PixelShuffle(2), IMAGE),
    (nn.PixelUnshuffle(2), IMAGE),
    (nn.ChannelShuffle(2), IMAGE),
    (nn.Upsample(scale_factor=2), (4, 9)),
    (nn.Upsample(scale_factor=(2.0, 3.0)), IMAGE),
    (nn.Upsample((3, 4)), IMAGE),
    (nn.Upsample(scale_factor=2, mode="linear"), (4, 9)),
    (nn.Upsample(scale_factor=2, mode="bilinear"), IMAGE),
    (nn.Upsample(scale_factor=2, mode="trilinear"), (2, 4, 5, 6)),
    (nn.UpsamplingNearest2d(scale_factor=2), IMAGE),
    (nn.UpsamplingBilinear2d(scale_factor=2), IMAGE),
    (nn.UpsamplingBilinear2d((3, 5)), IMAGE),
    (nn.ZeroPad1d((1, 2)), (4, 9)),
    (nn.ZeroPad2d((1, 2, 3, 4)), IMAGE),
    (nn.ZeroPad2d(-1), IMAGE),
    (nn.ZeroPad2d((1, -2, -1, 0)), IMAGE),
    (nn.ReflectionPad2d((1, -2, -1, 0)), IMAGE),
    (nn.ZeroPad3d(1), (2, 4, 5, 6)),
    (nn.ConstantPad1d(1, 0.0), (4, 9)),
    (nn.ConstantPad2d(1, 0.0), IMAGE),
    (nn.ConstantPad2d((1, 1, 2, 2), 3.5), IMAGE),
    (nn.ConstantPad2d((1, -1, 2, 2), -3), IMAGE),
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
    (LayerNorm2d(4), IMAGE),
    (Embedding(9, 5, padding_idx=0), (7,)),
    (MultiheadAttention(6, 1, batch_first=True), (4, 6)),
    (MultiheadAttention(6, 1, bias=False, batch_first=True), (4, 6)),
    (first_result(nn.LSTM)(9, 5, 2, batch_first=True, bidirectional=True), (4, 9)),
    (first_result(nn.GRU)(9, 5, 2, bias=False, batch_first=True), (4, 9)),
    (first_result(nn.RNN)(9, 5, batch_first=True), (4, 9)),
]


def test_every_module_that_is_read_has_a_row():
    assert set(FORMS) == {type(module).__name__ for module, _ in PRINTED}


@pytest.mark.parametrize(("module", "shape"), PRINTED, ids=lambda value: str(value)[:60])
def test_a_printed_module_has_pytorchs_parameters_and_shape(module, shape):
    inputs = [torch.zeros(2, *shape)]
    if type(module).__name__.startswith("MaxUnpool"):
        inputs.append(torch.zeros(2, *shape, dtype=torch.int64))  # the positions of the maxima
    out = tuple(module.eval()(*inputs).shape[1:])
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
    [row for row in PRINTED if len(row[1]) > 1 and "MaxUnpool" not in str(row[0])],
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
    result = run_network(
        found, image.numpy(), weights, Settings("numpy", spatial_dims=len(shape) - 1)
    )
    expected = module(image).detach().numpy()
    np.testing.assert_allclose(result.array, expected, rtol=1e-10, atol=1e-10)


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
        (
            "Upsample(scale_factor=2.0, mode=bilinear, align_corners=True)",
            "upsample:2,bilinear,align",
        ),
        ("nn.Upsample(None, 2, 'bilinear', True)", "upsample:2,bilinear,align"),
        ("Upsample(size=(3, 4), mode=trilinear, align_corners=False)", "upsample:size3x4,bilinear"),
        ("nn.Upsample((3, 4), mode='bilinear', align_corners=None)", "upsample:size3x4,bilinear"),
        ("nn.UpsamplingBilinear2d(2)", "upsample:size2,bilinear,align"),
        ("nn.Unflatten(1, (16, 4, 4))", "unflatten:16x4x4"),
        ("nn.Unflatten(2, [4, -1])", "unflatten:4x-1,dim2"),
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
