"""Models whose calls are nearly those of layers: what differs must not be lost in a run."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional


class Base(nn.Module):
    """A convolution, and `after` of its result."""

    def __init__(self, after):
        super().__init__()
        self.after = after
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.square = nn.Parameter(torch.randn(4, 4))
        self.kernel = nn.Parameter(torch.randn(4, 4, 3, 3))
        self.gain = nn.Parameter(torch.randn(1, 4, 1, 1))
        self.register_buffer("mask", torch.arange(1.0, 5).view(1, 4, 1, 1))
        self.register_buffer("order", torch.arange(4).view(1, 4, 1, 1), persistent=False)

    def forward(self, x):
        return self.after(self, self.conv(x))


def _with_parts(m, x):
    x = x.clone()
    x[:, :2] = 0.5
    x[..., 3] *= 3
    part = x[:, 1:3, ::2]
    part.sub_(m.mask[:, :2])
    return x


SAME = {
    "a gain of the module": lambda m, x: x * m.gain,
    "a gain behind a function": lambda m, x: x + m.gain.exp(),
    "a kernel by another name": lambda m, x: functional.conv2d(x, m.kernel),
    "a matrix that is turned": lambda m, x: x.permute(0, 2, 3, 1) @ m.square.T,
    "a matrix in a sum of products": lambda m, x: torch.einsum("bchw,dc->bdhw", x, m.square),
    "operands by their names": lambda m, x: torch.sub(other=x * x, input=x),
    "a number less an array": lambda m, x: 1 - x,
    "channels side by side": lambda m, x: torch.cat([x, x * x], -1),
    "a roll": lambda m, x: torch.roll(x, (1, 2), (1, 3)),
    "a mirror": lambda m, x: x.flip(3),
    "half of each row": lambda m, x: x.chunk(2, -1)[1],
    "every second": lambda m, x: x[:, :, ::2, 1::2],
    "patches": lambda m, x: functional.unfold(x, 3),
    "a row of a matrix": lambda m, x: x * m.square[2].view(1, 4, 1, 1),
    "a cast to another float": lambda m, x: x.double().float(),
    "a sum with alpha": lambda m, x: torch.add(x, x * x, alpha=2),
    "a difference with alpha": lambda m, x: torch.sub(x, 2, alpha=3),
    "a quotient that rounds": lambda m, x: torch.div(x, x + 9, rounding_mode="floor"),
    "a power of a number": lambda m, x: 2**x,
    "channels by a list": lambda m, x: x[:, [3, 2, 1, 0]],
    "a gain by a list": lambda m, x: x * m.gain[:, [3, 2, 1, 0]],
    "a mask that is stored": lambda m, x: x * m.mask,
    "a mask that is added": lambda m, x: x + m.mask,
    "a mask that is kept nowhere": lambda m, x: x.masked_fill(m.order > 2, -1.0),
    "a constant less an array": lambda m, x: torch.ones(()) - x,
    "whole numbers": lambda m, x: x.to(torch.int32).float(),
    "another norm": lambda m, x: x / x.norm(p=1, dim=1, keepdim=True),
    "bytes of another dtype": lambda m, x: x.view(torch.int32).float(),
    "a kernel that is made": lambda m, x: functional.conv2d(x, m.kernel * 2),
    "a kernel in another order": lambda m, x: functional.conv2d(x, m.kernel.flip(3)),
    "a kernel that is used twice": lambda m, x: functional.conv2d(
        functional.conv2d(x, m.kernel), m.kernel
    ),
    "a matrix as a weight": lambda m, x: functional.linear(x.mean((2, 3)), m.square.t()),
    "a part that is repeated": lambda m, x: functional.prelu(x, m.gain.flatten()[:1].expand(4)),
    "another ratio": lambda m, x: functional.interpolate(x, scale_factor=2.1),
    "patches with a border": lambda m, x: functional.unfold(x, 3, padding=1),
    "a part that is filled": lambda m, x: torch.fill_(x[:, 0], 5) + x[:, 0],
    "a part that is set": _with_parts,
    "a stack": lambda m, x: torch.stack([x, x * x], 2).flatten(1, 2),
    "channels that are added": lambda m, x: functional.pad(x, (1, 0, 0, 2, 3, 1), value=0.5),
    "a choice": lambda m, x: torch.where(x > 0, x, torch.arange(8) * x),
    "a running sum": lambda m, x: x.cumsum(0),
    "the largest": lambda m, x: x.flatten(1).topk(3)[0],
    "a table that is made": lambda m, x: (
        x + (m.square @ m.square).relu().view(1, 4, 4, 1)[:, :, :1]
    ),
}
"""What is run, and equals the model."""

OTHER = {
    "dropout that is never off": (lambda m, x: functional.dropout(x, 0.5), "at random"),
    "the mean of all samples": (lambda m, x: x - x.mean(), "samples"),
    "a roll of all elements": (lambda m, x: torch.roll(x, 1), "samples"),
    "a spectrum": (lambda m, x: torch.fft.rfft(x).abs(), "cannot be run"),
    "noise": (lambda m, x: x + torch.rand_like(x), "cannot be run"),
    "an item": (lambda m, x: x * x.max().item(), "values of tensors"),
    "a decision": (lambda m, x: x * 2 if x.sum() > 0 else x * 3, "values of tensors"),
    "a call that fails": (lambda m, x: torch.relu(x) @ x[:, :, :3], "the run ended at"),
}
"""What is not what the layers compute, and a word of the reason that is given."""


class Steps(nn.Module):
    """What reads (steps, features)."""

    def __init__(self, of):
        super().__init__()
        self.attend = nn.MultiheadAttention(4, 2, batch_first=True)
        self.lstm = nn.LSTM(4, 4, 2, batch_first=True, bidirectional=True)
        self.first = nn.GRU(4, 4)
        self.of = of

    def forward(self, x):
        return self.of(self, x)


def _causal(m, x):
    mask = torch.full((x.shape[1], x.shape[1]), float("-inf")).triu(1)
    return m.attend(x, x, x, attn_mask=mask, need_weights=False)[0]


def _begun(m, x):
    return m.first(x.transpose(0, 1), torch.ones(1, x.shape[0], 4))[0].transpose(0, 1)


def _by_hand(m, x):
    query, key, value = functional.linear(x, m.attend.in_proj_weight).chunk(3, -1)
    return functional.scaled_dot_product_attention(query, key, value, is_causal=True)


SAME_STEPS = {
    "attention": lambda m, x: m.attend(x, x, x)[0],
    "attention by hand": _by_hand,
    "an lstm": lambda m, x: m.lstm(x)[0],
    "a gru of steps first": lambda m, x: m.first(x.transpose(0, 1))[0].transpose(0, 1),
    "attention with a mask": _causal,
    "a gru that begins with ones": _begun,
}


IMAGES = {**SAME, **{name: after for name, (after, _) in OTHER.items()}}
SEQUENCES = SAME_STEPS


def __getattr__(name: str) -> nn.Module:
    """A model by the name of what it does, as `an_item`."""
    words = name.replace("_", " ")
    torch.manual_seed(1)
    if words in SEQUENCES:
        return Steps(SEQUENCES[words]).eval()
    if words not in IMAGES:
        raise AttributeError(name)
    return Base(IMAGES[words]).eval()
