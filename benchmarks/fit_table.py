"""The table of fitted constants as rows, and as the text of the module that holds it."""

from __future__ import annotations

import textwrap
from typing import NamedTuple

from convcalc.execute import fitted_costs


class Conditions(NamedTuple):
    """Where and with which versions numbers were measured; "not recorded" if nobody knows."""

    processor: str
    cores: str
    instructions: str
    torch: str
    onednn: str
    opencv: str
    numpy: str


class Row(NamedTuple):
    """One constant.

    Attributes:
        value: What the cost model computes with.
        source: The name of the conditions under which that was measured.
        found: What the experiment gave when it was last run; None if it could not say.
        found_on: The conditions of that; "" if there are none.
        unit: What the number counts.
        meaning: What it is, in a sentence.
    """

    value: float
    source: str
    found: float | None
    found_on: str
    unit: str
    meaning: str


def rows() -> dict[str, Row]:
    """The rows that are installed, by name."""
    return {name: Row(*row) for name, row in fitted_costs.ROWS.items()}


def sources() -> dict[str, Conditions]:
    """The conditions that the rows name."""
    return {name: Conditions(*source) for name, source in fitted_costs.SOURCES.items()}


HEADER = '''\
"""The constants of the cost model that were fitted to measurements: one table for all of them.

Written by `benchmarks/fit_costs.py --write`; `benchmarks/fit_experiments.py` says of each how it is
measured. A value is in use until `--adopt` takes what was found instead.

SOURCES, by date: processor, cores, instruction set, versions of torch, oneDNN, OpenCV and numpy.
ROWS, by name: value in use, its source, what was found when it was last measured, the source of
that, unit, meaning. Values are rounded, and weighed against more cases than one experiment has.
"""

from __future__ import annotations

Source = tuple[str, str, str, str, str, str, str]
Row = tuple[float, str, float | None, str, str, str]

# fmt: off
'''

FOOTER = '''\
# fmt: on

FITTED: dict[str, float] = {name: row[0] for name, row in ROWS.items()}
"""The values in use, by name."""
'''


def text(table: dict[str, Row], measured: dict[str, Conditions]) -> str:
    """The module that holds these rows, with the conditions that any of them names."""
    used = {name for row in table.values() for name in (row.source, row.found_on)}
    lines = ["SOURCES: dict[str, Source] = {"]
    for name, conditions in measured.items():
        if name in used:
            fields = [_quoted(field) for field in conditions]
            lines.append(f"    {_quoted(name)}: (")
            lines += [f"        {', '.join(fields)}", "    ),"]
    lines += ["}", "", "ROWS: dict[str, Row] = {"]
    for name, row in table.items():
        lines += _row_lines(name, row)
    return HEADER + "\n".join([*lines, "}", FOOTER])


def _row_lines(name: str, row: Row) -> list[str]:
    found = "None" if row.found is None else number(row.found)
    fields = [number(row.value), _quoted(row.source), found, *map(_quoted, row[3:5])]
    *pieces, last = textwrap.wrap(row.meaning, 88, drop_whitespace=False)
    return [
        f"    {_quoted(name)}: ({', '.join(fields)},",
        *(f"        {_quoted(piece)}" for piece in pieces),
        f"        {_quoted(last)}),",
    ]


def number(value: float) -> str:
    """A number as Python reads it back, whole ones with their digits in threes."""
    if isinstance(value, int):
        return f"{value:_}"
    short = f"{value:g}"
    return short if "e" in short and float(short) == value else repr(value)


def _quoted(words: str) -> str:
    """A literal in double quotes, of words without quotes or backslashes."""
    return f'"{words}"'
