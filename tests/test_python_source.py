"""What the text of a Python file defines, whole networks before their parts."""

from __future__ import annotations

import pytest

from convcalc.python_source import defined
from growth import check

UNET = """
class DoubleConv(nn.Module):
    def __init__(self, in_channels, out_channels, mid_channels=None): pass

class Down(nn.Module):
    def __init__(self, in_channels, out_channels):
        super(Down, self).__init__()
        self.steps = nn.Sequential(nn.MaxPool2d(2), DoubleConv(in_channels, out_channels))

class OutConv(nn.Module):
    def __init__(self, in_channels, out_channels): pass

class UNet(nn.Module):
    def __init__(self, n_channels, n_classes, bilinear=False):
        super().__init__()
        self.inc = DoubleConv(n_channels, 64)
        self.down, self.out = Down(64, 128), OutConv(64, n_classes)
"""

RESNET = """
def conv3x3(a, b): return nn.Conv2d(a, b, 3)

class BasicBlock(nn.Module):
    def __init__(self, in_planes, planes): self.conv = conv3x3(in_planes, planes)

class Bottleneck(nn.Module):
    def __init__(self, in_planes, planes): pass

class ResNet(nn.Module):
    def __init__(self, block, num_blocks, num_classes=10): pass

def _resnet(block, num_blocks):
    model = ResNet(block, num_blocks).cuda()
    model = model.to("cpu")
    return model

def resnet18(): return ResNet(BasicBlock, [2, 2, 2, 2]).eval()
def resnet34(pretrained=False): return _resnet(BasicBlock, [3, 4, 6, 3])

def test():
    net = resnet18()
    return net(torch.randn(1, 3, 32, 32))
"""


def test_the_network_stands_before_its_parts_with_its_arguments():
    assert (
        ["UNet", "DoubleConv", "Down", "OutConv"],
        "UNet(n_channels=..., n_classes=...)",
    ) == defined(UNET)


def test_a_function_that_makes_the_network_stands_before_its_classes():
    found = defined(RESNET)
    assert "resnet18" == found.example
    # Bottleneck: no other uses it, and it uses none. What needs arguments or gives no network is
    # last.
    assert ["resnet18()", "resnet34()", "Bottleneck", "BasicBlock", "ResNet"] == found.names[:5]
    assert ["conv3x3()", "_resnet()", "test()"] == found.names[5:]


@pytest.mark.parametrize(
    ("text", "names", "example"),
    [
        ("class Net(nn.Module): pass", ["Net"], "Net"),
        # A loss is used by nobody either, and uses nothing.
        (
            "class Loss(nn.Module): pass\nclass Part(nn.Module): pass\n"
            "class Net(torch.nn.Module):\n    def __init__(self): Part()",
            ["Net", "Loss", "Part"],
            "Net",
        ),
        # What is no module is last: a gradient's rule has a forward, too, and no base is none.
        (
            "class Config:\n    def forward(self): pass\n"
            "class Round(torch.autograd.Function):\n"
            "    @staticmethod\n    def forward(ctx, x): pass\n"
            "class Data(Dataset): pass\n"
            "class Net(pl.LightningModule): pass",
            ["Net", "Config", "Round", "Data"],
            "Net",
        ),
        # A base in the file, or one that is imported.
        (
            "class Base(Module):\n    def __init__(self, width, /, depth, *, heads, bias=1): pass\n"
            "class Net(Base):\n    def forward(self, x): return x",
            ["Net", "Base"],
            "Net(..., depth=..., heads=...)",
        ),
        (
            "class Data: pass\nclass Net(BaseModel):\n    def forward(self, x): return x",
            ["Net", "Data"],
            "Net",
        ),
        # They use each other, or themselves.
        (
            "class A(nn.Module):\n    b = lambda: B()\nclass B(nn.Module):\n    a = A",
            ["A", "B"],
            "A",
        ),
        (
            "class A(nn.Module):\n    def f(self): return A()\nclass B(nn.Module): pass",
            ["A", "B"],
            "A",
        ),
        ("class A(B): pass\nclass B(A): pass", ["A", "B"], "A"),
        # A function that needs arguments makes no network before the class does.
        (
            "class Net(nn.Module):\n    def __init__(self, n): pass\ndef make(n): return Net(n)",
            ["Net", "make()"],
            "Net(n=...)",
        ),
        ("def make(width, depth=2): pass", ["make()"], "make(width=...)"),
        (
            "class Net(nn.Module):\n    def __init__(self, a, b, c, d, e, f, g, h, i, j): pass",
            ["Net"],
            "Net(a=..., b=..., c=..., d=..., e=..., f=..., g=..., h=..., ...)",
        ),
        ("class Net(nn.Module):\n    def __init__(self, *sizes, **more): pass", ["Net"], "Net"),
        # Layers in a row, in a file without a class; with one, the class is what to name.
        (
            "import torch\ndef count(x): pass\nnet = torch.nn.Sequential(torch.nn.ReLU()).eval()\n"
            "loss = torch.nn.MSELoss()",
            ["net", "count()"],
            "net",
        ),
        ("class Net(nn.Module): pass\nnet = nn.Sequential(Net())", ["Net"], "Net"),
        # Python warns of such an escape.
        (r"class Net(nn.Module): '\sum'", ["Net"], "Net"),
        ("x = 1", [], ""),
        ("", [], ""),
    ],
)
def test_what_a_file_defines(text, names, example):
    assert (names, example) == defined(text)


def test_what_is_no_python_is_an_error_of_its_syntax():
    with pytest.raises(SyntaxError):
        defined("class Net(nn.Module:\n    pass")


def test_a_text_that_python_itself_cannot_take_defines_nothing():
    assert ([], "") == defined("x = " + "-" * 100_000 + "1")


def test_long_chains_take_no_time_of_their_own():
    count = 3_000
    bases = "".join(f"class C{n}(C{n + 1}): pass\n" for n in range(count))
    makers = "".join(f"def f{n}(): return f{n + 1}()\n" for n in range(count))
    text = f"{bases}class C{count}(nn.Module): pass\n{makers}def f{count}(): return C0()\n"
    names, example = defined(text)
    assert (2 * count + 2, "f0()", "f0") == (len(names), names[0], example)


def test_many_classes_are_looked_at_once_each():
    def text(count):
        return "".join(f"class C{n}(nn.Module): pass\n" for n in range(count))

    check(defined, [text(1_000), text(2_000)])
