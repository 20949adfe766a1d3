"""The convolution of a run: its input, and a kernel from a file, by its name or as numbers."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from convcalc.arrayfile import read_array
from convcalc.cli.parsing.values import count_of, layer_of
from convcalc.errors import DataError, UsageError, printable
from convcalc.execute.arrays.named_kernels import is_kernel_text, kernel_of_text, meant_kernel
from convcalc.execute.job import kernel_work
from convcalc.layers.base import format_shape

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from convcalc.cli.commands.run.request import RunRequest
    from convcalc.execute.job import Work
    from convcalc.execute.settings import Settings
    from convcalc.layers.conv import Conv
    from convcalc.layers.convt import ConvTranspose


class Kernel(NamedTuple):
    """A kernel, and the groups that it is for."""

    array: np.ndarray
    groups: int


def read_kernel(
    request: RunRequest,
    settings: Settings,
    read: Callable[[str], np.ndarray] = read_array,
    read_input: Callable[[str], np.ndarray] | None = None,
) -> Work:
    """The convolution that is asked for, with its arrays.

    Args:
        request: The command line.
        settings: How to compute.
        read: Reads an array by its name.
        read_input: The same for the input, if it is read in another way.
    """
    values = request.layer_flags()
    named = kernel_text(request)
    groups = count_of("groups", request.groups) if request.groups else 1
    transposed = bool(request.transposed)
    # With a stand-in kernel: impossible flags are the command line's fault, not the data's.
    layer_of({"out_channels": groups, "kernel_size": 1, **values})
    array = (read_input or read)(request.array)
    kernel, own_groups = for_channels(request, read_kernel_array(request, named, read), array)
    if own_groups:
        groups = values["groups"] = own_groups
    bias = None if request.bias is None else read(request.bias)

    def make_layer(channels: int, kernel_size: tuple[int, ...]) -> Conv | ConvTranspose:
        equal = len(set(kernel_size)) == 1  # written as k3, not as k3x3
        size = kernel_size[0] if equal else kernel_size
        shape = {"out_channels": channels, "kernel_size": size, "bias": bias is not None}
        return layer_of({**values, **shape})

    flip = bool(request.flip)
    return kernel_work(
        array, kernel, bias, make_layer, settings, transposed=transposed, groups=groups, flip=flip
    )


def kernel_text(request: RunRequest) -> np.ndarray | None:
    """The kernel where it is a name or numbers, which need no file; None where it is a file.

    Raises:
        UsageError: a parameter is impossible, rows have different lengths, or options contradict.
    """
    if request.each_channel and request.groups:
        raise UsageError("--each-channel and --groups exclude each other: it makes its own groups")
    if request.each_channel and request.transposed:
        raise UsageError("--each-channel does not go with --transposed")
    text = request.kernel or ""
    return kernel_of_text(text) if is_kernel_text(text) else None


def read_kernel_array(
    request: RunRequest, named: np.ndarray | None, read: Callable[[str], np.ndarray]
) -> np.ndarray:
    """The kernel itself, from its text or its file.

    Raises:
        DataError: there is no such file, or it is no array.
    """
    if named is not None:
        return named
    text = request.kernel or ""
    hint = "" if os.path.lexists(text) else meant_kernel(text)
    try:
        return read(text)
    except DataError as error:
        raise DataError(f"{error}{hint}") from None


def for_channels(request: RunRequest, kernel: np.ndarray, array: np.ndarray) -> Kernel:
    """The kernel with its groups: those of --each-channel are the channels of the input.

    Raises:
        DataError: a kernel for each channel has channels itself.
    """
    if not request.each_channel:
        return Kernel(kernel, 0)
    dims = int(request.dims) if request.dims in ("1", "2", "3") else 2
    if kernel.ndim != dims:
        raise DataError(
            f"--each-channel takes a kernel of {dims} axes; the kernel is "
            f"{format_shape(kernel.shape)}"
        )
    if array.ndim <= dims:
        return Kernel(kernel, 0)
    last = printable(request.layout or "").endswith("c")
    channels = array.shape[-1] if last else array.shape[-dims - 1]
    each = kernel.reshape(1, 1, *kernel.shape).repeat(channels, axis=0)
    return Kernel(each, channels)
