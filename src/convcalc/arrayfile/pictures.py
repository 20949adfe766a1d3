"""Pictures become arrays: PNG, JPEG and PPM, read by Pillow.

Colour is an axis of channels in front, (C, H, W); a grey picture is (H, W). Nothing is decoded
before its size, as the header says it, was held against the memory that is left. Pillow is imported
when a picture is read or written, here and in `picture_writing` alone.
"""

from __future__ import annotations

import contextlib
import io
import os
import struct
import warnings
import zlib
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np

from convcalc.arrayfile.source import open_file
from convcalc.arrayfile.wording import too_large
from convcalc.errors import DataError, UsageError, printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL.Image import Image as Picture

    from convcalc.arrayfile.npy import Array
    from convcalc.arrayfile.source import Source

ENDINGS = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".ppm": "PPM",
    ".pgm": "PPM",
    ".pnm": "PPM",
}
"""The format that a name ends with."""

OTHERS = (".avif", ".bmp", ".gif", ".heic", ".jp2", ".svg", ".tga", ".tif", ".tiff", ".webp")
"""Endings of pictures that are not read."""

READ = ("PNG", "JPEG", "PPM")
PLAIN = {"L", "LA", "RGB", "RGBA", "I;16", "I;16B", "I;16L", "I", "F"}
"""Modes whose numbers are taken as they are; palettes, bits and inks become grey or colour."""

SIGNS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"P1", b"P2", b"P3", b"P4", b"P5", b"P6")

BROKEN = (OSError, SyntaxError, ValueError, EOFError, IndexError, struct.error, zlib.error)
"""What Pillow raises for files that are damaged, of which it does not tell."""


def is_picture(path: str) -> bool:
    """Whether a name is that of a picture."""
    return os.path.splitext(path)[1].lower() in ENDINGS


def refuse_others(path: str) -> None:
    """Refuses a file that is named as a picture of a kind that is not read.

    Raises:
        DataError: It is, or it cannot be opened.
    """
    ending = os.path.splitext(path)[1].lower()
    if ending in OTHERS:
        source = open_file(path)
        source.stream.close()
        raise DataError(
            f"{source.label} is not read: of pictures PNG, JPEG and PPM are; save it as one of them"
        )


def read_picture(path: str, limit: int | None) -> Array:
    """The picture of a file: (H, W) if it is grey, else (C, H, W), turned as its EXIF tag says.

    Args:
        path: A file.
        limit: The bytes that reading may take; None is no limit.

    Raises:
        UsageError: Pillow is not installed.
        DataError: The file cannot be read, is none of the formats, or is damaged.
        ResourceError: It needs more memory than the limit.
    """
    from convcalc.arrayfile.deep_pictures import read_deep

    check_installed()
    source = open_file(path)
    with source.stream:
        data = _content(source, limit)
        source.check()
    if not data.startswith(SIGNS):
        raise DataError(f"{source.label} is no picture in PNG, JPEG or PPM, which can be read")
    try:
        found = read_deep(data, source.label, limit)
        return _decoded(data, source.label, limit) if found is None else found
    except BROKEN as error:
        raise DataError(
            f"{source.label} is a damaged picture: {printable(str(error), 100)}; "
            "it was cut off, or is no PNG, JPEG or PPM as others write it"
        ) from None
    except MemoryError:
        raise too_large(source.label, len(data), limit) from None


def picture_levels(path: str) -> int:
    """The largest value that a picture of its kind can hold: 255, or 65,535 where it has 16 bits.

    Raises:
        DataError: As `read_picture`.
    """
    source = open_file(path)
    with source.stream:
        head = source.take(4096)
    if head.startswith(b"\x89PNG"):
        return 65535 if head[24:25] == b"\x10" else 255
    if not head.startswith((b"P2", b"P3", b"P5", b"P6")):
        return 255
    from convcalc.arrayfile.deep_pictures import ppm_header

    try:
        return 65535 if ppm_header(head)[2] > 255 else 255
    except ValueError:
        return 255


def check_installed() -> None:
    """Whether pictures can be read and written.

    Raises:
        UsageError: Pillow is not installed.
    """
    if find_spec("PIL") is None:
        raise UsageError("pictures need Pillow; pip install 'convcalc[image]' brings it")


def _content(source: Source, limit: int | None) -> bytes:
    """The whole file, which is compressed and much smaller than what it becomes."""
    if limit is not None and source.size > limit:
        raise too_large(source.label, source.size, limit)
    return source.take(source.size)


def _decoded(data: bytes, label: str, limit: int | None) -> Array:
    from PIL import ImageOps

    with _opened(data) as picture:
        _check_size(picture, label, limit)
        picture.load()
        turned = ImageOps.exif_transpose(picture)
        pixels = np.asarray(turned if turned.mode in PLAIN else _plain(turned))
    if pixels.dtype == np.int32 and pixels.max(initial=0) <= 65535 and pixels.min(initial=0) >= 0:
        pixels = pixels.astype(np.uint16)  # what Pillow makes of 16 bits of a PPM
    pixels = pixels.astype(pixels.dtype.newbyteorder("="), copy=False)
    return np.ascontiguousarray(pixels if pixels.ndim == 2 else np.moveaxis(pixels, -1, 0))


def _plain(picture: Picture) -> Picture:
    """A picture of a palette, of bits or of inks as grey or colour."""
    if picture.mode == "1":
        return picture.convert("L")
    transparent = picture.mode in ("PA", "La", "RGBa") or "transparency" in picture.info
    return picture.convert("RGBA" if transparent else "RGB")


@contextlib.contextmanager
def _opened(data: bytes) -> Iterator[Picture]:
    """The picture, its header read. How large one may be is our own question, put to the memory."""
    from PIL import Image

    most = Image.MAX_IMAGE_PIXELS
    Image.MAX_IMAGE_PIXELS = None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of odd tags
            with Image.open(io.BytesIO(data), formats=READ) as picture:
                yield picture
    finally:
        Image.MAX_IMAGE_PIXELS = most


def _check_size(picture: Picture, label: str, limit: int | None) -> None:
    """Whether there is memory for the picture twice as Pillow holds it, and as an array.

    Raises:
        ResourceError: There is not.
    """
    width, height = picture.size
    needed = width * height * (2 * 4 + 2 * max(4, len(picture.getbands())))
    if limit is not None and needed > limit:
        raise too_large(f"{label}, a picture of {width} x {height},", needed, limit)
