"""Tensors that are made of parameters alone, as nodes: position embeddings, tokens, tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.importers.torch_calls import PASSED, sample_shape
from convcalc.importers.torch_nodes import Cost
from convcalc.importers.torch_stored import keeps_elements
from convcalc.layers import Opaque, Parameter
from convcalc.network.graph import INPUT
from convcalc.network.stored import Stored

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
        if debt.chain is None or (debt.base is None and len(names) > 1):
            return self._made(names, debt, owned, sample_shape(tensor))
        if debt.base is not None:
            node = self._made(names, debt, owned, debt.base)
        elif names[0] in owned and names[0] not in self._nodes:
            return None
        else:
            parameter = self._parameters[names[0]]
            same = keeps_elements((call for call, _ in debt.chain), parameter.numel())
            if same and names[0] not in self._nodes:
                return self._source(names[0], sample_shape(tensor))[0]
            node, shape = self._source(names[0], sample_shape(parameter))
            if same and shape == sample_shape(tensor):
                return node
        return self._chained(node, debt, names[0])

    def _chained(self, node: int, debt: Debt, name: str) -> int:
        """The node at the end of a chain of calls."""
        for call, read in debt.chain or ():
            if call.name not in PASSED:
                label, places = f"{name}.{call.name}", {read: node}
                node = self._written.add(call, [node], label, FREE, first=True, nodes=places)
        return node

    def _made(self, names: list[str], debt: Debt, owned: set[str], out: Shape) -> int:
        """A row for what is made of parameters by products: exact in these and in parameters."""
        params = sum(self._parameters[name].numel() for name in names if name not in owned)
        self._written.unnamed["made"] += 1
        layer = Opaque("made", out, params, debt.macs)
        return self._written.write(layer, (INPUT,), out, f"{names[0]}.made")

    def _source(self, name: str, shape: Shape) -> tuple[int, Shape]:
        """The node of a parameter, and the shape that it has there."""
        if name not in self._nodes:
            stored = Stored({"weight": name})
            node = self._written.write(Parameter(shape), (INPUT,), shape, name, stored)
            self._nodes[name] = node, shape
        return self._nodes[name]


FREE = Cost(0, 0, 0)
"""What a call costs that has no products and no parameters of its own."""
