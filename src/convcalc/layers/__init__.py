# ruff: noqa: F403 - the file of a kind says what it defines
"""One file per kind of layer: its parameters, shape, weights, costs, receptive field and run.

The class of each kind is a name of this package, loaded when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.layers.base import Costs, ElementOps, Fields, Layer, Shape
from convcalc.layers.kinds import CLASS_OF, KINDS
from convcalc.lazy_names import loader_of

if TYPE_CHECKING:
    from convcalc.layers.activations import *
    from convcalc.layers.adaptive import *
    from convcalc.layers.bilinear import *
    from convcalc.layers.conv import *
    from convcalc.layers.convt import *
    from convcalc.layers.crop import *
    from convcalc.layers.dw import *
    from convcalc.layers.elementwise import *
    from convcalc.layers.embedding import *
    from convcalc.layers.exponential import *
    from convcalc.layers.flatten import *
    from convcalc.layers.gating import *
    from convcalc.layers.identity import *
    from convcalc.layers.joins import *
    from convcalc.layers.layerscale import *
    from convcalc.layers.linear import *
    from convcalc.layers.lrn import *
    from convcalc.layers.maxunpool import *
    from convcalc.layers.multiheadattention import *
    from convcalc.layers.normalisation import *
    from convcalc.layers.opaque import *
    from convcalc.layers.pad import *
    from convcalc.layers.pixelshuffle import *
    from convcalc.layers.pooling import *
    from convcalc.layers.products import *
    from convcalc.layers.pw import *
    from convcalc.layers.rearranging import *
    from convcalc.layers.recurrent import *
    from convcalc.layers.reduce import *
    from convcalc.layers.reshape import *
    from convcalc.layers.sep import *
    from convcalc.layers.shrinkage import *
    from convcalc.layers.shuffle import *
    from convcalc.layers.slice import *
    from convcalc.layers.softmax import *
    from convcalc.layers.softplus import *
    from convcalc.layers.sources import *
    from convcalc.layers.unreached import *
    from convcalc.layers.upsample import *

_MODULE_OF = {name: module for module, name in (path.split(".") for path in CLASS_OF.values())}

__all__ = ["KINDS", "Costs", "ElementOps", "Fields", "Layer", "Shape"]
__all__ += list(_MODULE_OF)

__getattr__ = loader_of(__name__, _MODULE_OF)
