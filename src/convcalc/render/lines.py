"""The rows of a table as lines of JSON, one object each."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from convcalc.render.table import plain

if TYPE_CHECKING:
    from convcalc.render.table import Document


def jsonl_text(document: Document) -> str:
    """A line for each row under the columns' machine names, exact values, totals left out.

    As in CSV, so that whoever adds up a column does not count everything twice; a shape is a list,
    a share a fraction of 1, and what is not known null.
    """
    keys = [column.key for column in document.table.columns]
    rows = (dict(zip(keys, map(plain, row), strict=True)) for row in document.table.rows)
    return "".join(f"{json.dumps(row, allow_nan=False)}\n" for row in rows)
