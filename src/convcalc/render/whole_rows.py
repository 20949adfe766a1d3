"""Rows in a form that needs all of them at once: HTML and LaTeX."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from convcalc.errors import UsageError
from convcalc.render.rows import LEFT, RowWriter
from convcalc.render.table import Column, Document, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from convcalc.render.table import Cell

MOST_ROWS = 20_000
"""Rows of a page or a paper; other forms are written as the rows are found."""

WHOLE = {"html": ("html.document", "html_text"), "latex": ("latex", "latex_text")}
"""The function in `render` that writes each form."""


class WholeRows:
    """Rows that are written when all of them are known.

    Args:
        form: html or latex.
        names: The columns.
        write: Takes text.
    """

    def __init__(self, form: str, names: Sequence[str], write: Callable[[str], None]) -> None:
        module, function = WHOLE[form]
        self._form = form
        self._text: Callable[[Document], str]
        self._text = getattr(import_module(f"convcalc.render.{module}"), function)
        self._columns = [Column(name, name, numeric=name not in LEFT) for name in names]
        self._write = write
        self._rows: list[list[Cell]] = []

    def add(self, rows: Sequence[Sequence[object]]) -> None:
        """More rows.

        Raises:
            UsageError: there are too many for such a form.
        """
        self._rows += [[_cell(value) for value in row] for row in rows]
        if len(self._rows) > MOST_ROWS:
            raise UsageError(
                f"more than {MOST_ROWS:,} rows for {self._form}; --format csv takes any number"
            )

    def end(self) -> None:
        """All of them."""
        self._write(self._text(Document({}, Table(self._columns, self._rows))))


def row_writer(
    form: str, names: Sequence[str], write: Callable[[str], None]
) -> RowWriter | WholeRows:
    """What writes rows in a form: as they come, where that can be done."""
    return (WholeRows if form in WHOLE else RowWriter)(form, names, write)


def _cell(value: Any) -> Cell:
    """A value of a row as one of a table: a mark for what is true."""
    return ("*" if value else "") if isinstance(value, bool) else value
