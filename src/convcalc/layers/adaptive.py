"""`adaptiveavgpool`, `adaptivemaxpool` and `gap`: windows that follow from the output size."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from math import gcd, prod
from typing import TYPE_CHECKING, ClassVar

from convcalc.layers.base import Costs, ElementOps, Layer
from convcalc.layers.parameters import PerAxis, param, per_axis
from convcalc.layers.placing import spatial_dims_of, spread
from convcalc.layers.resampling import through_sections

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcalc.layers.base import Fields, Shape
    from convcalc.layers.operations import A, Operations, Reduction

Sections = list[tuple[int, int]]
"""(begin, end) of each window of one axis."""


class Adaptive(Layer, ABC):
    """Windows that follow from the output size: their sizes differ by one, and they may overlap."""

    how: ClassVar[Reduction]

    @abstractmethod
    def sizes(self, shape: Shape) -> tuple[int, ...]:
        """The output size of each spatial axis of `shape`."""

    def sections(self, shape: Shape) -> tuple[Sections, ...]:
        """Window u of each axis: floor(u*i/o) ... ceil((u + 1)*i/o), the end left out.

        Source: PyTorch, `adaptive_avg_pool2d` in ATen/native/AdaptivePooling.h; 10 elements to 7
        give (0,2) (1,3) (2,5) (4,6) (5,8) (7,9) (8,10).
        """
        return tuple(
            [(u * size // out, -(-(u + 1) * size // out)) for u in range(out)]
            for size, out in zip(shape[1:], self.sizes(shape), strict=True)
        )

    def out_shape(self, shape: Shape) -> Shape:
        """(C, *output sizes)."""
        return (shape[0], *self.sizes(shape))

    def field(self, fields: Sequence[Fields], shapes: Sequence[Shape]) -> Fields:
        """The fields through the windows of each axis; an output of size 1 sees the whole axis."""
        shape = shapes[0]
        through = [
            (through_sections(field, size, out), out)
            for field, size, out in zip(fields[0], shape[1:], self.sizes(shape), strict=True)
        ]
        return tuple(field.seeing_all() if out == 1 else field for field, out in through)

    def elements_read(self, shape: Shape) -> int:
        """The sum of the window sizes over all outputs and channels.

        Of i elements and o windows that is i + o - gcd(i, o) along an axis: every element once, and
        the element at u*i/o, between two windows, twice where that is not whole, which it is gcd(i,
        o) - 1 times of the o - 1. Source: derived; 10 elements to 7 give 16.
        """
        axes = zip(shape[1:], self.sizes(shape), strict=True)
        return shape[0] * prod(size + out - gcd(size, out) for size, out in axes)

    def run(self, ops: Operations[A], arrays: Sequence[A], weights: Mapping[str, A]) -> A:
        """Sums or maxima, axis by axis: over a box they are those over its sides in turn."""
        (array,) = arrays
        for axis, sections in enumerate(self.sections(tuple(array.shape[1:])), start=2):
            before = (slice(None),) * axis
            pieces = [
                ops.reduce(array[(*before, slice(begin, end))], (axis,), self.how)
                for begin, end in sections
            ]
            array = pieces[0] if len(pieces) == 1 else ops.concat(pieces, axis)
        return array


class AdaptiveMean(Adaptive):
    """The mean over windows that follow from the output size."""

    how = "sum"

    @property
    def needs_floats(self) -> bool:
        """True: a mean of whole numbers is a fraction."""
        return True

    def costs(self, shape: Shape) -> Costs:
        """One addition for each element of each window, and one division for each output."""
        divide = prod(self.out_shape(shape))
        return Costs(elements=ElementOps(add=self.elements_read(shape), divide=divide))

    def run(self, ops: Operations[A], arrays: Sequence[A], weights: Mapping[str, A]) -> A:
        """The mean of each window."""
        total = super().run(ops, arrays, weights)
        axes = self.sections(tuple(arrays[0].shape[1:]))
        divisor: A | float = 1
        for axis, sections in enumerate(axes):
            trailing = (1,) * (len(axes) - 1 - axis)
            elements = ops.vector([end - begin for begin, end in sections], total)
            divisor = divisor * elements.reshape(-1, *trailing)
        return total / divisor


@dataclasses.dataclass(frozen=True)
class AdaptiveAvgPool(AdaptiveMean):
    """The mean of each of `output_size` windows."""

    kind: ClassVar[str] = "adaptiveavgpool"
    positional: ClassVar[str | None] = "output_size"

    output_size: PerAxis = param(per_axis(1), "size", "size of the result")

    def sizes(self, shape: Shape) -> tuple[int, ...]:
        """`output_size` of each spatial axis."""
        return spread("output_size", self.output_size, spatial_dims_of(shape))


@dataclasses.dataclass(frozen=True)
class AdaptiveMaxPool(Adaptive):
    """The largest value of each of `output_size` windows."""

    kind: ClassVar[str] = "adaptivemaxpool"
    positional: ClassVar[str | None] = "output_size"
    how = "max"

    output_size: PerAxis = param(per_axis(1), "size", "size of the result")

    def sizes(self, shape: Shape) -> tuple[int, ...]:
        """`output_size` of each spatial axis."""
        return spread("output_size", self.output_size, spatial_dims_of(shape))

    def costs(self, shape: Shape) -> Costs:
        """One comparison for each element of each window."""
        return Costs(elements=ElementOps(compare=self.elements_read(shape)))


@dataclasses.dataclass(frozen=True)
class GlobalAvgPool(AdaptiveMean):
    """The mean of each channel, `adaptiveavgpool:1`: (C, 1, 1) from (C, H, W)."""

    kind: ClassVar[str] = "gap"

    def sizes(self, shape: Shape) -> tuple[int, ...]:
        """1 for each spatial axis."""
        return (1,) * spatial_dims_of(shape)
