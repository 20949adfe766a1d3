"""Cells of a column as text: one unit for all of them, bars in which 1 % is seen."""

from __future__ import annotations

import pytest

from convcalc.render.lettering import BLOCKS, NO_BARS, SIGNS, brief, full
from convcalc.render.table import Column, Share, Table, written


def table(values, total=None, **column):
    only = Column("x", "x", numeric=True, **column)
    return Table([only], [[value] for value in values], None if total is None else [total])


@pytest.mark.parametrize(
    ("values", "total", "unit", "texts"),
    [
        ([118_013_952, 12_845_056], 4_089_184_256, "M", ["118.01", "12.85", "4,089.18"]),
        ([2_359_296, 128, 0, None], 25_557_032, "M", ["2.3593", "0.0001", "0", "-", "25.5570"]),
        ([1_850_000_000, 1], None, "G", ["1.8500", "<0.0001"]),
        ([1_000_000], None, "M", ["1.000"]),
    ],
)
def test_counts_are_in_the_unit_of_the_largest_row(values, total, unit, texts):
    found = brief(table(values, total), 0)
    assert (unit, texts) == (found.unit, found.texts)


@pytest.mark.parametrize("column", [{"exact": True}, {}])
def test_what_is_exact_or_small_has_no_unit(column):
    values = [5_000_000] if column else [999_999]
    assert brief(table(values, **column), 0) is None


def test_times_are_in_one_unit():
    found = full(table([4.7428e-05, 5.1628e-07, 0.0, None], unit="s"), 0)
    assert ("µs", ["47.43", "0.52", "0", "-"]) == (found.unit, found.texts)


@pytest.mark.parametrize(
    ("bars", "texts"),
    [
        (BLOCKS, ["  1.0 % ▏", " 99.0 % ████████", "", "  <0.1 %"]),
        (SIGNS, ["  1.0 % #", " 99.0 % ########", "", "  <0.1 %"]),
        (NO_BARS, ["1.0 %", "99.0 %", "", "<0.1 %"]),
    ],
)
def test_a_percent_is_seen_beside_the_whole(bars, texts):
    shares = [Share(1, 100), Share(99, 100), Share(0, 100), Share(1, 10**6)]
    found = full(table(shares), 0, bars).texts
    assert [text.strip() for text in texts] == [text.strip() for text in found]


def test_a_count_alone_may_be_short():
    assert ["118.01 M", "4.09 G", "999,999"] == [
        written(count, short=True) for count in (118_013_952, 4_089_184_256, 999_999)
    ]


def test_a_table_goes_without_a_column():
    two = Table([Column("a", "a"), Column("b", "b")], [[1, 2]], [3, 4])
    assert ([[2]], [4]) == (two.without(0).rows, two.without(0).total)
