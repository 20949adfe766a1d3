"""An array becomes a file: a whole one, or none.

The bytes go to a temporary file beside the target, are forced to the disk, and take the target's
name in one step. Whatever happens on the way, the old file is untouched; and because it is never
written into, an array may be saved over the very file that it is mapped from.
"""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from convcalc.arrayfile.target import resolve
from convcalc.arrayfile.whole_file import WRITE_CHUNK, failing, send, write_all
from convcalc.arrayfile.wording import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcalc.arrayfile.npy import Array
    from convcalc.arrayfile.target import Target


def write_array(path: str, array: Array, *, force: bool = True, label: str | None = None) -> None:
    """Write an array as `.npy`, format 1.0: the same array always gives the same bytes.

    A file is replaced as a whole, and keeps its mode; symbolic links are followed, hard links are
    not. Pipes, devices and standard output are written as they are, and may end half-written.

    Args:
        path: The file, taken as it is (no ending is added), or `-` for standard output.
        array: Booleans or numbers. The elements are written in C order, or in Fortran order where
            the array is contiguous in that order only.
        force: Whether a file that is there, or appears meanwhile, is replaced.
        label: The name for messages, where that is not the one of the file.

    Raises:
        OutputError: It cannot be written. A file that was there is as it was.
        ResourceError: There is no room on the disk, or no memory.
    """
    plain = np.asarray(array)
    if plain.dtype.kind not in "biufc" or plain.dtype.char in "gG":
        raise TypeError(f"an array of dtype {plain.dtype} cannot be written")
    target = resolve(path)
    if label is not None:
        target = replace(target, label=quoted(label))
    with failing(target.label):
        _deliver(target, plain, force)


def _deliver(target: Target, array: Array, force: bool) -> None:
    """Write an array in the way that its target needs."""
    size = len(header_bytes(array)) + array.nbytes
    send(target, size, lambda end: _write_npy(end, array), force)


def _write_npy(descriptor: int, array: Array) -> None:
    """Write the header and all elements."""
    write_all(descriptor, memoryview(header_bytes(array)))
    for piece in pieces(array):
        write_all(descriptor, piece.view(np.uint8).data)


def header_bytes(array: Array) -> bytes:
    """The first bytes of the file, up to the first element."""
    content = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        content,
        {
            "descr": array.dtype.str,
            "fortran_order": array.flags.f_contiguous and not array.flags.c_contiguous,
            "shape": array.shape,
        },
    )
    return content.getvalue()


def pieces(array: Array) -> Iterator[Array]:
    """The elements in the order of the file: the array itself, or one copied chunk after another.

    A piece is only valid until the next one is taken.
    """
    if array.flags.c_contiguous:
        yield array.reshape(-1)
    elif array.flags.f_contiguous:
        yield array.T.reshape(-1)
    else:
        chunks = np.nditer(
            array,
            flags=["external_loop", "buffered", "zerosize_ok"],
            order="C",
            buffersize=WRITE_CHUNK // array.itemsize,
        )
        for piece in chunks:
            yield np.ascontiguousarray(piece)
