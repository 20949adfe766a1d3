"""Networks as text: labels, blocks, repeats, definitions, and what they are written out to."""

from __future__ import annotations

import pytest

import convcalc
from convcalc.errors import SpecError


def flow(text):
    """The label of every node and what it reads, as "2.0.1<1"."""
    return " ".join(
        f"{node.label}<{','.join(map(str, node.inputs))}" for node in convcalc.parse(text).nodes
    )


def specs(text, shape=(16, 9, 9)):
    """The layers of a text on an input, once all channels are known."""
    return " ".join(layer.spec for layer in convcalc.parse(text).analyze(shape).layers)


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
