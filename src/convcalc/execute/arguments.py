"""What the arguments of a convolution describe: a layer, checked once and kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from convcalc.errors import DataError, UsageError, described
from convcalc.execute.algorithms import ALGORITHMS
from convcalc.execute.arrays.axes import read_axes
from convcalc.layers.arguments import checked_count, checked_switch
from convcalc.layers.base import format_shape
from convcalc.layers.conv import Conv
from convcalc.layers.convt import ConvTranspose

if TYPE_CHECKING:
    from convcalc.execute.arrays.axes import Axes
    from convcalc.layers import Shape
    from convcalc.layers.parameters import Padding, PerAxis


class How(NamedTuple):
    """The arguments of `convolve` beside its arrays."""

    stride: PerAxis = 1
    padding: Padding = 0
    dilation: PerAxis = 1
    groups: int = 1
    padding_mode: str = "zeros"
    transposed: bool = False
    output_padding: PerAxis = 0
    algorithm: str = "auto"
    backend: str = "auto"
    threads: int | None = None
    dims: int | None = None


def check_how(how: How) -> None:
    """Raises where an argument has no meaning, whatever the arrays are; layers check the others.

    Raises:
        ParameterError: one is of a wrong type, or out of its bounds.
        UsageError: two do not go together.
    """
    if checked_switch("transposed", how.transposed):
        if how.padding_mode != "zeros":
            raise UsageError("a transposed convolution has no padding_mode")
    elif not _is_zero(how.output_padding):
        raise UsageError("output_padding goes with transposed=True")
    checked_count("groups", how.groups, 1)
    if how.threads is not None:
        checked_count("threads", how.threads, 1)
    check_algorithm(how.algorithm)


def _is_zero(value: object) -> bool:
    """Whether elements that are added are none."""
    items = value if isinstance(value, tuple | list) else (value,)
    return all(isinstance(item, int) and item == 0 for item in items)


def layer_of(kernel: tuple[int, ...], how: How, *, bias: bool = False) -> Conv | ConvTranspose:
    """The layer whose kernel has this shape, (O, C/groups, *k) or transposed (C, O/groups, *k).

    Raises:
        ParameterError: there is no such layer.
    """
    sizes = tuple(int(k) for k in kernel[2:])
    where = how.stride, how.padding, how.dilation, how.groups, bias
    if how.transposed:
        channels = int(kernel[1]) * how.groups
        return ConvTranspose(channels, sizes, *where, output_padding=how.output_padding)
    return Conv(int(kernel[0]), sizes, *where, padding_mode=how.padding_mode)


def axes_of(shape: Shape, kernel: Shape, how: How) -> Axes:
    """How the arrays of a caller are read, who is known to give complete ones where they may be.

    Args:
        shape: Of the input.
        kernel: Of the kernel.
        how: The other arguments.

    Raises:
        UsageError: `dims` is no number of spatial axes.
        DataError: there is no element to convolve, or the shapes do not fit each other.
    """
    if how.dims is not None and (not isinstance(how.dims, int) or how.dims not in (1, 2, 3)):
        raise UsageError(f"dims: expected 1, 2 or 3 spatial axes; got {described(how.dims)}")
    _check_content("x", shape, shape[1:] if len(shape) > 2 else shape)
    _check_content("kernel", kernel, kernel)
    axes = read_axes(
        shape,
        kernel,
        groups=how.groups,
        transposed=how.transposed,
        channels_last=False,
        spatial_dims=how.dims,
        full_first=True,
    )
    if axes.added:  # the first axis was not that of the samples, of which there may be none
        _check_content("x", shape, shape)
    return axes


def _check_content(name: str, shape: Shape, needed: Shape) -> None:
    """Raises where there are no elements; a batch of no samples is one all the same.

    Raises:
        DataError: one of the sizes `needed` is 0, or there is no axis.
    """
    if not shape:
        raise DataError(f"{name} is a single number; a convolution needs at least one axis")
    if 0 in needed:
        raise DataError(f"{name} is {format_shape(shape)}: there is nothing to convolve")


def check_algorithm(name: str) -> None:
    """Raises where there is no algorithm of that name.

    Raises:
        UsageError: there is none.
    """
    if not isinstance(name, str) or (name != "auto" and name not in ALGORITHMS):
        known = ", ".join(ALGORITHMS)
        raise UsageError(f"algorithm: expected auto, {known}; got {described(name)}")
