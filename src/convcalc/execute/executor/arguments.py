"""What the arguments of a convolution describe: a layer, checked once and kept."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from convcalc.errors import DataError, UsageError
from convcalc.execute.algorithms import ALGORITHMS
from convcalc.execute.arrays.axes import read_axes
from convcalc.execute.executor.open_executor import BACKENDS, choose_backend
from convcalc.layers.base import format_shape
from convcalc.layers.conv import Conv
from convcalc.layers.convt import ConvTranspose

if TYPE_CHECKING:
    from convcalc.execute.arrays.axes import Axes
    from convcalc.execute.problem import ConvProblem
    from convcalc.layers.parameters import Padding, PerAxis
    from convcalc.window import Window


class Placed(NamedTuple):
    """A layer on an input of known shape."""

    layer: Conv | ConvTranspose
    windows: tuple[Window, ...]
    out_sizes: tuple[int, ...]


@lru_cache(maxsize=512)
def placed(
    kernel: tuple[int, ...],
    shape: tuple[int, ...],
    transposed: bool,
    groups: int,
    stride: PerAxis,
    padding: Padding,
    dilation: PerAxis,
    more: tuple[tuple[str, Any], ...],
) -> Placed:
    """The layer that the arguments describe, checked; kept for the next call with the same."""
    layer = layer_of(kernel, transposed, groups, False, stride, padding, dilation, dict(more))
    sizes = layer.out_shape(shape)[1:]
    return Placed(layer, layer.windows(shape), sizes)


def layer_of(
    kernel: tuple[int, ...],
    transposed: bool,
    groups: int,
    bias: bool,
    stride: PerAxis,
    padding: Padding,
    dilation: PerAxis,
    more: dict[str, Any],
) -> Conv | ConvTranspose:
    """The layer whose kernel has this shape.

    Raises:
        ParameterError: there is no such layer.
    """
    kind = ConvTranspose if transposed else Conv
    channels = kernel[1] * groups if transposed else kernel[0]
    return kind(
        int(channels),
        tuple(int(k) for k in kernel[2:]),
        stride=stride,
        padding=padding,
        dilation=dilation,
        groups=groups,
        bias=bias,
        **more,
    )


def backend_of(name: str, problem: ConvProblem) -> str:
    """The backend of that name, for "auto" the one that should finish first.

    Raises:
        UsageError: there is none of that name.
    """
    if name not in BACKENDS:
        raise UsageError(f"backend: expected {', '.join(BACKENDS)}; got {name!r}")
    return choose_backend([problem]) if name == "auto" else name


def axes_of(x: Any, kernel: Any, groups: int, transposed: bool, dims: int | None) -> Axes:
    """How the arrays of a caller are read, who is known to give complete ones where they may be.

    Raises:
        UsageError: `dims` is no number of spatial axes.
        DataError: the arrays do not fit each other.
    """
    if dims not in (None, 1, 2, 3):
        raise UsageError(f"dims: expected 1, 2 or 3 spatial axes; got {dims!r}")
    return read_axes(
        x,
        kernel,
        groups=groups,
        transposed=transposed,
        channels_last=False,
        spatial_dims=dims,
        full_first=True,
    )


def check_content(x: Any, kernel: Any, *, samples: bool = True) -> None:
    """Raises where there are no elements; a batch of no samples is one all the same.

    Args:
        samples: Whether the first axis of `x` may be that of the samples.

    Raises:
        DataError: a sample or the kernel is empty, or a single number.
    """
    sizes = x.shape[1:] if samples and x.ndim > 2 else x.shape
    for name, array, own in (("x", x, sizes), ("kernel", kernel, kernel.shape)):
        if 0 in own or array.ndim == 0:
            raise DataError(
                f"{name} is {format_shape(tuple(array.shape))}: there is nothing to convolve"
            )


def check_algorithm(name: str) -> None:
    """Raises where there is no algorithm of that name.

    Raises:
        UsageError: there is none.
    """
    if name != "auto" and name not in ALGORITHMS:
        raise UsageError(f"algorithm: expected auto, {', '.join(ALGORITHMS)}; got {name!r}")
