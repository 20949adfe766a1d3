"""An ONNX file in the place of a network, and the shapes of its inputs as `-i` says them."""

from __future__ import annotations

import os
from importlib.util import find_spec
from typing import TYPE_CHECKING

from convcalc.cli.parsing.file_kinds import SIGN_BYTES, WITHOUT_SIGN
from convcalc.cli.parsing.values import SEVERAL, text_of
from convcalc.errors import UsageError, printable
from convcalc.language import read_constant
from convcalc.language.shapes import plain_shape
from convcalc.opening import open_regular

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.layers import Shape

MISSING = "an ONNX model needs onnx; pip install 'convcalc[onnx]' brings it"
MOST_AXES = 8


def onnx_path(words: Sequence[str]) -> str | None:
    """The ONNX file that the words of a command line mean, by its content; None where none."""
    if len(words) != 1 or not os.path.isfile(words[0]):
        return None
    (path,) = words
    ending = os.path.splitext(path)[1].lower()
    if ending != ".onnx" and (ending in WITHOUT_SIGN or not _begins_as_one(path)):
        return None
    from convcalc.cli.parsing.onnx_file import onnx_told

    return path if onnx_told(path) else None


def _begins_as_one(path: str) -> bool:
    """Whether the first field of a file is a number, as an ONNX model's version is."""
    try:
        with open(open_regular(path, path), "rb") as file:
            return file.read(SIGN_BYTES).startswith(b"\x08")
    except OSError:
        return False


def check_installed() -> None:
    """Onnx has to be there.

    Raises:
        UsageError: it is not.
    """
    if find_spec("onnx") is None:
        raise UsageError(MISSING)


def input_shapes(text: str | None) -> dict[str, Shape]:
    """The shapes of inputs by name: `1x3x224x224`, `ids=1x128,mask=1x128`.

    Those without a name are called "", "#2", "#3" and so on, in their order.

    Raises:
        UsageError: a shape is none.
    """
    found: dict[str, Shape] = {}
    nameless = 0
    items = () if text is None else text_of("input", text).replace(SEVERAL, ",").split(",")
    for item in items:
        name, named, sizes = item.rpartition("=")
        if not named:
            nameless += 1
            name = f"#{nameless}" if nameless > 1 else ""
        if name in found:
            raise UsageError(f"--input: the input '{printable(name, 60)}' is given twice")
        found[name] = _shape(sizes, text or "")
    return found


def _shape(sizes: str, text: str) -> Shape:
    try:
        value = read_constant(plain_shape(sizes))
    except ValueError as error:
        raise UsageError(f"--input: {error}, got '{printable(text)}'") from None
    whole = tuple(
        size for size in (value if isinstance(value, tuple) else (value,)) if isinstance(size, int)
    )
    given = len(value) if isinstance(value, tuple) else 1
    if len(whole) != given or not whole or min(whole) < 1 or given > MOST_AXES:
        raise UsageError(
            "--input: expected sizes, as 3x224x224, or with the name of an input NAME=1x3x224x224; "
            f"got '{printable(text)}'"
        )
    return whole
