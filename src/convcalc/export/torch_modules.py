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


class Learned(nn.Module):
    """`parameter`: a learned array, the same for each sample."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(shape))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, *shape) for an x of N samples."""
        return self.weight.expand(len(x), *self.weight.shape)


def symmetric_pad(x: torch.Tensor, ends: tuple[int, ...]) -> torch.Tensor:
    """(N, C, *spatial) with the elements at each end added backwards, the outermost one first.

    Args:
        x: The tensor.
        ends: Elements at both ends of each axis, the last axis first, as for functional.pad;
            below 0 they are cut off.
    """
    for axis, (before, after) in enumerate(zip(ends[::2], ends[1::2], strict=True), start=1):
        size = x.shape[-axis]
        first = x.narrow(-axis, 0, max(0, before)).flip(-axis)
        last = x.narrow(-axis, size - max(0, after), max(0, after)).flip(-axis)
        x = torch.cat((first, x, last), -axis)
        x = x.narrow(-axis, max(0, -before), before + size + after)
    return x


class SymmetricPad(nn.Module):
    """`pad` in the mode `symmetric`: d c b a [a b c d] d c b a."""

    def __init__(self, padding: tuple[int, ...]) -> None:
        super().__init__()
        self.padding = padding

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, C, *spatial) with its spatial axes made longer."""
        return symmetric_pad(x, self.padding)

    def extra_repr(self) -> str:
        """The elements at both ends of each axis, the last axis first."""
        return str(self.padding)
