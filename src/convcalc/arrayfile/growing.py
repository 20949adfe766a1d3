"""A `.npy` file that is filled piece by piece, and takes its name when it is complete."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING

import numpy as np

from convcalc.arrayfile.elements import Elements
from convcalc.arrayfile.header import Header
from convcalc.arrayfile.target import resolve
from convcalc.arrayfile.whole_file import failing, make_file, write_all
from convcalc.arrayfile.writing import header_bytes
from convcalc.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from convcalc.layers import Shape


def grow_array(
    path: str,
    shape: Shape,
    dtype: np.dtype,
    fill: Callable[[Elements], None],
    *,
    force: bool = True,
) -> None:
    """Writes a `.npy` file whose elements never are in memory all together.

    They are those of a temporary file beside the target; left by an error or an interrupt, it is
    taken away again and a file that was there is as it was.

    Args:
        path: The file, taken as it is.
        shape: Of the array.
        dtype: Of its elements.
        fill: Called with the elements, zeros in C order, to be written and read again.
        force: Whether a file that is there, or appears meanwhile, is replaced.

    Raises:
        UsageError: the name stands for a stream, which cannot grow.
        OutputError: the file cannot be written.
        ResourceError: there is no room on the disk.
    """
    target = resolve(path)
    if not target.is_file:
        raise UsageError(f"{target.label} is no file that could grow")
    head = header_bytes(np.broadcast_to(np.zeros((), dtype), (1, *shape))[0])
    header = Header(tuple(shape), fortran_order=False, dtype=dtype, offset=len(head))
    size = header.offset + header.nbytes

    def write(descriptor: int) -> None:
        os.ftruncate(descriptor, size)
        write_all(descriptor, memoryview(head))
        fill(Elements(io.FileIO(descriptor, "r+", closefd=False), header, target.label))

    with failing(target.label):
        make_file(target, size, write, force=force)
