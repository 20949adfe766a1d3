"""What a column shows of a block of layers that are folded into one row.

Each takes the cells of the layers, and the place among them of the layer whose output leaves the
block.
"""

from __future__ import annotations

from fractions import Fraction
from math import fsum
from typing import TYPE_CHECKING

from convcalc.render.table import Layers, Ratio, Share

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.render.table import Cell


def of_leaving(cells: Sequence[Cell], leaving: int) -> Cell:
    """That of the layer whose output leaves the block: its shape, its field."""
    return cells[leaving]


def of_first(cells: Sequence[Cell], _leaving: int) -> Cell:
    """That of the first layer."""
    return cells[0]


def counted(cells: Sequence[Cell], _leaving: int) -> Cell:
    """How many layers there are."""
    return Layers(len(cells))


def summed(cells: Sequence[Cell], _leaving: int) -> Cell:
    """The sum of what is known; nothing where nothing is."""
    known = [cell for cell in cells if cell is not None]
    if shares := [cell for cell in known if isinstance(cell, Share)]:
        # Of different wholes, where each is in its lowest terms.
        part = sum((Fraction(one.part, one.whole or 1) for one in shares), Fraction(0))
        return Share(part.numerator, part.denominator)
    if ratios := [cell for cell in known if isinstance(cell, Ratio)]:
        return Ratio(sum(one.amount for one in ratios), sum(one.of for one in ratios))
    numbers = [cell for cell in known if isinstance(cell, int | float)]
    if not numbers:
        return None
    return fsum(numbers) if any(isinstance(one, float) for one in numbers) else sum(numbers)


def summed_if_known(cells: Sequence[Cell], leaving: int) -> Cell:
    """The sum, if all of it is known."""
    return None if None in cells else summed(cells, leaving)


def largest(cells: Sequence[Cell], _leaving: int) -> Cell:
    """The largest that is known, as of what is alive at a time."""
    return max((cell for cell in cells if isinstance(cell, int | float)), default=None)


def agreed(cells: Sequence[Cell], _leaving: int) -> Cell:
    """What all layers agree on, else that they do not."""
    known = {cell for cell in cells if cell is not None}
    return (known.pop() if len(known) == 1 else "mixed") if known else None
