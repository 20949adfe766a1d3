"""How the cells of a column are written: all digits, or one unit that fits them all."""

from __future__ import annotations

from math import floor, log10
from typing import TYPE_CHECKING, NamedTuple

from convcalc.render.table import BAR, COUNT_UNITS, Share, written
from convcalc.widths import display_width

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.render.table import Cell, Column, Table

TIME_UNITS = (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6), ("ns", 1e-9), ("ps", 1e-12))

ALMOST = 0.99995
"""What four digits round up to 1."""

FEWEST_DECIMALS, MOST_DECIMALS = 2, 4

BLOCKS, SIGNS, NO_BARS = "blocks", "signs", ""
"""Bars of eighth blocks, of signs of ASCII, or none."""


class Lettering(NamedTuple):
    """The texts of a column.

    Attributes:
        unit: What all its numbers are multiples of; nothing where they are whole.
        texts: One a row, that of the total last.
        right: Whether they end at the right of the column.
    """

    unit: str
    texts: list[str]
    right: bool

    @property
    def width(self) -> int:
        """Columns of the longest text, or of the unit."""
        return max(map(display_width, (self.unit, *self.texts)), default=0)


def full(table: Table, place: int, bars: str = SIGNS) -> Lettering:
    """A column with all digits, and with bars beside shares; times in one unit."""
    column, cells = table.columns[place], table.cells(place)
    if column.unit:
        return _in_unit(cells, len(table.rows), TIME_UNITS)
    shares = [cell.value for cell in cells if isinstance(cell, Share)]
    if shares and bars:
        texts = [_barred(cell, max(shares), blocks=bars == BLOCKS) for cell in cells]
        return Lettering("", texts, right=False)
    return Lettering("", [written(cell) for cell in cells], column.numeric)


def brief(table: Table, place: int) -> Lettering | None:
    """A column in less room: counts in millions or billions, shares without bars; None if it can't.

    The unit is that of the largest count of a row; the total may be many of it.
    """
    column, cells = table.columns[place], table.cells(place)
    if any(isinstance(cell, Share) for cell in cells):
        return full(table, place, NO_BARS)
    if not column.numeric or column.exact or column.unit:
        return None
    return _in_unit(cells, len(table.rows), COUNT_UNITS) if _is_large(cells, table) else None


def titled(column: Column, lettering: Lettering) -> str:
    """The title in one line: time (ms)."""
    return f"{column.title} ({lettering.unit})" if lettering.unit else column.title


def _is_large(cells: Sequence[Cell], table: Table) -> bool:
    counts = [cell for cell in cells[: len(table.rows)] if isinstance(cell, int)]
    return bool(counts) and max(map(abs, counts)) >= COUNT_UNITS[-1][1]


def _in_unit(cells: Sequence[Cell], rows: int, units: Sequence[tuple[str, float]]) -> Lettering:
    """All numbers in the unit of the largest of the rows, with decimals for the smallest."""
    sizes = [abs(cell) for cell in cells[:rows] if isinstance(cell, int | float) and cell]
    if not sizes:
        return Lettering(units[0][0], [_empty(cell) for cell in cells], right=True)
    most = max(sizes)
    name, size = next((unit for unit in units if most >= unit[1] * ALMOST), units[-1])
    decimals = _decimals(most / size, min(sizes) / size)
    return Lettering(name, [_multiple(cell, size, decimals) for cell in cells], right=True)


def _empty(cell: Cell) -> str:
    return "0" if isinstance(cell, float) and not cell else written(cell)


def _decimals(most: float, least: float) -> int:
    """So many that the largest has four digits and the smallest is not lost, within limits."""
    wanted = max(3 - floor(log10(most / ALMOST)), -floor(log10(least)))
    return min(max(wanted, FEWEST_DECIMALS), MOST_DECIMALS)


def _multiple(cell: Cell, size: float, decimals: int) -> str:
    """A number as a multiple of a unit; what would be rounded to nothing is less than something."""
    if not isinstance(cell, int | float):
        return written(cell)
    if not cell:
        return "0"
    least = 10.0**-decimals
    return (
        f"{cell / size:,.{decimals}f}"
        if abs(cell) >= least * size / 2
        else f"<{least:.{decimals}f}"
    )


def _barred(cell: Cell, largest: float, *, blocks: bool) -> str:
    """A percentage and a bar, as wide as all others of the column."""
    if not isinstance(cell, Share):
        return written(cell)
    return f"{cell.drawn():>7} {cell.bar(largest, blocks=blocks):<{BAR}}".rstrip()
