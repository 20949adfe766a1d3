"""The kinds by name, each loaded when it is first asked for.

Making a dataclass takes about a millisecond, so that loading every kind would double the time of a
short command. A kind's class is found here by its name; everything else it says of itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from convcalc.layers.base import Layer

Row = TypeVar("Row")

CLASS_OF = {
    "adaptiveavgpool": "adaptive.AdaptiveAvgPool",
    "adaptivemaxpool": "adaptive.AdaptiveMaxPool",
    "attention": "products.Attention",
    "avgpool": "pooling.AvgPool",
    "bilinear": "bilinear.Bilinear",
    "bn": "normalisation.BatchNorm",
    "celu": "exponential.CELU",
    "concat": "joins.Concat",
    "conv": "conv.Conv",
    "convt": "convt.ConvTranspose",
    "crop": "crop.Crop",
    "dropout": "identity.Dropout",
    "dw": "dw.Depthwise",
    "elementwise": "elementwise.Elementwise",
    "elu": "exponential.ELU",
    "embedding": "embedding.Embedding",
    "flatten": "flatten.Flatten",
    "gap": "adaptive.GlobalAvgPool",
    "gelu": "activations.GELU",
    "glu": "gating.GLU",
    "gn": "normalisation.GroupNorm",
    "gru": "recurrent.GRU",
    "hardshrink": "shrinkage.Hardshrink",
    "hardsigmoid": "activations.Hardsigmoid",
    "hardswish": "activations.Hardswish",
    "hardtanh": "activations.Hardtanh",
    "identity": "identity.Identity",
    "in": "normalisation.InstanceNorm",
    "input": "sources.Input",
    "layerscale": "layerscale.LayerScale",
    "leakyrelu": "activations.LeakyReLU",
    "linear": "linear.Linear",
    "ln": "normalisation.LayerNorm",
    "logsigmoid": "softplus.LogSigmoid",
    "logsoftmax": "softmax.LogSoftmax",
    "lppool": "pooling.LPPool",
    "lrn": "lrn.LocalResponseNorm",
    "lstm": "recurrent.LSTM",
    "matmul": "products.MatMul",
    "maxpool": "pooling.MaxPool",
    "maxunpool": "maxunpool.MaxUnpool",
    "mish": "softplus.Mish",
    "multiheadattention": "multiheadattention.MultiheadAttention",
    "opaque": "opaque.Opaque",
    "pad": "pad.Pad",
    "parameter": "sources.Parameter",
    "permute": "rearranging.Permute",
    "pixelshuffle": "pixelshuffle.PixelShuffle",
    "pixelunshuffle": "pixelshuffle.PixelUnshuffle",
    "prelu": "activations.PReLU",
    "pw": "pw.Pointwise",
    "reduce": "reduce.Reduce",
    "relu": "activations.ReLU",
    "relu6": "activations.ReLU6",
    "reshape": "reshape.Reshape",
    "residual": "joins.Residual",
    "rnn": "recurrent.RNN",
    "rrelu": "activations.RReLU",
    "scale": "joins.Scale",
    "selu": "exponential.SELU",
    "sep": "sep.Separable",
    "shuffle": "shuffle.ChannelShuffle",
    "sigmoid": "activations.Sigmoid",
    "silu": "activations.SiLU",
    "slice": "slice.Slice",
    "softmax": "softmax.Softmax",
    "softmin": "softmax.Softmin",
    "softplus": "softplus.Softplus",
    "softshrink": "shrinkage.Softshrink",
    "softsign": "activations.Softsign",
    "tanh": "activations.Tanh",
    "tanhshrink": "shrinkage.Tanhshrink",
    "threshold": "shrinkage.Threshold",
    "unflatten": "reshape.Unflatten",
    "unreached": "unreached.Unreached",
    "upsample": "upsample.Upsample",
    "view": "rearranging.View",
}
"""The class of each kind, behind the module of this package that it is in."""


class Kinds(Mapping[str, "type[Layer]"]):
    """Every kind of layer by its name in the spec language."""

    def __init__(self) -> None:
        self._loaded: dict[str, type[Layer]] = {}

    def add(self, kind: type[Layer]) -> None:
        """Registers a kind, as its class is made.

        Raises:
            TypeError: there is one of that name already.
        """
        if kind.kind in self._loaded:
            raise TypeError(f"two kinds are called {kind.kind!r}")
        self._loaded[kind.kind] = kind

    def __getitem__(self, name: str) -> type[Layer]:
        if name not in self._loaded:
            import_module(f"convcalc.layers.{CLASS_OF[name].partition('.')[0]}")
        return self._loaded[name]

    def __contains__(self, name: object) -> bool:
        return name in CLASS_OF or name in self._loaded

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys((*CLASS_OF, *self._loaded)))

    def __len__(self) -> int:
        return len(CLASS_OF.keys() | self._loaded.keys())


KINDS = Kinds()


def row_of(table: Mapping[str, Row], kind: type[Layer]) -> Row | None:
    """The row of a kind in a table by names: its own, else that of its family; None without one.

    A family is a class that kinds derive from and that is no kind itself, as `Activation`. It is
    meant by the name of the class; of several the nearest counts.
    """
    if kind.kind in table:
        return table[kind.kind]
    families = (base.__name__ for base in kind.__mro__ if not base.__dict__.get("kind"))
    return next((table[name] for name in families if name in table), None)
