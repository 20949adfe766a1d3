"""Axes of a sample by PyTorch's numbers: 1 are the channels, -1 is the last one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.errors import ParameterError, ShapeError
from convcalc.layers.base import format_shape
from convcalc.layers.moved import replaced
from convcalc.layers.parameters import Rule, count, param

if TYPE_CHECKING:
    from convcalc.layers.base import Fields, Shape


def dim_of_channels(*, kw_only: bool = False) -> int:
    """The parameter `dim` of a kind that works along one axis, the channels by default."""
    note = "along it: 1 are the channels, -1 is the last"
    return param(_rule(), "dim", note, default=1, kw_only=kw_only)


def _rule() -> Rule[int]:
    whole = count(-8, 8)

    def normalise(name: str, value: object) -> int:
        if isinstance(value, int) and value == 0:
            raise ParameterError(name, "0 is the batch; 1 are the channels")
        return whole.normalise(name, value)

    return whole._replace(normalise=normalise)


def place_of(dim: int, shape: Shape) -> int:
    """Which axis of a sample is meant, the first being 0.

    Raises:
        ShapeError: there is no such axis.
    """
    place = dim - 1 if dim > 0 else len(shape) + dim
    if not 0 <= place < len(shape):
        raise ShapeError(f"dim={dim} is no axis of {format_shape(shape)}")
    return place


def along(fields: Fields, place: int, shape: Shape) -> Fields:
    """The fields where each output sees all of one axis, whose channels have none of their own."""
    if not place or len(fields) != len(shape) - 1:
        return fields
    return replaced(fields, place, fields[place - 1].seeing_all())
