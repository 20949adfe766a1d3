"""A model that looks at values, one way or another, read by the tests of this folder."""

from __future__ import annotations

import torch
from torch import nn


class Reads(nn.Module):
    """A convolution, and one way to look at values: its own, or those of a table."""

    def __init__(self, way):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.way = way
        self.register_buffer("table", torch.tensor([1, 0, 1, 1]))

    def forward(self, x):
        x, table = self.conv(x), self.table
        way = self.way
        if way == "item":
            return x * x.max().item()
        if way == "if":
            return x if x.mean() > 0 else -x
        if way == "mask":
            return x[x > 0].sum()
        if way == "list":
            return x * x.flatten()[:1].tolist()[0]
        if way == "numpy":
            return x * float(x.numpy()[0, 0, 0, 0])
        if way == "where":
            return x.flatten()[torch.where(x.flatten() > 0)[0]].sum()
        if way == "equal":
            return x if torch.equal(x, x + 1) else -x
        if way == "table":
            return x * int(table.max())
        if way == "rows of a table":
            return x[:, table.bool()]
        assert way == "of each element"
        return torch.where(x > 0, x, -x) * table.sum().item()
