"""`upsample`: each spatial axis resized, by the nearest element or linearly between two."""

from __future__ import annotations

import dataclasses
from math import prod
from typing import TYPE_CHECKING, Any, ClassVar

from convcalc.errors import ParameterError
from convcalc.layers.base import Costs, ElementOps, Layer, spatial_dims_of
from convcalc.layers.parameters import PerAxis, one_of, param, per_axis, spread
from convcalc.layers.placing import checked_sizes
from convcalc.layers.resampling import (
    linear_read,
    nearest_read,
    through_linear,
    through_nearest,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcalc.layers.base import Fields, Shape
    from convcalc.layers.operations import Operations


@dataclasses.dataclass(frozen=True)
class Upsample(Layer):
    """Resizing by a whole factor or to a size; `bilinear` is linear along every spatial axis."""

    kind: ClassVar[str] = "upsample"
    positional: ClassVar[str | None] = "scale_factor"

    scale_factor: PerAxis | None = param(
        per_axis(1, optional=True), "scale", "output elements per input element", default=None
    )
    size: PerAxis | None = param(
        per_axis(1, optional=True), "size", "the output size, instead of scale", default=None
    )
    mode: str = param(
        one_of("nearest", "bilinear"), "mode", "how values are found", default="nearest"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.scale_factor is None) == (self.size is None):
            raise ParameterError("scale_factor", "give either a scale_factor or a size")

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
        read = nearest_read if self.mode == "nearest" else linear_read
        sizes = zip(shape[1:], self.out_shape(shape)[1:], strict=True)
        return shape[0] * prod(read(size, out) for size, out in sizes)

    def field(self, fields: Sequence[Fields], shapes: Sequence[Shape]) -> Fields:
        """The field of each axis through its change of size, phase by phase."""
        through = through_nearest if self.mode == "nearest" else through_linear
        sizes = zip(fields[0], shapes[0][1:], self.out_shape(shapes[0])[1:], strict=True)
        return tuple(through(*axis) for axis in sizes)

    def run(self, ops: Operations, arrays: Sequence[Any], weights: Mapping[str, Any]) -> Any:
        """The array resized, one axis after the other."""
        (array,) = arrays
        shape = tuple(array.shape[1:])
        resized = _nearest if self.mode == "nearest" else _linear
        for axis, (size, out) in enumerate(
            zip(shape[1:], self.out_shape(shape)[1:], strict=True), start=2
        ):
            if size != out:
                array = resized(ops, array, axis, size, out)
        return array


def _nearest(ops: Operations, array: Any, axis: int, size: int, out: int) -> Any:
    """Output u is the element floor(u*i/o)."""
    return ops.take(array, axis, [u * size // out for u in range(out)])


def _linear(ops: Operations, array: Any, axis: int, size: int, out: int) -> Any:
    """Output u lies at (u + 1/2)*i/o - 1/2, between two elements; before the first it is that.

    Source: PyTorch's `interpolate` with align_corners=False: elements are areas, and their centres
    are laid over each other.
    """
    doubled = [max(0, (2 * u + 1) * size - out) for u in range(out)]  # the place times 2*o
    low = [place // (2 * out) for place in doubled]
    high = [min(position + 1, size - 1) for position in low]
    share = ops.vector([place % (2 * out) / (2 * out) for place in doubled], array)
    share = share.reshape(-1, *(1,) * (len(array.shape) - 1 - axis))
    return ops.take(array, axis, low) * (1 - share) + ops.take(array, axis, high) * share
