"""A document in the form that was asked for, on standard output."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from convcalc.cli.parsing.values import COLOURS, FORMATS, choice_of, count_of
from convcalc.cli.terminal.streams import (
    NARROWEST,
    WIDEST,
    draws_lines,
    is_terminal,
    terminal_width,
    wants_colour,
    write_out,
)
from convcalc.errors import PartialError, UsageError, harmless, printable
from convcalc.render.text import csv_text, json_text, markdown_text, plain_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from convcalc.cli.parsing.requests import Appearance
    from convcalc.render.table import Document

MACHINE_FORMS: dict[str, Callable[[Document], str]] = {
    "json": json_text,
    "csv": csv_text,
    "md": markdown_text,
}


def check_appearance(given: Appearance) -> None:
    """The options about the form are read before any work is done.

    Raises:
        UsageError: one has an unknown value, or two contradict each other.
    """
    choice_of("format", given["format"], FORMATS)
    _width(given)
    colour = choice_of("color", given["color"], COLOURS)
    if given["no_color"] and given["color"] is not None and colour != "never":
        raise UsageError(f"--no-color and --color {colour} exclude each other; give one")


def check_complete(document: Document, *, strict: bool) -> None:
    """Raises after a document that is not complete: where a layer does not fit, or if `strict`.

    Raises:
        PartialError: costs are not known, and that was not to be.
    """
    if document.failure is not None:
        raise document.failure
    if not strict or document.data.get("status") != "partial":
        return
    if "stopped" in document.data:
        raise PartialError(f"--strict: the answer is partial: {document.data['failure']}")
    rows = document.data.get("layers", [])
    unknown = [row["label"] for row in rows if row.get("macs", row.get("operations", 0)) is None]
    shown = ", ".join(map(printable, unknown[:4])) + (", ..." if len(unknown) > 4 else "")
    of = f" of {shown}" if unknown else ""
    raise PartialError(f"--strict: the answer is partial: the cost{of} is not known")


def show(document: Document, given: Appearance) -> None:
    """Prints the document: JSON, CSV and Markdown never depend on the terminal.

    What is longer than the terminal goes to a pager, as git does it.
    """
    form = choice_of("format", given["format"], FORMATS)
    text, drawn = _text(document, given, form)
    if is_terminal(sys.stdout) and not given.get("no_pager"):
        from convcalc.cli.terminal.pager import paged

        if paged(text if drawn else harmless(text), os.environ):
            return
    write_out(text, drawn=drawn)


def _text(document: Document, given: Appearance, form: str) -> tuple[str, bool]:
    """The document as text, and whether it was drawn for a screen."""
    if form in MACHINE_FORMS:
        return MACHINE_FORMS[form](document), False
    colour = choice_of("color", given["color"], COLOURS)
    coloured = not given["no_color"] and wants_colour(colour, sys.stdout, os.environ)
    looked_at, width = is_terminal(sys.stdout), _width(given)
    if width is None:
        if not looked_at and not coloured:
            return plain_text(document), False
        width = terminal_width(os.environ) if looked_at else WIDEST
    from convcalc.render.terminal import terminal_text

    lines = draws_lines(sys.stdout)
    return terminal_text(document, width=width, colour=coloured, unicode=lines), True


def _width(given: Appearance) -> int | None:
    """The columns that were asked for.

    Raises:
        UsageError: they are no number, or so few that nothing fits.
    """
    text = given.get("width")
    return None if text is None else count_of("width", text, NARROWEST)
