"""Which axes an array has: missing leading ones are added, and what was assumed is said.

An image may come as (H, W), (C, H, W) or (N, C, H, W), a kernel as (kh, kw), (C/g, kh, kw) or
(O, C/g, kh, kw); the same holds for one and three spatial axes. The number of spatial axes follows
from the kernel; where its rank allows several readings, the first whose channels fit is taken.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from convcalc.errors import DataError
from convcalc.layers.base import times

READINGS = {1: (1,), 2: (2, 1), 3: (1, 2, 3), 4: (2, 3), 5: (3,)}
"""Spatial axes that a kernel of each rank may have, the likeliest first.

Rank 2 is (kh, kw) before (C/g, k); rank 3 is (O, C/g, k) before (C/g, kh, kw) before (kd, kh, kw).
"""

AXES = {1: "L", 2: "HW", 3: "DHW"}


class Axes(NamedTuple):
    """How an input is read: spatial axes, leading axes to take away again, and the assumptions."""

    rank: int
    added: int
    channels_last: bool
    notes: tuple[str, ...]


def read_axes(
    array: np.ndarray,
    kernel: np.ndarray,
    *,
    groups: int,
    transposed: bool,
    channels_last: bool,
    rank: int | None = None,
) -> Axes:
    """How `array` and `kernel` go together.

    Args:
        rank: The number of spatial axes, where the caller knows it.

    Raises:
        DataError: they do not; the message names both shapes and what would fit.
    """
    readings = READINGS.get(kernel.ndim, ()) if rank is None else (rank,)
    possible = [
        dims for dims in readings if 0 <= array.ndim - dims <= 2 and 0 <= kernel.ndim - dims <= 2
    ]
    if not possible:
        raise DataError(_unfit(array, kernel, rank))
    for dims in possible:
        if _fits(array, kernel, dims, groups, transposed, channels_last):
            return _axes(array, kernel, dims, channels_last)
    raise DataError(_channels_unfit(array, kernel, possible[0], groups, transposed, channels_last))


def read_input_axes(array: np.ndarray, rank: int, *, channels_last: bool) -> Axes:
    """How `array` is read as the input of a network of `rank` spatial axes.

    Raises:
        DataError: it has too few or too many axes for that.
    """
    if not 0 <= array.ndim - rank <= 2:
        shapes = ", ".join(f"({names})" for names in _layouts(rank, channels_last))
        raise DataError(
            f"the input is {times(array.shape)}, of {array.ndim} axes; a network of {rank} "
            f"spatial axes reads {shapes}"
        )
    return Axes(
        rank, rank + 2 - array.ndim, channels_last, _input_notes(array, rank, channels_last)
    )


def batch_first(array: np.ndarray, axes: Axes) -> np.ndarray:
    """The array as (N, C, *spatial), a view where possible."""
    if axes.channels_last and axes.added < 2:
        array = np.moveaxis(array, -1, -1 - axes.rank)
    return array.reshape((1,) * axes.added + array.shape)


def as_given(array: np.ndarray, axes: Axes) -> np.ndarray:
    """A result (N, O, *spatial) with the axes of the input: added ones are taken away again.

    A channel axis stays where the result has several channels, or nothing but channels.
    """
    spatial = array.ndim - 2  # fewer than came in, behind a `flatten`
    single: np.ndarray = array[0] if axes.added else array
    if axes.added == 2 and spatial and single.shape[0] == 1:
        return np.squeeze(single, axis=0)
    return np.moveaxis(single, -1 - spatial, -1) if axes.channels_last else single


def kept_axes(axes: Axes, *, channels: bool) -> tuple[int, ...]:
    """Which of (N, C, *spatial) an array with the axes of the input has, in its order.

    Args:
        channels: Whether it has several channels, for which there is an axis in any case.
    """
    spatial = tuple(range(2, 2 + axes.rank))
    if axes.added == 2 and not channels:
        return spatial
    samples = () if axes.added else (0,)
    return (*samples, *spatial, 1) if axes.channels_last else (*samples, 1, *spatial)


def full_kernel(kernel: np.ndarray, rank: int) -> np.ndarray:
    """The kernel as (O, C/g, *k), or transposed (C, O/g, *k)."""
    return kernel.reshape((1,) * (rank + 2 - kernel.ndim) + kernel.shape)


def _channels(array: np.ndarray, dims: int, channels_last: bool) -> int:
    if array.ndim == dims:
        return 1
    return int(array.shape[-1 if channels_last else -1 - dims])


def _fits(
    array: np.ndarray,
    kernel: np.ndarray,
    dims: int,
    groups: int,
    transposed: bool,
    channels_last: bool,
) -> bool:
    shape = full_kernel(kernel, dims).shape
    reads = shape[0] if transposed else shape[1] * groups
    return bool(_channels(array, dims, channels_last) == reads)


def _axes(array: np.ndarray, kernel: np.ndarray, dims: int, channels_last: bool) -> Axes:
    notes = _input_notes(array, dims, channels_last)
    if kernel.ndim < dims + 2:
        full = times(full_kernel(kernel, dims).shape)
        notes += (f"the kernel {times(kernel.shape)} is read as {full}",)
    return Axes(dims, dims + 2 - array.ndim, channels_last, notes)


def _input_notes(array: np.ndarray, dims: int, channels_last: bool) -> tuple[str, ...]:
    if array.ndim == dims + 2:
        return ()
    names = _layouts(dims, channels_last)[array.ndim - dims]
    return (f"the input {times(array.shape)} is read as ({names})",)


def _layouts(dims: int, channels_last: bool) -> tuple[str, str, str]:
    """The names of the axes without channels, without samples, and whole."""
    spatial = ", ".join(AXES[dims])
    single = f"{spatial}, C" if channels_last else f"C, {spatial}"
    return spatial, single, f"N, {single}"


def _unfit(array: np.ndarray, kernel: np.ndarray, rank: int | None) -> str:
    both = f"the input is {times(array.shape)} and the kernel {times(kernel.shape)}"
    if rank is not None:
        return f"{both}; {rank} spatial axes need {rank} to {rank + 2} axes in each"
    if kernel.ndim not in READINGS:
        return f"{both}; a kernel has 1 to 5 axes: (O, C/groups, kh, kw) or just (kh, kw)"
    dims = READINGS[kernel.ndim][0]
    return (
        f"{both}; a kernel of {kernel.ndim} {'axis' if kernel.ndim == 1 else 'axes'} is {dims}-D, "
        f"so that the input must have {dims} to {dims + 2} axes"
    )


def _channels_unfit(
    array: np.ndarray,
    kernel: np.ndarray,
    dims: int,
    groups: int,
    transposed: bool,
    channels_last: bool,
) -> str:
    channels = _channels(array, dims, channels_last)
    shape = full_kernel(kernel, dims).shape
    reads = shape[0] if transposed else shape[1] * groups
    message = (
        f"the input {times(array.shape)} has {channels} channel{'s' * (channels != 1)}, "
        f"the kernel {times(kernel.shape)} reads {reads}"
    )
    if not channels_last and array.ndim > dims and array.shape[-1] == reads:
        return f"{message}; if the channels come last, --layout nhwc says so"
    if channels % groups:
        return f"{message}; {channels} do not divide by groups={groups}"
    if transposed:
        return f"{message}; a kernel (C, O/groups, *k) of {times((channels, *shape[1:]))} would fit"
    outputs = -(-shape[0] // groups) * groups
    wanted = (outputs, channels // groups, *shape[2:])
    return f"{message}; a kernel (O, C/groups, *k) of {times(wanted)} would fit"
