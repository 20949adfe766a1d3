"""A document in the form that was asked for, on standard output."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, cast

from convcalc.cli.parsing.document_file import form_of
from convcalc.cli.parsing.values import COLOURS, choice_of, count_of
from convcalc.cli.terminal.streams import (
    NARROWEST,
    WIDEST,
    draws_lines,
    is_terminal,
    note,
    terminal_width,
    wants_colour,
    write_out,
)
from convcalc.errors import PartialError, UsageError, harmless, printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from convcalc.cli.parsing.requests import Appearance
    from convcalc.render.table import Document, JsonObject

MACHINE_FORMS = {
    "json": ("text", "json_text"),
    "csv": ("text", "csv_text"),
    "md": ("text", "markdown_text"),
    "jsonl": ("lines", "jsonl_text"),
    "html": ("html.document", "html_text"),
    "latex": ("latex", "latex_text"),
    "svg": ("bars", "bars_svg"),
}
"""What writes each form that does not depend on the terminal, in `render`; loaded when used."""

PLAIN = ("text", "plain_text")
"""What writes a table that nobody looks at."""


def check_appearance(given: Appearance, *, drawn: bool = False) -> None:
    """The options about the form and its file are read before any work is done.

    Args:
        given: The command line.
        drawn: Whether the command's document may be drawn, as SVG.

    Raises:
        UsageError: one has an unknown value, or two contradict each other.
        OutputError: the file exists, or cannot be made.
    """
    form_of(given, drawn=drawn)
    _width(given)
    if path := given.get("document_file"):
        from convcalc.arrayfile.target import check_output

        inputs = cast("dict[str, list[str]]", given).get("specs") or ()
        check_output(path, force=_may_replace(given), inputs=inputs)
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
    """Prints the document, or writes it: only a table that is printed depends on the terminal.

    What is longer than the terminal goes to a pager, as git does it.
    """
    form = form_of(given, drawn=True)
    if path := given.get("document_file"):
        _write(path, written_form(document, form), given)
        return
    text, drawn = _text(document, given, form)
    if is_terminal(sys.stdout) and not given.get("no_pager"):
        from convcalc.cli.terminal.pager import paged

        if paged(text if drawn else harmless(text), os.environ):
            return
    write_out(text, drawn=drawn)


def _text(document: Document, given: Appearance, form: str) -> tuple[str, bool]:
    """The document as text, and whether it was drawn for a screen."""
    if form in MACHINE_FORMS:
        return written_form(document, form), False
    colour = choice_of("color", given["color"], COLOURS)
    coloured = not given["no_color"] and wants_colour(colour, sys.stdout, os.environ)
    looked_at, width = is_terminal(sys.stdout), _width(given)
    if width is None:
        if not looked_at and not coloured:
            return written_form(document, form), False
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


def written_form(document: Document, form: str) -> str:
    """The document in a form that does not depend on the terminal; a table as plain text."""
    module, function = MACHINE_FORMS.get(form, PLAIN)
    write: Callable[[Document], str]
    write = getattr(import_module(f"convcalc.render.{module}"), function)
    return write(document)


def _write(path: str, text: str, given: Appearance) -> None:
    """The document in a file, whole or not at all.

    Raises:
        OutputError: it cannot be written.
    """
    from convcalc.arrayfile.whole_file import write_output

    data = text.encode("utf-8", "backslashreplace")
    write_output(path, data, force=_may_replace(given))
    if not given["quiet"]:
        note(f"wrote {printable(path)} ({len(data):,} bytes)")


def _may_replace(given: Appearance) -> bool:
    return bool(cast("dict[str, bool | None]", given).get("force"))
