"""Which axes an array has: missing leading ones are added, and what was assumed is said.

An image may come as (H, W), (C, H, W) or (N, C, H, W), a kernel as (kh, kw), (C/g, kh, kw) or
(O, C/g, kh, kw); the same holds for one and three spatial axes. The number of spatial axes follows
from both; `readings` knows which are possible and which comes first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from convcalc.errors import DataError
from convcalc.execute.arrays.readings import (
    READINGS,
    Pair,
    chosen_dims,
    input_names,
    last_notes,
    layouts,
    order_notes,
    other_notes,
)
from convcalc.layers.base import format_shape

if TYPE_CHECKING:
    from convcalc.execute.arrays.array import A, Array
    from convcalc.layers import Shape


class Axes(NamedTuple):
    """How an input is read: spatial axes, leading axes to take away again, and the assumptions."""

    spatial_dims: int
    added: int
    channels_last: bool
    notes: tuple[str, ...]

    def completed(self, shape: Shape) -> Shape:
        """The shape (N, C, *spatial) of `batch_first` of an array of this shape."""
        if self.channels_last and self.added < 2:
            first = len(shape) - 1 - self.spatial_dims
            shape = (*shape[:first], shape[-1], *shape[first:-1])
        return (1,) * self.added + shape


def read_axes(
    shape: Shape,
    kernel: Shape,
    *,
    groups: int,
    transposed: bool,
    channels_last: bool,
    spatial_dims: int | None = None,
    full_first: bool = False,
) -> Axes:
    """How an input and a kernel of these shapes go together.

    Args:
        spatial_dims: The number of spatial axes, where the caller knows it.
        full_first: Take a kernel that may be complete, (O, C/g, k), for complete, and neither ask
            nor tell anybody.

    Raises:
        DataError: they do not, or in several ways; the message names both shapes and what would
            fit.
    """
    pair = Pair(shape, kernel, groups, transposed, channels_last)
    dims = chosen_dims(pair, spatial_dims, full_first=full_first)
    notes = () if full_first else _notes(pair, dims, dims_given=spatial_dims is not None)
    return Axes(dims, dims + 2 - len(shape), channels_last, notes)


def read_input_axes(array: Array, spatial_dims: int, *, channels_last: bool) -> Axes:
    """How `array` is read as the input of a network of `spatial_dims` spatial axes.

    Raises:
        DataError: it has too few or too many axes for that.
    """
    if not 0 <= array.ndim - spatial_dims <= 2:
        names = filter(None, layouts(spatial_dims, channels_last))
        shapes = ", ".join(f"({name})" for name in names)
        raise DataError(
            f"the input is {format_shape(array.shape)}, of {array.ndim} axes; a network of "
            f"{spatial_dims} "
            f"spatial axes reads {shapes}"
        )
    return Axes(
        spatial_dims,
        spatial_dims + 2 - array.ndim,
        channels_last,
        _input_notes(array, spatial_dims, channels_last),
    )


def batch_first(array: A, axes: Axes) -> A:
    """The array as (N, C, *spatial), a view where possible."""
    if axes.channels_last and axes.added < 2:
        for place in range(-1, -1 - axes.spatial_dims, -1):
            array = array.swapaxes(place, place - 1)
    return array.reshape(*(1,) * axes.added, *array.shape)


def as_given(array: A, axes: Axes) -> A:
    """A result (N, O, *spatial) with the axes of the input: added ones are taken away again.

    A channel axis stays where the result has several channels, or nothing but channels.
    """
    spatial = array.ndim - 2  # fewer than came in, behind a `flatten`
    single = array[0] if axes.added else array
    if axes.added == 2 and spatial and single.shape[0] == 1:
        return single[0]
    if axes.channels_last:
        for place in range(-1 - spatial, -1):
            single = single.swapaxes(place, place + 1)
    return single


def kept_axes(axes: Axes, *, channels: bool) -> tuple[int, ...]:
    """Which of (N, C, *spatial) an array with the axes of the input has, in its order.

    Args:
        channels: Whether it has several channels, for which there is an axis in any case.
    """
    spatial = tuple(range(2, 2 + axes.spatial_dims))
    if axes.added == 2 and not channels:
        return spatial
    samples = () if axes.added else (0,)
    return (*samples, *spatial, 1) if axes.channels_last else (*samples, 1, *spatial)


def full_kernel(kernel: A, spatial_dims: int) -> A:
    """The kernel as (O, C/g, *k), or transposed (C, O/g, *k)."""
    return kernel.reshape(*full_shape(tuple(kernel.shape), spatial_dims))


def full_shape(kernel: Shape, spatial_dims: int) -> Shape:
    """The shape of `full_kernel` of a kernel of this shape."""
    return (1,) * (spatial_dims + 2 - len(kernel)) + kernel


def _notes(pair: Pair, dims: int, *, dims_given: bool) -> tuple[str, ...]:
    """What was assumed of both, and how else they could have been read."""
    fewer = dims == 1 < max(READINGS[len(pair.kernel)]) and not dims_given
    notes: tuple[str, ...] = ()
    if len(pair.array) < dims + 2 or fewer:
        notes = (_read_as(pair.array, dims, pair.channels_last),)
    if len(pair.kernel) < dims + 2:
        notes += (
            f"the kernel {format_shape(pair.kernel)} is read as "
            f"{format_shape(pair.complete(dims))}",
        )
    notes += order_notes(pair, dims)
    if pair.complete(dims)[0 if pair.transposed else 1] == 1:  # it fits whatever the channels are
        notes += last_notes(pair.array, dims, pair.channels_last)
    return notes if dims_given else notes + other_notes(pair, dims)


def _input_notes(array: Array, dims: int, channels_last: bool) -> tuple[str, ...]:
    read = () if array.ndim == dims + 2 else (_read_as(array.shape, dims, channels_last),)
    return (*read, *last_notes(tuple(array.shape), dims, channels_last))


def _read_as(shape: Shape, dims: int, channels_last: bool) -> str:
    return f"the input {format_shape(shape)} is read as ({input_names(shape, dims, channels_last)})"
