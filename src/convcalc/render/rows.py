"""Rows one after the other as CSV, lines of JSON, Markdown or a table, in constant memory."""

from __future__ import annotations

import csv
import io
import json
from fractions import Fraction
from typing import TYPE_CHECKING

from convcalc.errors import harmless
from convcalc.render.text import FORMULA_SIGNS, NUMBERS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MOST_WAITING = 500
"""Rows after which a table begins: its columns are as wide as those of these rows."""

LEFT = ("spec", "input", "output", "front")
"""Columns of text."""


class RowWriter:
    """Rows in one form, made into text batch by batch.

    Args:
        form: csv, json or jsonl (the same), md or table.
        names: The columns.
        write: Takes text.
    """

    def __init__(self, form: str, names: Sequence[str], write: Callable[[str], None]) -> None:
        self._names = tuple(names)
        self._write = write
        self._lines = {
            "csv": self._csv,
            "json": self._json,
            "jsonl": self._json,
            "md": self._markdown,
            "table": self._table,
        }[form]
        self._form = form
        self._waiting: list[Sequence[object]] | None = [] if form == "table" else None
        self._widths: list[int] = []
        if form == "csv":
            write(",".join(self._names) + "\n")
        if form == "md":
            ruled = ("---" if name in LEFT else "---:" for name in self._names)
            write(f"| {' | '.join(self._names)} |\n|{'|'.join(ruled)}|\n")

    def add(self, rows: Sequence[Sequence[object]]) -> None:
        """More rows; those of a table may wait for its width."""
        if self._waiting is not None:
            self._waiting.extend(rows)
            if len(self._waiting) >= MOST_WAITING:
                self._begin_table()
            return
        if rows:
            self._write(self._lines(rows))

    def end(self) -> None:
        """What still waits."""
        if self._waiting is not None:
            self._begin_table()

    def _begin_table(self) -> None:
        rows, self._waiting = self._waiting or [], None
        texts = [[_shown(value) for value in row] for row in rows]
        columns = zip(*texts, strict=True) if texts else [()] * len(self._names)
        self._widths = [
            max(len(name), *map(len, column)) if column else len(name)
            for name, column in zip(self._names, columns, strict=True)
        ]
        rule = "-" * (sum(self._widths) + 2 * (len(self._widths) - 1))
        self._write(f"{self._line(self._names)}\n{rule}\n{self._table(rows)}")

    def _table(self, rows: Sequence[Sequence[object]]) -> str:
        return "".join(f"{self._line([_shown(value) for value in row])}\n" for row in rows)

    def _line(self, texts: Sequence[str]) -> str:
        aligned = (
            text.ljust(width) if name in LEFT else text.rjust(width)
            for text, width, name in zip(texts, self._widths, self._names, strict=True)
        )
        return "  ".join(aligned).rstrip()

    def _csv(self, rows: Sequence[Sequence[object]]) -> str:
        out = io.StringIO()
        csv.writer(out, lineterminator="\n").writerows(map(_csv_row, rows))
        return out.getvalue()

    def _json(self, rows: Sequence[Sequence[object]]) -> str:
        names = self._names
        return "".join(
            f"{json.dumps(dict(zip(names, row, strict=True)), default=_plain)}\n" for row in rows
        )

    def _markdown(self, rows: Sequence[Sequence[object]]) -> str:
        return "".join(
            "| " + " | ".join(_shown(value).replace("|", "\\|") for value in row) + " |\n"
            for row in rows
        )


def _shown(value: object) -> str:
    """A value for people."""
    if type(value) is int:
        return f"{value:,}"
    if value is None:
        return "-"
    if isinstance(value, tuple):
        return "x".join(map(str, value))
    if isinstance(value, bool):
        return "*" if value else ""
    return harmless(str(value), kept="").strip()


def _csv_row(row: Sequence[object]) -> list[object]:
    """A row of plain values; before a text that a spreadsheet would compute an apostrophe."""
    return [
        value if type(value) is int else _csv_value(value)  # nearly all of them
        for value in row
    ]


def _csv_value(value: object) -> object:
    if isinstance(value, tuple):
        return "x".join(map(str, value))
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, str) and value.startswith(FORMULA_SIGNS):
        return value if NUMBERS.fullmatch(value) else f"'{value}"
    return value


def _plain(value: object) -> object:
    """What JSON has no form for: a fraction as text, 1/2."""
    if isinstance(value, Fraction):
        return str(value)
    raise TypeError(f"no form for {type(value).__name__}")
