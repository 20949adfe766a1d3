"""Models in odd styles, as people write them."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional


class Shuffled(nn.Module):
    """Halves of the channels, one of them convolved, shuffled by hand; functional relu."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.branch = nn.Conv2d(4, 4, 3, padding=1, groups=4, bias=False)

    def forward(self, x):
        kept, moved = functional.relu(self.stem(x)).chunk(2, dim=1)
        x = torch.cat([kept, functional.relu(self.branch(moved))], 1)
        batch, channels, high, wide = x.shape
        return x.view(batch, 2, channels // 2, high, wide).transpose(1, 2).reshape(x.shape)


class SharedWeight(nn.Module):
    """One convolution, applied twice."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, x):
        return self.conv(torch.relu(self.conv(x)))


class ComputedWeight(nn.Module):
    """A weight that is standardised, and a mask over it."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(4, 3, 3, 3))
        self.gain = nn.Parameter(torch.ones(4, 1, 1, 1))
        self.register_buffer("mask", torch.ones(3, 3))

    def forward(self, x):
        weight = (self.weight - self.weight.mean((1, 2, 3), keepdim=True)) * self.gain
        return functional.conv2d(x, weight * self.mask, stride=2)


class MixedWeight(nn.Module):
    """A weight that is a product of two others: products that no input has reached."""

    def __init__(self):
        super().__init__()
        self.left = nn.Parameter(torch.zeros(16, 2))
        self.right = nn.Parameter(torch.zeros(2, 192))

    def forward(self, x):
        return functional.linear(x.flatten(1), self.left @ self.right)


class OutputSize(nn.Module):
    """A transposed convolution onto the size of what it is added to."""

    def __init__(self):
        super().__init__()
        self.down = nn.Conv2d(3, 6, 3, stride=2, padding=1)
        self.up = nn.ConvTranspose2d(6, 3, 3, stride=2, padding=1)

    def forward(self, x):
        return x + self.up(self.down(x), output_size=x.shape[-2:])


class DictOutput(nn.Module):
    """Two results, by names."""

    def __init__(self):
        super().__init__()
        self.body = nn.Conv2d(3, 4, 1)
        self.head = nn.Conv2d(4, 2, 1)

    def forward(self, x):
        features = self.body(x)
        return {"out": self.head(features), "aux": features}


class Slices(nn.Module):
    """Results written into parts of a tensor, and a tensor overwritten through a view of it."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 2, 3, padding=1)
        self.second = nn.Conv2d(4, 2, 3, padding=1)

    def forward(self, x):
        joined = x.new_zeros(x.shape[0], 4, *x.shape[2:])
        joined[:, :2] = self.first(x)
        joined[:, 2:].add_(1)
        return self.second(joined)


class EinsumAttention(nn.Module):
    """Attention of all positions, with heads, written as products of letters."""

    def __init__(self):
        super().__init__()
        self.qkv = nn.Conv2d(3, 24, 1, bias=False)
        self.out = nn.Linear(8, 5)

    def forward(self, x):
        query, key, value = self.qkv(x).flatten(2).view(-1, 3, 2, 4, x[0, 0].numel()).unbind(1)
        scores = torch.einsum("bhci,bhcj->bhij", query, key).softmax(-1)
        mixed = torch.einsum("bhij,bhcj->bhci", scores, value)
        return self.out(mixed.flatten(1, 2).transpose(1, 2))


class Causal(nn.Module):
    """A convolution over time that sees nothing of the future."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(3, 8, 3, dilation=4)

    def forward(self, x):
        return functional.gelu(self.conv(functional.pad(x, (8, 0))))


class UNet3d(nn.Module):
    """Down and up again in three dimensions, with the way across."""

    def __init__(self):
        super().__init__()
        self.enc = nn.Sequential(
            nn.Conv3d(3, 4, 3, padding=1), nn.InstanceNorm3d(4), nn.LeakyReLU()
        )
        self.mid = nn.Sequential(nn.MaxPool3d(2), nn.Conv3d(4, 8, 3, padding=1), nn.ReLU(True))
        self.up = nn.ConvTranspose3d(8, 4, 2, stride=2)
        self.dec = nn.Conv3d(8, 2, 3, padding=1)

    def forward(self, x):
        across = self.enc(x)
        return self.dec(torch.cat((self.up(self.mid(across)), across), dim=1))


class Recurrent(nn.Module):
    """A convolution over time, then an LSTM in both directions."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(3, 6, 3, padding=1)
        self.rnn = nn.LSTM(6, 5, num_layers=2, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(10, 4)

    def forward(self, x):
        states, _ = self.rnn(self.conv(x).permute(0, 2, 1))
        return self.fc(states[:, -1])


class Attention(nn.Module):
    """Tokens of patches, a learnt one in front, attention and a feed-forward part."""

    def __init__(self):
        super().__init__()
        self.patch = nn.Conv2d(3, 8, 4, stride=4)
        self.token = nn.Parameter(torch.zeros(1, 1, 8))
        self.norm = nn.LayerNorm(8)
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.mlp = nn.Sequential(nn.Linear(8, 16), nn.GELU(), nn.Dropout(0.1), nn.Linear(16, 8))

    def forward(self, x):
        x = self.patch(x).flatten(2).transpose(1, 2)
        x = torch.cat((self.token.expand(x.shape[0], -1, -1), x), 1)
        normal = self.norm(x)
        x = x + self.attention(normal, normal, normal, need_weights=False)[0]
        return (x + self.mlp(x))[:, 0]


class Fused(nn.Module):
    """Heads of scaled_dot_product_attention, windows in the place of the batch."""

    def __init__(self):
        super().__init__()
        self.qkv = nn.Linear(3, 12)
        self.proj = nn.Linear(4, 3, bias=False)

    def forward(self, x):
        batch, channels, high, wide = x.shape
        x = x.view(batch, channels, high // 4, 4, wide // 4, 4)
        x = x.permute(0, 2, 4, 3, 5, 1).reshape(-1, 16, channels)
        query, key, value = self.qkv(x).reshape(-1, 16, 3, 2, 2).permute(2, 0, 3, 1, 4)
        x = functional.scaled_dot_product_attention(query, key, value)
        return self.proj(x.transpose(1, 2).flatten(2))


class Gated(nn.Module):
    """Squeeze and excitation, a scale learnt per channel, and a part that is never used."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.down = nn.Conv2d(8, 2, 1)
        self.up = nn.Conv2d(2, 8, 1)
        self.gamma = nn.Parameter(torch.ones(8, 1, 1))
        self.aux = nn.Linear(8, 3)

    def forward(self, x):
        x = functional.silu(self.conv(x))
        gate = torch.sigmoid(self.up(functional.relu(self.down(x.mean((2, 3), keepdim=True)))))
        return gate * x * self.gamma


class Cells(nn.Module):
    """Steps taken one by one, by cells that share their weights over time."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Linear(4, 5)
        self.long = nn.LSTMCell(5, 6)
        self.short = nn.GRUCell(6, 6)

    def forward(self, x):
        state = cell = x.new_zeros(x.shape[0], 6)
        states = []
        for step in range(x.shape[1]):
            state, cell = self.long(self.embed(x[:, step]), (state, cell))
            state = self.short(state)
            states.append(state)
        return torch.stack(states, 1)


class WeightOfInput(nn.Module):
    """A convolution of each sample by a weight that is made of that sample."""

    def __init__(self):
        super().__init__()
        self.made = nn.Linear(3, 3 * 9)
        self.point = nn.Conv2d(3, 3, 1)

    def forward(self, x):
        batch, channels, high, wide = x.shape
        weight = self.made(x.mean((2, 3))).view(batch * channels, 1, 3, 3)
        x = x.reshape(1, batch * channels, high, wide)
        x = functional.conv2d(x, weight, padding=1, groups=batch * channels)
        return self.point(x.view(batch, channels, high, wide))


class NothingInFront(nn.Module):
    """Tokens in front that there are none of, cut off and put back."""

    def __init__(self):
        super().__init__()
        self.patch = nn.Conv2d(3, 8, 4, stride=4)
        self.query = nn.Linear(8, 8)

    def forward(self, x):
        x = self.patch(x).flatten(2).transpose(1, 2)
        front, query = self.query(x).split([0, x.shape[1]], 1)
        query = torch.cat((front * 2, query * 3), 1)
        key = torch.cat((x[:, :0], x[:, :1], x[:, 1:]), 1)
        return functional.scaled_dot_product_attention(query, key, x)


class Decides(nn.Module):
    """A branch that depends on values."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.other = nn.Conv2d(3, 4, 1)

    def forward(self, x):
        return self.other(x) if x.mean() > 0 else self.conv(x)


class Lazy(nn.Module):
    """Layers that find out what they take."""

    def __init__(self):
        super().__init__()
        self.conv = nn.LazyConv2d(4, 3)
        self.fc = nn.LazyLinear(2)

    def forward(self, x):
        return self.fc(self.conv(x).flatten(1))


class Counted(nn.Module):
    """A constructor that needs values, and weights normalised in the old way."""

    def __init__(self):
        super().__init__()
        rates = [rate.item() for rate in torch.linspace(0, 0.1, 2)]
        self.drop = nn.Dropout(rates[1])
        self.conv = nn.utils.parametrizations.weight_norm(nn.Conv2d(3, 4, 3))

    def forward(self, x):
        return self.drop(self.conv(x))


class Spectral(nn.Module):
    """A weight divided by its largest singular value: products of parameters with vectors."""

    def __init__(self):
        super().__init__()
        self.conv = nn.utils.parametrizations.spectral_norm(nn.Conv2d(3, 4, 3))

    def forward(self, x):
        return self.conv(x)


class Mapped(nn.Module):
    """A function mapped over the samples, whose calls are not seen."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, x):
        return torch.vmap(self.conv)(x)


def scripted():
    """A model of TorchScript, which calls torch's operations themselves."""
    return torch.jit.script(nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU()))


class TwoParents(nn.Module):
    """A block with two owners, which some tools count from each of them."""

    def __init__(self):
        super().__init__()
        shared = nn.Conv2d(3, 3, 3, padding=1)
        self.one = nn.Sequential(shared, nn.ReLU())
        self.other = nn.ModuleList([shared, nn.BatchNorm2d(3)])

    def forward(self, x):
        return self.other[1](self.other[0](self.one(x)))


class Fourier(nn.Module):
    """Mixing by a transform, whose products nobody has a formula for."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.mask = nn.Parameter(torch.ones(4, 6, 4))

    def forward(self, x):
        return torch.fft.irfft2(torch.fft.rfft2(self.conv(x)) * self.mask)


class Refuses(nn.Module):
    """A value that is needed, and that zeros do not answer."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.head = nn.Conv2d(4, 4, 3)

    def forward(self, x):
        x = self.conv(x)
        if x.sum().item() < 1e9:
            raise ValueError("too dark")
        return self.head(x)


class Mismatched(nn.Module):
    """Features that do not fit what comes before."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.fc = nn.Linear(10, 4)

    def forward(self, x):
        return self.fc(self.conv(x).flatten(1))


class Alone(nn.Module):
    """Another way for one sample than for several."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, x):
        return self.conv(x) if x.shape[0] == 1 else self.conv(x).relu()
