"""What numpy arrays and torch tensors have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, Self, TypeAlias, TypeVar

from convcalc.layers import operations

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    import torch  # noqa: TID251 - a name for type checkers

    from convcalc.layers.operations import Index


class Array(operations.Array, Protocol):
    """An array of numpy or a tensor of torch, as far as either is used."""

    @property
    def ndim(self) -> int:
        """Axes."""

    @property
    def dtype(self) -> object:
        """The library's own dtype."""

    def conj(self) -> Self:
        """Complex conjugates."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Any]: ...

    def __setitem__(self, index: Index, values: Self | float, /) -> None: ...

    def __iadd__(self, other: Self | float, /) -> Self: ...

    def __imul__(self, other: Self | float, /) -> Self: ...


A = TypeVar("A", bound=Array)
"""The arrays of one library."""

LibraryArray: TypeAlias = "np.ndarray | torch.Tensor"
"""An array of numpy or a tensor of torch."""

Own = TypeVar("Own", "np.ndarray", "torch.Tensor")
"""The arrays of one of the two, where what they have in common goes beyond `Array`."""
