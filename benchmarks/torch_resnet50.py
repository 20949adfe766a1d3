"""ResNet-50 (He et al., 2016; stride on the 3 x 3) as a torch module, for tools that count such."""

from __future__ import annotations

import torch
from torch import nn


def block(channels: int, out: int, kernel: int, stride: int = 1) -> nn.Sequential:
    """Convolution and batch normalisation."""
    conv = nn.Conv2d(channels, out, kernel, stride, kernel // 2, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(out))


class Bottleneck(nn.Module):
    """1 x 1, 3 x 3 and 1 x 1 beside a shortcut."""

    def __init__(self, channels: int, width: int, stride: int) -> None:
        super().__init__()
        self.path = nn.Sequential(
            block(channels, width, 1),
            nn.ReLU(),
            block(width, width, 3, stride),
            nn.ReLU(),
            block(width, 4 * width, 1),
        )
        same = stride == 1 and channels == 4 * width
        self.shortcut = nn.Identity() if same else block(channels, 4 * width, 1, stride)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The sum of both, rectified."""
        return torch.relu(self.path(x) + self.shortcut(x))


class ResNet50(nn.Sequential):
    """Four stages of 3, 4, 6 and 3 bottlenecks."""

    def __init__(self) -> None:
        layers: list[nn.Module] = [block(3, 64, 7, 2), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
        channels = 64
        for width, depth, stride in ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)):
            for index in range(depth):
                layers.append(Bottleneck(channels, width, stride if index == 0 else 1))
                channels = 4 * width
        super().__init__(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2048, 1000))
