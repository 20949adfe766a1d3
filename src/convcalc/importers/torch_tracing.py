"""Where tensors come from while a model is run: calls before, parameters, and writes in place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

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
        writer: That tensor; None where several have.
    """

    node: int | None = None
    debt: Debt = field(default_factory=Debt)
    make: Callable[[], int] | None = None
    overwritten: int | None = None
    writer: torch.Tensor | None = None


def tensors_in(item: object) -> Iterator[torch.Tensor]:
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


def memory_of(tensor: torch.Tensor) -> int:
    """What tells the memory of a tensor from that of others; 0 where it has none of its own."""
    try:
        return int(tensor.untyped_storage()._cdata)
    except (RuntimeError, NotImplementedError, ValueError):
        return 0  # one of a lazy module has none yet


Tensors: TypeAlias = "MutableMapping[torch.Tensor, bool]"
"""Tensors that are still alive, of which something is so."""


class Values:
    """The value of every tensor that is still alive, by identity."""

    def __init__(self, parameters: Mapping[int, str]) -> None:
        self._parameters = parameters
        self._sharing: defaultdict[int, Tensors] = defaultdict(WeakIdKeyDictionary)
        self._known: MutableMapping[torch.Tensor, Value] = WeakIdKeyDictionary()

    def __getitem__(self, tensor: torch.Tensor) -> Value:
        value = self._known.get(tensor)
        if value is None:
            name = self._parameters.get(id(tensor))
            value = self[tensor] = Value(debt=Debt({name}, chain=[]) if name else Debt())
        return value

    def __setitem__(self, tensor: torch.Tensor, value: Value) -> None:
        if tensor not in self._known:
            self._sharing[memory_of(tensor)][tensor] = True
        self._known[tensor] = value

    def is_reached(self, tensor: torch.Tensor) -> bool:
        """Whether an input has a part in a tensor."""
        value = self[tensor]
        return any(one is not None for one in (value.node, value.make, value.overwritten))

    def overwrite(self, tensor: torch.Tensor, node: int) -> None:
        """A node has written into a tensor: others that share its memory no longer hold theirs."""
        memory = memory_of(tensor)
        for other in list(self._sharing[memory] if memory else ()):
            # The memory of tensors that are gone may have been given to others.
            if other is not tensor and memory_of(other) == memory:
                value = self[other]
                writer = tensor if value.overwritten is None else None
                self[other] = Value(value.node, value.debt, value.make, node, writer)
        self[tensor] = Value(node)


def written_into(old: torch.Tensor, new: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    """Writes elements of a tensor that shares another's memory into that other.

    Args:
        old: The tensor that is written into.
        new: The tensor that was written.
        places: For each element of the first its number in the second, or -1.
    """
    both = torch.cat([old.reshape(-1), new.reshape(-1).to(old.dtype)])
    own = torch.arange(old.numel())
    flat = places.reshape(-1)
    return old.copy_(both[torch.where(flat < 0, own, flat + old.numel())].reshape(old.shape))


def shared_places(old: torch.Tensor, new: torch.Tensor) -> torch.Tensor:
    """For each element of a tensor its number in another of the same memory; -1 where not in it."""
    first = min(old.storage_offset(), new.storage_offset())
    size = max(map(_end_of, (old, new))) - first
    memory = torch.full((size,), -1, device="cpu")
    numbers = torch.arange(new.numel(), device="cpu").reshape(new.shape)
    memory.as_strided(new.shape, new.stride(), new.storage_offset() - first).copy_(numbers)
    return memory.as_strided(old.shape, old.stride(), old.storage_offset() - first).clone()


def _end_of(tensor: torch.Tensor) -> int:
    """The place in its memory behind the last element of a tensor."""
    steps = ((size - 1) * step for size, step in zip(tensor.shape, tensor.stride(), strict=True))
    return int(tensor.storage_offset() + sum(steps) + 1)
