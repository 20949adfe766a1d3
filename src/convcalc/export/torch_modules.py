"""Modules that torch has not: those that its users write for themselves."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional


class ChannelNorm(nn.Module):
    """`ln`: each position's channels brought to mean 0 and variance 1, as ConvNeXt's LayerNorm2d.

    The calls are functions, so that a tool with hooks sees one module of an unknown kind.
    """

    def __init__(self, channels: int, eps: float, *, affine: bool, spatial_dims: int) -> None:
        super().__init__()
        self.eps = eps
        self.last = (0, *range(2, spatial_dims + 2), 1)
        self.back = (0, spatial_dims + 1, *range(1, spatial_dims + 1))
        self.weight = nn.Parameter(torch.ones(channels)) if affine else None
        self.bias = nn.Parameter(torch.zeros(channels)) if affine else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, C, *spatial) of the same shape."""
        size = (x.shape[1],)
        x = functional.layer_norm(x.permute(self.last), size, self.weight, self.bias, self.eps)
        return x.permute(self.back)


class ChannelScale(nn.Module):
    """`layerscale`: every channel times a learned factor, which is 1 at first."""

    def __init__(self, channels: int, spatial_dims: int) -> None:
        super().__init__()
        self.shape = (channels, *(1,) * spatial_dims)
        self.weight = nn.Parameter(torch.ones(channels))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, C, *spatial) of the same shape."""
        return x * self.weight.view(self.shape)
