"""The elements of an array in an open file, read and written part by part.

They are copied and never mapped: a mapped file that somebody truncates kills the process that
reads it, and its pages count as memory of the process. A copy that comes out short is an error.
"""

from __future__ import annotations

import os
from itertools import pairwise
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from convcalc.arrayfile.npy import normalised
from convcalc.arrayfile.source import READ_CHUNK
from convcalc.arrayfile.whole_file import write_all
from convcalc.arrayfile.wording import changed, unreadable

if TYPE_CHECKING:
    import io
    from collections.abc import Iterator, Sequence

    from convcalc.arrayfile.header import Header
    from convcalc.arrayfile.npy import Array

SCRATCH = 1 << 16
"""Bytes up to which elements that lie apart are read together with what is between them."""


class Elements:
    """An array in an open file.

    Attributes:
        shape: Of the array.
        dtype: Of its elements, in native byte order.
    """

    def __init__(self, stream: io.FileIO, header: Header, label: str) -> None:
        self.shape = header.shape
        self.dtype = header.dtype.newbyteorder("=")
        self._stream = stream
        self._header = header
        self._label = label
        self._limit = SCRATCH // header.dtype.itemsize
        self._steps = steps(header.shape, fortran=header.fortran_order)

    def read(self, index: tuple[slice, ...]) -> Array:
        """A copy of some elements, a slice per axis, in C order.

        Raises:
            DataError: They cannot be read, or are not there any more.
        """
        begin, sizes = self._box(index)
        out = np.empty(sizes, self._header.dtype)
        for part, steps, start in self._stretches(out, begin):
            self._read(part, steps, start)
        return normalised(out)

    def take(self, index: Sequence[Array]) -> Array:
        """Single elements, by an array of indices per axis; together these are broadcast.

        Raises:
            DataError: They cannot be read, or are not there any more.
        """
        places = sum(np.multiply(one, step) for one, step in zip(index, self._steps, strict=True))
        wanted, back = np.unique(np.ravel(places), return_inverse=True)
        values = np.empty(len(wanted), self._header.dtype)
        cuts = np.flatnonzero(np.diff(wanted // self._limit, prepend=-1, append=-1))
        for begin, end in pairwise(cuts):
            first = int(wanted[begin])
            near = np.empty(int(wanted[end - 1]) + 1 - first, values.dtype)
            self._fill(near, first)
            values[begin:end] = near[wanted[begin:end] - first]
        return normalised(values)[back].reshape(np.shape(places))

    def write(self, index: tuple[slice, ...], values: Array) -> None:
        """Writes some elements, a slice per axis.

        Raises:
            OSError: They cannot be written.
        """
        begin, sizes = self._box(index)
        whole = np.broadcast_to(np.asarray(values, self._header.dtype), sizes)
        for part, steps, start in self._stretches(whole, begin):
            self._write(part, steps, start)

    def _box(self, index: tuple[slice, ...]) -> tuple[int, tuple[int, ...]]:
        """Where the first element lies, and how many are wanted along each axis."""
        ranges = [range(n)[part] for part, n in zip(index, self.shape, strict=True)]
        begin = sum(one.start * step for one, step in zip(ranges, self._steps, strict=True))
        return begin, tuple(len(one) for one in ranges)

    def _stretches(self, out: Array, start: int) -> Iterator[tuple[Array, tuple[int, ...], int]]:
        """(part, its steps in the file, where it begins) of what is read or written at once."""
        if out.size:
            # In the order of the file, the slowest axis first.
            order = sorted(range(out.ndim), key=lambda axis: -self._steps[axis])
            steps = tuple(self._steps[axis] for axis in order)
            yield from stretches(out.transpose(order), steps, start, self._limit)

    def _read(self, part: Array, steps: tuple[int, ...], start: int) -> None:
        """Elements that lie in one stretch of the file."""
        if _is_whole(part, steps):
            self._fill(part.reshape(-1), start)
        else:
            part[...] = self._spread(part, steps, start)[1]

    def _write(self, part: Array, steps: tuple[int, ...], start: int) -> None:
        """The same; what lies between is written as it was."""
        flat = np.ascontiguousarray(part).reshape(-1)
        if span(part.shape, steps) > part.size:
            flat, spread = self._spread(part, steps, start)
            spread[...] = part
        os.lseek(self._stream.fileno(), self._position(start), os.SEEK_SET)
        write_all(self._stream.fileno(), flat.view(np.uint8).data)

    def _spread(self, part: Array, steps: tuple[int, ...], start: int) -> tuple[Array, Array]:
        """A stretch of the file, and those of its elements that a part is made of."""
        flat = np.empty(span(part.shape, steps), part.dtype)
        self._fill(flat, start)
        strides = tuple(step * part.itemsize for step in steps)
        return flat, np.ndarray(part.shape, part.dtype, flat.data, strides=strides)

    def _position(self, start: int) -> int:
        return self._header.offset + start * self._header.dtype.itemsize

    def _fill(self, flat: Array, start: int) -> None:
        """Elements one after the other, as they are in the file."""
        buffer = flat.view(np.uint8).data
        done = 0
        try:
            self._stream.seek(self._position(start))
            while done < len(buffer):
                count = self._stream.readinto(buffer[done : done + READ_CHUNK])
                if not count:
                    raise changed(self._label)  # it had them when it was opened
                done += count
        except OSError as error:
            raise unreadable(self._label, error) from None


def steps(shape: tuple[int, ...], *, fortran: bool) -> tuple[int, ...]:
    """How many elements of a file lie from each to the next along an axis."""
    if fortran:
        return tuple(prod(shape[:axis]) for axis in range(len(shape)))
    return tuple(prod(shape[axis + 1 :]) for axis in range(len(shape)))


def span(sizes: tuple[int, ...], steps: tuple[int, ...]) -> int:
    """Elements from the first to the last of a box, with those between."""
    return 1 + sum((size - 1) * step for size, step in zip(sizes, steps, strict=True))


def stretches(
    part: Array, steps: tuple[int, ...], start: int, limit: int
) -> Iterator[tuple[Array, tuple[int, ...], int]]:
    """A box cut into parts that lie side by side in the file, or span at most `limit` elements."""
    whole = span(part.shape, steps)
    if whole <= limit or _is_whole(part, steps):
        yield part, steps, start
        return
    inner = span(part.shape[1:], steps[1:])
    count = max(1, (limit - inner) // steps[0] + 1)
    for begin in range(0, len(part), count):
        place = start + begin * steps[0]
        if count > 1:
            yield from stretches(part[begin : begin + count], steps, place, limit)
        else:
            yield from stretches(part[begin, ...], steps[1:], place, limit)


def _is_whole(part: Array, steps: tuple[int, ...]) -> bool:
    """Whether a part lies in memory as it lies in the file, without gaps."""
    return part.flags.c_contiguous and span(part.shape, steps) == part.size
