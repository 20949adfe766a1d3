"""Networks of validated layers: the graph, and everything that makes another of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from convcalc.network.graph import Network
    from convcalc.network.usual_input import asked_input

__all__ = ["Network", "asked_input"]

_MODULE_OF = {"Network": "graph", "asked_input": "usual_input"}


def __getattr__(name: str) -> object:
    """What the graph itself asks for, loaded when it is first used."""
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'convcalc.network' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"convcalc.network.{_MODULE_OF[name]}"), name)
