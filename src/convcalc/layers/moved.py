"""Fields of arrays whose channels do not come first: after a permutation, until the next one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.receptive import IDENTITY, united

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.layers.base import Fields, Shape
    from convcalc.receptive import Field


class MovedFields(tuple["Field", ...]):
    """The fields of all axes but the first, with that of the first beside them.

    Attributes:
        front: The field of the first axis, where the channels of others are.
        channels: Which axis the channels are, of which a field says nothing.
    """

    front: Field
    channels: int

    @classmethod
    def of(cls, fields: Sequence[Field], channels: int) -> Fields:
        """The fields of all axes, the first among them; plain ones where that is the channels."""
        if not channels:
            return tuple(fields[1:])
        made = cls(fields[1:])
        made.front, made.channels = fields[0], channels
        return made


def every_axis(fields: Fields) -> tuple[tuple[Field, ...], int]:
    """The field of every axis, the first one too, and which of them are the channels."""
    if isinstance(fields, MovedFields):
        return (fields.front, *fields), fields.channels
    return (IDENTITY.seeing_all(), *fields), 0


def replaced(fields: Fields, axis: int, field: Field) -> Fields:
    """The fields with another one for an axis, which is not the first."""
    own, channels = every_axis(fields)
    return MovedFields.of((*own[:axis], field, *own[axis + 1 :]), channels)


def united_fields(fields: Sequence[Fields], out: Shape) -> Fields | None:
    """The elements that any of several arrays with moved channels sees; None for others."""
    if not all(isinstance(own, MovedFields) for own in fields):
        return None
    known = [every_axis(own) for own in fields]
    channels = known[0][1]
    if any(other != channels or len(own) != len(out) for own, other in known):
        return None
    axes = zip(*(own for own, _ in known), out, strict=True)
    return MovedFields.of([united(axis, size) for *axis, size in axes], channels)
