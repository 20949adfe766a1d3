"""`-o FILE` of a document, and the form that its suffix or `--format` asks for."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from convcalc.cli.parsing.values import FORMATS, choice_of, text_of
from convcalc.errors import UsageError, printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from convcalc.cli.parsing.requests import Appearance

FORM_BY_SUFFIX = {
    ".txt": "table",
    ".json": "json",
    ".jsonl": "jsonl",
    ".csv": "csv",
    ".md": "md",
    ".html": "html",
    ".tex": "latex",
    ".svg": "svg",
}

DRAWN = ("summary",)
"""The commands whose document may be a drawing, too."""


def document_file(command: str, given: Mapping[str, object]) -> str | None:
    """The file that a command's document goes to; None for standard output.

    The output of `run` is an array, and that of `weights` an archive, unless its suffix is that of
    a document; `solve` has another name for it, for its --output is a shape.

    Raises:
        UsageError: the name is empty.
    """
    name = "output_file" if command == "solve" else "output"
    text = given.get(name)
    if command == "run" or not isinstance(text, str):
        return None
    path = text_of(name, text)
    if command == "weights" and suffix_of(path) not in FORM_BY_SUFFIX:
        return None
    return None if path == "-" else path


def form_of(given: Appearance, *, drawn: bool = False) -> str:
    """The form of a document: that of --format, else that of its file's suffix, else a table.

    Args:
        given: The command line.
        drawn: Whether it may be a drawing.

    Raises:
        UsageError: there is no such form, or the two contradict each other.
    """
    forms = (*FORMATS, "svg") if drawn else FORMATS
    asked = None if given["format"] is None else choice_of("format", given["format"], forms)
    path = given.get("document_file")
    if path is None:
        return asked or forms[0]
    suffix = suffix_of(path)
    named = FORM_BY_SUFFIX.get(suffix)
    if named is not None and named in forms:
        if asked not in (None, named):
            raise UsageError(
                f"--format {asked} and the suffix of '{printable(path, 60)}' contradict each "
                "other; give one of them"
            )
        return named
    if asked is not None and named is None:
        return asked
    known = ", ".join(one for one, form in FORM_BY_SUFFIX.items() if form in forms)
    shown = f"'{printable(suffix, 60)}' is not written here" if suffix else "the name has no suffix"
    raise UsageError(f"-o: {shown}; give one of {known}, or --format")


def suffix_of(path: str) -> str:
    """The suffix of a file's name in small letters: .tex, or nothing."""
    return os.path.splitext(path)[1].lower()
