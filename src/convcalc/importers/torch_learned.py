"""Tensors that are made of parameters alone, as nodes: position embeddings, tokens, tables."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from convcalc.importers.torch_calls import sample_shape
from convcalc.importers.torch_steps import IN_ORDER, VIEWS
from convcalc.layers import Opaque, Parameter, View
from convcalc.network.graph import INPUT

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch

    from convcalc.importers.torch_nodes import Nodes
    from convcalc.importers.torch_tracing import Debt
    from convcalc.layers import Shape


class LearnedArrays:
    """The nodes of parameters that are read as arrays, each once."""

    def __init__(self, parameters: Mapping[str, torch.Tensor], written: Nodes) -> None:
        self._parameters = parameters
        self._written = written
        self._nodes: dict[str, tuple[int, Shape]] = {}

    def node_of(self, tensor: torch.Tensor, debt: Debt, owned: set[str]) -> int | None:
        """The node of a tensor; None if another layer has its parameters as weights.

        Args:
            tensor: The tensor.
            debt: The parameters, calls and multiply-accumulates that made it.
            owned: The names of the parameters that nodes have already.
        """
        names = sorted(debt.parameters)
        if any(name in owned and name not in self._nodes for name in names):
            return None
        out = sample_shape(tensor)
        if debt.macs:
            return self._made(names, debt, owned, out)
        whole = len(names) == 1 and debt.calls <= IN_ORDER
        if whole and self._parameters[names[0]].numel() == prod(out):
            node, shape = self._source(names[0], out)
            if shape == out:
                return node
        nodes = [
            self._source(name, tuple(self._parameters[name].shape) or (1,))[0] for name in names
        ]
        call = debt.calls.copy().pop() if len(debt.calls) == 1 else "rearranged"
        layer = View(call, out) if debt.calls <= VIEWS else Opaque("made", out, 0, 0)
        return self._written.write(layer, nodes, out, f"{names[0]}.{layer.called}")

    def _made(self, names: list[str], debt: Debt, owned: set[str], out: Shape) -> int:
        """A row for what is made of parameters by products: exact in these and in parameters."""
        params = sum(self._parameters[name].numel() for name in names if name not in owned)
        layer = Opaque("made", out, params, debt.macs)
        return self._written.write(layer, (INPUT,), out, f"{names[0]}.made")

    def _source(self, name: str, shape: Shape) -> tuple[int, Shape]:
        """The node of a parameter, and the shape that it has there."""
        if name not in self._nodes:
            node = self._written.write(Parameter(shape), (INPUT,), shape, name)
            self._nodes[name] = node, shape
        return self._nodes[name]
