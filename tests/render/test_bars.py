"""Bars of layers as SVG: how long they are, which names they have, and what is refused."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from convcalc.errors import UsageError
from convcalc.render.bars import bars_svg, shortened_name
from convcalc.render.table import Column, Document, Table

COLUMNS = [
    Column("label", "name"),
    Column("spec", "layer"),
    Column("macs", "MACs", numeric=True),
    Column("params", "params", numeric=True),
]
SVG = "{http://www.w3.org/2000/svg}"


def drawn(*rows, columns=COLUMNS, total=None):
    text = bars_svg(Document({}, Table(columns, [list(row) for row in rows], total), ["input"]))
    return ElementTree.fromstring(text)


def lengths(root, kind):
    return [float(one.get("width")) for one in root.iter(f"{SVG}rect") if one.get("class") == kind]


def test_bars_are_as_long_as_their_figures_beside_the_largest():
    root = drawn(("a", "conv:8", 400, 10), ("b", "conv:8", 100, 0), ("c", "opaque", None, 5))
    # A panel is (600 - 10 - 176) / 2 = 207 wide, of which 66 + 10 are for the value.
    assert [131.0, 32.8] == lengths(root, "macs")
    assert [131.0, 65.5] == lengths(root, "params")
    texts = [one.text for one in root.iter(f"{SVG}text")]
    assert {"conv a", "400", "-"} <= set(texts)


def test_a_name_of_any_script_and_any_sign_is_text():
    label = '\N{CJK UNIFIED IDEOGRAPH-5377}<&>"'
    root = drawn((label, "conv:8,k3", 1, 1))
    assert f"conv {label}" in [one.text for one in root.iter(f"{SVG}text")]
    assert any(label in one.text for one in root.iter(f"{SVG}title"))


def test_what_is_folded_has_its_name_first():
    root = drawn(("layer1", "14 layers", 1, 1), ("layer2", "1,200 layers", 1, 1))
    assert {"layer1 14 layers", "layer2 1,200 layers"} <= {e.text for e in root.iter(f"{SVG}text")}


def test_a_long_name_loses_its_middle_and_wide_letters_take_two_columns():
    assert "abcd\N{HORIZONTAL ELLIPSIS}wxyz" == shortened_name("abcdefghijklmnopqrstuvwxyz", 9)
    assert "abc" == shortened_name("abc", 3)
    wide = "\N{CJK UNIFIED IDEOGRAPH-5377}" * 10
    assert 4 == len(shortened_name(wide, 8).replace("\N{HORIZONTAL ELLIPSIS}", "")) + 1


def test_other_figures_are_drawn_where_these_are_not_there():
    columns = [Column("label", "name"), Column("size", "size", numeric=True)]
    assert [338.0, 169.0] == lengths(drawn(("a", 2), ("b", 1), columns=columns), "macs")


def test_nothing_to_draw_and_too_much_are_refused():
    with pytest.raises(UsageError, match="no column of numbers"):
        drawn(("a",), columns=COLUMNS[:1])
    with pytest.raises(UsageError, match="1,001 layers are too many to draw; --depth 1"):
        drawn(*[("a", "conv", 1, 1)] * 1001)
