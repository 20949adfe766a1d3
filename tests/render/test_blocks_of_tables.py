"""Blocks of a table of layers: which there are, and what their rows add up to."""

from __future__ import annotations

from convcalc.render.html.blocks import Block, Row, with_blocks
from convcalc.render.html.document import html_text
from convcalc.render.table import Column, Document, Layers, Share, Table

COLUMNS = [
    Column("label", "name"),
    Column("spec", "layer", wraps=True),
    Column("macs", "MACs", numeric=True),
    Column("share", "share"),
]


def table(*labels):
    rows = [[label, "conv:8,k3", place, Share(place, 10)] for place, label in enumerate(labels, 1)]
    total = ["total", "", sum(row[2] for row in rows), ""]
    return Table(COLUMNS, rows, total)


def test_a_block_comes_before_its_rows_with_their_sums():
    found = list(with_blocks(table("stem", "a.0", "a.1", "head")))
    assert [Row, Block, Row, Row, Row] == [type(one) for one in found]
    assert ("a", 0, 2, [None, None, 5, Share(5, 10)]) == found[1]
    assert [0, 1, 1, 0] == [one.depth for one in found if isinstance(one, Row)]


def test_what_has_one_row_or_is_all_of_a_block_is_none_of_its_own():
    found = with_blocks(table("a.0.x", "a.0.y", "b.0", "c.0.x", "c.0.y", "c.1"))
    assert [("a", 0), ("c", 0), ("c.0", 1)] == [one[:2] for one in found if isinstance(one, Block)]


def test_a_row_is_as_deep_as_the_blocks_that_are_shown_around_it():
    found = with_blocks(table("a.0.x", "a.0.y", "b.0", "c.0.x", "c.0.y", "c.1", "d"))
    assert [1, 1, 0, 2, 2, 1, 0] == [one.depth for one in found if isinstance(one, Row)]


def test_rows_that_are_folded_already_count_with_all_their_layers():
    own = table("a.0", "a.1", "b")
    own.rows[0][1] = Layers(7)
    (block, *_) = with_blocks(own)
    assert 8 == block.layers


def test_a_column_whose_total_is_no_sum_has_none():
    own = table("a.0", "a.1")
    own.total[2] = 7  # a peak, for example
    (block, *_) = with_blocks(own)
    assert block.sums[2] is None


def test_a_table_without_names_has_no_blocks():
    own = Table([Column("kind", "kind")], [["conv"], ["relu"]])
    assert [Row("", 0, ["conv"]), Row("", 0, ["relu"])] == list(with_blocks(own))


def test_nothing_of_a_name_becomes_a_tag_or_an_attribute():
    evil = "a'b\"<script>alert(1)</script>&.x"
    text = html_text(Document({}, table(evil, evil), [evil], [evil]))
    assert "<script>alert" not in text
    assert 1 == text.count("<script")
    assert "data-label='a&#x27;b&quot;&lt;script&gt;" in text
