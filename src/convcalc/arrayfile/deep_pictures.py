"""Colour of 16 bits, which Pillow would cut to 8: PNG and PPM read, PNG written.

Source: W3C, "Portable Network Graphics (PNG) Specification (Second Edition)", sections 5, 9 and 11;
Netpbm, "PPM Format Specification".
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

import numpy as np

from convcalc.arrayfile.wording import too_large

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcalc.arrayfile.npy import Array

SIGN = b"\x89PNG\r\n\x1a\n"
CHANNELS = {2: 3, 4: 2, 6: 4}
"""Channels of the colour types of PNG that are no grey and no palette."""

COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}
"""Colour types by channels, for writing."""


def read_deep(data: bytes, label: str, limit: int | None) -> Array | None:
    """The (C, H, W) of a picture in colour of 16 bits; None for any other.

    Raises:
        ValueError: It is damaged, or is sent in seven passes.
        ResourceError: It needs more memory than the limit.
    """
    if data.startswith(SIGN):
        return _read_png(data, label, limit)
    if data.startswith(b"P6"):
        return _read_ppm(data, label, limit)
    return None


def _read_png(data: bytes, label: str, limit: int | None) -> Array | None:
    chunks = _chunks(data)
    name, header = next(chunks)
    if name != b"IHDR" or len(header) != 13:
        raise ValueError("it does not begin with a header")
    width, height, bits, colours, _, _, passes = struct.unpack(">IIBBBBB", header)
    channels = CHANNELS.get(colours)
    if bits != 16 or channels is None:
        return None
    if passes:
        raise ValueError("colour of 16 bits in seven passes is not read; save it without Adam7")
    row = 2 * channels * width
    _check(label, 5 * height * row, limit)
    packed = b"".join(content for name, content in chunks if name == b"IDAT")
    lines = zlib.decompressobj().decompress(packed, height * (row + 1))
    if len(lines) != height * (row + 1):
        raise ValueError("its rows end too early")
    rows = np.frombuffer(lines, np.uint8).reshape(height, row + 1)
    pixels = _unfiltered(rows[:, 0], rows[:, 1:].reshape(height, width, 2 * channels))
    deep = pixels.reshape(height, width, channels, 2)
    values = deep[..., 0].astype(np.uint16) << 8 | deep[..., 1]
    return np.ascontiguousarray(np.moveaxis(values, -1, 0))


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The names and contents of the parts of a PNG, up to its end."""
    place = len(SIGN)
    while place + 8 <= len(data):
        length, name = struct.unpack(">I4s", data[place : place + 8])
        content = data[place + 8 : place + 8 + length]
        if len(content) < length:
            raise ValueError("it is cut off")
        yield name, content
        if name == b"IEND":
            return
        place += length + 12
    raise ValueError("it is cut off")


def _unfiltered(filters: Array, raw: Array) -> Array:
    """The bytes of the pixels, from what was written of each row (section 9 of the specification).

    A pixel is predicted from its left, upper and upper left neighbours, so that all pixels of an
    antidiagonal can be found at once.
    """
    height, width, size = raw.shape
    if filters.max(initial=0) > 4:
        raise ValueError("a row has an unknown filter")
    found = np.zeros((height + 1, width + 1, size), np.int16)  # a row and a column of zeros first
    for diagonal in range(height + width - 1):
        rows = np.arange(max(0, diagonal - width + 1), min(height, diagonal + 1))
        columns = diagonal - rows
        left, above = found[rows + 1, columns], found[rows, columns + 1]
        corner = found[rows, columns]
        kinds = [(filters[rows] == kind)[:, None] for kind in range(1, 5)]
        predicted = np.select(
            kinds, [left, above, (left + above) // 2, _paeth(left, above, corner)], 0
        )
        found[rows + 1, columns + 1] = (raw[rows, columns] + predicted) & 255
    return found[1:, 1:].astype(np.uint8)


def _paeth(left: Array, above: Array, corner: Array) -> Array:
    """The neighbour that is nearest to left + above - corner; of equals in this order."""
    to_left, to_above = abs(above - corner), abs(left - corner)
    to_corner = abs(left + above - 2 * corner)
    is_left = (to_left <= to_above) & (to_left <= to_corner)
    return np.where(is_left, left, np.where(to_above <= to_corner, above, corner))


def _read_ppm(data: bytes, label: str, limit: int | None) -> Array | None:
    """A raw PPM of more than 8 bits: the high byte of each value comes first."""
    width, height, largest, place = ppm_header(data)
    if not 255 < largest < 65536:
        return None
    _check(label, 4 * 3 * width * height, limit)
    pixels = data[place + 1 : place + 1 + 6 * width * height]
    if len(pixels) != 6 * width * height or not pixels:
        raise ValueError("it is cut off")
    values = np.frombuffer(pixels, ">u2").reshape(height, width, 3).astype(np.uint16)
    return np.ascontiguousarray(np.moveaxis(values, -1, 0))


def ppm_header(data: bytes) -> tuple[int, int, int, int]:
    """Width, height and the largest value of a PPM or PGM, and where its header ends.

    Raises:
        ValueError: a number is missing.
    """
    numbers: list[int] = []
    place = 2
    while len(numbers) < 3:
        word, place = _word(data, place)
        numbers.append(int(word))
    return numbers[0], numbers[1], numbers[2], place


def _word(data: bytes, place: int) -> tuple[bytes, int]:
    """The next word of a header behind blanks and comments, and where it ends."""
    while data[place : place + 1].isspace() or data[place : place + 1] == b"#":
        end = data.find(b"\n", place) if data[place : place + 1] == b"#" else place
        place = (end if end >= 0 else len(data)) + 1
    start = place
    while data[place : place + 1].isdigit() and place - start < 10:
        place += 1
    return data[start:place], place


def _check(label: str, needed: int, limit: int | None) -> None:
    if limit is not None and needed > limit:
        raise too_large(label, needed, limit)


def deep_png(planes: Array) -> bytes:
    """The bytes of a PNG of 16 bits, of (C, H, W) with 1 to 4 channels."""
    channels, height, width = planes.shape
    pixels = np.moveaxis(planes, 0, -1).astype(">u2").reshape(height, width * channels)
    rows = np.zeros((height, 1 + 2 * channels * width), np.uint8)  # filter 0: as they are
    rows[:, 1:] = pixels.view(np.uint8)
    header = struct.pack(">IIBBBBB", width, height, 16, COLOUR_TYPES[channels], 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes(), 6)), (b"IEND", b""))
    return SIGN + b"".join(_chunk(name, content) for name, content in parts)


def _chunk(name: bytes, content: bytes) -> bytes:
    check = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", check)
