"""The rows of a table as lines of JSON, one object each."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import TYPE_CHECKING

from convcalc.render.table import Share, Shown

if TYPE_CHECKING:
    from convcalc.render.table import Cell, Document, Json


def jsonl_text(document: Document) -> str:
    """A line for each row under the columns' machine names, exact values, totals left out.

    As in CSV, so that whoever adds up a column does not count everything twice; a shape is a list,
    a share a fraction of 1, and what is not known null.
    """
    keys = [column.key for column in document.table.columns]
    rows = (dict(zip(keys, map(value_of, row), strict=True)) for row in document.table.rows)
    return "".join(f"{json.dumps(row, allow_nan=False)}\n" for row in rows)


def value_of(cell: Cell) -> Json:
    """What JSON has for a cell: every digit; a fraction that is not whole is text, 1/2."""
    match cell:
        case Shown():
            return cell.value
        case Share():
            return cell.part / cell.whole if cell.whole else 0.0
        case tuple():
            return list(cell)
        case Fraction():
            return cell.numerator if cell.denominator == 1 else str(cell)
        case _:
            return cell
