"""The kernel of a run: a file, a name or numbers, for all channels or for each by itself."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from convcalc.errors import DataError, UsageError, printable
from convcalc.execute.arrays.named_kernels import is_kernel_text, kernel_of_text, meant_kernel
from convcalc.layers.base import format_shape

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from convcalc.cli.commands.run.request import RunRequest


class Kernel(NamedTuple):
    """A kernel, and the groups that it is for."""

    array: np.ndarray
    groups: int


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
