"""One file per kind of layer: its parameters, shape, weights, costs, receptive field and run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from convcalc.layers.base import Costs, ElementOps, Fields, Layer, Shape
from convcalc.layers.kinds import KINDS

if TYPE_CHECKING:
    from convcalc.layers.activations import (
        ELU,
        GELU,
        Hardsigmoid,
        Hardswish,
        Hardtanh,
        LeakyReLU,
        Mish,
        PReLU,
        ReLU,
        ReLU6,
        Sigmoid,
        SiLU,
        Softmax,
        Softplus,
        Tanh,
    )
    from convcalc.layers.adaptive import AdaptiveAvgPool, AdaptiveMaxPool, GlobalAvgPool
    from convcalc.layers.conv import Conv
    from convcalc.layers.convt import ConvTranspose
    from convcalc.layers.dw import Depthwise
    from convcalc.layers.flatten import Flatten
    from convcalc.layers.identity import Dropout, Identity
    from convcalc.layers.joins import Concat, Residual, Scale
    from convcalc.layers.layerscale import LayerScale
    from convcalc.layers.linear import Linear
    from convcalc.layers.normalisation import BatchNorm, GroupNorm, InstanceNorm, LayerNorm
    from convcalc.layers.pad import Pad
    from convcalc.layers.pixelshuffle import PixelShuffle
    from convcalc.layers.pooling import AvgPool, MaxPool
    from convcalc.layers.pw import Pointwise
    from convcalc.layers.sep import Separable
    from convcalc.layers.shuffle import ChannelShuffle
    from convcalc.layers.slice import Slice
    from convcalc.layers.upsample import Upsample

__all__ = [
    "ELU",
    "GELU",
    "KINDS",
    "AdaptiveAvgPool",
    "AdaptiveMaxPool",
    "AvgPool",
    "BatchNorm",
    "ChannelShuffle",
    "Concat",
    "Conv",
    "ConvTranspose",
    "Costs",
    "Depthwise",
    "Dropout",
    "ElementOps",
    "Fields",
    "Flatten",
    "GlobalAvgPool",
    "GroupNorm",
    "Hardsigmoid",
    "Hardswish",
    "Hardtanh",
    "Identity",
    "InstanceNorm",
    "Layer",
    "LayerNorm",
    "LayerScale",
    "LeakyReLU",
    "Linear",
    "MaxPool",
    "Mish",
    "PReLU",
    "Pad",
    "PixelShuffle",
    "Pointwise",
    "ReLU",
    "ReLU6",
    "Residual",
    "Scale",
    "Separable",
    "Shape",
    "SiLU",
    "Sigmoid",
    "Slice",
    "Softmax",
    "Softplus",
    "Tanh",
    "Upsample",
]


_HOMES = {
    "AdaptiveAvgPool": "adaptive",
    "AdaptiveMaxPool": "adaptive",
    "AvgPool": "pooling",
    "BatchNorm": "normalisation",
    "ChannelShuffle": "shuffle",
    "Concat": "joins",
    "Conv": "conv",
    "ConvTranspose": "convt",
    "Depthwise": "dw",
    "Dropout": "identity",
    "ELU": "activations",
    "Flatten": "flatten",
    "GELU": "activations",
    "GlobalAvgPool": "adaptive",
    "GroupNorm": "normalisation",
    "Hardsigmoid": "activations",
    "Hardswish": "activations",
    "Hardtanh": "activations",
    "Identity": "identity",
    "InstanceNorm": "normalisation",
    "LayerNorm": "normalisation",
    "LayerScale": "layerscale",
    "LeakyReLU": "activations",
    "Linear": "linear",
    "MaxPool": "pooling",
    "Mish": "activations",
    "PReLU": "activations",
    "Pad": "pad",
    "PixelShuffle": "pixelshuffle",
    "Pointwise": "pw",
    "ReLU": "activations",
    "ReLU6": "activations",
    "Residual": "joins",
    "Scale": "joins",
    "Separable": "sep",
    "SiLU": "activations",
    "Sigmoid": "activations",
    "Slice": "slice",
    "Softmax": "activations",
    "Softplus": "activations",
    "Tanh": "activations",
    "Upsample": "upsample",
}


def __getattr__(name: str) -> Any:
    """A class of layer, loaded when it is first used."""
    if name not in _HOMES:
        raise AttributeError(f"module 'convcalc.layers' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"convcalc.layers.{_HOMES[name]}"), name)
