"""What an ONNX file says of itself: the fields of its model, whose graph is passed over.

The fields: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto, message ModelProto.
"""

from __future__ import annotations

import os
import re
from importlib.util import find_spec
from typing import IO, TypeAlias

from convcalc.errors import UsageError, printable
from convcalc.importers.files.file_kinds import SIGN_BYTES, WITHOUT_SIGN
from convcalc.opening import open_regular

IR_VERSION, PRODUCER, PRODUCER_VERSION, GRAPH, OPSET = 1, 2, 3, 7, 8
NUMBERS = (IR_VERSION, 5)
LISTS = (PRODUCER, PRODUCER_VERSION, 4, 6, GRAPH, OPSET, 14, 20, 25, 26)
"""Fields of a model that are numbers, and those that are bytes with their length before them."""

MAX_FIELDS = 10_000
MAX_TEXT = 60

_OWN_OPSET = re.compile(rb"(?:\n\0|\n\x07ai\.onnx)?\x10([\0-\x7f])")
"""The version of ONNX's own operations, and not of another domain's."""


_Fields: TypeAlias = dict[int, bytes | int]


class _CutShortError(Exception):
    """A field goes beyond the end of the file."""


def check_installed() -> None:
    """Onnx has to be there.

    Raises:
        UsageError: it is not.
    """
    if find_spec("onnx") is None:
        raise UsageError("an ONNX model needs onnx; pip install 'convcalc[onnx]' brings it")


def is_onnx(path: str) -> bool:
    """Whether a file is an ONNX model, by its content."""
    if not os.path.isfile(path):
        return False
    ending = os.path.splitext(path)[1].lower()
    if ending != ".onnx" and (ending in WITHOUT_SIGN or not _begins_as_one(path)):
        return False
    return onnx_told(path) is not None


def _begins_as_one(path: str) -> bool:
    """Whether the first field of a file is a number, as an ONNX model's version is."""
    try:
        with open(open_regular(path, path), "rb") as file:
            return file.read(SIGN_BYTES).startswith(b"\x08")
    except OSError:
        return False


def onnx_told(path: str) -> str | None:
    """The versions and the maker of an ONNX model in brackets, or that it is cut short.

    None means that the file is no ONNX model. Its first MAX_FIELDS fields are looked at.
    """
    found: _Fields = {}
    try:
        with open(path, "rb") as file:
            known = _read_fields(file, os.fstat(file.fileno()).st_size, found)
    except _CutShortError:
        return " that is cut short" if IR_VERSION in found and len(found) > 1 else None
    except OSError:
        return None
    return _versions(found) if known and {IR_VERSION, GRAPH} <= set(found) else None


def _read_fields(file: IO[bytes], size: int, found: _Fields) -> bool:
    """The fields by their numbers; False where one is there that no model has."""
    for _ in range(MAX_FIELDS):
        if file.tell() == size:
            break
        number, wire = divmod(_varint(file), 8)
        if wire == 0 and number in NUMBERS:
            found[number] = _varint(file)
        elif wire == 2 and number in LISTS:
            length = _varint(file)
            end = file.tell() + length
            text = b"" if number == GRAPH else file.read(min(length, MAX_TEXT))
            if number != OPSET or _OWN_OPSET.fullmatch(text):
                found[number] = text
            if end > size:
                raise _CutShortError
            file.seek(end)
        else:
            return False
    return True


def _varint(file: IO[bytes]) -> int:
    """A number of seven bits a byte, the lowest first; at most 64 bits."""
    value = 0
    for shift in range(0, 70, 7):
        byte = file.read(1)
        if not byte:
            raise _CutShortError
        value |= (byte[0] & 0x7F) << shift
        if byte[0] < 0x80:
            break
    return value


def _versions(found: _Fields) -> str:
    told = [f"IR {found[IR_VERSION]!r}"]
    opset = found.get(OPSET)
    if isinstance(opset, bytes):
        told.append(f"opset {opset[-1]}")
    maker = b" ".join(
        text
        for number in (PRODUCER, PRODUCER_VERSION)
        if isinstance(text := found.get(number), bytes) and text
    )
    if maker:
        told.append(f"by {printable(maker.decode('utf-8', 'replace'), MAX_TEXT)}")
    return f" ({', '.join(told)})"
