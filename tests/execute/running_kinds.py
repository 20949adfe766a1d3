"""Single layers on both backends, beside PyTorch's own modules."""

from __future__ import annotations

import numpy as np
import pytest
from convolving import backend_of

from convcalc.layers import (
    CELU,
    ELU,
    GELU,
    GLU,
    SELU,
    AdaptiveAvgPool,
    AdaptiveMaxPool,
    AvgPool,
    BatchNorm,
    ChannelShuffle,
    Dropout,
    Flatten,
    GlobalAvgPool,
    GroupNorm,
    Hardshrink,
    Hardsigmoid,
    Hardswish,
    Hardtanh,
    Identity,
    InstanceNorm,
    LayerNorm,
    LeakyReLU,
    Linear,
    LocalResponseNorm,
    LogSigmoid,
    LogSoftmax,
    LPPool,
    MaxPool,
    Mish,
    Pad,
    PixelShuffle,
    PixelUnshuffle,
    PReLU,
    ReLU,
    ReLU6,
    RReLU,
    Sigmoid,
    SiLU,
    Softmax,
    Softmin,
    Softplus,
    Softshrink,
    Softsign,
    Tanh,
    Tanhshrink,
    Threshold,
    Unflatten,
    Upsample,
)

CASES = [
    # (layer, the input of one sample, PyTorch's module)
    (MaxPool(3), (2, 7, 8), "MaxPool2d(3)"),
    (MaxPool(3, 2, 1), (2, 7, 8), "MaxPool2d(3, 2, 1)"),
    (MaxPool((2, 3), (1, 2), dilation=(3, 1)), (2, 7, 8), "MaxPool2d((2,3), (1,2), 0, (3,1))"),
    (MaxPool(2, ceil_mode=True), (2, 7, 5), "MaxPool2d(2, ceil_mode=True)"),
    (MaxPool(3, 2, 1), (2, 9), "MaxPool1d(3, 2, 1)"),
    (MaxPool(2, 1, 1, dilation=2), (2, 3, 4, 5), "MaxPool3d(2, 1, 1, 2)"),
    (AvgPool(3, 2, 1), (2, 7, 8), "AvgPool2d(3, 2, 1)"),
    (AvgPool(3, 2, 1, count_include_pad=False), (2, 7, 8), "AvgPool2d(3, 2, 1, False, False)"),
    (AvgPool(3, 2, 1, ceil_mode=True), (2, 8, 6), "AvgPool2d(3, 2, 1, True)"),
    (AvgPool(3, 2, 1, True, False), (2, 8, 6), "AvgPool2d(3, 2, 1, True, False)"),
    (AvgPool(4), (2, 9), "AvgPool1d(4)"),
    (AvgPool(2), (2, 4, 5, 6), "AvgPool3d(2)"),
    (LPPool(3, 2), (2, 7, 8), "LPPool2d(2, 3, 2)"),
    (LPPool(2, ceil_mode=True, norm_type=4), (2, 7, 5), "LPPool2d(4, 2, ceil_mode=True)"),
    (LPPool(2, 1, norm_type=1), (2, 9), "LPPool1d(1, 2, 1)"),
    (LPPool((2, 3, 2), (2, 1, 1)), (2, 4, 5, 6), "LPPool3d(2, (2, 3, 2), (2, 1, 1))"),
    (GlobalAvgPool(), (3, 5, 7), "AdaptiveAvgPool2d(1)"),
    (AdaptiveAvgPool(7), (3, 10, 5), "AdaptiveAvgPool2d(7)"),
    (AdaptiveAvgPool((3, 2)), (3, 9, 8), "AdaptiveAvgPool2d((3, 2))"),
    (AdaptiveMaxPool(7), (3, 10, 12), "AdaptiveMaxPool2d(7)"),
    (AdaptiveMaxPool(4), (3, 10), "AdaptiveMaxPool1d(4)"),
    (AdaptiveMaxPool((2, 3, 1)), (3, 3, 4, 5), "AdaptiveMaxPool3d((2, 3, 1))"),
    (Linear(5), (7,), "Linear(7, 5)"),
    (Linear(5, bias=False), (3, 4, 7), "Linear(7, 5, bias=False)"),
    (Flatten(), (3, 4, 5), "Flatten()"),
    (Unflatten((2, 3)), (6, 4, 5), "Unflatten(1, (2, 3))"),
    (Unflatten((16, 2, 2)), (64,), "Unflatten(1, (16, 2, 2))"),
    (Unflatten((2, -1), -1), (3, 4, 6), "Unflatten(-1, (2, -1))"),
    (Unflatten((2, 2), 2), (3, 4, 6), "Unflatten(2, (2, 2))"),
    (BatchNorm(), (3, 4, 5), "BatchNorm2d(3)"),
    (BatchNorm(eps=0.1), (3, 4), "BatchNorm1d(3, eps=0.1)"),
    (BatchNorm(), (3,), "BatchNorm1d(3)"),
    (BatchNorm(affine=False), (3, 4, 5), "BatchNorm2d(3, affine=False)"),
    (GroupNorm(2), (4, 3, 5), "GroupNorm(2, 4)"),
    (GroupNorm(4, eps=0.1), (4, 6), "GroupNorm(4, 4, eps=0.1)"),
    (GroupNorm(2, affine=False), (4, 3, 5), "GroupNorm(2, 4, affine=False)"),
    (InstanceNorm(), (4, 3, 5), "InstanceNorm2d(4)"),
    (InstanceNorm(affine=True), (4, 9), "InstanceNorm1d(4, affine=True)"),
    (LayerNorm(), (4,), "LayerNorm(4)"),
    (LocalResponseNorm(5), (7, 3, 4), "LocalResponseNorm(5)"),
    (
        LocalResponseNorm(4, 0.5, 2.5, 0.1),
        (5, 6),
        "LocalResponseNorm(4, alpha=0.5, beta=2.5, k=0.1)",
    ),
    (LocalResponseNorm(9, alpha=2), (3, 2, 3, 4), "LocalResponseNorm(9, alpha=2)"),
    (LocalResponseNorm(1, alpha=2, k=0), (3, 4), "LocalResponseNorm(1, alpha=2, k=0)"),
    (ReLU(), (3, 4, 5), "ReLU()"),
    (ReLU6(), (3, 4, 5), "ReLU6()"),
    (Hardtanh(), (3, 4, 5), "Hardtanh()"),
    (Hardtanh(-0.5, 2), (3, 4, 5), "Hardtanh(-0.5, 2.0)"),
    (LeakyReLU(), (3, 4, 5), "LeakyReLU()"),
    (LeakyReLU(0.3), (3, 4, 5), "LeakyReLU(0.3)"),
    (ELU(), (3, 4, 5), "ELU()"),
    (ELU(0.7), (3, 4, 5), "ELU(0.7)"),
    (SELU(), (3, 4, 5), "SELU()"),
    (CELU(), (3, 4, 5), "CELU()"),
    (CELU(0.7), (3, 4, 5), "CELU(0.7)"),
    (GELU(), (3, 4, 5), "GELU()"),
    (GELU("tanh"), (3, 4, 5), "GELU('tanh')"),
    (RReLU(), (3, 4, 5), "RReLU()"),
    (RReLU(0.5, 1), (3, 4, 5), "RReLU(0.5, 1)"),
    (Softsign(), (3, 4, 5), "Softsign()"),
    (SiLU(), (3, 4, 5), "SiLU()"),
    (Sigmoid(), (3, 4, 5), "Sigmoid()"),
    (Tanh(), (3, 4, 5), "Tanh()"),
    (Softplus(), (3, 4, 5), "Softplus()"),
    (Softplus(2, 3), (3, 4, 5), "Softplus(2, 3)"),
    (Softplus(-1.5), (3, 4, 5), "Softplus(-1.5)"),
    (LogSigmoid(), (3, 4, 5), "LogSigmoid()"),
    (Mish(), (3, 4, 5), "Mish()"),
    (Hardsigmoid(), (3, 4, 5), "Hardsigmoid()"),
    (Hardswish(), (3, 4, 5), "Hardswish()"),
    (Hardshrink(), (3, 4, 5), "Hardshrink()"),
    (Hardshrink(2), (3, 4, 5), "Hardshrink(2)"),
    (Softshrink(), (3, 4, 5), "Softshrink()"),
    (Softshrink(2), (3, 4, 5), "Softshrink(2)"),
    (Tanhshrink(), (3, 4, 5), "Tanhshrink()"),
    (Threshold(0.1, 20), (3, 4, 5), "Threshold(0.1, 20)"),
    (PReLU(), (3, 4, 5), "PReLU()"),
    (PReLU(3), (3, 4, 5), "PReLU(3)"),
    (Softmax(), (3, 4, 5), "Softmax(1)"),
    (Softmin(), (3, 4, 5), "Softmin(1)"),
    (LogSoftmax(), (3, 4, 5), "LogSoftmax(1)"),
    (LogSoftmax(), (3,), "LogSoftmax(1)"),
    (GLU(), (6, 4, 5), "GLU(1)"),
    (GLU(), (2,), "GLU(1)"),
    (Pad(((1, 2), (0, 3))), (3, 4, 5), "ZeroPad2d((0, 3, 1, 2))"),
    (Pad(-1), (3, 4, 5), "ZeroPad2d(-1)"),
    (Pad(((-1, 2), (1, -2))), (3, 4, 5), "ZeroPad2d((1, -2, -1, 2))"),
    (Pad(((-1, 2), (1, -2)), "reflect"), (3, 4, 5), "ReflectionPad2d((1, -2, -1, 2))"),
    (Pad(((-1, 2), (1, -2)), "replicate"), (3, 4, 5), "ReplicationPad2d((1, -2, -1, 2))"),
    (Pad(((-1, 2), (1, -2)), "circular"), (3, 4, 5), "CircularPad2d((1, -2, -1, 2))"),
    (Pad(((1, 2), (0, -3)), value=0.3), (3, 4, 5), "ConstantPad2d((0, -3, 1, 2), 0.3)"),
    (Pad(1, value=-2), (3, 5), "ConstantPad1d(1, -2)"),
    (Pad(2, "reflect"), (3, 4, 5), "ReflectionPad2d(2)"),
    (Pad(((1, 4),), "replicate"), (3, 5), "ReplicationPad1d((1, 4))"),
    (Pad(3, "circular"), (3, 4, 5), "CircularPad2d(3)"),
    (Upsample(3), (3, 4, 5), "Upsample(scale_factor=3)"),
    (Upsample((2, 1)), (3, 4, 5), "Upsample(scale_factor=(2, 1))"),
    (Upsample(size=7), (3, 4, 5), "Upsample(size=7)"),
    (Upsample(2), (3, 4), "Upsample(scale_factor=2)"),
    (Upsample(2, mode="bilinear"), (3, 4), "Upsample(scale_factor=2, mode='linear')"),
    (Upsample(3, mode="bilinear"), (3, 4, 5), "Upsample(scale_factor=3, mode='bilinear')"),
    (Upsample(2, mode="bilinear"), (1, 2, 3, 4), "Upsample(scale_factor=2, mode='trilinear')"),
    (Upsample(size=(7, 3), mode="bilinear"), (3, 4, 5), "Upsample(size=(7, 3), mode='bilinear')"),
    (
        Upsample(2, mode="bilinear", align_corners=True),
        (3, 4, 5),
        "UpsamplingBilinear2d(scale_factor=2)",
    ),
    (
        Upsample(size=(7, 1, 3), mode="bilinear", align_corners=True),
        (2, 4, 5, 1),
        "Upsample((7, 1, 3), mode='trilinear', align_corners=True)",
    ),
    (PixelShuffle(2), (8, 3, 4), "PixelShuffle(2)"),
    (PixelUnshuffle(3), (2, 6, 9), "PixelUnshuffle(3)"),
    (ChannelShuffle(3), (12, 2, 3), "ChannelShuffle(3)"),
    (Dropout(), (3, 4), "Dropout()"),
    (Identity(), (3, 4), "Identity()"),
]


def run(layer, *arrays, backend="numpy", weights=None):
    """The result of one layer, as numpy's, in the dtype of the arrays."""
    ops = backend_of(backend)
    dtype = arrays[0].dtype.name
    loaded = [ops.load(array, dtype) for array in arrays]
    own = {name: ops.load(weight, dtype) for name, weight in (weights or {}).items()}
    return ops.unload(layer.run(ops, loaded, own))


def torch_module(text):
    """PyTorch's module in inference, its parameters and statistics drawn away from 0 and 1."""
    torch = pytest.importorskip("torch")
    module = eval(f"torch.nn.{text}", {"torch": torch}).eval()
    for tensor in module.state_dict().values():
        if tensor.is_floating_point():
            tensor.uniform_(0.2, 2)
    return module


def numbers(shape, dtype="float64", seed=0):
    """Normal numbers, spread so that every branch of an activation is taken."""
    return (3 * np.random.default_rng(seed).standard_normal((2, *shape))).astype(dtype)


def agree(backend, layer, x, module, dtype):
    torch = pytest.importorskip("torch")
    weights = {name: tensor.numpy() for name, tensor in module.state_dict().items()}
    expected = module.to(getattr(torch, dtype))(torch.from_numpy(x)).detach().numpy()
    result = run(layer, x, backend=backend, weights=weights)
    assert (x.dtype, (2, *layer.out_shape(x.shape[1:]))) == (result.dtype, result.shape)
    tolerance = {"float32": 2e-6, "float64": 1e-14}[dtype]
    np.testing.assert_allclose(result, expected, rtol=4 * tolerance, atol=4 * tolerance)
