"""Shapes of several inputs that serve each other along axes of one element, as numpy has it.

Source: numpy's rule of broadcasting: axes are aligned at the end; sizes are equal, or one is 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.errors import ShapeError
from convcalc.layers.base import format_shape
from convcalc.receptive import IDENTITY, UNSEEN, united

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.layers.base import Fields, Shape
    from convcalc.layers.operations import A


def broadcast_shape(shapes: Sequence[Shape]) -> Shape:
    """The shape that all are spread to.

    Raises:
        ShapeError: two of them do not fit.
    """
    axes = max(map(len, shapes))
    out = []
    for sizes in zip(*(aligned(shape, axes) for shape in shapes), strict=True):
        most = {size for size in sizes if size != 1} or {1}
        if len(most) > 1:
            shown = " and ".join(map(format_shape, shapes))
            raise ShapeError(
                f"the inputs are {shown}: from the last axis on, sizes must be equal, or one of "
                "them 1"
            )
        out.append(most.pop())
    return tuple(out)


def aligned(shape: Shape, axes: int) -> Shape:
    """A shape with axes of one element in front, so that there are so many."""
    return (1,) * (axes - len(shape)) + shape


def aligned_array(array: A, axes: int) -> A:
    """An array (N, *sample) with axes of one element behind the batch."""
    number, *sizes = array.shape
    return array.reshape(number, *aligned(tuple(sizes), axes))


def whole(axes: int) -> Fields:
    """The fields of an output that sees the whole input, along so many axes."""
    return (IDENTITY.seeing_all(),) * max(1, axes)


def is_unseen(fields: Fields) -> bool:
    """Whether something depends on no input at all."""
    return all(field == UNSEEN for field in fields)


def whole_unless_unseen(fields: Sequence[Fields], out: Shape) -> Fields:
    """The whole input along each axis, or nothing where no input depends on it."""
    if all(map(is_unseen, fields)):
        return (UNSEEN,) * max(1, len(out) - 1)
    return whole(len(out) - 1)


def broadcast_fields(fields: Sequence[Fields], shapes: Sequence[Shape], out: Shape) -> Fields:
    """The elements of each axis that any input sees; what serves a whole axis is seen all along.

    Of an input with other axes than the result nothing is known but that it is seen.
    """
    seen = [(own, shape) for own, shape in zip(fields, shapes, strict=True) if not is_unseen(own)]
    if not seen:
        return whole_unless_unseen(fields, out)
    sizes = out[1:] or (1,) * len(seen[0][0])
    known = [(own, shape) for own, shape in seen if len(own) == len(sizes)]
    if not known:
        return whole(len(sizes))
    joined = []
    for axis, size in enumerate(sizes):
        place = axis + 1 if len(out) > 1 else 0
        along = [own[axis] for own, shape in known if aligned(shape, len(out))[place] == out[place]]
        field = united(along or [own[axis] for own, _ in known], size)
        joined.append(field if len(along) == len(seen) else field.seeing_all())
    return tuple(joined)
