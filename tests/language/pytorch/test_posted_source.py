"""Models in source text: arithmetic, lists, methods behind a layer, and modules by other names."""

from __future__ import annotations

import pytest

from convcalc.errors import SpecError
from convcalc.language.parse import parse


def fault(text):
    with pytest.raises(SpecError) as caught:
        parse(text)
    return caught.value


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("nn.Linear(2 + 3 * 4 - (1 + 1) // 2, 5).float()", "linear:5"),
        ("nn.Sequential(*[nn.ReLU(), nn.Tanh()], nn.ReLU().to('cuda'))", "relu tanh relu"),
        ("nn.Conv2d(3, 8, 2*2)", "conv:8,k4"),
        ("nn.Sequential(*[nn.ReLU(), *[nn.Tanh()]])", "relu tanh"),
        ("nn.Sequential(weight_norm(nn.Conv2d(3, 8, 3)), nn.ReLU())", "conv:8,k3 relu"),
        (
            "nn.Sequential(nn.utils.spectral_norm(nn.Conv2d(3, 8, 3), 'weight', 1))",
            "conv:8,k3",
        ),
        ("nn.MaxPool2d(2, return_indices=True)", "maxpool:2"),
        ("nn.Conv2d(3, 2**5, 27 % 4)", "conv:32,k3"),
        ("nn.Conv2d(3, int(64 / 2), 3)", "conv:32,k3"),
        ("Conv2d(3, 8, 3) -> ReLU() -> Tanh()", "conv:8,k3 relu tanh"),
        ("[Conv2d(3, 8, kernel_size=(3, 3), stride=(1, 1)), ReLU()]", "conv:8,k3 relu"),
        (
            "OrderedDict([('a', Conv2d(3, 8, kernel_size=(3, 3), stride=(1, 1))), ('b', ReLU())])",
            "a=conv:8,k3 b=relu",
        ),
        ("layers = [nn.Conv2d(3, 8, 3),\n          nn.ReLU()]\n", "conv:8,k3 relu"),
        (
            "net = nn.Sequential()\nnet.add_module('a', nn.Conv2d(3, 8, 3))\n"
            "net.add_module('b', nn.ReLU())\nprint(net)\n",
            "a=conv:8,k3 b=relu",
        ),
        (
            ">>> net = nn.Sequential(nn.Tanh())\n>>> net.add_module('b', nn.ReLU())\n",
            "tanh b=relu",
        ),
        ("nn.Conv2d(3, 8, 3).cuda().eval()", "conv:8,k3"),
        ("nn.LazyConv2d(8, 3)", "conv:8,k3"),
        ("LazyConv2d(0, 8, kernel_size=(3, 3), stride=(1, 1))", "conv:8,k3"),
        ("LazyLinear(in_features=0, out_features=10, bias=True)", "linear:10"),
        ("nn.LazyBatchNorm2d()", "bn"),
        (
            "BatchNormAct2d(8, eps=1e-05, momentum=0.1, affine=True, track_running_stats=True\n"
            "  (drop): Identity()\n  (act): ReLU(inplace=True)\n)",
            "bn",
        ),
        ("FrozenBatchNorm2d(8, eps=1e-05)", "bn"),
        ("LayerNorm2d((8,), eps=1e-06, elementwise_affine=True)", "ln:eps1e-6"),
        (
            "ParametrizedConv2d(\n  3, 8, kernel_size=(3, 3), stride=(1, 1)\n  (parametrizations): "
            "ModuleDict(\n    (weight): ParametrizationList(\n      (0): _WeightNorm()\n    )\n  "
            ")\n)",
            "conv:8,k3",
        ),
        (
            "DynamicQuantizedLinear(in_features=4, out_features=2, dtype=torch.qint8, "
            "qscheme=torch.per_tensor_affine)",
            "linear:2",
        ),
        (
            "QuantizedLinearReLU(in_features=4, out_features=2, scale=0.1, zero_point=0, "
            "qscheme=torch.per_tensor_affine)",
            "linear:2 0-relu=relu",
        ),
        (
            "ConvBnReLU2d(\n  3, 8, kernel_size=(3, 3), stride=(1, 1), bias=False\n"
            "  (bn): BatchNorm2d(8, eps=1e-05, momentum=0.1, affine=True)\n)",
            "conv:8,k3,nobias 0-bn=bn 0-relu=relu",
        ),
        ("LinearReLU(in_features=4, out_features=2, bias=True)", "linear:2 0-relu=relu"),
        (
            "ConvReLU2d(\n  (0): Conv2d(3, 8, kernel_size=(3, 3), stride=(1, 1))\n  (1): ReLU()\n)",
            "conv:8,k3 relu",
        ),
        ("QuantizedBNReLU2d(8, eps=1e-05)", "bn 0-relu=relu"),
        ("SelectAdaptivePool2d (pool_type=avg, flatten=True)", "gap 0-flatten=flatten"),
        ("SelectAdaptivePool2d(pool_type=avg, flatten=Identity())", "gap"),
        ("Sequential(\n  (0): ReLU()\n  (1): MinMaxObserver(min_val=0)\n)", "relu identity"),
        (
            "Conv2dNormActivation(\n  (0): Conv2d(3, 8, kernel_size=(3, 3), stride=(1, 1))\n"
            "  (1): BatchNorm2d(8, eps=1e-05, momentum=0.1, affine=True, "
            "track_running_stats=True)\n)",
            "conv:8,k3 bn",
        ),
        ("Sequential (\n  (0): Linear (200 -> 10)\n  (1): Softmax ()\n)", "linear:10 softmax"),
        (
            "Sequential (\n  (0): SELU (inplace)\n  (1): RReLU (0.125, 0.25, inplace)\n"
            "  (2): Threshold (0.1, 20)\n  (3): Hardshrink (0.25)\n  (4): LogSoftmax ()\n)",
            "selu rrelu:upper0.25 threshold:0.1,value20 hardshrink:0.25 logsoftmax",
        ),
        (
            "Sequential(\n  (0): GLU(dim=1)\n  (1): GELU(approximate='tanh')\n"
            "  (2): RReLU(lower=0.125, upper=0.3333333333333333)\n"
            "  (3): Softplus(beta=2, threshold=20.0)\n)",
            "glu gelu:tanh rrelu softplus:2",
        ),
        (
            "Sequential (\n  (0): LeakyReLU (0.2, inplace)\n"
            "  (1): AvgPool2d (size=7, stride=7, padding=0, ceil_mode=False, "
            "count_include_pad=True)\n)",
            "leakyrelu:0.2 avgpool:7,s7",
        ),
    ],
)
def test_modules_by_other_names_and_old_forms(text, spec):
    assert spec == parse(text).spec()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "nn.Sequential(*[nn.ReLU() for i in range(3)])",
            "what this 'for' repeats is not worked out; write the layers one by one (column 27)",
        ),
        ("nn.Linear(10 // 0, 3)", "only whole numbers of at most 18 digits are worked out here"),
        ("nn.Linear(2.5 * 2, 3)", "only whole numbers of at most 18 digits are worked out here"),
        ("nn.Linear(10**60, 3)", "only whole numbers of at most 18 digits are worked out here"),
        ("nn.Linear(10**-1, 3)", "only whole numbers of at most 18 digits are worked out here"),
        ("nn.Linear(10 / 4, 3)", "only whole numbers of at most 18 digits are worked out here"),
        ("nn.Linear(10 % 0, 3)", "only whole numbers of at most 18 digits are worked out here"),
        (
            "nn.Linear(int(64 * 0.5), 3)",
            "only whole numbers of at most 18 digits are worked out here (column 18)",
        ),
        ("nn.Linear(len(x), 3)", "expected a whole number; len() is not worked out"),
        ("nn.Conv2d(3, 8 if big else 4, 3)", "what this 'if' decides is not worked out"),
        ("nn.Sequential(*[nn.ReLU() if a else nn.Tanh()])", "what this 'if' decides"),
        ("nn.Linear(999999999 * 9999999999, 3)", "only whole numbers of at most 18 digits"),
    ],
)
def test_source_text_that_is_not_worked_out(text, message):
    assert message in str(fault(text))
