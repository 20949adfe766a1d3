"""Files given as a network that are something else are told what they are, each in one line.

The content decides, and the ending of the name where the content has no sign of its own.
"""

from __future__ import annotations

import os

from convcalc.errors import DataError, printable
from convcalc.importers.files.file_kinds import (
    BY_ENDING,
    FOLDERS,
    NETWORK,
    ONNX,
    SIGN_BYTES,
    SIGNS,
    TFLITE,
    WITHOUT_SIGN,
)
from convcalc.opening import open_regular


def refuse_other_kinds(path: str) -> None:
    """Raises where a file or folder is known to be something else than the text of a network.

    What cannot be opened, or is no regular file, is left to whoever reads it.

    Raises:
        DataError: it is; one line says what it is, and what to give in its place.
    """
    ending = os.path.splitext(path)[1].lower()
    if os.path.isdir(path):
        told = _folder_told(path, ending)
    elif os.path.isfile(path):
        told = _file_told(path, ending)
    else:
        return
    if told is not None:
        raise DataError(f"'{printable(path)}' is {told}")


def told_of_bytes(head: bytes) -> str | None:
    """What was piped in, where its first bytes show that it is no text of a network, in words."""
    kind = next((kind.name for sign, kind in SIGNS if head.startswith(sign)), None)
    if head[4:8] == b"TFL3":
        kind = TFLITE.name
    elif head.startswith(b"PK\x03\x04"):
        kind = "a zip archive, as .keras, .pt2, .pth and .npz are"
    elif head.startswith(b"\x08") and not _is_text(head):
        kind = ONNX.name
    return kind


def _folder_told(path: str, ending: str) -> str | None:
    found = (kind for name, kind in FOLDERS if os.path.isfile(os.path.join(path, name)))
    if kind := next(found, None):
        return kind.told()
    named = BY_ENDING.get(ending)
    return None if named is None else f"a folder, not {named.name}; {NETWORK}"


def _file_told(path: str, ending: str) -> str | None:
    """What a file is and what to give in its place; None where it may be the text of a network."""
    try:
        with open(open_regular(path, path), "rb") as file:
            head = file.read(SIGN_BYTES)
    except OSError:
        return None
    kind = next((kind for sign, kind in SIGNS if head.startswith(sign)), None)
    if kind is not None or head[4:8] == b"TFL3":
        return (kind or TFLITE).told()
    if head.startswith(b"PK\x03\x04"):
        from convcalc.importers.files.held_arrays import zip_told

        return zip_told(path)
    return _unsigned_told(path, head, ending)


def _unsigned_told(path: str, head: bytes, ending: str) -> str | None:
    """What a file is that has no sign in its first bytes."""
    if _declares_safetensors(path, head) or (ending == ".safetensors" and not _is_text(head)):
        from convcalc.importers.files.held_arrays import safetensors_told

        return safetensors_told(path)
    # Field 1 of a protocol buffer, a number: the version of an ONNX model.
    if head.startswith(b"\x08") and ending not in WITHOUT_SIGN:
        from convcalc.importers.files.onnx_file import onnx_told

        if told := onnx_told(path):
            return ONNX.told(told)
    named = BY_ENDING.get(ending)
    if named is None:
        return None
    if _is_text(head):
        return f"{'text' if head else 'empty'}, not {named.name}; {NETWORK}"
    if ending in WITHOUT_SIGN:
        return named.told()
    return f"not {named.name} as its name says, or damaged; {NETWORK}"


def _declares_safetensors(path: str, head: bytes) -> bool:
    """Whether a file begins with a length that it has, and JSON behind it."""
    length = int.from_bytes(head[:8], "little")
    return head[8:9] == b"{" and length <= os.path.getsize(path) - 8


def _is_text(head: bytes) -> bool:
    from convcalc.arrayfile.header import is_text

    return is_text(head)
