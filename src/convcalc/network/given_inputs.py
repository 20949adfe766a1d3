"""The tensors that a model is run on, as a command line or a caller describes them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from convcalc.errors import ParameterError, described
from convcalc.layers.base import format_shape

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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


def given_inputs(placed: Iterable[object], named: Mapping[str, object]) -> list[GivenInput]:
    """The inputs that a caller in Python gives, by their places and by their names.

    Raises:
        ParameterError: one is neither a shape nor a tensor with its samples in front.
    """
    found = [_given(f"input {place}", one) for place, one in enumerate(placed)]
    return found + [_given(name, one)._replace(name=name) for name, one in named.items()]


def _given(parameter: str, value: object) -> GivenInput:
    """The input that a caller describes.

    Raises:
        ParameterError: it is neither a shape nor a tensor with its samples in front.
    """
    dtype = getattr(value, "dtype", None)
    listed = getattr(value, "shape", value) if dtype is not None else value
    sizes = tuple(listed) if isinstance(listed, Iterable) and not isinstance(listed, str) else ()
    whole = tuple(size for size in sizes if type(size) is int and size > 0)
    if dtype is not None and len(whole) < 2:
        raise ParameterError(parameter, "a tensor has its samples in front, as (1, 3, 224, 224)")
    if not whole or len(whole) != len(sizes):
        raise ParameterError(
            parameter,
            f"expected a tensor, or (channels, *sizes) as (3, 224, 224); got {described(value)}",
        )
    if dtype is not None:
        return GivenInput(whole[1:], str(dtype).removeprefix("torch."))
    return GivenInput(whole)
