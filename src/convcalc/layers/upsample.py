"""`upsample`: each spatial axis resized, by the nearest element or linearly between two."""

from __future__ import annotations

import dataclasses
from math import prod
from typing import TYPE_CHECKING, ClassVar

from convcalc.errors import ParameterError
from convcalc.layers.base import Costs, ElementOps, Layer
from convcalc.layers.parameters import PerAxis, one_of, optional, param, per_axis, switch
from convcalc.layers.placing import checked_sizes, spatial_dims_of, spread
from convcalc.layers.resampling import (
    corners_read,
    linear_read,
    nearest_read,
    through_corners,
    through_linear,
    through_nearest,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcalc.layers.base import Fields, Shape
    from convcalc.layers.operations import A, Operations


@dataclasses.dataclass(frozen=True)
class Upsample(Layer):
    """Resizing by a whole factor or to a size; `bilinear` is linear along every spatial axis."""

    kind: ClassVar[str] = "upsample"
    positional: ClassVar[str | None] = "scale_factor"

    scale_factor: PerAxis | None = param(
        optional(per_axis(1)), "scale", "output elements per input element", default=None
    )
    size: PerAxis | None = param(
        optional(per_axis(1)), "size", "the output size, instead of scale", default=None
    )
    mode: str = param(
        one_of("nearest", "bilinear"), "mode", "how values are found", default="nearest"
    )
    align_corners: bool = param(
        switch(),
        "align",
        "bilinear: lay the first and last elements over each other, not the ends of the axis",
        default=False,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.scale_factor is None) == (self.size is None):
            raise ParameterError("scale_factor", "give either a scale_factor or a size")
        if self.align_corners and self.mode == "nearest":
            raise ParameterError(
                "align_corners",
                "goes with mode bilinear; nearest has no corners to align",
            )

    @property
    def needs_floats(self) -> bool:
        """Whether there are values between two numbers, which are fractions."""
        return self.mode == "bilinear"

    def out_shape(self, shape: Shape) -> Shape:
        """(C, *sizes), each size i * scale_factor or as given."""
        spatial_dims = spatial_dims_of(shape)
        if self.size is not None:
            return (shape[0], *spread("size", self.size, spatial_dims))
        assert self.scale_factor is not None
        factors = spread("scale_factor", self.scale_factor, spatial_dims)
        sizes = tuple(size * factor for size, factor in zip(shape[1:], factors, strict=True))
        return (shape[0], *checked_sizes(sizes, "scale_factor"))

    def costs(self, shape: Shape) -> Costs:
        """Nearest: none. Bilinear: a weighted sum of the 2^axes elements around each output."""
        if self.mode == "nearest":
            return Costs()
        neighbours = 2 ** spatial_dims_of(shape)
        each = ElementOps(multiply=neighbours, add=neighbours - 1)
        return Costs(elements=each.times(prod(self.out_shape(shape))))

    def elements_read(self, shape: Shape) -> int:
        """Distinct elements of the input that take part; those of a share of 0 do not."""
        read, _ = _RULES[self.mode, self.align_corners]
        sizes = zip(shape[1:], self.out_shape(shape)[1:], strict=True)
        return shape[0] * prod(read(size, out) for size, out in sizes)

    def field(self, fields: Sequence[Fields], shapes: Sequence[Shape]) -> Fields:
        """The field of each axis through its change of size, phase by phase."""
        _, through = _RULES[self.mode, self.align_corners]
        sizes = zip(fields[0], shapes[0][1:], self.out_shape(shapes[0])[1:], strict=True)
        return tuple(through(*axis) for axis in sizes)

    def run(self, ops: Operations[A], arrays: Sequence[A], weights: Mapping[str, A]) -> A:
        """The array resized, one axis after the other."""
        (array,) = arrays
        shape = tuple(array.shape[1:])
        for axis, (size, out) in enumerate(
            zip(shape[1:], self.out_shape(shape)[1:], strict=True), start=2
        ):
            if size == out:
                continue
            if self.mode == "nearest":
                array = ops.take(array, axis, [u * size // out for u in range(out)])
            else:
                array = _linear(ops, array, axis, *linear_places(size, out, self.align_corners))
        return array


_RULES = {
    ("nearest", False): (nearest_read, through_nearest),
    ("bilinear", False): (linear_read, through_linear),
    ("bilinear", True): (corners_read, through_corners),
}
"""For mode and align_corners: how many elements of an axis are read, and which."""


def linear_places(size: int, out: int, align_corners: bool) -> tuple[list[int], int]:
    """Where the outputs of an axis lie, in parts of an element, and how many parts it has.

    Output u lies at (u + 1/2)*i/o - 1/2, or with its corners aligned at u*(i - 1)/(o - 1); before
    the first element it is that.

    Source: PyTorch's `interpolate`. With align_corners=False elements are areas, and their centres
    are laid over each other; with True they are points. A single output is the first element.
    """
    if align_corners:
        return [u * (size - 1) for u in range(out)], max(1, out - 1)
    return [max(0, (2 * u + 1) * size - out) for u in range(out)], 2 * out


def _linear(ops: Operations[A], array: A, axis: int, places: list[int], parts: int) -> A:
    """The values at places between two elements of one axis."""
    low = [place // parts for place in places]
    high = [min(position + 1, array.shape[axis] - 1) for position in low]
    share = ops.vector([place % parts / parts for place in places], array)
    share = share.reshape(-1, *(1,) * (len(array.shape) - 1 - axis))
    return ops.take(array, axis, low) * (1 - share) + ops.take(array, axis, high) * share
