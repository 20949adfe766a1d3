"""Models of several inputs, read by the tests of this folder."""

from __future__ import annotations

import torch
from torch import nn


class Fused(nn.Module):
    """A picture and its depth."""

    def __init__(self):
        super().__init__()
        self.image = nn.Conv2d(3, 8, 3, padding=1)
        self.depth = nn.Conv2d(1, 8, 1)

    def forward(self, picture, distance):
        return torch.relu(self.image(picture) + self.depth(distance))


class Tokens(nn.Module):
    """Indices, and a mask that may be missing."""

    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(100, 16)
        self.head = nn.Linear(16, 4)

    def forward(self, ids, mask=None):
        x = self.table(ids)
        if mask is not None:
            x = x * mask.unsqueeze(-1)
        return self.head(x).mean(1)


class Listed(nn.Module):
    """A list of pictures."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 1)

    def forward(self, pictures):
        first, second = pictures
        return self.conv(first) + second


class Mapped(Listed):
    """A mapping of pictures."""

    def forward(self, batch):
        return self.conv(batch["a"]) + batch["b"]


class Block(nn.Module):
    """A block of a transformer, with all that its calls may be."""

    def __init__(self):
        super().__init__()
        self.position = nn.Parameter(torch.zeros(1, 6, 8))
        self.norm = nn.LayerNorm(8)
        self.qkv = nn.Linear(8, 24)
        self.out = nn.Linear(8, 8)
        self.scale = nn.Parameter(torch.ones(8))
        self.self_attention = nn.MultiheadAttention(8, 2, batch_first=True)

    def forward(self, x):
        x = x.flatten(2).transpose(1, 2) + self.position
        y = self.qkv(self.norm(x)).reshape(1, 6, 3, 2, 4).permute(2, 0, 3, 1, 4)
        q, k, v = y[0], y[1], y[2]
        scores = torch.softmax(q @ k.transpose(-2, -1) * 0.5, dim=-1)
        y = torch.einsum("bhij,bhjd->bihd", scores, v).reshape(1, 6, 8)
        x = x + self.scale * self.out(y)
        x = x + nn.functional.scaled_dot_product_attention(x, x, x)
        x, _ = self.self_attention(x, x, x)
        x = x / x.norm(dim=-1, keepdim=True)
        return torch.cat((x.mean(dim=1), x[:, 0]), dim=1)


class Sequence(nn.Module):
    """An LSTM with the steps first."""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(4, 5)

    def forward(self, x):
        out, _ = self.lstm(x.permute(2, 0, 1))
        return out


class Last(nn.Module):
    """ConvNeXt's way: the channels last, and back."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.norm = nn.LayerNorm(4)
        self.mix = nn.Linear(4, 4)

    def forward(self, x):
        y = self.conv(x)
        return y + self.mix(self.norm(y.permute(0, 2, 3, 1))).permute(0, 3, 1, 2)


class Pyramid(nn.Module):
    """Features of several sizes as a list; what comes of each, by names."""

    def __init__(self):
        super().__init__()
        self.across = nn.ModuleList(nn.Conv2d(channels, 8, 1) for channels in (4, 8, 16))
        self.smooth = nn.ModuleList(nn.Conv2d(8, 8, 3, padding=1) for _ in range(3))

    def forward(self, features):
        levels = [conv(one) for conv, one in zip(self.across, features, strict=True)]
        for level in (1, 0):
            size = levels[level].shape[-2:]
            levels[level] = levels[level] + nn.functional.interpolate(levels[level + 1], size=size)
        smooth = [conv(one) for conv, one in zip(self.smooth, levels, strict=True)]
        return {f"level{number}": one for number, one in enumerate(smooth)}


class Crossed(nn.Module):
    """Attention of one sequence to another, of other widths, with the steps first."""

    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(8, 2, kdim=5, vdim=7)

    def forward(self, query, key, value):
        turned = (one.transpose(0, 1) for one in (query, key, value))
        return self.attention(*turned)[0]


class Grouped(nn.Module):
    """More heads of queries than of keys, under a mask that is given."""

    def __init__(self):
        super().__init__()
        self.query = nn.Linear(8, 8)
        self.rest = nn.Linear(8, 8)

    def forward(self, x, mask):
        query = self.query(x).view(-1, 6, 4, 2).transpose(1, 2)
        key, value = self.rest(x).view(-1, 6, 2, 2, 2).permute(2, 0, 3, 1, 4)
        return nn.functional.scaled_dot_product_attention(
            query, key, value, mask[:, None], enable_gqa=True
        )
