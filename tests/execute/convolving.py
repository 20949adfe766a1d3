"""Calls into the executor as the tests make them, and random cases with their references."""

from __future__ import annotations

from importlib.util import find_spec
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import strategies as st

from convcalc.errors import DataError
from convcalc.execute.executor import run_plan as run_plan_of
from convcalc.execute.executor.run_plan import Arrays
from convcalc.execute.in_memory import run_work
from convcalc.execute.job import kernel_work
from convcalc.execute.planning.machine import this_machine
from convcalc.execute.planning.planner import Planner
from convcalc.execute.settings import Settings
from convcalc.layers import Conv, ConvTranspose
from oracles import naive_conv, naive_conv_transpose
from tolerances import TOLERANCES

HAS_TORCH = find_spec("torch") is not None
AVAILABLE = ("numpy", "torch") if HAS_TORCH else ("numpy",)
BACKENDS = (
    "numpy",
    pytest.param("torch", marks=pytest.mark.skipif(not HAS_TORCH, reason="torch is not installed")),
)
MODES = ("zeros", "reflect", "symmetric", "replicate", "circular")

both = pytest.mark.parametrize("backend", BACKENDS)


def run(kind, x, w, b=None, *, groups=1, flip=False, parameters=None, **settings):
    """The result of one convolution; `settings` are those of `Settings`, numpy by default."""

    def make_layer(channels, kernel):
        return kind(channels, kernel, groups=groups, bias=b is not None, **(parameters or {}))

    chosen = Settings(**{"backend": "numpy", **settings})
    transposed = kind is ConvTranspose
    work = kernel_work(x, w, b, make_layer, chosen, transposed=transposed, groups=groups, flip=flip)
    return run_work(work, chosen)


def drawn(seed):
    """Weights for `run_network` in which nothing is 0 or 1: statistics and factors around 1."""

    def weights(network, shape):
        draw = np.random.default_rng(seed)
        return {
            name: draw.uniform(*_range(name, needed), needed).astype(np.float32)
            for name, needed in network.tensor_shapes(shape).items()
        }

    return weights


def _range(name, shape):
    factor = len(shape) == 1 and name.endswith(("weight", "running_var"))
    bound = float(np.prod(shape[1:])) ** -0.5
    return (0.5, 1.5) if factor else (-bound, bound)


def conv(x, w, b=None, **options):
    """`run` of a convolution, its array alone."""
    return run(Conv, x, w, b, **options).array


def convt(x, w, b=None, **options):
    """`run` of a transposed convolution, its array alone."""
    return run(ConvTranspose, x, w, b, **options).array


def normal(*shape, dtype="float32", seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def backend_of(name):
    if name == "numpy":
        from convcalc.execute.backends.numpy_backend import NumpyBackend

        return NumpyBackend()
    from convcalc.execute.backends.torch_backend import TorchBackend

    return TorchBackend()


def run_plan(ops, plan, problem, x, w):
    """The result of a plan, without a bias, at the rates of this machine."""
    planner = Planner(ops.name, this_machine())
    return run_plan_of.run_plan(ops, planner, plan, problem, Arrays(x, w))


def within(y, x, w, reference, dtype="float32"):
    """Whether y lies within the bound of its dtype; `reference` convolves in float64."""
    with np.errstate(all="ignore"):
        exact, products = reference(x, w), reference(abs(x), abs(w))
        return abs(y.astype(float) - exact) <= TOLERANCES[dtype].bound(products)


def correlate(x, w, dtype=float):
    """Cross-correlation of (N, C, *sizes) with (O, C, *k) in a wide dtype, without padding."""
    spatial_dims = x.ndim - 2
    view = np.lib.stride_tricks.sliding_window_view(
        x.astype(dtype), w.shape[2:], axis=tuple(range(2, x.ndim))
    )
    letters = "uvw"[:spatial_dims]
    taps = "xyz"[:spatial_dims]
    return np.einsum(f"nc{letters}{taps},oc{taps}->no{letters}", view, w.astype(dtype))


def refusal(x, w, b=None, **options):
    with pytest.raises(DataError) as caught:
        conv(x, w, b, **options)
    return str(caught.value)


class Case(NamedTuple):
    """One convolution without its numbers; `extra` is the output padding of a transposed one."""

    x: tuple[int, ...]
    w: tuple[int, ...]
    bias: int | None
    stride: tuple[int, ...]
    pads: tuple[tuple[int, int], ...]
    dilation: tuple[int, ...]
    groups: int
    mode: str
    extra: tuple[int, ...] | None
    seed: int

    @property
    def kind(self):
        return Conv if self.extra is None else ConvTranspose

    @property
    def spatial_dims(self):
        return len(self.stride)

    @property
    def parameters(self):
        common = {"stride": self.stride, "padding": self.pads, "dilation": self.dilation}
        if self.extra is None:
            return {**common, "padding_mode": self.mode}
        return {**common, "output_padding": self.extra}

    @property
    def options(self):
        """The keywords of `run`; the rank is told, because a kernel may allow another reading."""
        return {
            "groups": self.groups,
            "parameters": self.parameters,
            "spatial_dims": self.spatial_dims,
        }

    def run(self, x, w, b=None, **settings):
        return run(self.kind, x, w, b, **self.options, **settings)

    def numbers(self, dtype="int64"):
        """x, w and b of `dtype`: small whole numbers without zeros, or normally distributed."""
        draw = np.random.default_rng(self.seed)
        shapes = (self.x, self.w, None if self.bias is None else (self.bias,))
        return tuple(None if s is None else _numbers(draw, s, dtype) for s in shapes)

    def naive(self, x, w, b=None):
        """The exact result of whole numbers, or that of floats in float64."""
        common = {"stride": self.stride, "pads": self.pads, "dilation": self.dilation}
        if self.extra is None:
            return naive_conv(x, w, b, **common, groups=self.groups, mode=self.mode)
        return naive_conv_transpose(
            x, w, b, **common, groups=self.groups, output_sizes=self.transposed_sizes()
        )

    def transposed_sizes(self):
        """(i - 1)*s + d*(k - 1) + 1 - pb - pa + output padding."""
        axes = zip(
            self.x[2:],
            self.w[2:],
            self.stride,
            self.pads,
            self.dilation,
            self.extra,
            strict=True,
        )
        return tuple(
            (i - 1) * s + d * (k - 1) + 1 - pb - pa + op for i, k, s, (pb, pa), d, op in axes
        )


def _numbers(draw, shape, dtype):
    if np.dtype(dtype).kind == "f":
        return draw.standard_normal(shape).astype(dtype)
    values = draw.integers(1, 5, shape)
    if np.dtype(dtype).kind == "i":
        values *= draw.choice((-1, 1), shape)
    return values.astype(dtype)


@st.composite
def cases(draw, modes=MODES, ranks=(1, 2, 3)):
    """Convolutions of 1 to 3 axes in which the kernel fits, small enough for plain loops."""
    spatial_dims, groups = draw(st.sampled_from(ranks)), draw(st.integers(1, 3))
    mode = draw(st.sampled_from(modes))
    axes = [draw(_axis(mode, largest=(12, 7, 5)[spatial_dims - 1])) for _ in range(spatial_dims)]
    sizes, kernel, stride, pads, dilation = zip(*axes, strict=True)
    in_channels_per_group, maps = draw(st.integers(1, 3)), groups * draw(st.integers(1, 2))
    return Case(
        x=(draw(st.integers(1, 2)), groups * in_channels_per_group, *sizes),
        w=(maps, in_channels_per_group, *kernel),
        bias=maps if draw(st.booleans()) else None,
        stride=stride,
        pads=pads,
        dilation=dilation,
        groups=groups,
        mode=mode,
        extra=None,
        seed=draw(st.integers(0, 999)),
    )


@st.composite
def _axis(draw, mode, largest):
    """(size, kernel, stride, (before, after), dilation) of one axis."""
    size, kernel = draw(st.integers(1, largest)), draw(st.integers(1, 3))
    dilation = draw(st.integers(1, 3))
    most = {"reflect": size - 1, "symmetric": size, "circular": size}.get(mode, 4)
    before, after = draw(st.integers(0, min(most, 4))), draw(st.integers(0, min(most, 4)))
    if size + before + after < dilation * (kernel - 1) + 1:
        kernel = 1
    return size, kernel, draw(st.integers(1, 3)), (before, after), dilation


@st.composite
def transposed_cases(draw):
    """Transposed convolutions of 1 to 3 axes with at least one output cell."""
    spatial_dims, groups = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    axes = [
        draw(_transposed_axis(largest=(8, 4, 3)[spatial_dims - 1])) for _ in range(spatial_dims)
    ]
    sizes, kernel, stride, pads, dilation, extra = zip(*axes, strict=True)
    channels, in_channels_per_group = groups * draw(st.integers(1, 3)), draw(st.integers(1, 2))
    return Case(
        x=(draw(st.integers(1, 2)), channels, *sizes),
        w=(channels, in_channels_per_group, *kernel),
        bias=groups * in_channels_per_group if draw(st.booleans()) else None,
        stride=stride,
        pads=pads,
        dilation=dilation,
        groups=groups,
        mode="zeros",
        extra=extra,
        seed=draw(st.integers(0, 999)),
    )


@st.composite
def _transposed_axis(draw, largest):
    """(size, kernel, stride, (before, after), dilation, output padding) of one axis."""
    size, kernel = draw(st.integers(1, largest)), draw(st.integers(1, 3))
    stride, dilation = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    extra = draw(st.integers(0, max(stride, dilation) - 1))
    room = (size - 1) * stride + dilation * (kernel - 1) + extra
    before = draw(st.integers(0, min(3, room)))
    after = draw(st.integers(0, min(3, room - before)))
    return size, kernel, stride, (before, after), dilation, extra
