"""Views of a table of layers: some of its rows, folded into blocks, in another order.

Whatever rows are shown, the total is the network's, and so are shares. The rows that a view leaves
are chosen by layer first, then folded, sorted and cut off.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from math import prod
from typing import TYPE_CHECKING, NamedTuple, cast

from convcalc.analysis.blocks import fold
from convcalc.errors import UsageError, nearest, printable
from convcalc.render.table import Layers, Ratio, Share, Shown, Table, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from fractions import Fraction

    from convcalc.analysis import Report
    from convcalc.analysis.blocks import Fold
    from convcalc.render.table import Cell, Column, Document, JsonObject

    Rank = tuple[tuple[float | Fraction, str], ...]


class Sorting(NamedTuple):
    """The column that rows are sorted by, and whether the largest comes first."""

    column: str
    descending: bool = False


@dataclass(frozen=True)
class View:
    """What is shown of a table of layers.

    Attributes:
        layers: Labels of layers or of blocks, with all in them, or patterns of `fnmatch`; all
            where there are none.
        kinds: Kinds of layers; all where there are none.
        depth: Parts of the labels down to which blocks are shown; None folds nothing.
        order: What rows are sorted by; None leaves them in the order of the network.
        top: How many rows are shown at most.
        columns: The columns by their names, in this order; all where there are none.
    """

    layers: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    depth: int | None = None
    order: Sorting | None = None
    top: int | None = None
    columns: tuple[str, ...] = ()


class _Row(NamedTuple):
    """One row of a view, and the places of the layers that it is made of."""

    cells: list[Cell]
    places: list[int]


def viewed(document: Document, view: View) -> Document:
    """The document with the rows and columns of a view; its JSON has them as `rows`.

    Args:
        document: Of a table with a row for each layer.
        view: What of it is shown.

    Raises:
        UsageError: there is no such layer or column, or the table is of something else.
    """
    table = document.table
    report = table.report
    if report is None:
        raise UsageError(
            "the rows of this table are no layers; leave out --layer, --kind, --depth, --sort, "
            "--top and --columns"
        )
    rows = _rows(table, report, view)
    if view.order is not None:
        place = _place(table.columns, view.order.column, "--sort")
        rows = _sorted(rows, place, view.order.descending)
    rows = rows[: view.top]
    shown = Table(table.columns, [row.cells for row in rows], table.total)
    if view.columns:
        shown = _with_columns(shown, view.columns)
    places = [place for row in rows for place in row.places]
    count, every = len(places), len(report.layers)
    left_out = f"{count} of {every} layers shown{'; the total is of all' * bool(table.total)}"

    def source() -> JsonObject:
        return {**document.data, "rows": _data(shown), "shown_layers": count}

    explained = document.explained
    return replace(
        document,
        source=source,
        table=shown,
        remarks=[*([left_out] if count < every else []), *document.remarks],
        explained=[*(explained[place] for place in places), *explained[every:]]
        if explained
        else [],
    )


def _data(table: Table) -> list[JsonObject]:
    keys = [column.key for column in table.columns]
    return [dict(zip(keys, map(plain, row), strict=True)) for row in table.rows]


# -- rows ------------------------------------------------------------------------------------------


def _rows(table: Table, report: Report, view: View) -> list[_Row]:
    chosen = set(_chosen(report, view))
    found = []
    for block in fold(report.layers, view.depth, report.output):
        places = [row.index for row in block.layers if row.index in chosen]
        if places:
            found.append(_Row(_folded(table, block, places), places))
    return found


def _folded(table: Table, block: Fold, places: Sequence[int]) -> list[Cell]:
    """The cells of some layers of a block in one row; of one layer, its own."""
    leaving = places.index(block.last.index) if block.last.index in places else len(places) - 1
    cells: list[Cell] = []
    for at, column in enumerate(table.columns):
        own = [table.rows[place][at] for place in places]
        if column.key == "label":
            cells.append(block.label)
        elif len(own) == 1:
            cells.append(own[0])
        else:
            cells.append(column.of_block(own, leaving) if column.of_block else None)
    return cells


def _chosen(report: Report, view: View) -> Iterable[int]:
    """The layers that both the labels and the kinds allow.

    Raises:
        UsageError: a label or pattern fits nothing in the network.
    """
    paths = [_paths(row.label) for row in report.layers]
    for pattern in view.layers:
        if not any(fnmatchcase(path, pattern) for own in paths for path in own):
            hint = nearest(pattern, dict.fromkeys(path for own in paths for path in own))
            raise UsageError(f"--layer: no layer or block '{printable(pattern, 60)}'{hint}")
    for row, own in zip(report.layers, paths, strict=True):
        if view.kinds and row.kind not in view.kinds:
            continue
        if not view.layers or any(fnmatchcase(path, p) for path in own for p in view.layers):
            yield row.index


def _paths(label: str) -> list[str]:
    """A label and the blocks around it: a.b.c, a.b, a."""
    parts = label.split(".")
    return [".".join(parts[:count]) for count in range(len(parts), 0, -1)]


# -- order -----------------------------------------------------------------------------------------


def _sorted(rows: Sequence[_Row], place: int, descending: bool) -> list[_Row]:
    """Rows by the values of a column; those of which it is not known come last."""
    ranks = [(_rank(row.cells[place]), row) for row in rows]
    known = [(rank, row) for rank, row in ranks if rank is not None]
    known.sort(key=lambda one: one[0], reverse=descending)
    return [row for _, row in known] + [row for rank, row in ranks if rank is None]


def _rank(cell: Cell) -> Rank | None:
    """What a cell is sorted by: numbers by size, shapes by elements, numbers in names as such."""
    if isinstance(cell, Shown) and cell.rank is not None:
        return _numbers(cell.rank) or None
    if isinstance(cell, Share | Ratio | Layers | Shown):
        return _rank(cell.value)
    if isinstance(cell, tuple):
        shape = cast("tuple[int, ...]", cell)
        return _numbers((prod(shape), *shape))
    if isinstance(cell, str):
        words = re.split(r"(\d+)", cell) if cell else ()
        return tuple((int(w), "") if w.isdecimal() else (-1, w) for w in words) or None
    return None if cell is None else _numbers((cell,))


def _numbers(values: Iterable[float | Fraction]) -> Rank:
    return tuple((value, "") for value in values)


# -- columns ---------------------------------------------------------------------------------------


def _with_columns(table: Table, names: Sequence[str]) -> Table:
    """The table with the columns of these names, which no screen leaves out."""
    found = table.only([_place(table.columns, name, "--columns") for name in dict.fromkeys(names)])
    found.columns = [column._replace(hidden=False, optional=0) for column in found.columns]
    return found


def _place(columns: Sequence[Column], name: str, option: str) -> int:
    """The place of a column by its name for machines, or by its title.

    Raises:
        UsageError: there is none.
    """
    word = name.lower()
    for place, column in enumerate(columns):
        if word in (column.key, column.title.lower()):
            return place
    keys = [column.key for column in columns]
    hint = nearest(word, keys)
    known = ", ".join(keys)
    raise UsageError(f"{option}: no column '{printable(name, 60)}'; there are {known}{hint}")
