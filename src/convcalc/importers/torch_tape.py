"""Tensors that no input has reached, made again with values where something is computed of them.

A model that is followed on the device "meta" has no values: masks, grids of positions and tables of
indices are calls on nothing but sizes, parameters and buffers. These calls are kept in their order,
writes in place among them, and those that one tensor depends on are called once more on the CPU.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch

from convcalc.errors import UsageError
from convcalc.importers.torch_tracing import memory_of, tensors_in

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


class _Entry(NamedTuple):
    """A call: what it was given and gave, and the memory that it read and may have written."""

    function: Callable[..., object]
    arguments: tuple[object, ...]
    named: Mapping[str, object]
    results: Sequence[torch.Tensor]
    reads: frozenset[int]
    writes: frozenset[int]


class Recipe(NamedTuple):
    """How some constant tensors are made.

    Attributes:
        tensors: The tensors, without values.
        leaves: The parameters and buffers that they are made of, by their names.
        values: Makes them of the values of the leaves.
    """

    tensors: Sequence[torch.Tensor]
    leaves: Mapping[str, torch.Tensor]
    values: Callable[[Mapping[str, torch.Tensor]], list[torch.Tensor]]


class Tape:
    """The calls on constants so far; it keeps their tensors, which have no memory on "meta"."""

    def __init__(self, leaves: Mapping[str, torch.Tensor]) -> None:
        self._leaves = leaves
        self._entries: list[_Entry] = []

    def note(
        self,
        function: Callable[..., object],
        arguments: tuple[object, ...],
        named: Mapping[str, object],
        results: Sequence[torch.Tensor],
    ) -> None:
        """Takes note of a call that no input has reached."""
        reads = frozenset(map(memory_of, tensors_in((arguments, named))))
        writes = frozenset(map(memory_of, results))
        self._entries.append(_Entry(function, arguments, named, results, reads, writes))

    def recipe(self, tensors: Sequence[torch.Tensor]) -> Recipe:
        """How tensors are made that hold what they hold now."""
        needed, entries = set(map(memory_of, tensors)), []
        for entry in reversed(self._entries):
            if entry.writes & needed:
                entries.append(entry)
                needed |= entry.reads
        entries.reverse()
        leaves = {name: one for name, one in self._leaves.items() if memory_of(one) in needed}

        def values(given: Mapping[str, torch.Tensor]) -> list[torch.Tensor]:
            found = {id(leaf): given[name] for name, leaf in leaves.items()}
            for entry in entries:
                _call_again(entry, found)
            return [_value_of(tensor, found) for tensor in tensors]

        return Recipe(tensors, leaves, values)


def _call_again(entry: _Entry, found: dict[int, torch.Tensor]) -> None:
    """Makes a call with values, and keeps what it gives."""
    own = [one for one in tensors_in((entry.arguments, entry.named)) if id(one) not in found]
    filled = {id(one): _stand_in(one) for one in own}
    arguments, named = with_tensors(entry.arguments, entry.named, {**found, **filled})
    out = entry.function(*arguments, **named)
    given = {id(one) for one in tensors_in((entry.arguments, entry.named))}
    made = iter(tensors_in(out))
    for result in entry.results:
        if id(result) not in given:
            found[id(result)] = next(made)


def _stand_in(tensor: torch.Tensor) -> torch.Tensor:
    """Zeros of the size of what only gives its size, or a tensor that has values itself."""
    if tensor.device.type != "meta":
        return tensor
    return torch.zeros((), dtype=tensor.dtype, device="cpu").expand(tensor.shape)


def _value_of(tensor: torch.Tensor, found: Mapping[int, torch.Tensor]) -> torch.Tensor:
    if id(tensor) in found:
        return found[id(tensor)]
    if tensor.device.type != "meta":
        return tensor
    raise UsageError("a constant of the model has no value that could be found again")


def with_tensors(
    arguments: Sequence[object], named: Mapping[str, object], values: Mapping[int, torch.Tensor]
) -> tuple[list[object], dict[str, object]]:
    """Arguments with other tensors, by the ids of theirs, and the CPU in the place of "meta"."""
    return (
        [_with_tensors(one, values) for one in arguments],
        {name: _with_tensors(one, values) for name, one in named.items()},
    )


def _with_tensors(item: object, values: Mapping[int, torch.Tensor]) -> object:
    if isinstance(item, torch.Tensor):
        return values.get(id(item), item)
    if isinstance(item, torch.device):
        return torch.device("cpu") if item.type == "meta" else item
    if type(item) is list:
        return [_with_tensors(one, values) for one in item]
    if type(item) is tuple:
        return tuple(_with_tensors(one, values) for one in item)
    if type(item) is dict:
        return {name: _with_tensors(one, values) for name, one in item.items()}
    return "cpu" if isinstance(item, str) and item == "meta" else item
