"""Where tensors come from while a model is run: calls before, parameters, and writes in place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import torch
from torch.utils.weak import WeakIdKeyDictionary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, MutableMapping

    from convcalc.importers.torch_calls import Call
    from convcalc.layers import Shape


@dataclass
class Debt:
    """What was spent on tensors that no input has reached: whoever reads them first pays for it.

    Attributes:
        parameters: The names of the parameters that they were made from.
        macs: The multiply-accumulates that made them.
        chain: The calls that made them of one other, each with the id of the tensor that it read;
            None where they are made of several.
        base: The shape at the start of the chain, of what products made; None for a parameter.
    """

    parameters: set[str] = field(default_factory=set)
    macs: int = 0
    chain: list[tuple[Call, int]] | None = None
    base: Shape | None = None

    def take(self, other: Debt) -> None:
        """Takes over what another still owes."""
        self.parameters |= other.parameters
        self.macs += other.macs
        other.macs = 0


@dataclass
class Value:
    """What a tensor holds: the result of a node, or something made of parameters alone.

    Attributes:
        node: The index of the node; None where no input has reached it.
        debt: What made a tensor that no input has reached.
        make: Writes the node when it is first read: one of several results.
        overwritten: The node that has written into its memory through another tensor.
    """

    node: int | None = None
    debt: Debt = field(default_factory=Debt)
    make: Callable[[], int] | None = None
    overwritten: int | None = None


def tensors_in(item: Any) -> Iterator[torch.Tensor]:
    """The tensors among arguments or results, in lists and mappings too."""
    if isinstance(item, torch.Tensor):
        yield item
    elif isinstance(item, list | tuple):
        for one in item:
            yield from tensors_in(one)
    elif isinstance(item, Mapping):
        for one in item.values():
            yield from tensors_in(one)
    elif hasattr(item, "__dataclass_fields__") and not isinstance(item, type):
        yield from tensors_in([getattr(item, name) for name in item.__dataclass_fields__])


def version_of(tensor: torch.Tensor) -> int:
    """How often a tensor was written to; 0 where torch does not count it."""
    try:
        return int(tensor._version)
    except RuntimeError:
        return 0


def _memory_of(tensor: torch.Tensor) -> int:
    """What tells the memory of a tensor from that of others; 0 where it has none of its own."""
    try:
        return int(tensor.untyped_storage()._cdata)
    except (RuntimeError, NotImplementedError, ValueError):
        return 0  # one of a lazy module has none yet


Tensors: TypeAlias = "MutableMapping[torch.Tensor, Any]"


class Values:
    """The value of every tensor that is still alive, by identity."""

    def __init__(self, parameters: Mapping[int, str]) -> None:
        self._parameters = parameters
        self._sharing: defaultdict[int, Tensors] = defaultdict(WeakIdKeyDictionary)
        self._known: Tensors = WeakIdKeyDictionary()

    def __getitem__(self, tensor: torch.Tensor) -> Value:
        value = self._known.get(tensor)
        if value is None:
            name = self._parameters.get(id(tensor))
            value = self[tensor] = Value(debt=Debt({name}, chain=[]) if name else Debt())
        assert isinstance(value, Value)
        return value

    def __setitem__(self, tensor: torch.Tensor, value: Value) -> None:
        if tensor not in self._known:
            self._sharing[_memory_of(tensor)][tensor] = True
        self._known[tensor] = value

    def is_reached(self, tensor: torch.Tensor) -> bool:
        """Whether an input has a part in a tensor."""
        value = self[tensor]
        return any(one is not None for one in (value.node, value.make, value.overwritten))

    def overwrite(self, tensor: torch.Tensor, node: int) -> None:
        """A node has written into a tensor: others that share its memory no longer hold theirs."""
        memory = _memory_of(tensor)
        for other in list(self._sharing[memory] if memory else ()):
            # The memory of tensors that are gone may have been given to others.
            if other is not tensor and _memory_of(other) == memory:
                value = self[other]
                self[other] = Value(value.node, value.debt, value.make, node)
        self[tensor] = Value(node)
