"""What other programs call the kinds of layers, for hints to who writes such a name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from convcalc.errors import nearest
from convcalc.layers.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable

OTHER_NAMES = {
    "bn": ("batchnorm", "batchnormalization", "frozenbatchnorm", "syncbatchnorm"),
    "gn": ("groupnorm", "groupnormalization"),
    "in": ("instancenorm", "instancenormalization"),
    "ln": ("layernorm", "layernormalization"),
    "lrn": ("localresponsenorm",),
    "linear": ("dense", "fc", "fullyconnected", "gemm", "innerproduct", "affine"),
    "convt": (
        *("deconv", "deconvolution", "convtranspose", "transposedconv", "transposeconv", "tconv"),
        *("upconv", "convtransposed", "fractionalconv"),
    ),
    "conv": ("convolution", "convolutional"),
    "dw": ("depthwise", "depthwiseconv", "dwconv", "convdw"),
    "pw": ("pointwise", "pointwiseconv", "pwconv", "conv1x1"),
    "sep": ("separable", "separableconv", "sepconv", "depthwiseseparable"),
    "multiheadattention": ("mha", "multihead", "selfattention", "attn", "mhsa"),
    "attention": ("scaleddotproductattention", "sdpa", "dotproductattention"),
    "gap": ("globalavgpool", "globalaveragepool", "globalaveragepooling", "globalpool", "mean"),
    "avgpool": ("avg", "averagepool", "averagepooling", "meanpool"),
    "maxpool": ("pool", "max", "maxpooling"),
    "adaptivemaxpool": ("globalmaxpool", "globalmaxpooling"),
    "residual": ("add", "sum", "plus", "skip", "shortcut", "elementwiseadd"),
    "scale": ("mul", "multiply", "gate"),
    "concat": ("cat", "concatenate", "route", "merge"),
    "slice": ("split", "chunk", "narrow"),
    "permute": ("transpose",),
    "shuffle": ("channelshuffle",),
    "pixelshuffle": ("depthtospace",),
    "pixelunshuffle": ("spacetodepth",),
    "upsample": ("interpolate", "resize", "upsampling", "unpool"),
    "maxunpool": ("maxunpooling", "unpooling"),
    "pad": ("padding", "zeropad", "zeropadding", "constantpad", "reflectionpad", "replicationpad"),
    "silu": ("swish",),
    "hardswish": ("hswish",),
    "hardsigmoid": ("hsigmoid",),
    "leakyrelu": ("lrelu",),
    "identity": ("noop", "passthrough"),
    "dropout": ("droppath", "stochasticdepth"),
    "se": ("squeezeexcitation", "squeezeexcite", "squeezeandexcitation"),
}
"""The names elsewhere, in small letters without signs, by our kinds and shorthands."""


def kind_hint(word: str, known: Iterable[str] = ()) -> str:
    """The hint "; did you mean 'ln'?" for a name that is no kind here, or nothing.

    A name of another program comes first (`LayerNorm`, `avg_pool2d`), then the nearest spelling.

    Args:
        word: What was written.
        known: What may have been meant beside the kinds.
    """
    plain = re.sub(r"[_-]|[123]d(?=$|[_-]|transpose)", "", word[:60].lower())
    if plain in KINDS:
        return f"; did you mean '{plain}'?"
    for kind, names in OTHER_NAMES.items():
        if plain in names:
            return f"; did you mean '{kind}'?"
    return nearest(word, [*KINDS, *known])
