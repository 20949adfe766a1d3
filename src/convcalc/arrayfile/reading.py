"""The name that a user typed becomes an array."""

from __future__ import annotations

import numpy as np

from convcalc.arrayfile.archive import read_member
from convcalc.arrayfile.header import read_header
from convcalc.arrayfile.member_names import ARCHIVE, split_member
from convcalc.arrayfile.memory import available_memory
from convcalc.arrayfile.npy import Array, load
from convcalc.arrayfile.pictures import is_picture, read_picture, refuse_others
from convcalc.arrayfile.source import open_file, standard_input
from convcalc.arrayfile.wording import unreadable


def read_array(path: str, *, memory_limit: int | None = None) -> Array:
    """The array that a name stands for, in native byte order and its own memory order.

    Booleans, complex numbers, scalars and arrays without elements are read like all others: which
    of them make sense is for the caller to say.

    Args:
        path: `-` for standard input, a `.npy` file, `FILE.npz:MEMBER`, a `.npz` file with one
            member, or a picture in PNG, JPEG or PPM.
        memory_limit: The bytes that the array may take; what is available by default.

    Raises:
        UsageError: Standard input is asked for and is a terminal.
        DataError: The input cannot be read, or is not exactly one array of numbers.
        ResourceError: The array needs more than the memory limit.
    """
    limit = available_memory() if memory_limit is None else memory_limit
    if path == "-":
        return load(standard_input(limit), limit)
    if is_picture(path):
        return read_picture(path, limit)
    refuse_others(path)
    file, member = split_member(path)
    if member is not None or file.lower().endswith(ARCHIVE):
        return read_member(file, member, limit)
    source = open_file(file)
    with source.stream:
        array = load(source, limit)
        source.check()
    return array


def read_placeholder(path: str) -> Array:
    """An array of the shape and dtype of a `.npy` file that takes no memory: all elements are 1.

    Only the header of a file is read; whatever is not a plain `.npy` file is read as a whole.

    Raises:
        DataError: As `read_array`.
    """
    if is_stream_or_archive(path):
        return read_array(path)
    source = open_file(path)
    with source.stream:
        try:
            header = read_header(source)
        except OSError as error:
            raise unreadable(source.label, error) from None
    return np.broadcast_to(np.ones((), header.dtype.newbyteorder("=")), header.shape)


def is_stream_or_archive(path: str) -> bool:
    """Whether a name is of something that can only be read as a whole."""
    file, member = split_member(path)
    packed = member is not None or file.lower().endswith(ARCHIVE)
    return path == "-" or packed or is_picture(path)
