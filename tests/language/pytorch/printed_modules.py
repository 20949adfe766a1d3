"""Texts of PyTorch's modules, and the networks that they are."""

from __future__ import annotations

from collections import OrderedDict

import pytest

from convcalc.language.parse import parse

torch = pytest.importorskip("torch")
nn = torch.nn


def network(text, shape=None):
    """The network of a text, checked against an input if there is one."""
    found = parse(text)
    if shape is not None:
        list(found.walk(shape))
    return found


def parameters(module):
    return sum(p.numel() for p in module.parameters())


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
