"""The tensors that a model is run on, as a command line or a caller describes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from convcalc.layers.base import format_shape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.layers import Shape


class GivenInput(NamedTuple):
    """One tensor of a model's forward.

    Attributes:
        shape: Of one sample.
        dtype: torch's name of its dtype, as int64; that of the parameters where it is empty.
        name: The parameter of forward, or the key of a mapping; by its place where it is empty.
    """

    shape: Shape
    dtype: str = ""
    name: str = ""

    def __str__(self) -> str:
        name = f"{self.name}=" if self.name else ""
        return name + format_shape(self.shape) + (f":{self.dtype}" if self.dtype else "")


def shown(inputs: Sequence[GivenInput]) -> str:
    """All of them in words: 3x224x224 and 128:int64."""
    return " and ".join(map(str, inputs))
