"""From the text of an option to a value, with errors that name the option and what it got."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from convcalc.errors import ParameterError, UsageError, nearest, printable
from convcalc.layers.parameters import count

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcalc.layers.conv import Conv
    from convcalc.layers.convt import ConvTranspose

FLAG_NAMES = (
    "out_channels",
    "kernel_size",
    "stride",
    "padding",
    "dilation",
    "groups",
    "bias",
    "padding_mode",
    "transposed",
    "output_padding",
    "output_size",
)
"""The flags that describe one layer."""

ONLY_TRANSPOSED = ("output_padding", "output_size")
FORMATS = ("table", "json", "csv", "md", "jsonl", "html", "latex")
COLOURS = ("auto", "always", "never")


SEVERAL = "\n"
"""What stands between the values of an option that is given several times."""

STANDARD_INPUT = "\0"
"""What stands for `-` before a colon on a command line; no argument can have such a character."""


def flag(name: str) -> str:
    """The option as it is typed: --kernel-size."""
    return "--" + name.replace("_", "-")


def text_of(name: str, text: str) -> str:
    """The text of an option's value; empty and `-k=3` are mistakes.

    A file whose name begins with '=' is written ./=NAME.

    Raises:
        UsageError: the value is one of them.
    """
    if not text:
        raise UsageError(f"{flag(name)}: the value is empty")
    if text.startswith("="):
        raise UsageError(
            f"{flag(name)}: got '{printable(text)}'; write {flag(name)}{printable(text)} or "
            f"leave a blank instead of '='{_file_hint(text)}"
        )
    return text


def _file_hint(text: str) -> str:
    """How a file is named that a value may have meant."""
    shown = printable(text)
    return f"; the file '{shown}' is './{shown}'" if os.path.isfile(text) else ""


def value_of(name: str, text: str) -> Any:
    """A number, several (3x5 or 3,5) or a word.

    Raises:
        UsageError: the text is none of them.
    """
    from convcalc.language.parser import read_constant  # a run of files alone has no such values

    try:
        return read_constant(text_of(name, text).replace(",", "x"))
    except ValueError as error:
        raise UsageError(f"{flag(name)}: {error}, got '{printable(text)}'") from None


def choice_of(name: str, text: str | None, known: tuple[str, ...]) -> str:
    """One of a few words in any case; the first one where nothing was given.

    Raises:
        UsageError: it is another word.
    """
    if text is None:
        return known[0]
    word = text_of(name, text).lower()
    if word not in known:
        hint = nearest(word, known)
        raise UsageError(
            f"{flag(name)}: expected one of {', '.join(known)}; got '{printable(text)}'{hint}"
        )
    return word


def count_of(name: str, text: str, minimum: int = 1) -> int:
    """One whole number.

    Raises:
        UsageError: it is something else, or smaller than `minimum`.
    """
    value = value_of(name, text)
    try:
        return int(count(minimum).normalise(name, value))
    except ParameterError as error:
        raise UsageError(f"{flag(name)}: {error.reason}") from None


def layer_flags(given: Mapping[str, object]) -> dict[str, Any]:
    """The values of the layer flags that were given, by their parameter names.

    Raises:
        UsageError: a text is no value; a number to pad with is a layer of its own.
    """
    if str(given.get("padding_mode")).lower().startswith("constant="):
        raise UsageError(
            "--padding-mode: a number to pad with is a layer of its own, in front of the "
            "convolution: pad:1,constant=0.5"
        )
    return {
        name: given[name] if isinstance(given[name], bool) else value_of(name, str(given[name]))
        for name in FLAG_NAMES
        if given.get(name) is not None
    }


def layer_of(values: Mapping[str, Any]) -> Conv | ConvTranspose:
    """The one layer that flags describe.

    Raises:
        UsageError: a flag has an impossible value, or belongs to the other kind of convolution.
    """
    values = dict(values)
    transposed = values.pop("transposed", False)
    mode = values.pop("padding_mode", "zeros") if transposed else "zeros"
    for name in ONLY_TRANSPOSED if not transposed else ():
        if name in values:
            raise UsageError(f"{flag(name)} needs --transposed")
    from convcalc.layers import Conv, ConvTranspose
    from convcalc.layers.parameters import padding_mode

    try:
        if padding_mode().normalise("padding_mode", mode) != "zeros":
            raise UsageError(f"{flag('padding_mode')} does not go with --transposed")
        return ConvTranspose(**values) if transposed else Conv(**values)
    except ParameterError as error:
        raise flag_error(error) from None


def flag_error(error: ParameterError) -> UsageError:
    """The error in the words of the command line."""
    return UsageError(f"{flag(error.parameter)}: {error.reason}")
