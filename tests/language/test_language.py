"""Networks as text: labels, blocks, repeats, definitions, and what they are written out to."""

from __future__ import annotations

import dataclasses
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import convcalc
from convcalc.errors import SpecError


def written_out(text):
    """(label, layer, inputs) of every node."""
    return [(n.label, n.layer.spec(), n.inputs) for n in convcalc.parse(text).nodes]


def flow(text):
    """The label of every node and what it reads, as "2.0.1<1"."""
    return " ".join(
        f"{node.label}<{','.join(map(str, node.inputs))}" for node in convcalc.parse(text).nodes
    )


def specs(text, shape=(16, 9, 9)):
    """The layers of a text on an input, once all channels are known."""
    return " ".join(layer.spec for layer in convcalc.parse(text).analyze(shape).layers)


def fault(text, shape=None):
    with pytest.raises(SpecError) as caught:
        network = convcalc.parse(text)
        if shape is not None:
            network.analyze(shape)
    return str(caught.value)


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ("0<-1 1<0 2<1", "relu bn relu"),
        ("stem<-1 1<0 out<1", "stem=relu bn out=relu"),
        ("a.b<-1 c-1<0 2<0", "a.b=relu c-1=relu @a.b bn"),
        # A jump is no item: it takes no number
        ("a<-1 1<0 2<0 3<2", "a=relu relu @a bn bn"),
        ("a<-1 1<0", "a=relu @a @a bn"),
        # A block: each branch reads what came before it, the join reads the branches
        ("0<-1 1.0.0<0 1.1.0<0 1.1.1<2 1<1,3", "relu residual{bn | relu bn}"),
        ("0<-1 1.0.0<0 1<1,0 2<2", "relu residual{bn} relu"),
        ("0<-1 1.0.0<0 1<1,0", "relu residual{bn | }"),
        ("0<-1 1.1.0<0 1<0,1", "relu residual{ | bn}"),
        ("0<-1,-1", "residual{}"),
        ("0<-1,-1", "residual{|}"),
        ("0<-1,-1,-1", "concat{ | | }"),
        ("0.0.0<-1 0.1.0<-1 0.2.0<-1 0<0,1,2", "concat{relu|bn|gap}"),
        ("0<-1 1.0.0<0 1<0,1", "relu scale{sigmoid}"),
        ("a<-1 1<0 2.1.0<1 2<0,2", "a=relu bn residual{@a | relu}"),
        ("a<-1 1.0.0.0.0<0 1.0.0<1,0 1<2,0", "a=relu residual{residual{bn}}"),
        ("x.0.y<-1 x<0,-1 1<1", "x=residual{y=relu} bn"),
        ("x.0.0<-1 x<0,-1 1<1 2<1", "x=residual{relu} bn @x bn"),
        # Repeats are nested Sequentials
        ("0.0.0<-1 0.0.1<0 0.1.0<1 0.1.1<2", "2x{conv:8,k3 bn}"),
        ("0<-1 1<0 2.0.0<1 2.0.1<2 2.1.0<3 2.1.1<4", "relu relu 2x{relu bn}"),
        ("0.0.0<-1 0.1.0<0 0.2.0<1", "3xrelu"),
        ("s.0.0<-1 s.1.0<0 1<1", "s=2xrelu bn"),
        ("s.0.a<-1 s.0.1<0 s.1.a<1 s.1.1<2 1<3", "s=2x{a=relu bn} relu"),
        ("0.0.0.0.0<-1 0.0.0.1.0<0 0.1.0.0.0<1 0.1.0.1.0<2", "2x{2xrelu}"),
        ("0.0.0.0.0<-1 0.0.0<0,-1 0.1.0.0.0<1 0.1.0<2,1", "2xresidual{relu}"),
        ("1<-1", "0x{bn bn} relu"),
        ("0.0.0<-1 0.1.0<0", "(5//2)x{relu}"),
        ("s.0.0<-1 1<0 2<0", "s=1xrelu bn @s bn"),
        # Definitions
        ("0.0<-1 0.1<0 1.0<1 1.1<2", "define f() {relu bn} f f"),
        ("s.0<-1 s.1<0 1<1 2<1", "define f() {relu bn} s=f bn @s bn"),
        ("0<-1 1.0.0<0 2<1", "relu define f() {define g() {bn} g} f relu"),
        ("0.0.0<-1", "define f() {g} define g() {relu} f"),
        ("1<-1", "define f() {} f relu"),
        ("0<-1", "define f() {f} relu"),
        ("0.0<-1 0.1.0.0<0 0.1<1,0", "define f() {relu residual{bn}} f"),
        ("x.0.0.0<-1 x.0.1.0<0", "define f() {2xrelu} x=f"),
    ],
)
def test_where_every_node_stands_and_what_it_reads(expected, text):
    assert expected == flow(text)


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        # A label in a branch, a repeat or a definition hides the one outside, and ends there
        ("a<-1 1.0.a<0 1.0.1<1 1<2,0 2<0", "a=relu residual{a=bn @a relu} @a bn"),
        ("0.0.a<-1 0.1.a<-1 0<0,1", "residual{a=relu | a=bn}"),
        ("0.0.a<-1 0.0.1<0 0.1.a<1 0.1.1<2", "2x{a=relu @a bn}"),
        ("0.a<-1 0.1<0 1.a<1 1.1<2", "define f() {a=relu @a bn} f f"),
        ("a<-1 1.0.0<0 1<1,0 2.0.0<0", "a=relu residual{@a bn} 1x{@a bn}"),
        ("0.0.0.0<-1 0.1.0.0<-1 0<0,1", "residual{define f() {bn} f | define f() {relu} f}"),
        # A definition in a branch ends with it
        ("0.0.0.0<-1 0<0,-1 1.0<1", "define f() {relu} residual{define f() {bn} f} f"),
    ],
)
def test_a_name_is_known_in_its_own_sequence_and_further_in(expected, text):
    assert expected == flow(text)


def test_a_name_defined_inside_hides_the_one_outside():
    inner = "define f() {relu} residual{define f() {bn} f | f} f"
    assert "bn relu residual relu" == specs(inner)


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ("conv:8,k3,p1 relu", "define f(w, s=1) {conv:$w,k3,s$s,p1 relu} f:8"),
        ("conv:8,k3,s2,p1 relu", "define f(w, s=1) {conv:$w,k3,s$s,p1 relu} f:8,2"),
        ("conv:8,k3,s2,p1 relu", "define f(w, s=1) {conv:$w,k3,s$s,p1 relu} f:s2,w8"),
        ("conv:8,k3,s2,p1 relu", "define f(w, s=1) {conv:$w,k3,s$s,p1 relu} f:8,s=2"),
        ("conv:8,k1 conv:16,k1", "define f(w, h=$w*2) {conv:$w,k1 conv:$h,k1} f:8"),
        ("conv:8,k1 conv:3,k1", "define f(w, h=$w*2) {conv:$w,k1 conv:$h,k1} f:8,3"),
        ("conv:24,k1", "define f(w, h=($w+4)*2) {conv:$h,k1} f:8"),
        ("conv:9,k1", "define f(w=(1+2)*3) {conv:$w,k1} f"),
        ("relu relu", "define f(n) {($n)xrelu} f:2"),
        ("relu relu relu relu", "define f(n) {(($n+1)*2)xrelu} f:1"),
        ("conv:8,k1,s2", "define f(s) {conv:8,k1,s$s} f:2"),
        ("conv:8,k3x5,p1x2", "define f(k, p) {conv:8,k$k,p$p} f:3x5,1x2"),
        ("conv:8,k3x5,p2", "define f(h, w) {conv:8,k($h)x($w),p2} f:3,5"),
        ("conv:8,k3,p1:0", "define f(p) {conv:8,k3,p$p} f:1:0"),
        ("conv:8,k3,p0:1", "define f(p) {conv:8,k3,p0:$p} f:1"),
        ("conv:8,k3,same", "define f(p) {conv:8,k3,p$p} f:same"),
        ("conv:8,k3,same", "define f(p=same) {conv:8,k3,p$p} f"),
        ("conv:8,k3,p1,reflect", "define f(m) {conv:8,k3,p1,mode=$m} f:reflect"),
        ("conv:8,k1,nobias conv:8,k1", "define f(b) {conv:8,k1,bias=$b} f:false f:b=true"),
        ("leakyrelu:0.2", "define f(slope) {leakyrelu:$slope} f:0.2"),
        ("conv:4,k1 conv:8,k1", "define g(w) {conv:$w,k1} define f(w) {g:$w g:$w*2} f:4"),
        ("conv:4,k1", "define f(w) {define g(w) {conv:$w,k1} g:$w} f:4"),
        ("conv:4,k1 conv:4,k1", "define f(w1, x2=$w1) {conv:$w1,k1 conv:$x2,k1} f:w1=4"),
        ("conv:8,k1", "define conv2(w) {conv:$w,k1} conv2:8"),
    ],
)
def test_a_definition_is_its_body_with_the_values_put_in(expected, text):
    assert expected == specs(text)


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ("conv:32,k1", "conv:in*2,k1"),
        ("conv:8,k1 conv:4,k1", "conv:8,k1 conv:in//2,k1"),
        ("conv:16,k1,g16", "conv:in,k1,g=in"),
        ("conv:6,k1 conv:6,k7,p3", "conv:6,k1 conv:in,k(in+1),p=in//2"),
        ("slice:0:8", "slice:0:in//2"),
        ("slice:8:16", "slice:(in//2):in"),
        ("conv:8,k1 conv:16,k1 concat conv:24,k1", "conv:8,k1 concat{conv:in*2,k1|} conv:in,k1"),
        ("conv:32,k1 conv:64,k1", "2xconv:in*2,k1"),
        ("conv:4,k1 conv:16,k1 residual", "residual{conv:in//4,k1 conv:in*4,k1}"),
        # An argument and a default count the channels that arrive at the use
        ("conv:4,k1 conv:32,k1", "define f(w) {conv:4,k1 conv:$w,k1} f:in*2"),
        ("conv:4,k1 conv:16,k1", "define f(w=in) {conv:4,k1 conv:$w,k1} f"),
        ("conv:4,k1 conv:4,k1", "define f() {conv:4,k1 conv:in,k1} f"),
        ("conv:2,k1 conv:4,k1 conv:2,k1", "define f(w=in) {conv:4,k1 conv:$w,k1} conv:2,k1 f"),
        ("conv:4,k1 relu conv:4,k1", "a=conv:4,k1 relu @a conv:in,k1"),
    ],
)
def test_in_is_the_channels_that_arrive(expected, text):
    assert expected == specs(text)


def test_one_network_with_in_fits_inputs_of_any_width():
    network = convcalc.parse("conv:in*2,k1,nobias")
    assert [2 * 9, 2 * 25] == [network.analyze((c, 4)).totals.params for c in (3, 5)]


@pytest.mark.parametrize(
    ("text", "gate"),
    [
        ("se:4", "scale{gap pw:4 relu pw:16 sigmoid}"),
        ("se:reduction=8", "scale{gap pw:2 relu pw:16 sigmoid}"),
        ("se:4,squeezed=6", "scale{gap pw:6 relu pw:16 sigmoid}"),
    ],
)
def test_squeeze_and_excitation_is_its_gate(text, gate):
    one, other = (convcalc.parse(each).analyze((16, 9, 9)) for each in (text, gate))
    assert one.totals == other.totals
    assert [layer.inputs for layer in one.layers] == [layer.inputs for layer in other.layers]


def test_squeeze_and_excitation_has_the_weights_of_two_small_layers():
    report = convcalc.parse("se:4").analyze((16, 9, 9))
    assert 148 == report.totals.params  # 16*4 + 4 and 4*16 + 16
    assert (16, 9, 9) == report.layers[-1].output_shape


def test_a_definition_of_ones_own_goes_before_a_shorthand():
    assert "bn" == specs("define se(r) {bn} se:4")


def test_every_weight_has_a_name_of_its_own():
    text = "stem=conv:8,k1 2x{residual{conv:8,k1 | bn}} define f() {conv:8,k1} f f"
    assert [
        "stem.weight",
        "stem.bias",
        *(
            f"1.{turn}.0.{name}"
            for turn in (0, 1)
            for name in ("0.0.weight", "0.0.bias", "1.0.weight", "1.0.bias")
        ),
        "2.0.weight",
        "2.0.bias",
        "3.0.weight",
        "3.0.bias",
    ] == list(convcalc.parse(text).weight_shapes((8, 4, 4)))


@pytest.mark.parametrize(
    "text", ["pw:8 0=pw:8 1=pw:8", "a=residual{pw:8 |} a.0.0=pw:8", "2xpw:8 0.0.0=pw:8"]
)
def test_a_label_that_is_already_a_place_is_refused_or_leaves_every_name_apart(text):
    try:
        labels = [node.label for node in convcalc.parse(text).nodes]
    except SpecError:
        return
    assert len(labels) == len(set(labels))


@pytest.mark.parametrize(
    ("printed", "text"),
    [
        ("residual{conv:8,k3,p1 relu | bn}", "Residual {\n conv:n8,k3,p1,s1;relu|bn # c\n}"),
        ("a=residual{b=relu | }", "a=residual{b=relu|}"),
        ("concat{ | | relu}", "concat{||relu}"),
        ("3xrelu", "3x{relu}"),
        ("3xrelu", "3x{ relu # three\n}"),
        ("3x{a=relu}", "3x{a=relu}"),
        ("a=3x{relu bn} @a bn", "a=3x {relu;bn} @a bn"),
        ("6xrelu", "(2*3)xrelu"),
        ("2x{residual{bn}}", "2xresidual{bn}"),
        ("define f(w, s=1) {conv:$w,k3,s$s} f:8", "define  f ( w,s = 1 )\n{conv:n=$w,k3,s=$s} f:8"),
        ("define f(w1) {conv:$w1,k1} f:w1=3", "define f(w1) {conv:$w1,k1} f:w1=3"),
        ("define f(p) {conv:8,k3,p$p} f:same", "define f(p) {conv:8,k3,padding=$p} f:same"),
        ("conv:in*2,k1 slice:0:in//2", "conv:(in*2),k1 slice:0:in//2"),
        ("conv:in,k1,p=in", "conv:in,k1,p=in"),
        ("se:4", "se:4"),
    ],
)
def test_a_network_prints_on_one_line(printed, text):
    assert printed == convcalc.parse(text).spec()
    assert convcalc.parse(text) == convcalc.parse(printed)


@pytest.mark.parametrize(
    "text",
    [
        "conv:in,k3,p=SAME",
        "conv:in,k3x3,p1:1",
        "conv:in,k3,bias=true",
        "conv:in,k3,p(1+1)x(2+2):(3+1)",
        "conv:in,k3,s1",
        "conv:k3,n=in",
        "leakyrelu:1e20",
        "leakyrelu:1e-5",
        "define f(v, w=$v*(1+$v)) {conv:$w,k3} f:1",
        "define f(w) {conv:8,k3,$w} f:same",
        "define f() {conv:8,zzz} relu",
        "define f() {conv:8,k0} relu",
        "0x{conv:8,zz} relu",
        "define f() {conx:8} relu",
    ],
)
def test_what_can_be_read_can_be_printed(text):
    network = convcalc.parse(text)
    assert network == convcalc.parse(network.spec())


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
        ("relu has no branches; the kinds that have are concat, residual, scale", 1, 4, "relu{bn}"),
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

ANSWERS = """
import sys, time
import convcalc
sys.setrecursionlimit(900)
for text in {texts!r}:
    begin = time.process_time()
    try:
        network = convcalc.parse(text)
        assert network == convcalc.parse(network.spec())
        network.analyze((4, 3))
    except convcalc.SpecError as error:
        str(error)
    assert time.process_time() - begin < 6, text[:40]
"""


@pytest.mark.parametrize("text", HUGE, ids=range(len(HUGE)))
def test_the_worst_texts_are_answered_at_once_and_in_little_depth(text):
    script = ANSWERS.format(texts=[text])
    command = [sys.executable, "-c", script]
    run = subprocess.run(command, check=False, capture_output=True, text=True)
    assert "" == run.stderr[-400:]


def test_a_text_of_twenty_megabytes_is_refused_unread():
    text = "residual{" * (20 * 2**20 // 9)
    assert f"a spec of {len(text)} characters" in fault(text)


PLAIN = st.sampled_from(
    [
        "relu",
        "bn",
        "conv:4,k3,p1",
        "conv:in,k1",
        "pw:4",
        "dw:k3,same",
        "leakyrelu:0.2",
        "conv:4,k1,g=in//2",
        "se:2",
    ]
)


@st.composite
def _sequences(draw, depth, labels=None, values=(), uses=()):
    """The words of a sequence that keeps 4 channels and the size; no two labels are alike.

    `labels` are those seen from here, or None for none at all; `uses` are definitions.
    """
    seen = None if labels is None else list(labels)
    words = []
    for _ in range(draw(st.integers(0 if depth < 2 else 1, 3))):
        form = draw(st.sampled_from(["layer", "layer", "block", "repeat", "use", "jump"]))
        label = ""
        if seen is not None and draw(st.booleans()):
            label = f"L{depth}-{len(seen)}-{draw(st.integers(0, 10**9))}"
        inner = _sequences(depth - 1, seen, values, uses) if depth else st.just([])
        if form == "jump" and seen:
            words.append("@" + draw(st.sampled_from(seen)))
            continue
        before = f"{label}=" if label else ""
        if form == "block" and depth:
            branches = draw(st.lists(inner, min_size=1, max_size=3))
            inside = [word for branch in branches for word in ["|", *branch]][1:]
            if len(branches) > 1 and not label and draw(st.booleans()):
                words += ["concat{", *inside, "}", "pw:4"]
            else:
                words += [f"{before}residual{{", *inside, "}"]
        elif form == "repeat":
            counts = [str(draw(st.integers(0, 3))), "(2-1)", *(f"(${value})" for value in values)]
            count = draw(st.sampled_from(counts))
            words += [f"{before}{count}x{{", *draw(inner), "}"]
        elif form == "use" and uses:
            words.append(before + draw(st.sampled_from(uses)))
        else:
            layers = [PLAIN, *(st.just(f"conv:4,k1,p0,s1,d${value}*2") for value in values)]
            words.append(before + draw(st.one_of(layers)))
        if label:
            seen.append(label)
    return words


BODIES = _sequences(2)
TEMPLATES = _sequences(2, labels=[], values=["w", "s"])


@st.composite
def networks(draw):
    """The words of a whole network: definitions, then a sequence that may use them."""
    words, uses = [], []
    for number in range(draw(st.integers(0, 2))):
        body = draw(_sequences(1, [], ["w", "s"], tuple(uses)))
        words += [f"define f{number}(w, s=$w) {{", *body, "}"]
        uses += [f"f{number}:2", f"f{number}:w=1,s=3", f"f{number}:1,2"]
    return [*words, "relu", *draw(_sequences(2, [], (), tuple(uses)))]


@settings(max_examples=200)
@given(networks())
def test_a_network_reads_back_as_itself(words):
    network = convcalc.parse(" ".join(words))
    printed = network.spec()
    assert network == convcalc.parse(printed)
    assert printed == convcalc.parse(printed).spec()


@settings(max_examples=100)
@given(networks())
def test_a_network_of_matching_branches_has_a_report(words):
    report = convcalc.parse(" ".join(words)).analyze((4, 7))
    assert all((4, 7) == layer.output_shape for layer in report.layers[-1:])


def same_layers(one, other):
    """Whether two texts have the same report on an input, whatever their labels."""
    reports = [convcalc.parse(text).analyze((4, 7)) for text in (one, other)]
    bare = [
        [
            dataclasses.replace(layer, label="", weights=tuple(layer.weights.values()))
            for layer in report.layers
        ]
        for report in reports
    ]
    return bare[0] == bare[1] and reports[0].totals == reports[1].totals


@settings(max_examples=100)
@given(BODIES, st.integers(0, 4))
def test_a_repeat_is_its_body_written_several_times(body, times):
    inside = " ".join(body)
    assert same_layers(f"relu {times}x{{{inside}}} bn", f"relu {f'{inside} ' * times} bn")


@settings(max_examples=100)
@given(TEMPLATES, st.integers(1, 3), st.integers(0, 3))
def test_a_use_is_the_body_with_numbers_in_the_place_of_parameters(body, width, step):
    inside = " ".join(body)
    filled = inside.replace("$w", str(width)).replace("$s", str(step + 1))
    used = f"define f(w, s=2) {{{inside}}} relu f:{width},s{step + 1} bn"
    assert same_layers(used, f"relu {filled} bn")


ALPHABET = [
    "relu",
    "bn",
    "pw:4",
    "conv:8,k3,p1",
    "se:4",
    "residual",
    "concat{",
    "scale{",
    "}",
    "|",
    "{",
    "2x",
    "3x{",
    "(2)x",
    "a=",
    "b=",
    "@a",
    "@b",
    "define",
    "f(w)",
    "f(w,s=1)",
    "f(v=$w)",
    "f:3",
    "f:in",
    "f",
    "g(",
    ")",
    "$w",
    "$w*2",
    "in//2",
    "in,",
    "(in+1)*2",
    "k=in",
    ",p$w",
    ":0:1",
    "x2",
    "0.5",
    "1e9",
    "//",
    "1//0",
    "=",
    ",",
    ":",
    ";",
    "#",
    "\n",
    "-",
    "(",
    "$",
]
TEXTS = st.lists(
    st.one_of(st.sampled_from([*ALPHABET, " ", " ", "}"]), st.characters()), max_size=24
).map("".join)


@settings(max_examples=400)
@given(TEXTS)
def test_any_text_of_the_language_is_a_network_or_a_spec_error(text):
    try:
        network = convcalc.parse(text)
    except SpecError as error:
        assert 3 * len(error.problems) + error.more == len(str(error).split("\n"))
        assert all(line.isprintable() for line in str(error).split("\n"))
        return
    assert network == convcalc.parse(network.spec())
    try:
        network.analyze((4, 7))
    except SpecError as error:
        assert 1 == len(error.problems)
