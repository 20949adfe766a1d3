"""What is wrong with a network as text is named, pointed at, and told at once."""

from __future__ import annotations

import contextlib
import sys

import pytest
from faults import fault

import convcalc
from convcalc.errors import SpecError
from growth import calls_within

LAYER = "expected a layer, as conv:64,k3,p1"


@pytest.mark.parametrize(
    ("message", "column", "width", "text"),
    [
        ("this '{' is never closed; expected a '}'", 9, 1, "residual{relu"),
        ("this '{' is never closed; expected a '}'", 18, 1, "residual{residual{bn"),
        ("this '{' is never closed; expected a '}'", 9, 1, "residual{residual{bn}"),
        ("this '{' is never closed; expected a '}'", 4, 1, "3x {relu | bn"),
        ("this '{' is never closed; expected a '}'", 12, 1, "define f() {relu # }"),
        ("'}' without a block that it belongs to", 6, 1, "relu }"),
        ("'}' without a block that it belongs to", 15, 1, "residual{relu}} bn"),
        ("'|' without a block that it belongs to", 6, 1, "relu | bn"),
        (f"{LAYER}: a kind, then ':' and its arguments; a block", 1, 1, "{relu}"),
        (
            "relu has no branches; the kinds that have are attention, bilinear, concat, "
            "elementwise, matmul, opaque, residual, scale",
            *(1, 4, "relu{bn}"),
        ),
        ("residual needs branches, as residual{conv:64,k3,p1 | }", 1, 8, "residual"),
        ("concat takes two branches or more, got 1 branch", 1, 6, "concat{relu}"),
        ("concat takes two branches or more, got 1 branch", 1, 6, "concat{}"),
        ("scale takes one branch, the gate, got 2 branches", 1, 5, "scale{relu|bn}"),
        ("a repeat has no branches; '|' belongs into a block", 1, 2, "2x{relu|bn}"),
        ("a definition has no branches; '|' belongs into a block", 1, 10, "define f() {relu|bn}"),
        ("expected a layer or '{' after '2x'", 1, 2, "2x relu"),
        ("a repeat takes a number of 0 to 250000", 1, 14, "1000000000000x{relu}"),
        ("a repeat takes a number of 0 to 250000", 1, 5, "(-1)x{bn}"),
        ("a repeat takes a number of 0 to 250000", 1, 5, "(in)x{relu}"),
        ("a repeat takes a number of 0 to 250000", 14, 5, "define f(n) {($n)x{relu}} f:same"),
        ("division by zero", 1, 6, "(1//0)x{relu}"),
        ("more than 250000 layers and repeats", 19, 4, "1000x{1000x{1000x{relu}}}"),
        ("expected a label after '@', as @stem", 1, 1, "@"),
        ("expected a label after '@', as @stem", 6, 3, "relu @a="),
        ("no label 'a' is set before this place; none is set yet", 1, 2, "@a a=relu"),
        ("no label 'b' is set before this place; the labels so far are a", 8, 2, "a=relu @b"),
        (
            "no label 'stme' is set before this place; did you mean 'stem'?",
            11,
            5,
            "stem=relu @stme",
        ),
        ("no label 'b' is set before this place", 18, 2, "residual{b=relu} @b"),
        ("no label 'b' is set before this place", 15, 2, "2x{b=relu} bn @b"),
        ("no label 'b' is set before this place", 23, 2, "define f() {b=relu} f @b"),
        ("no label 'b' is set before this place", 17, 2, "residual{b=relu|@b}"),
        ("the label 'a' is set twice", 8, 4, "a=relu a=bn"),
        ("the label 'a' is set twice", 11, 8, "a=relu bn a=2xrelu"),
        (f"{LAYER}: a kind", 3, 2, "a=@b"),
        (f"{LAYER}: a kind", 1, 8, "a..b=bn,"),
        ("a definition cannot use itself: f -> f", 13, 1, "define f() {f} f"),
        ("a definition cannot use itself: f -> g -> f", 30, 1, "define f() {g} define g() {  f} f"),
        ("unknown parameter $w", 6, 2, "conv:$w,k3"),
        ("unknown parameter $wide; did you mean 'width'?", 21, 5, "define f(width) {pw:$wide} f:1"),
        ("unknown parameter $v; the parameters are w", 17, 2, "define f(w) {pw:$v} f:1"),
        ("f needs a value for w", 18, 1, "define f(w) {bn} f"),
        ("one value too many", 22, 1, "define f(w) {bn} f:1,2"),
        ("w is given twice", 22, 3, "define f(w) {bn} f:1,w=2"),
        ("q is no parameter of f(w)", 22, 3, "define f(w) {bn} f:1,q=2"),
        ("'f' is defined twice", 17, 10, "define f() {bn} define f() {relu} f"),
        ("'relu' is a kind of layer already", 1, 13, "define relu() {bn} relu"),
        ("'w' is named twice", 10, 3, "define f(w,w) {relu} bn"),
        ("'3' is no name for a parameter", 10, 1, "define f(3) {relu} bn"),
        ("expected define NAME(parameter, other=1) { ... }", 1, 6, "define f {relu} bn"),
        ("expected define NAME(parameter, other=1) { ... }", 1, 6, "define"),
        ("unknown kind 'g'", 34, 1, "define f() {define g() {bn} g} f g"),
    ],
)
def test_a_fault_is_named_and_pointed_at(message, column, width, text):
    first, line, pointer = fault(text).split("\n")[:3]
    assert first.startswith(message)
    assert first.endswith(f" (column {column})")
    assert f"  {text}" == line
    assert "  " + " " * (column - 1) + "^" * width == pointer


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ("branch 0 gives 8x7x7, branch 1 gives 8x9x9", "residual{conv:8,k3 | conv:8,k3,p1}"),
        ("branch 0 gives 8x9x9, branch 1 gives 4x9x9", "residual{conv:8,k1 | conv:4,k1}"),
        ("branch 0 gives 4x9x9, branch 1 gives 16x9x9", "residual{conv:4,k1}"),
        ("branch 0 gives 8x7x7, branch 1 gives 8x9x9", "concat{conv:8,k3 | conv:8,k3,p1}"),
        ("branch 0 gives 16x9x9, branch 2 gives 2x5x5", "concat{| relu | conv:2,k1,s2}"),
        ("the input is 16x9x9, the gate gives 3x1x1", "scale{gap conv:3,k1}"),
    ],
)
def test_branches_that_do_not_meet_are_named_with_their_shapes(message, text):
    first, _, pointer = fault(text, (16, 9, 9)).split("\n")
    assert first.startswith(message)
    assert "  " + "^" * text.index("{") == pointer


@pytest.mark.parametrize(
    ("message", "column", "width", "text"),
    [
        ("out_channels: must be at least 1, got 0", 11, 6, "relu conv:in//20,k1"),
        ("out_channels: division by zero", 6, 11, "conv:in//(in-16),k1"),
        ("kernel_size: must be at most", 9, 15, "conv:in,k=in*1000000000"),
        ("out_channels: a number of more than 18 digits", 6, 21, "conv:in*" + "9" * 18 + ",k1"),
    ],
)
def test_channels_that_give_an_impossible_layer_are_pointed_at(message, column, width, text):
    first, _, pointer = fault(text, (16, 9, 9)).split("\n")
    assert first.startswith(message)
    assert "  " + " " * (column - 1) + "^" * width == pointer


@pytest.mark.parametrize("text", ["bn se:32", "bn se:0", "bn se:same", "bn se:1.5", "bn se:4,2,3"])
def test_a_fault_inside_a_shorthand_is_shown_where_it_is_used(text):
    _, line, pointer, *more = fault(text, (16, 9, 9)).split("\n")
    assert (f"  {text}", []) == (line, more)
    assert pointer[:5].isspace()
    assert len(pointer) <= len(line)


@pytest.mark.parametrize(
    "text",
    [
        "define f(v=$w, w=1) {conv:2,k1,p$v} f",
        "define f(w) {define g(w=$w) {conv:$w,k1} g} f:8",
        "define f(w=1//0) {relu} f",
        "define f(w) {relu} f:$w",
        "define f(w, v=$w+1) {relu} f:same",
        "define f(w, v=$w//0) {relu} f:2",
        "A:$\x1b",
        "conv:8,k(" + "$a+" * 500,
        "define f(" + "w" * 5000 + ") {relu} f",
        "define f(w) {relu} f:" + "q" * 5000 + "=3",
        "w" * 5000 + "=relu " + "w" * 5000 + "=relu",
        "@" + "w" * 5000,
    ],
)
def test_every_fault_is_a_spec_error_of_short_clean_lines(text):
    assert all(line.isprintable() and len(line) <= 500 for line in fault(text).split("\n"))


def test_a_fault_of_a_repeated_body_is_told_once():
    assert 1 == fault("1000x{relu 3x{conx}} bn").count("unknown kind")


def test_a_definition_that_is_wrong_is_told_once():
    assert 1 == fault("define f(w) {conv:8,,k3} f:1 f:2").count("(column")


def test_faults_of_several_lines_name_their_lines():
    text = "define f(w) {\n  conv:$v,k1\n}\n\nf:3 residual{\n  relu\n  bx"
    lines = fault(text).split("\n")
    assert ["(line 5, column 13)"] == [line[line.rindex("(") :] for line in lines[::3]]
    assert "(line 2, column 8)" in fault(text.replace("bx", "bn}"))


HUGE = [
    "{" * 10_000,
    "}" * 10_000,
    "|" * 10_000,
    "residual{" * 10_000,
    "3x{" * 10_000,
    "define f() {" * 10_000,
    "residual{" * 100 + "}" * 100,
    "residual{" * 100 + "conv:" + "(" * 50 + "3" + ")" * 50 + ",k1" + "}" * 100,
    "residual{" * 101 + "}" * 101,
    "define f0() {relu} "
    + " ".join(f"define f{n}() {{f{n - 1}}}" for n in range(1, 160))
    + " f159",
    "define f0() {relu} "
    + " ".join(f"define f{n}() {{residual{{f{n - 1} f{n - 1}}}}}" for n in range(1, 60))
    + " f59",
    "conv:" + "(" * 10_000,
    "conv:" + "-" * 10_000 + "3,k1",
    "conv:" + "+".join(["in"] * 5000) + ",k1",
    "define f(w) {conv:" + "*".join(["$w"] * 5000) + ",k1} f:1",
    "1000000x{}",
    "100000x{conx}",
    "100000x{conv}",
    "zz " * 20_000,
    "a=" * 10_000,
    "@a " * 10_000,
    "define " * 10_000,
    "define f(" * 10_000,
    "pw:8" + ",n8" * 10_000,
]


@contextlib.contextmanager
def frames_left(number):
    """So many calls may be open at once, on top of those that pytest has open."""
    before, frame, depth = sys.getrecursionlimit(), sys._getframe(), 0
    while frame := frame.f_back:
        depth += 1
    sys.setrecursionlimit(depth + number)
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


@pytest.mark.parametrize("text", HUGE, ids=range(len(HUGE)))
def test_the_worst_texts_are_answered_in_few_steps_and_in_little_depth(text):
    with calls_within(10_000_000), frames_left(900):
        try:
            network = convcalc.parse(text)
            assert network == convcalc.parse(network.spec())
            network.analyze((4, 3))
        except SpecError as error:
            str(error)


def test_a_text_of_twenty_megabytes_is_refused_unread():
    text = "residual{" * (20 * 2**20 // 9)
    assert f"a spec of {len(text)} characters" in fault(text)
