"""Operations of an exported program as calls of torch's functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.importers.pt2.program import Array
from convcalc.importers.torch_operations import call_of_operation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.importers.pt2.program import Operation
    from convcalc.importers.torch_calls import Call


def call_of(operation: Operation, result: Array, before: Sequence[Array]) -> Call:
    """The call that an operation is, of one of the tensors that it gives."""
    return call_of_operation(operation.name, operation.named, result, before)


def arrays_in(item: object) -> list[Array]:
    """The tensors among arguments."""
    if isinstance(item, Array):
        return [item]
    if isinstance(item, dict):
        return [array for one in item.values() for array in arrays_in(one)]
    if isinstance(item, list | tuple):
        return [array for one in item for array in arrays_in(one)]
    return []
