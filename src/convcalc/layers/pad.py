"""`pad`: elements added at the ends of the spatial axes or cut off, as a layer of its own."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, ClassVar

from convcalc.errors import ParameterError, ShapeError
from convcalc.layers.base import Rearrangement, format_shape
from convcalc.layers.parameters import LARGEST, Padding, padding, padding_mode, param, real
from convcalc.layers.placing import check_mode, placed_windows, spatial_dims_of, window_sizes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from convcalc.layers.base import Fields, Shape
    from convcalc.layers.operations import A, Operations
    from convcalc.window import Window


@dataclasses.dataclass(frozen=True)
class Pad(Rearrangement):
    """Zeros, another number or copies of elements around each channel; padding below 0 crops."""

    kind: ClassVar[str] = "pad"
    positional: ClassVar[str | None] = "padding"

    padding: Padding = param(
        padding((), minimum=-LARGEST), "p", "elements added at the ends, below 0 cut off"
    )
    padding_mode: str = param(
        padding_mode(), "mode", "what the added elements contain", default="zeros"
    )
    value: float = param(real(), "constant", "a number to add in the place of zeros", default=0.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.value and self.padding_mode != "zeros":
            raise ParameterError(
                "value", f"stands in the place of zeros, not of mode '{self.padding_mode}'"
            )

    def windows(self, shape: Shape) -> tuple[Window, ...]:
        """A window of one element on each padded axis."""
        return placed_windows(self.padding, [(1, 1, 1)] * spatial_dims_of(shape), shape)

    def padded_ends(self, *shapes: Shape) -> tuple[tuple[int, int], ...]:
        """Elements added before and after each spatial axis."""
        return tuple((w.before, w.after) for w in self.windows(shapes[0]))

    def out_shape(self, shape: Shape) -> Shape:
        """(C, *sizes), each size pb + i + pa."""
        windows = self.windows(shape)
        for size, window in zip(shape[1:], windows, strict=True):
            if window.real_size(size) < 1:
                raise ShapeError(
                    f"padding {window.before}:{window.after} cuts off all {size} elements of an "
                    f"axis of {format_shape(shape)}; one has to stay"
                )
        check_mode(self.padding_mode, windows, shape)
        return (shape[0], *window_sizes(windows, shape))

    def repeats_elements(self, shape: Shape) -> bool:
        """Whether there is padding, and not of zeros."""
        padded = any(w.before > 0 or w.after > 0 for w in self.windows(shape))
        return padded and self.padding_mode != "zeros"

    def field(self, fields: Sequence[Fields], shapes: Sequence[Shape]) -> Fields:
        """The field of each axis, its start moved back by the padding."""
        windows = self.windows(shapes[0])
        return tuple(field.through(w) for field, w in zip(fields[0], windows, strict=True))

    @property
    def needs_floats(self) -> bool:
        """Whether the number that is added is a fraction."""
        return not self.value.is_integer()

    def run(self, ops: Operations[A], arrays: Sequence[A], weights: Mapping[str, A]) -> A:
        """The backend's `pad`."""
        (array,) = arrays
        windows = self.windows(tuple(array.shape[1:]))
        return ops.pad(array, windows, self.padding_mode, self.value)
