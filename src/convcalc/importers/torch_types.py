"""What rules ask of a tensor of torch, or of what stands for one in a saved program."""

from __future__ import annotations

from typing import Protocol


class TensorLike(Protocol):
    """A tensor, known by its shape."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Elements along each axis."""

    def dim(self) -> int:
        """How many axes it has."""

    def numel(self) -> int:
        """How many elements it has."""


class Dtype(Protocol):
    """The type of a tensor's elements."""

    @property
    def is_floating_point(self) -> bool:
        """Whether they are numbers with fractions."""

    @property
    def is_complex(self) -> bool:
        """Whether they are pairs of such numbers."""
