"""The kinds by name, each loaded when it is first asked for.

Making a dataclass takes about a millisecond, so that loading every kind would double the time of a
short command. A kind's module is found here by its name; everything else it says of itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from convcalc.layers.base import Layer

HOMES = {
    "adaptive": ("adaptiveavgpool", "adaptivemaxpool", "gap"),
    "activations": (
        *("elu", "gelu", "hardsigmoid", "hardswish", "hardtanh", "leakyrelu", "mish", "prelu"),
        *("relu", "relu6", "sigmoid", "silu", "softmax", "softplus", "tanh"),
    ),
    "conv": ("conv",),
    "convt": ("convt",),
    "dw": ("dw",),
    "flatten": ("flatten",),
    "identity": ("dropout", "identity"),
    "joins": ("concat", "residual", "scale"),
    "layerscale": ("layerscale",),
    "linear": ("linear",),
    "normalisation": ("bn", "gn", "in", "ln"),
    "pad": ("pad",),
    "pixelshuffle": ("pixelshuffle",),
    "pooling": ("avgpool", "maxpool"),
    "pw": ("pw",),
    "sep": ("sep",),
    "shuffle": ("shuffle",),
    "slice": ("slice",),
    "upsample": ("upsample",),
}
"""The module of this package that each kind is in."""


class Kinds(Mapping[str, "type[Layer]"]):
    """Every kind of layer by its name in the spec language."""

    def __init__(self) -> None:
        self._modules = {kind: module for module, kinds in HOMES.items() for kind in kinds}
        self._loaded: dict[str, type[Layer]] = {}

    def add(self, kind: type[Layer]) -> None:
        """One more kind, as its class is made.

        Raises:
            TypeError: there is one of that name already.
        """
        if kind.kind in self._loaded:
            raise TypeError(f"two kinds are called {kind.kind!r}")
        self._loaded[kind.kind] = kind

    def __getitem__(self, name: str) -> type[Layer]:
        if name not in self._loaded:
            import_module(f"convcalc.layers.{self._modules[name]}")
        return self._loaded[name]

    def __contains__(self, name: object) -> bool:
        return name in self._modules or name in self._loaded

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys((*self._modules, *self._loaded)))

    def __len__(self) -> int:
        return len(self._modules.keys() | self._loaded.keys())


KINDS = Kinds()
