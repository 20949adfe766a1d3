"""`pixelshuffle` and `pixelunshuffle`: channels laid out as elements, and elements as channels."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, ClassVar

from convcalc.errors import ShapeError
from convcalc.layers.base import Rearrangement, format_shape
from convcalc.layers.parameters import count, param
from convcalc.layers.placing import checked_sizes, spatial_dims_of
from convcalc.receptive import through_windows
from convcalc.window import Window

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcalc.layers.base import Fields, Shape
    from convcalc.layers.operations import A, Operations


@dataclasses.dataclass(frozen=True)
class PixelShuffle(Rearrangement):
    """(C*r*r, H, W) as (C, H*r, W*r): channel c*r*r + a*r + b holds row a, column b of each r x r.

    Source: Shi et al., "Real-Time Single Image and Video Super-Resolution" (2016), relation 4.
    """

    kind: ClassVar[str] = "pixelshuffle"
    positional: ClassVar[str | None] = "upscale_factor"

    upscale_factor: int = param(count(1), "r", "output elements per input element, along an axis")

    def out_shape(self, shape: Shape) -> Shape:
        """(C / r^axes, *sizes), each size i * r.

        Raises:
            ShapeError: the channels do not divide by r^axes.
        """
        block = self.upscale_factor ** spatial_dims_of(shape)
        if shape[0] % block:
            raise ShapeError(
                f"{shape[0]} channels do not divide by {block}, the elements of a block of "
                f"{format_shape((self.upscale_factor,) * (len(shape) - 1))}; the input is "
                f"{format_shape(shape)}"
            )
        sizes = tuple(size * self.upscale_factor for size in shape[1:])
        return (shape[0] // block, *checked_sizes(sizes, "upscale_factor"))

    def field(self, fields: Sequence[Fields], shapes: Sequence[Shape]) -> Fields:
        """The field of each axis, where output u reads position floor(u / r)."""
        window = Window(self.upscale_factor, self.upscale_factor)
        return tuple(field.through_transposed(window) for field in fields[0])

    def run(self, ops: Operations[A], arrays: Sequence[A], weights: Mapping[str, A]) -> A:
        """The blocks (N, C, r, r, H, W) as (N, C, H, r, W, r), for any number of axes."""
        (array,) = arrays
        number, *shape = array.shape
        spatial_dims = len(shape) - 1
        out = self.out_shape(tuple(shape))
        blocks = array.reshape(number, out[0], *(self.upscale_factor,) * spatial_dims, *shape[1:])
        pairs = [axis for n in range(spatial_dims) for axis in (2 + spatial_dims + n, 2 + n)]
        return ops.permute(blocks, (0, 1, *pairs)).reshape(number, *out)


@dataclasses.dataclass(frozen=True)
class PixelUnshuffle(Rearrangement):
    """(C, H*r, W*r) as (C*r*r, H, W), what `pixelshuffle` undoes: each r x r as r*r channels."""

    kind: ClassVar[str] = "pixelunshuffle"
    positional: ClassVar[str | None] = "downscale_factor"

    downscale_factor: int = param(count(1), "r", "input elements per output element, along an axis")

    def out_shape(self, shape: Shape) -> Shape:
        """(C * r^axes, *sizes), each size i / r.

        Raises:
            ShapeError: a size does not divide by r.
        """
        factor, spatial_dims = self.downscale_factor, spatial_dims_of(shape)
        if any(size % factor for size in shape[1:]):
            raise ShapeError(
                f"the sizes {format_shape(shape[1:])} do not divide by "
                f"downscale_factor={factor}; the input is {format_shape(shape)}"
            )
        return (shape[0] * factor**spatial_dims, *(size // factor for size in shape[1:]))

    def field(self, fields: Sequence[Fields], shapes: Sequence[Shape]) -> Fields:
        """The field of each axis, where the channels of output u read the r elements from u*r on.

        A channel reads one of them; a position is all its channels.
        """
        window = Window(self.downscale_factor, self.downscale_factor)
        return through_windows(fields[0], (window,) * len(fields[0]))

    def run(self, ops: Operations[A], arrays: Sequence[A], weights: Mapping[str, A]) -> A:
        """The array (N, C, H, r, W, r) as the blocks (N, C, r, r, H, W), for any number of axes."""
        (array,) = arrays
        number, *shape = array.shape
        out = self.out_shape(tuple(shape))
        pairs = [part for size in out[1:] for part in (size, self.downscale_factor)]
        places = range(2, 2 + len(pairs))
        blocks = array.reshape(number, shape[0], *pairs)
        return ops.permute(blocks, (0, 1, *places[1::2], *places[::2])).reshape(number, *out)
