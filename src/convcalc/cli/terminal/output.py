"""A document in the form that was asked for, on standard output."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from convcalc.cli.parsing.values import COLOURS, FORMATS, choice_of
from convcalc.cli.terminal.streams import (
    WIDEST,
    draws_lines,
    is_terminal,
    terminal_width,
    wants_colour,
    write_out,
)
from convcalc.errors import PartialError, UsageError, printable
from convcalc.render.text import csv_text, json_text, markdown_text, plain_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from convcalc.cli.parsing.requests import Appearance
    from convcalc.render.table import Document, JsonObject

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
    raise PartialError(f"--strict: the answer is partial: {_why_partial(document.data)}")


def _why_partial(data: JsonObject) -> str:
    """What is not known, in a few words; of two networks in either of them."""
    sides = [data, *(data[side] for side in ("a", "b") if side in data)]
    failures = [side["failure"] for side in sides if "stopped" in side]
    if failures:
        return str(failures[0])
    rows = [row for side in sides for row in side.get("layers", [])]
    unknown = [row["label"] for row in rows if row.get("macs", row.get("operations", 0)) is None]
    decided = [one["place"] for side in sides for one in side.get("decisions", [])]
    if decided and not unknown:
        return f"{decided[0]} decided by values of zeros"
    shown = ", ".join(map(printable, unknown[:4])) + (", ..." if len(unknown) > 4 else "")
    of = f" of {shown}" if unknown else ""
    return f"the cost{of} is not known"


def show(document: Document, given: Appearance) -> None:
    """Prints the document: JSON, CSV and Markdown never depend on the terminal."""
    form = choice_of("format", given["format"], FORMATS)
    if form in MACHINE_FORMS:
        write_out(MACHINE_FORMS[form](document))
        return
    colour = choice_of("color", given["color"], COLOURS)
    coloured = not given["no_color"] and wants_colour(colour, sys.stdout, os.environ)
    looked_at = is_terminal(sys.stdout)
    if not looked_at and not coloured:
        write_out(plain_text(document))
        return
    from convcalc.render.terminal import terminal_text

    width = terminal_width(os.environ) if looked_at else WIDEST
    lines = draws_lines(sys.stdout)
    text = terminal_text(document, width=width, colour=coloured, unicode=lines)
    write_out(text, drawn=True)
