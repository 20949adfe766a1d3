"""What is to be computed: arrays and layers that fit each other, and what messages call them."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, TypeAlias, TypeVar

import numpy as np

from convcalc.errors import DataError, LayerError, SpecError
from convcalc.execute.arrays.axes import full_kernel, read_axes
from convcalc.execute.arrays.biases import full_bias
from convcalc.layers.base import format_shape
from convcalc.network.graph import Network

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from convcalc.execute.arrays.axes import Axes
    from convcalc.execute.settings import Settings
    from convcalc.layers import Shape
    from convcalc.layers.conv import Conv
    from convcalc.layers.convt import ConvTranspose

    Weights: TypeAlias = (
        Mapping[str, np.ndarray] | Callable[[Network, Shape], Mapping[str, np.ndarray]]
    )

T = TypeVar("T")


class Work(NamedTuple):
    """What is to be computed, before anything is prepared that depends on how.

    Attributes:
        network: The layers; a convolution with a kernel of its own is a network of one.
        axes: How the input is read.
        weights: The weights of the layers by name.
        named: All arrays as they were given, by the names that messages call them; the input is
            "the input".
        others: The inputs of the network beside the first, (N, *sizes), by their labels.
    """

    network: Network
    axes: Axes
    weights: Mapping[str, np.ndarray]
    named: Mapping[str, np.ndarray]
    others: Mapping[str, np.ndarray] = MappingProxyType({})


def kernel_work(
    array: np.ndarray,
    kernel: np.ndarray,
    bias: np.ndarray | None,
    make_layer: Callable[[int, Shape], Conv | ConvTranspose],
    settings: Settings,
    *,
    transposed: bool,
    groups: int,
    flip: bool,
) -> Work:
    """One convolution of `array` with `kernel`.

    Args:
        array: (N, C, *spatial), leading axes optional.
        kernel: (O, C/groups, *k), transposed (C, O/groups, *k); leading axes optional.
        bias: (O), or one number, or None.
        make_layer: The layer for an output channel count and a kernel size.
        settings: How the axes are read.
        transposed: Whether the convolution is.
        groups: Blocks of channels that do not mix.
        flip: Turn the kernel round in every spatial axis: the convolution of mathematics.

    Raises:
        DataError: the arrays do not fit each other.
    """
    named = {"the input": array, "the kernel": kernel}
    if bias is not None:
        named["the bias"] = bias
    axes = _axes_of_both(named, settings, transposed=transposed, groups=groups)
    kernel = full_kernel(kernel, axes.spatial_dims)
    channels = kernel.shape[1] * groups if transposed else kernel.shape[0]
    layer = make_layer(channels, kernel.shape[2:])
    weights = {"0.weight": np.flip(kernel, tuple(range(2, kernel.ndim))) if flip else kernel}
    if bias is not None:
        weights["0.bias"] = full_bias(bias, channels)
    return Work(Network.chain([layer]), axes, weights, named)


def _axes_of_both(
    named: Mapping[str, np.ndarray], settings: Settings, *, transposed: bool, groups: int
) -> Axes:
    """How the input is read beside the kernel.

    Raises:
        DataError: they do not fit each other, or an array has no elements.
    """
    check_content(named)
    axes = read_axes(
        named["the input"].shape,
        named["the kernel"].shape,
        groups=groups,
        transposed=transposed,
        channels_last=settings.channels_last,
        spatial_dims=settings.spatial_dims,
    )
    check_content(named, axes.added)
    return axes


def check_content(arrays: Mapping[str, np.ndarray], added: int | None = None) -> None:
    """Raises where there are no elements; a batch of no samples is one all the same.

    Args:
        added: Axes that the input lacks, the samples among them; None before it is known.
    """
    for name, array in arrays.items():
        if array.ndim == 0 and name != "the bias":
            raise DataError(f"{name} is a single number; a convolution needs at least one axis")
        batched = name == "the input" and array.ndim > 2 and not added
        if 0 in array.shape[batched:]:
            raise DataError(
                f"{name} is empty ({format_shape(array.shape)}): there is nothing to convolve"
            )


def fitting(question: Callable[..., T], *arguments: object) -> T:
    """The answer of the network; a shape that does not fit is the data's fault here."""
    try:
        return question(*arguments)
    except (LayerError, SpecError) as error:
        raise DataError(str(error)) from None
