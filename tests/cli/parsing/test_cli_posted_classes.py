"""Classes as they were posted, saved as a file or piped in, and given without a name."""

from __future__ import annotations

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


@pytest.fixture
def save(tmp_path, monkeypatch):
    """Writes b.py into the current folder."""
    monkeypatch.chdir(tmp_path)
    return (tmp_path / "b.py").write_text


def test_a_network_without_a_name_is_shown_as_it_is_given(save):
    save(UNET)
    done = call("shape", "b.py", "-i", "3x256x256")
    assert (2, "") == (done.code, done.out)
    assert (
        "convcalc: error: 'b.py' is a Python file: name what to run, as "
        '"b.py:UNet(n_channels=..., n_classes=...)"; it has UNet, DoubleConv, Down, Up, OutConv\n'
    ) == done.err


def test_a_network_without_its_arguments_names_them(save):
    pytest.importorskip("torch")
    save(f"from torch import nn\n{UNET}")
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
