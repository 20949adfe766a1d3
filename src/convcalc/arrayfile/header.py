"""What the first bytes of a `.npy` file declare, checked before anything is believed."""

from __future__ import annotations

import codecs
import io
import math
import re
import struct
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from convcalc.errors import DataError, printable

if TYPE_CHECKING:
    from convcalc.arrayfile.source import Source

MAGIC = b"\x93NUMPY"
HEAD_SIZE = 12
"""Bytes that tell the type of a file, and cover the fixed part of every version of the header."""

MAX_HEADER = 10_000
MAX_LINES = 100
"""Lines of a header: NumPy copies a string of many lines again for each of them."""

MAX_DIMENSIONS = 32
MAX_BYTES = 2**63
VERSIONS = {(1, 0): 2, (2, 0): 4, (3, 0): 4}
"""Each version of the format, and how many bytes hold the length of its header."""

_SAVE = "save the array with numpy.save"
_FOREIGN = (
    (b"PK\x03\x04", "a zip archive", "name one of its arrays as FILE.npz:NAME"),
    (b"PK\x05\x06", "an empty zip archive", _SAVE),
    (b"\x1f\x8b", "gzip-compressed", "unpack it first"),
    (b"\x80\x02", "a pickle", _SAVE),
    (b"\x80\x03", "a pickle", _SAVE),
    (b"\x80\x04", "a pickle", _SAVE),
    (b"\x80\x05", "a pickle", _SAVE),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file", _SAVE),
    (b"\x89PNG\r\n\x1a\n", "a PNG image", "decode it and " + _SAVE),
    (b"\xff\xd8\xff", "a JPEG image", "decode it and " + _SAVE),
    (b"GIF8", "a GIF image", "decode it and " + _SAVE),
    (b"MATLAB 5.0", "a MATLAB file", _SAVE),
    (b"\xc2\x93NUMPY", "a .npy array damaged by a conversion of text", "copy it as binary"),
    (codecs.BOM_UTF8, "text", _SAVE),
    (codecs.BOM_UTF16_LE, "text", _SAVE),
    (codecs.BOM_UTF16_BE, "text", _SAVE),
)
_NOT_NUMBERS = {
    "O": "Python objects",
    "S": "byte strings",
    "U": "text",
    "T": "text",
    "M": "dates",
    "m": "time spans",
    "V": "raw bytes",
}


@dataclass(frozen=True)
class Header:
    """The layout of an array: what its elements are, and at which byte (`offset`) they begin."""

    shape: tuple[int, ...]
    fortran_order: bool
    dtype: np.dtype[np.generic]
    offset: int

    @property
    def count(self) -> int:
        """The number of elements."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """The bytes of all elements."""
        return self.count * self.dtype.itemsize


def read_header(source: Source) -> Header:
    """Read the header, check all of it, and leave the source at the first element.

    Raises:
        DataError: This is no `.npy`, or one that holds something else than exactly one array of
            numbers.
    """
    head = source.take(HEAD_SIZE)
    if head[: len(MAGIC)] != MAGIC[: max(1, len(head))]:
        raise foreign(source.label, head, "a .npy array")
    start, length = _extent(source, head)
    rest = source.take(max(0, start + length - len(head)))
    shape, fortran_order, dtype = _parsed(source.label, (head[start:] + rest)[:length])
    _check_dtype(source.label, dtype)
    check_shape(source.label, shape, dtype.itemsize)
    header = Header(shape, fortran_order, dtype, start + length)
    _check_size(source, header)
    return header


def foreign(label: str, head: bytes, expected: str) -> DataError:
    """The refusal of a file that is something else than `expected`, by its real name."""
    kind, hint = "of an unknown type", _SAVE
    if not head:
        kind = "empty"
    elif head.startswith(MAGIC):
        kind, hint = "a .npy array", "give its name the ending .npy"
    elif known := [(name, advice) for magic, name, advice in _FOREIGN if head.startswith(magic)]:
        kind, hint = known[0]
    elif is_text(head):
        kind = "text"
    return DataError(f"{label} is {kind}, expected {expected}; {hint}")


def is_text(head: bytes) -> bool:
    """Whether these bytes could begin a text in UTF-8; a character cut off at the end counts."""
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return all(c.isprintable() or c.isspace() for c in text)


def _extent(source: Source, head: bytes) -> tuple[int, int]:
    """Where the text of the header starts, and its length, from the fixed first bytes."""
    if len(head) < len(MAGIC) + 2:
        raise _cut(source)
    version = (head[6], head[7])
    if version not in VERSIONS:
        raise DataError(
            f"{source.label} has version {version[0]}.{version[1]} of the .npy format, "
            "expected 1.0, 2.0 or 3.0"
        )
    start = len(MAGIC) + 2 + VERSIONS[version]
    length = int.from_bytes(head[len(MAGIC) + 2 : start], "little")
    if length > MAX_HEADER:
        raise DataError(
            f"{source.label} has a header of {length:,} bytes, expected at most {MAX_HEADER:,}"
        )
    if start + length > source.size:
        raise _cut(source)
    return start, length


_LONG_DOUBLE = re.compile(rb"'descr': '[<>=]?(?:(?=f12|f16|c24|c32)([fc])(\d\d))'")


def _cut(source: Source) -> DataError:
    return DataError(
        f"{source.label} is truncated inside its header, at byte {source.size:,}; copy it again"
    )


def _parsed(label: str, text: bytes) -> tuple[tuple[int, ...], bool, np.dtype[np.generic]]:
    """The shape, the order and the dtype, from the text of the header.

    The text of versions 1.0 and 3.0 is read as version 2.0: the three differ in the width of the
    length, and in an encoding that only matters for the names of record fields.
    """
    if text.count(b"\n") > MAX_LINES:
        raise DataError(f"{label} has a header of more than {MAX_LINES} lines; {_SAVE} again")
    stream = io.BytesIO(struct.pack("<I", len(text)) + text)
    try:
        with warnings.catch_warnings():
            # A header by Python 2 is repaired with a warning; the array is none the worse for it.
            warnings.simplefilter("ignore")
            return np.lib.format.read_array_header_2_0(stream)
    except Exception as error:
        # The parser has a dozen ways to fail (SyntaxError, RecursionError, TokenError, ...).
        if found := _LONG_DOUBLE.search(text):  # of another machine: this one has none
            kind, size = found[1].decode(), int(found[2])
            name = f"{'float' if kind == 'f' else 'complex'}{8 * size}"
            raise _holds_long_doubles(label, f"dtype {name}", kind) from None
        cause = printable(str(error), 100) or type(error).__name__
        raise DataError(f"{label} has an invalid header: {cause}; {_SAVE} again") from None


def _check_dtype(label: str, dtype: np.dtype[np.generic]) -> None:
    """Accept booleans, integers, floats and complex numbers that every machine shares."""
    if dtype.kind in "biufc" and dtype.char not in "gG":
        return
    shown = f"dtype {printable(str(dtype), 80)}"
    if dtype.kind not in "biufc":
        raise DataError(
            f"{label} holds {_contents(dtype)} ({shown}), expected numbers{_bfloat16_hint(dtype)}"
        )
    raise _holds_long_doubles(label, shown, dtype.kind)


def _holds_long_doubles(label: str, shown: str, kind: str) -> DataError:
    plain = "float64" if kind == "f" else "complex128"
    return DataError(
        f"{label} holds long doubles ({shown}), which differ between machines; save it as {plain}"
    )


def _contents(dtype: np.dtype[np.generic]) -> str:
    """What a dtype that is no number holds, in words."""
    if dtype.fields is not None:
        return "records"
    return "nested arrays" if dtype.subdtype else _NOT_NUMBERS.get(dtype.kind, "something else")


def _bfloat16_hint(dtype: np.dtype[np.generic]) -> str:
    """NumPy has no bfloat16: it saves two raw bytes for each element and forgets what they were."""
    if dtype.kind == "V" and dtype.itemsize == 2 and dtype.fields is None:
        return "; if it is bfloat16, save it as float32"
    return "; convert it before saving"


def check_shape(label: str, shape: tuple[int, ...], itemsize: int) -> None:
    """Refuse what is no shape, and every shape whose arithmetic would overflow.

    Sizes of 0 count as 1 here: NumPy refuses (0, 10**12, 10**12) too, but only later.
    """
    if any(type(n) is not int for n in shape):
        raise DataError(f"{label} declares the shape {shape}, expected whole numbers")
    if len(shape) > MAX_DIMENSIONS:
        raise DataError(f"{label} has {len(shape)} dimensions, expected at most {MAX_DIMENSIONS}")
    # Before any number is shown: the digits of a huge one are refused by Python itself.
    if any(abs(n) >= MAX_BYTES for n in shape):
        raise DataError(f"{label} declares a dimension beyond 2^63, more than any array has")
    if any(n < 0 for n in shape):
        shown = printable(str(shape))
        raise DataError(f"{label} declares the shape {shown}, expected sizes of at least 0")
    if math.prod(max(1, n) for n in shape) * itemsize >= MAX_BYTES:
        shown = printable(str(shape))
        raise DataError(f"{label} declares the shape {shown}, 2^63 bytes or more")


def _check_size(source: Source, header: Header) -> None:
    """Refuse a file that has fewer or more bytes than its shape needs."""
    found = source.size - header.offset
    if found == header.nbytes:
        return
    shown = f"shape {printable(str(header.shape))} of {header.dtype}"
    if found < header.nbytes:
        raise DataError(
            f"{source.label} is truncated: {shown} needs {header.nbytes:,} bytes, "
            f"found {found:,}; copy it again"
        )
    raise DataError(
        f"{source.label} has {found - header.nbytes:,} bytes after the array: "
        f"{shown} needs {header.nbytes:,}, found {found:,}; copy it again as binary"
    )
