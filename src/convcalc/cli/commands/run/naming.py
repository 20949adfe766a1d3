"""Messages about an array name the file that it came from."""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING

from convcalc.errors import DataError, printable
from convcalc.execute.arrays.named_kernels import is_kernel_text
from convcalc.file_names import without_end

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from convcalc.cli.commands.run.request import RunRequest

_MENTIONED = {
    "input": re.compile(r"\binput\b"),
    "kernel": re.compile(r"\bkernel\b"),
    "bias": re.compile(r"\bbias\b"),
    "weights": re.compile(r"\bweights?\b|^'"),
}
"""The arrays of `run`, and how a message speaks of them; weights go by their own names."""

_OTHERS = ("network", "tls_ca", "tls_cert", "tls_key")
"""Files that are no arrays: a message that names one is not about an array."""


@contextmanager
def naming_files(request: RunRequest) -> Iterator[None]:
    """Adds to what is wrong with an array the file of each array that it is about.

    What computes knows arrays by what they are for and not by where they are from.

    Raises:
        DataError: the same, with files.
    """
    try:
        yield
    except DataError as error:
        message = str(error)
        others = (request.text(name) for name in _OTHERS)
        if any(_is_named(path, message) for path in others if path is not None):
            raise
        raise DataError(with_files(message, _files(request))) from error


def _files(request: RunRequest) -> dict[str, str]:
    """The files that arrays come from, by what is in them."""
    paths = {name: request.text(name) for name in list(_MENTIONED)[1:]}
    inputs = dict(zip(_input_names(), request.input_files, strict=False))
    paths = {**{name: one.path for name, one in inputs.items()}, **paths}
    if is_kernel_text(paths["kernel"] or ""):
        paths["kernel"] = None
    return {name: path for name, path in paths.items() if path is not None}


def _input_names() -> Iterator[str]:
    yield "input"
    yield from (f"input {number}" for number in count(2))


def with_files(message: str, files: Mapping[str, str]) -> str:
    """A message with the files it is about, before what it advises; all where it mentions none.

    One that names a file already stays as it is.
    """
    if any(_is_named(path, message) for path in files.values()):
        return message
    first, newline, rest = message.partition("\n")
    mentioned = [name for name in files if _MENTIONED[name.partition(" ")[0]].search(first)]
    where = ", ".join(f"{name} {_label(files[name])}" for name in mentioned or files)
    what, semicolon, advice = first.partition("; ")
    return f"{what} ({where}){semicolon}{advice}{newline}{rest}"


def _is_named(path: str, message: str) -> bool:
    """Whether a message has the name of a file, with its folder or a member or without."""
    if path == "-":
        return "standard input" in message
    name = re.escape(printable(os.path.basename(without_end(path))))
    return re.search(rf"['/\\]{name}[':/\\]", message) is not None


def _label(path: str) -> str:
    return "from standard input" if path == "-" else f"'{printable(path)}'"
