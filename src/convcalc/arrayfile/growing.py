"""A `.npy` file that is filled piece by piece, and takes its name when it is complete."""

from __future__ import annotations

import mmap
import os
from typing import TYPE_CHECKING

import numpy as np

from convcalc.arrayfile.target import resolve
from convcalc.arrayfile.writing import failing, header_bytes, make_file
from convcalc.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from convcalc.arrayfile.npy import Array
    from convcalc.layers import Shape


def grow_array(
    path: str,
    shape: Shape,
    dtype: np.dtype,
    fill: Callable[[Array, Callable[[], None]], None],
    *,
    force: bool = True,
) -> None:
    """Writes a `.npy` file through a mapping: no more of it is in memory than `fill` works on.

    The elements are those of a temporary file beside the target; left by an error or an interrupt,
    it is taken away again and a file that was there is as it was.

    Args:
        path: The file, taken as it is.
        shape: Of the array.
        dtype: Of its elements.
        fill: Called with the array, zeros in C order, and with a function that hands what has been
            written so far to the system: it stays in the file and leaves this process.
        force: Whether a file that is there, or appears meanwhile, is replaced.

    Raises:
        UsageError: the name stands for a stream, which cannot grow.
        OutputError: the file cannot be written.
        ResourceError: there is no room on the disk.
    """
    target = resolve(path)
    if not target.is_file:
        raise UsageError(f"{target.label} is no file that could grow")
    header = header_bytes(np.broadcast_to(np.zeros((), dtype), (1, *shape))[0])
    count = int(np.prod(shape, dtype=object))
    size = len(header) + count * dtype.itemsize

    def write(descriptor: int) -> None:
        os.ftruncate(descriptor, size)
        mapped = mmap.mmap(descriptor, size)
        mapped[: len(header)] = header
        array = np.frombuffer(mapped, dtype, count, len(header)).reshape(shape)
        fill(array, lambda: mapped.madvise(mmap.MADV_DONTNEED))
        mapped.flush()

    with failing(target.label):
        make_file(target, size, write, force=force)


def release(array: Array) -> None:
    """Lets the pages of a file that an array is mapped from leave the memory of this process."""
    owner: object = array
    while isinstance(owner, np.ndarray):
        owner = owner.base
    if isinstance(owner, mmap.mmap):
        owner.madvise(mmap.MADV_DONTNEED)
