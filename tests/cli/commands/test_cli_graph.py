"""`graph`: what is written where, how large networks are folded, and what is refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

NET = ("conv:8,k3,p1", "relu", "-i", "3x8x8")
needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")


def test_without_an_output_it_is_the_text_for_graphviz(inside):
    done = inside("graph", *NET)
    assert (0, "") == (done.code, done.err)
    assert done.out.startswith("digraph network {")
    assert "label=<conv:8,k3,p1<br/>8x8x8&#160; 13,824 MACs<br/><font point-size=" in done.out


@pytest.mark.parametrize(
    ("name", "beginning"),
    [
        ("n.dot", b"digraph"),
        ("n.gv", b"digraph"),
        ("n.mmd", b"flowchart"),
        ("n.mermaid", b"flowchart"),
        pytest.param("n.svg", b"<svg", marks=needs_dot),
        pytest.param("n.png", b"\x89PNG", marks=needs_dot),
    ],
)
def test_the_suffix_says_the_form(inside, name, beginning):
    done = inside("graph", *NET, "-o", name)
    assert (0, "") == (done.code, done.out)
    assert f"note: wrote {name} (" in done.err
    assert Path(name).read_bytes().startswith(beginning)


def test_the_form_may_be_said_and_the_text_go_to_standard_output(inside):
    assert inside("graph", *NET, "--to", "mermaid", "-o", "-").out.startswith("flowchart TD")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "what to draw? give layers, a file, model.py:Net or a network by name"),
        ((*NET, "-o", "n.jpg"), "-o: '.jpg' is not drawn; give one of .dot, .gv, .mmd"),
        ((*NET, "-o", "n"), "-o: the name has no suffix; give one of"),
        ((*NET, "-o", "n.dot", "--to", "png"), "--to png and the suffix of 'n.dot' contradict"),
        ((*NET, "-o", "old.dot"), "'old.dot': it exists; add --force to replace it"),
        ((*NET, "--depth", "0"), "--depth"),
        (("501x{relu relu relu relu}", "-i", "3x8x8", "--depth", "9"), "2,005 boxes are too many"),
    ],
)
def test_what_cannot_be_drawn_is_one_line(inside, words, told):
    Path("old.dot").write_bytes(b"old")
    done = inside("graph", *words)
    assert (True, "") == (done.code in (2, 4), done.out)
    assert told in done.err
    assert 1 == done.err.count("\n")
    assert b"old" == Path("old.dot").read_bytes()


def test_a_large_network_is_folded_as_far_as_it_can_be_read_and_that_is_said(inside):
    done = inside("graph", "densenet121")
    assert 0 == done.code
    assert "layers are folded into" in done.err
    assert done.out.count("[label=") <= 200
    assert done.out.count(" -> ") <= 400
