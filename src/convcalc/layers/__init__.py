"""One file per kind of layer: its parameters, shape, weights, costs, receptive field and run."""

from convcalc.layers.base import KINDS, Costs, Fields, Layer, Shape
from convcalc.layers.conv import Conv
from convcalc.layers.convt import ConvTranspose
from convcalc.layers.dw import Depthwise
from convcalc.layers.pw import Pointwise
from convcalc.layers.sep import Separable

__all__ = [
    "KINDS",
    "Conv",
    "ConvTranspose",
    "Costs",
    "Depthwise",
    "Fields",
    "Layer",
    "Pointwise",
    "Separable",
    "Shape",
]
