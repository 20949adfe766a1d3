"""Where tensors come from while a model is run: calls before, parameters, and writes in place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch.utils.weak import WeakIdKeyDictionary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass
class Debt:
    """What was spent on tensors that no input has reached: whoever reads them first pays for it.

    Attributes:
        parameters: The names of the parameters that they were made from.
        macs: The multiply-accumulates that made them.
    """

    parameters: set[str] = field(default_factory=set)
    macs: int = 0

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
    elif hasattr(item, "__dataclass_fields__"):
        yield from tensors_in(vars(item))


def version_of(tensor: torch.Tensor) -> int:
    """How often a tensor was written to; 0 where torch does not count it."""
    try:
        return int(tensor._version)
    except RuntimeError:
        return 0


def _storage_of(tensor: torch.Tensor) -> int | None:
    try:
        return int(tensor.untyped_storage()._cdata)
    except (RuntimeError, NotImplementedError):
        return None


class Values:
    """The value of every tensor that is still alive, by identity."""

    def __init__(self, parameters: Mapping[int, str]) -> None:
        self.parameters = parameters
        self._known: Any = WeakIdKeyDictionary()

    def __getitem__(self, tensor: torch.Tensor) -> Value:
        value = self._known.get(tensor)
        if value is None:
            name = self.parameters.get(id(tensor))
            value = self[tensor] = Value(debt=Debt({name} if name else set()))
        assert isinstance(value, Value)
        return value

    def __setitem__(self, tensor: torch.Tensor, value: Value) -> None:
        self._known[tensor] = value

    def overwrite(self, tensor: torch.Tensor, node: int) -> None:
        """A node has written into a tensor: others that share its memory no longer hold theirs."""
        storage = _storage_of(tensor)
        for other, value in list(self._known.items()):
            if other is not tensor and storage is not None and _storage_of(other) == storage:
                # Several tensors may have one value, and not all of them the memory.
                self._known[other] = Value(value.node, value.debt, value.make, node)
        self[tensor] = Value(node)
