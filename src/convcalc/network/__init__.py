"""Networks of validated layers: the graph, and everything that makes another of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.lazy_names import loader_of

if TYPE_CHECKING:
    from convcalc.network.graph import Network
    from convcalc.network.usual_input import asked_input

__all__ = ["Network", "asked_input"]

_MODULE_OF = {"Network": "graph", "asked_input": "usual_input"}

__getattr__ = loader_of(__name__, _MODULE_OF)
"""What the graph itself asks for, loaded when it is first used."""
