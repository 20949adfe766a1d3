"""`crop`: the elements of each spatial axis that stay, by default those in the middle."""

from __future__ import annotations

import dataclasses
from math import prod
from typing import TYPE_CHECKING, ClassVar

from convcalc.errors import ShapeError
from convcalc.layers.base import Rearrangement, format_shape
from convcalc.layers.parameters import PerAxis, label_sizes, optional, param, per_axis
from convcalc.layers.placing import spatial_dims_of, spread
from convcalc.window import Window

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcalc.layers.base import Fields, Shape
    from convcalc.layers.operations import A, Operations


@dataclasses.dataclass(frozen=True)
class Crop(Rearrangement):
    """A part of each spatial axis, in the middle or from an offset on; channels stay."""

    kind: ClassVar[str] = "crop"
    view: ClassVar[bool] = True
    positional: ClassVar[str | None] = "size"

    size: PerAxis = param(label_sizes(), "like", "the elements that stay, or whose size to take")
    offset: PerAxis | None = param(
        optional(per_axis(0)),
        "offset",
        "elements left out before them; half of all that are left out by default, rounded down",
        default=None,
    )

    def begins(self, shape: Shape) -> tuple[int, ...]:
        """The first element of each axis that stays: the offset, or floor((i - o) / 2).

        Source: ONNX, CenterCropPad (version 18), and Keras's CenterCrop round down. torchvision's
        `center_crop` rounds a half to the even number: from 5 elements to 2 it begins at 2, not 1.

        Raises:
            ShapeError: an axis has not so many elements.
        """
        spatial_dims = spatial_dims_of(shape)
        sizes = spread("size", self.size, spatial_dims)
        offsets = None if self.offset is None else spread("offset", self.offset, spatial_dims)
        begins = []
        for axis, (own, size) in enumerate(zip(shape[1:], sizes, strict=True)):
            begin = (own - size) // 2 if offsets is None else offsets[axis]
            missing = size + (0 if offsets is None else begin) - own
            if missing > 0:
                behind = "" if offsets is None else f" from {begin} on"
                raise ShapeError(
                    f"a crop to {size} elements{behind} of an axis of {own} in "
                    f"{format_shape(shape)}: {missing} too many"
                )
            begins.append(begin)
        return tuple(begins)

    def out_shape(self, shape: Shape) -> Shape:
        """(C, *sizes), each size as given.

        Raises:
            ShapeError: an axis has not so many elements.
        """
        return (shape[0], *spread("size", self.size, len(self.begins(shape))))

    def scatters(self, shape: Shape) -> bool:
        """Whether something is left out between elements of a sample that stay."""
        out = self.out_shape(shape)
        cropped = [axis for axis, size in enumerate(shape) if out[axis] < size]
        return bool(cropped) and prod(out[: cropped[-1]]) > 1

    def field(self, fields: Sequence[Fields], shapes: Sequence[Shape]) -> Fields:
        """The field of each axis, its start moved on to the first element that stays."""
        begins = self.begins(shapes[0])
        moved = zip(fields[0], begins, strict=True)
        return tuple(field.through(Window(1, before=-begin)) for field, begin in moved)

    def kept(self, shape: Shape) -> tuple[slice, ...]:
        """The elements of each axis that stay."""
        ends = zip(self.begins(shape), self.out_shape(shape)[1:], strict=True)
        return tuple(slice(begin, begin + size) for begin, size in ends)

    def run(self, ops: Operations[A], arrays: Sequence[A], weights: Mapping[str, A]) -> A:
        """The elements that stay."""
        (array,) = arrays
        return array[(slice(None), slice(None), *self.kept(tuple(array.shape[1:])))]
