"""A network as a picture: its boxes and arrows, its blocks, and what each language escapes."""

from __future__ import annotations

import shutil
from xml.etree import ElementTree

import pytest

import convcalc
from convcalc.errors import UsageError
from convcalc.render.graph.diagram import Box, Diagram, Group, diagram_of, groups_of
from convcalc.render.graph.dot import dot_text, quoted
from convcalc.render.graph.graphviz import check_graphviz, drawn
from convcalc.render.graph.mermaid import escaped, mermaid_text

TEXT = "conv:8,k3,p1 residual{bn relu conv:8,k3,p1} gap"
EVIL = 'a"b\\N<br>&#35;`x`_{}'

needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")


@pytest.fixture
def diagram():
    return diagram_of(convcalc.parse(TEXT).analyze((3, 8, 8)))


def test_a_box_has_the_name_the_layer_its_shape_and_its_macs(diagram):
    # 8 * 8 positions of 8 channels, each a sum of 3 * 9 products.
    box = Box("0", ("conv:8,k3,p1", "8x8x8  13,824 MACs"), "convolution", ())
    assert (Box("input", ("3x8x8",), "input", ()), box) == diagram.boxes[:2]
    assert Box("2", ("gap", "8x1x1"), "pooling", (), is_output=True) == diagram.boxes[-1]


def test_arrows_go_from_what_is_read_to_who_reads_it(diagram):
    names = [box.name for box in diagram.boxes]
    pairs = {(names[source], names[target]) for source, target in diagram.arrows}
    assert {
        ("input", "0"),
        ("0", "1.0.0"),
        ("1.0.0", "1.0.1"),
        ("1.0.1", "1.0.2"),
        ("1.0.2", "1"),
        ("0", "1"),
        ("1", "2"),
    } == pairs


def test_what_is_folded_is_one_box_with_the_costs_of_all():
    found = diagram_of(convcalc.parse(TEXT).analyze((3, 8, 8)), depth=1)
    assert ["input", "0", "1", "2"] == [box.name for box in found.boxes]
    assert ("4 layers", "8x8x8  36,864 MACs") == found.boxes[2].lines
    assert ((0, 1), (1, 2), (2, 3)) == found.arrows


def test_blocks_are_groups_inside_each_other_and_none_that_is_all_of_another():
    paths = [(), ("a",), ("a", "b"), ("a", "b"), ("c", "d"), ("c", "d")]
    boxes = tuple(Box(str(i), (), "other", path) for i, path in enumerate(paths))
    inner = Group("a.b", (2, 3))
    assert (0, Group("a", (1, inner)), Group("c", (4, 5))) == groups_of(Diagram(boxes, ()))


def test_a_layer_of_unknown_cost_says_so():
    report = convcalc.parse("opaque:name=X").analyze((3, 8, 8))
    assert "3x8x8  MACs not known" == diagram_of(report).boxes[1].lines[1]


def test_every_text_says_every_box_and_every_arrow(diagram):
    for text, arrow in ((dot_text(diagram), "->"), (mermaid_text(diagram), "-->")):
        assert len(diagram.arrows) == text.count(f" {arrow} ")
        assert all(f"n{place}" in text for place in range(len(diagram.boxes)))
        assert 1 == text.count("subgraph")


def test_a_layer_says_first_what_it_is_and_a_block_its_name(diagram):
    layer = "conv:8,k3,p1<br/>8x8x8&#160; 13,824 MACs<br/>"
    assert f'label=<{layer}<font point-size="8" color="#5c6370">0</font>>' in dot_text(diagram)
    assert 'n1["conv:8,k3,p1<br/>8x8x8  13,824 MACs<br/>0"]' in mermaid_text(diagram)
    folded = diagram_of(convcalc.parse(TEXT).analyze((3, 8, 8)), depth=1)
    assert "label=<1<br/>4 layers<br/>8x8x8&#160; 36,864 MACs>" in dot_text(folded)
    assert 'n2["1<br/>4 layers<br/>8x8x8  36,864 MACs"]' in mermaid_text(folded)


@needs_dot
def test_the_lines_of_a_box_are_in_its_middle(diagram):
    root = ElementTree.fromstring(drawn(diagram, "svg"))
    svg = "{http://www.w3.org/2000/svg}"
    boxes = [one for one in root.iter(f"{svg}g") if one.get("class", "").startswith("node")]
    assert len(diagram.boxes) == len(boxes)
    for box in boxes:
        lines = list(box.iter(f"{svg}text"))
        assert {"middle"} == {line.get("text-anchor") for line in lines}
        assert 1 == len({line.get("x") for line in lines})


def test_signs_of_the_languages_are_escaped():
    assert '"a\\"b\\\\N<br>&amp;#35;`x`_{}"' == quoted(EVIL)
    assert "a#quot;b\\N#lt;br#gt;#amp;#35;35;#96;x#96;_{}" == escaped(EVIL)


@needs_dot
def test_dot_takes_any_name_and_the_picture_has_it_as_text():
    boxes = (Box(EVIL, ("\N{CJK UNIFIED IDEOGRAPH-5377}",), "join", ("a",)),) * 2
    root = ElementTree.fromstring(drawn(Diagram(boxes, ((0, 1),)), "svg"))
    texts = [one.text for one in root.iter("{http://www.w3.org/2000/svg}text")]
    assert 2 == texts.count(EVIL) == texts.count("\N{CJK UNIFIED IDEOGRAPH-5377}")
    style = next(root.iter("{http://www.w3.org/2000/svg}style"))
    assert "prefers-color-scheme:dark" in style.text


@needs_dot
def test_a_picture_in_pixels_is_a_png(diagram):
    assert drawn(diagram, "png").startswith(b"\x89PNG")


def test_without_graphviz_the_texts_are_offered(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(UsageError, match=r"not installed; -o net.dot and -o net.mmd"):
        check_graphviz()
