"""The bytes of an ONNX file without its large arrays, which are passed over and never read.

A protocol buffer is a list of fields: a number with the kind of its value, then the value; those
of texts, arrays and messages begin with their length. Whoever knows which fields are messages can
go to any of them and copy the rest. Everything shorter than `MAX_COPIED` is copied as it is.

The fields: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.
"""

from __future__ import annotations

import os
from math import prod
from typing import IO, NamedTuple, TypeAlias

from convcalc.arrayfile.wording import quoted, unreadable
from convcalc.errors import DataError, printable
from convcalc.opening import open_regular

MAX_COPIED = 16_384
"""The longest array that is copied, in bytes: 1,024 numbers of any type fit."""

MAX_LIGHT = 2**28
"""Bytes that may be left of a file without its large arrays."""

MAX_FIELDS = 5_000_000
MAX_DEPTH = 60
"""Fields of one file, and messages within each other; a protocol buffer allows 100."""

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5

_Messages: TypeAlias = dict[str, dict[int, str]]
MESSAGES: _Messages = {
    "model": {7: "graph", 25: "function"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
}
"""The fields that are messages in which arrays may be."""

LEFT_OUT = {"model": {6, 20}, "graph": {10}, "node": {6}, "tensor": {12}, "attribute": {13}}
"""Texts for readers, and how a model was trained."""

DIMS, ELEMENT_TYPE, NAME = 1, 2, 8
NUMBERS = {4: 4, 10: 8, 9: 0, 5: 0, 7: 0, 11: 0, 6: 0}
"""The fields of a tensor's elements; bytes of one where all are alike."""

WHOLE_NUMBERS = (5, 7, 11)
_ALL_HIGH = bytes(range(128, 256))

BITS = {
    **dict.fromkeys((1, 6, 12), 32),
    **dict.fromkeys((2, 3, 9, 17, 18, 19, 20, 24), 8),
    **dict.fromkeys((4, 5, 10, 16), 16),
    **dict.fromkeys((7, 11, 13, 14), 64),
    15: 128,
    **dict.fromkeys((21, 22, 23), 4),
    **dict.fromkeys((25, 26), 2),
}
"""The bits of an element of each type."""


class _Tensor(NamedTuple):
    """What a tensor says of itself, and how many elements of it were passed over."""

    dims: list[int]
    numbers: dict[int, int]
    left: list[tuple[int, int]]
    name: bytes


def light_bytes(path: str) -> bytes:
    """The model of a file without its large arrays.

    Raises:
        DataError: it is cut short, no protocol buffer, or an array has not the size that it says.
    """
    label = quoted(path)
    try:
        with open(open_regular(path, label), "rb", buffering=65_536) as file:
            size = os.fstat(file.fileno()).st_size
            if not size:
                raise DataError(f"{label} is empty, no ONNX model")
            return _Walk(file, label, size).message("model", size, 0)
    except OSError as error:
        raise unreadable(label, error) from None


class _Walk:
    """One way through a file."""

    def __init__(self, file: IO[bytes], label: str, size: int) -> None:
        self.file, self.label, self.size = file, label, size
        self.fields = 0
        self.kept = 0

    def message(self, kind: str, end: int, depth: int) -> bytes:
        """The message that ends at `end`, without what is left out of it."""
        if depth > MAX_DEPTH:
            raise self.refusal(f"has more than {MAX_DEPTH} messages within each other")
        inner, left_out = MESSAGES.get(kind, {}), LEFT_OUT.get(kind, set())
        parts: list[bytes] = []
        while self.file.tell() < end:
            number, wire, length = self.field(end)
            stop = self.file.tell() + length
            if wire == BYTES and number in inner and length > MAX_COPIED:
                if inner[number] == "tensor":
                    content = self.tensor(stop)
                else:
                    content = self.message(inner[number], stop, depth + 1)
            elif wire == BYTES and number in left_out:
                content = b""
            else:
                content = self.copied(length)
            self.file.seek(stop)
            parts.append(_field(number, wire, content))
        return b"".join(parts)

    def tensor(self, end: int) -> bytes:
        """A tensor without its elements, where they are many."""
        parts: list[bytes] = []
        found = _Tensor([], {}, [], b"")
        name = b""
        while self.file.tell() < end:
            number, wire, length = self.field(end)
            stop = self.file.tell() + length
            if number in NUMBERS and wire == BYTES and length > MAX_COPIED:
                found.left.append((number, self.elements(number, length)))
                self.file.seek(stop)
                continue
            content = b"" if number in LEFT_OUT["tensor"] else self.copied(length)
            self.file.seek(stop)
            parts.append(_field(number, wire, content))
            if number == DIMS:
                found.dims.extend(_varints(content))
            elif number == ELEMENT_TYPE and wire == VARINT:
                found.numbers[number] = next(iter(_varints(content)), 0)
            elif number == NAME:
                name = content
        self.check(found._replace(name=name))
        return b"".join(parts)

    def elements(self, number: int, length: int) -> int:
        """How many elements a field holds; bytes of those that have no size of their own."""
        if number not in WHOLE_NUMBERS:
            return length // (NUMBERS[number] or 1)
        count = 0
        while length:
            piece = self.file.read(min(length, 65_536))
            length -= len(piece)
            count += len(piece.translate(None, _ALL_HIGH))  # the last byte of each number is low
        return count

    def check(self, tensor: _Tensor) -> None:
        """A tensor whose elements were passed over has as many as its dims say.

        Raises:
            DataError: it has not.
        """
        bits = BITS.get(tensor.numbers.get(ELEMENT_TYPE, 0))
        for number, count in tensor.left:
            if number == 6 or bits is None:
                continue
            wanted = prod(tensor.dims)
            if number == 9:
                wanted = -(-wanted * bits // 8)
            elif bits < 8 or tensor.numbers.get(ELEMENT_TYPE) in (14, 15):
                continue  # several in one number, or two numbers in one
            if count != wanted:
                shown = printable(tensor.name.decode("utf-8", "replace"), 60)
                dims = "x".join(map(str, tensor.dims)) or "one element"
                unit = "bytes" if number == 9 else "elements"
                raise self.refusal(
                    f"has '{shown}' of {dims} with {count:,} {unit}, expected {wanted:,}"
                )

    def field(self, end: int) -> tuple[int, int, int]:
        """The number, kind and length in bytes of the next field, which its value follows."""
        self.fields += 1
        if self.fields > MAX_FIELDS:
            raise self.refusal(f"has more than {MAX_FIELDS:,} fields")
        number, wire = divmod(self.varint(), 8)
        if wire == BYTES:
            length = self.varint()
        elif wire == VARINT:
            before = self.file.tell()
            self.varint()
            length = self.file.tell() - before
            self.file.seek(before)
        elif wire in (FIXED64, FIXED32):
            length = 8 if wire == FIXED64 else 4
        else:
            raise self.refusal("is no ONNX model, or damaged")
        if not number or self.file.tell() + length > end:
            short = self.file.tell() + length > self.size
            raise self.refusal("is cut short" if short else "is no ONNX model, or damaged")
        return number, wire, length

    def copied(self, length: int) -> bytes:
        """The next bytes, counted with all that is kept."""
        self.kept += length
        if self.kept > MAX_LIGHT:
            raise self.refusal(f"has more than {MAX_LIGHT:,} bytes beside its large arrays")
        return self.file.read(length)

    def varint(self) -> int:
        """A number of seven bits a byte, the lowest first."""
        value = 0
        for shift in range(0, 70, 7):
            byte = self.file.read(1)
            if not byte:
                raise self.refusal("is cut short")
            value |= (byte[0] & 0x7F) << shift
            if byte[0] < 0x80:
                return value
        raise self.refusal("is no ONNX model, or damaged")

    def refusal(self, what: str) -> DataError:
        """The error that says what is wrong with the file."""
        return DataError(f"{self.label} {what}")


def _varints(content: bytes) -> list[int]:
    """The numbers of a field: one, or several in a row."""
    found, value, shift = [], 0, 0
    for byte in content:
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            found.append(value)
            value = shift = 0
    return found


def _field(number: int, wire: int, content: bytes) -> bytes:
    head = _written(number * 8 + wire)
    return head + _written(len(content)) + content if wire == BYTES else head + content


def _written(value: int) -> bytes:
    """A number of seven bits a byte."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
