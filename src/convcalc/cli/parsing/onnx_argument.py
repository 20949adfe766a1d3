"""An ONNX file in the place of a network, and the shapes of its inputs as `-i` says them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from convcalc.cli.parsing.values import SEVERAL, text_of
from convcalc.errors import UsageError, printable
from convcalc.language import read_constant
from convcalc.language.shapes import plain_shape
from convcalc.network.given_inputs import GivenInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.layers import Shape

MOST_AXES = 8


def onnx_path(words: Sequence[str]) -> str | None:
    """The ONNX file that the words of a command line mean, by its content; None where none."""
    if len(words) != 1 or not os.path.isfile(words[0]):
        return None
    from convcalc.importers.files.onnx_file import is_onnx  # only a file needs it

    return words[0] if is_onnx(words[0]) else None


def onnx_inputs(text: str | None) -> list[GivenInput]:
    """The inputs that `-i` describes: `1x3x224x224`, `ids=1x128,mask=1x128`.

    Raises:
        UsageError: a shape is none, or an input is given twice.
    """
    found: dict[str, GivenInput] = {}
    nameless = 0
    items = () if text is None else text_of("input", text).replace(SEVERAL, ",").split(",")
    for item in items:
        name, named, sizes = item.rpartition("=")
        if not named:
            nameless += 1
        key = name if named or nameless == 1 else f"#{nameless}"
        if key in found:
            raise UsageError(f"--input: the input '{printable(name, 60)}' is given twice")
        found[key] = GivenInput(_shape(sizes, text or ""), name=name)
    return list(found.values())


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
