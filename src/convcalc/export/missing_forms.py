"""Kinds of layers that another program has no form for, told before anything is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.errors import UsageError, printable
from convcalc.layers import KINDS
from convcalc.layers.kinds import row_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcalc.network.graph import Network

MOST_NAMED = 6


def check_forms(network: Network, forms: Mapping[str, object], program: str) -> None:
    """Every kind must have a form; those that have none are named together, with a layer each.

    Args:
        network: The network.
        forms: The form of each kind, or of the class of its family.
        program: What it is written for, for the error: "ONNX".

    Raises:
        UsageError: a kind has no form.
    """
    without: dict[str, str] = {}
    for number, node in enumerate(network.nodes):
        if row_of(forms, KINDS[node.layer.kind]) is None:
            called = getattr(node.layer, "called", node.layer.kind)
            without.setdefault(called, node.label or str(number))
    if without:
        some = [f"{kind} ({label})" for kind, label in list(without.items())[:MOST_NAMED]]
        more = f", ... {len(without) - MOST_NAMED} more" if len(without) > MOST_NAMED else ""
        raise UsageError(f"no form in {program}: {printable(', '.join(some), 300)}{more}")
