"""What numpy arrays and torch tensors have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    import torch  # noqa: TID251 - a name for type checkers


class Array(Protocol):
    """An array of numpy or a tensor of torch, as far as either is used."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Elements along each axis."""

    @property
    def ndim(self) -> int:
        """Axes."""

    @property
    def dtype(self) -> object:
        """The library's own dtype."""

    def reshape(self, first: int, /, *others: int) -> Self:
        """The elements in another shape."""

    def swapaxes(self, axis: int, other: int, /) -> Self:
        """Two axes exchanged."""

    def conj(self) -> Self:
        """Complex conjugates."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Any]: ...

    def __getitem__(self, index: Any, /) -> Self: ...

    def __setitem__(self, index: Any, values: Any, /) -> None: ...

    def __add__(self, other: Any, /) -> Self: ...

    def __iadd__(self, other: Any, /) -> Self: ...

    def __mul__(self, other: Any, /) -> Self: ...

    def __imul__(self, other: Any, /) -> Self: ...

    def __matmul__(self, other: Any, /) -> Self: ...


A = TypeVar("A", bound=Array)
"""The arrays of one library."""

Own = TypeVar("Own", "np.ndarray", "torch.Tensor")
"""The arrays of one of the two, where what they have in common goes beyond `Array`."""
