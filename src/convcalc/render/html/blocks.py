"""The blocks of a table of layers, by the names of the layers: layer1.0.conv1 is in layer1.0."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from convcalc.render.table import Layers, Share

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcalc.render.table import Cell, Table


class Row(NamedTuple):
    """A row of the table.

    Attributes:
        label: The name of its layer; "" where the table has none.
        depth: How many blocks it lies in, of those that have a row of their own.
        cells: What the table has of it.
    """

    label: str
    depth: int
    cells: list[Cell]


class Block(NamedTuple):
    """Several rows one after the other with the beginning of their names in common.

    Attributes:
        path: That beginning: layer1.0.
        depth: How many blocks it lies in itself.
        layers: How many layers it has: more than rows, where some are folded already.
        sums: What they add up to, in each column where the table's total is the sum of its rows.
    """

    path: str
    depth: int
    layers: int
    sums: list[Cell]


def with_blocks(table: Table) -> Iterator[Row | Block]:
    """The rows, before the first of each block of several rows the block."""
    place = next((i for i, column in enumerate(table.columns) if column.key == "label"), None)
    labels = ["" if place is None else str(row[place]) for row in table.rows]
    added = _added(table)
    open_path: list[str] = []
    ends: list[int] = []  # of the blocks around
    for index, (label, cells) in enumerate(zip(labels, table.rows, strict=True)):
        path = label.split(".")[:-1]
        shared = _shared(open_path, path)
        ends = [end for end in ends if end > index]
        around = 0
        for depth in range(shared + 1, len(path) + 1):
            end = _end(labels, index, ".".join(path[:depth]) + ".")
            # A block that is all of the one around it would be folded with it.
            if end - index > 1 and end != around:
                around = end
                sums = [
                    _sum([row[i] for row in table.rows[index:end]]) if adds else None
                    for i, adds in enumerate(added)
                ]
                layers = sum(map(_layers_of, table.rows[index:end]))
                yield Block(".".join(path[:depth]), len(ends), layers, sums)
                ends.append(end)
        open_path = path
        yield Row(label, len(ends), cells)


def _layers_of(row: list[Cell]) -> int:
    """How many layers a row stands for, as `render.folding.counted` writes it."""
    folded = next((cell for cell in row if isinstance(cell, Layers)), None)
    return 1 if folded is None else folded.number


def _shared(one: list[str], other: list[str]) -> int:
    """How many parts two paths begin with alike."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((i for i, (mine, its) in pairs if mine != its), min(len(one), len(other)))


def _end(labels: list[str], start: int, prefix: str) -> int:
    """The first row from `start` on that does not lie in a block."""
    others = (i for i in range(start, len(labels)) if not labels[i].startswith(prefix))
    return next(others, len(labels))


def _added(table: Table) -> list[bool]:
    """The columns whose total is the sum of their rows, and those of shares of a whole."""
    total = table.total or [None] * len(table.columns)
    columns = zip(*table.rows, strict=True) if table.rows else ([] for _ in table.columns)
    return [_adds(list(column), cell) for column, cell in zip(columns, total, strict=True)]


def _adds(column: list[Cell], total: Cell) -> bool:
    if any(isinstance(cell, Share) for cell in column):
        return True
    return isinstance(total, int) and _sum(column) == total


def _sum(cells: list[Cell]) -> Cell:
    """The sum of counts or of shares; None where none is known."""
    shares = [cell for cell in cells if isinstance(cell, Share)]
    if shares:
        return shares[0]._replace(part=sum(share.part for share in shares))
    counts = [cell for cell in cells if isinstance(cell, int)]
    return sum(counts) if counts else None
