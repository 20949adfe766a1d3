"""Classes as they were posted, saved as a file: without their imports, and without a name."""

from __future__ import annotations

import json

import pytest
from cli_support import call

UNET = '''
class DoubleConv(nn.Module):
    """Two convolutions of 3 x 3."""

    def __init__(self, in_channels, out_channels, mid_channels=None):
        super().__init__()
        mid_channels = mid_channels or out_channels
        self.layers = nn.Sequential(
            nn.Conv2d(in_channels, mid_channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(mid_channels),
            nn.ReLU(inplace=True),
            nn.Conv2d(mid_channels, out_channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(inplace=True),
        )

    def forward(self, x):
        return self.layers(x)


class Down(nn.Module):
    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.layers = nn.Sequential(nn.MaxPool2d(2), DoubleConv(in_channels, out_channels))

    def forward(self, x):
        return self.layers(x)


class Up(nn.Module):
    def __init__(self, in_channels, out_channels, bilinear=True):
        super().__init__()
        if bilinear:
            self.up = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True)
            self.conv = DoubleConv(in_channels, out_channels, in_channels // 2)
        else:
            self.up = nn.ConvTranspose2d(in_channels, in_channels // 2, 2, stride=2)
            self.conv = DoubleConv(in_channels, out_channels)

    def forward(self, x, skip):
        x = self.up(x)
        high, wide = skip.size(2) - x.size(2), skip.size(3) - x.size(3)
        x = F.pad(x, [wide // 2, wide - wide // 2, high // 2, high - high // 2])
        return self.conv(torch.cat([skip, x], dim=1))


class OutConv(nn.Module):
    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, 1)

    def forward(self, x):
        return self.conv(x)


class UNet(nn.Module):
    def __init__(self, n_channels, n_classes, bilinear=False):
        super().__init__()
        factor = 2 if bilinear else 1
        self.inc = DoubleConv(n_channels, 64)
        self.down1, self.down2, self.down3 = Down(64, 128), Down(128, 256), Down(256, 512)
        self.down4 = Down(512, 1024 // factor)
        self.up1 = Up(1024, 512 // factor, bilinear)
        self.up2 = Up(512, 256 // factor, bilinear)
        self.up3 = Up(256, 128 // factor, bilinear)
        self.up4 = Up(128, 64, bilinear)
        self.outc = OutConv(64, n_classes)

    def forward(self, x):
        first = self.inc(x)
        second = self.down1(first)
        third = self.down2(second)
        fourth = self.down3(third)
        x = self.up1(self.down4(fourth), fourth)
        x = self.up2(x, third)
        x = self.up3(x, second)
        return self.outc(self.up4(x, first))
'''
"""The U-Net of the repository Pytorch-UNet of milesial, layer by layer, with no import."""

NOTE = (
    "convcalc: note: b.py uses torch, nn and F without importing them; torch, torch.nn and "
    "torch.nn.functional were taken\n"
)


@pytest.fixture(autouse=True)
def _with_torch():
    pytest.importorskip("torch")


@pytest.fixture
def save(tmp_path, monkeypatch):
    """Writes b.py into the current folder."""
    monkeypatch.chdir(tmp_path)
    return (tmp_path / "b.py").write_text


def figures(done):
    assert 0 == done.code, done.err
    document = json.loads(done.out)
    return document["status"], document["totals"]["params"]


def test_a_network_without_an_import_is_counted_and_its_names_are_said(save):
    save(UNET)
    done = call("flops", "b.py:UNet(3,2)", "-i", "3x256x256", "--format", "json", loaded="torch")
    # A block from a to b channels has 9*(a*b + b*b) weights and two norms of 2*b:
    #   3-64 38848, 64-128 221696, 128-256 885760, 256-512 3540992, 512-1024 14159872.
    # Up from a to a/2 are 4*a*a/2 weights and a/2 biases, and a block from a to a/2 behind it:
    #   1024 2097664 + 7079936, 512 524544 + 1770496, 256 131200 + 442880, 128 32832 + 110848.
    # The last layer has 64*2 + 2.
    assert ("complete", 31_037_698) == figures(done)
    assert NOTE in done.err
    assert 1 == done.err.count("without importing")


def test_quiet_says_nothing_of_it(save):
    save(UNET)
    assert "" == call("shape", "b.py:UNet(1,1,True)", "-i", "1x16x16", "-q", loaded="torch").err


def test_a_network_without_a_name_is_shown_as_it_is_given(save):
    save(UNET)
    done = call("shape", "b.py", "-i", "3x256x256")
    assert (2, "") == (done.code, done.out)
    assert (
        "convcalc: error: 'b.py' is a Python file: name what to run, as "
        '"b.py:UNet(n_channels=..., n_classes=...)"; it has UNet, DoubleConv, Down, Up, OutConv\n'
    ) == done.err


def test_a_network_without_its_arguments_names_them(save):
    save(UNET)
    done = call("shape", "b.py:UNet", "-i", "3x256x256", loaded="torch")
    assert (3, "") == (done.code, done.out)
    assert (
        "convcalc: error: UNet needs arguments that are not given: n_channels, n_classes\n"
        "  it is UNet(n_channels, n_classes, bilinear=False); give them as "
        '"b.py:UNet(n_channels=..., n_classes=...)"\n'
    ) == done.err
    done = call("shape", "b.py:UNet(n_channels=..., n_classes=...)", "-i", "3x256x256")
    assert (2, True) == (done.code, "write a value in place of each ...\n" in done.err)


def test_a_network_on_standard_input_is_shown_as_a_file_of_it_is_given():
    done = call("shape", "-", "-i", "3x256x256", stdin=UNET.encode())
    assert (2, True) == (
        done.code,
        "the source of a class, UNet, which says in code how data flows; save it as model.py and "
        'give "model.py:UNet(n_channels=..., n_classes=...)", which is run' in done.err,
    )


FLATTENED = """
import torch.nn as nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.head = nn.Conv2d(1, 2, 3), nn.Linear(72, 5)

    def forward(self, x):
        x = self.conv(x)
        return self.head(torch.flatten(x, 1))
"""


def test_a_name_that_only_forward_uses_ends_no_table(save):
    save(FLATTENED)
    done = call("flops", "b.py:Net", "-i", "1x8x8", "--format", "json", loaded="torch")
    assert ("complete", 20 + 365) == figures(done)
    assert "note: b.py uses torch without importing it; torch was taken\n" in done.err
    taken = call("convert", "b.py:Net", "-i", "1x8x8", "-o", "net.json", loaded="torch")
    assert "b.py uses torch without importing it" in taken.err
    assert "without importing" not in call("flops", "net.json").err


def test_a_package_that_forward_uses_and_nobody_imports_is_named(save):
    save(FLATTENED.replace("torch.flatten(x, 1)", "einops.flat(x)"))
    done = call("flops", "b.py:Net", "-i", "1x8x8", loaded="torch")
    assert 3 == done.code
    assert "NameError: name 'einops' is not defined; the file does not import einops\n" in done.err
    save(FLATTENED.replace("torch.flatten(x, 1)", "flat(x)"))
    done = call("flops", "b.py:Net", "-i", "1x8x8", loaded="torch")
    assert "the run ended at b.py:12: NameError: name 'flat' is not defined\n" in done.err
