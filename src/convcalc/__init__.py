"""convcalc: exact shapes, costs and receptive fields of convolutions, and the convolution itself.

    >>> import convcalc
    >>> report = convcalc.parse("conv:64,k3,p1 dw:k3,s2 pw:128").analyze((3, 224, 224))
    >>> report.layers[-1].output_shape
    (128, 111, 111)

Importing this module costs next to nothing; each name is loaded when it is first used.
"""

from __future__ import annotations

TYPE_CHECKING = False  # type checkers know the name; the module behind it costs a while to import
if TYPE_CHECKING:
    from typing import Any

    from convcalc import analysis as analysis
    from convcalc import layers as layers
    from convcalc.analysis import Report, analyze
    from convcalc.errors import (
        ConvcalcError,
        ParameterError,
        ShapeError,
        SpecError,
        UnknownLayerError,
    )
    from convcalc.execute.convolve import convolve, plan_convolution
    from convcalc.importers.files.from_file import from_file
    from convcalc.importers.torch_from import from_torch
    from convcalc.inverse.questions import sizes, solve, sweep
    from convcalc.language.building import concat, join, named, residual
    from convcalc.language.parse import parse
    from convcalc.network.graph import Network, Node
    from convcalc.several.comparing import NetworkComparison, compare
    from convcalc.several.differing import diff
    from convcalc.zoo.catalog import load_network, network_names

__version__ = "0.1.0"

__all__ = [
    "ConvcalcError",
    "Network",
    "NetworkComparison",
    "Node",
    "ParameterError",
    "Report",
    "ShapeError",
    "SpecError",
    "UnknownLayerError",
    "analyze",
    "compare",
    "concat",
    "convolve",
    "diff",
    "from_file",
    "from_torch",
    "join",
    "load_network",
    "named",
    "network_names",
    "parse",
    "plan_convolution",
    "residual",
    "sizes",
    "solve",
    "sweep",
]

_MODULE_OF = {
    "Report": "analysis",
    "analyze": "analysis",
    "convolve": "execute.convolve",
    "plan_convolution": "execute.convolve",
    "ConvcalcError": "errors",
    "ParameterError": "errors",
    "ShapeError": "errors",
    "SpecError": "errors",
    "UnknownLayerError": "errors",
    "Network": "network.graph",
    "Node": "network.graph",
    "load_network": "zoo.catalog",
    "network_names": "zoo.catalog",
    "NetworkComparison": "several.comparing",
    "compare": "several.comparing",
    "diff": "several.differing",
    "from_file": "importers.files.from_file",
    "from_torch": "importers.torch_from",
    "parse": "language.parse",
    "concat": "language.building",
    "join": "language.building",
    "named": "language.building",
    "residual": "language.building",
    "sizes": "inverse.questions",
    "solve": "inverse.questions",
    "sweep": "inverse.questions",
}


_PARTS = ("analysis", "layers")
"""Packages that need no import of their own: `convcalc.layers.Conv`."""


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name in _PARTS:
        return import_module(f"convcalc.{name}")
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'convcalc' has no attribute {name!r}")
    # Kept, so that the name is found without this function from now on.
    globals()[name] = getattr(import_module(f"convcalc.{_MODULE_OF[name]}"), name)
    return globals()[name]


def __dir__() -> list[str]:
    return [*globals(), *__all__, *_PARTS]
