"""Texts in columns: titles, units, rows, and a rule above the total."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, NamedTuple

from convcalc.render.lettering import full
from convcalc.widths import broken, display_width, padded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.render.lettering import Lettering
    from convcalc.render.table import Table

GAP = "  "
"""Between neighbours."""


class Style(NamedTuple):
    """What a grid is drawn with: its rules, and the codes that begin and end colours."""

    rule: str = "-"
    title: str = ""
    spec: str = ""
    end: str = ""


PLAIN = Style()
COLOURED = Style(title="\x1b[1m", spec="\x1b[36m", end="\x1b[0m")


class Grid(NamedTuple):
    """A table whose texts are chosen.

    Attributes:
        table: Its columns and whether there is a total.
        letterings: How each column is written.
        widths: How wide each column is; longer texts go on in the next line.
    """

    table: Table
    letterings: Sequence[Lettering]
    widths: Sequence[int]

    @property
    def width(self) -> int:
        """Columns of the whole."""
        return sum(self.widths) + len(GAP) * (len(self.widths) - 1)


def grid(table: Table, bars: str) -> Grid:
    """A table as it is, with all digits and as wide as it takes."""
    letterings = [full(table, place, bars) for place in range(len(table.columns))]
    return Grid(table, letterings, natural_widths(table, letterings))


def natural_widths(table: Table, letterings: Sequence[Lettering]) -> list[int]:
    """How wide columns are whose texts go on in no other line."""
    return [
        max(display_width(column.title), lettering.width)
        for column, lettering in zip(table.columns, letterings, strict=True)
    ]


def drawn(found: Grid, style: Style = PLAIN) -> str:
    """The lines of a grid."""
    rule = style.rule * found.width
    units = [lettering.unit for lettering in found.letterings]
    titles = [[column.title] for column in found.table.columns]
    heads = [_line(found, titles, style, style.title)]
    if any(units):
        heads.append(_line(found, [[unit] for unit in units], style, style.title))
    rows = zip(*(lettering.texts for lettering in found.letterings), strict=True)
    body = [_line(found, _wrapped(found, row), style) for row in rows]
    if found.table.total:
        body.insert(-1, rule)
    return "\n".join([*heads, rule, *body])


def _wrapped(found: Grid, row: Sequence[str]) -> list[list[str]]:
    return [
        [text] if column.line_ends is None else broken(text, width, column.line_ends)
        for text, width, column in zip(row, found.widths, found.table.columns, strict=True)
    ]


def _line(found: Grid, cells: list[list[str]], style: Style, code: str = "") -> str:
    """One row, which takes as many lines as the cell with the most."""
    places = range(len(cells))
    codes = [code or style.spec * (column.key == "spec") for column in found.table.columns]
    lines = (
        GAP.join(_cell(found, place, texts[place], codes[place], style.end) for place in places)
        for texts in zip_longest(*cells, fillvalue="")
    )
    return "\n".join(line.rstrip() for line in lines)


def _cell(found: Grid, place: int, text: str, code: str, end: str) -> str:
    """A text with blanks up to the width of its column; they have no colour."""
    right = found.letterings[place].right
    whole = padded(text, found.widths[place], right=right)
    return whole.replace(text, f"{code}{text}{end}", 1) if code and text else whole
