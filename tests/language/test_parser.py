"""The spec language: what it accepts, how it prints back, and how it points at a fault."""

from __future__ import annotations

import dataclasses
import string

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import convcalc
from convcalc.errors import ParameterError, SpecError
from convcalc.language import Argument, read_constant, read_tree
from convcalc.layers import (
    KINDS,
    Conv,
    ConvTranspose,
    Depthwise,
    LeakyReLU,
    MaxPool,
    Pointwise,
    Separable,
    Slice,
)
from convcalc.network.graph import Network


def layers(text):
    return [node.layer for node in convcalc.parse(text).nodes]


def fault(text, shape=None):
    """The message of the refusal of a text, or of its network on a shape."""
    with pytest.raises(SpecError) as caught:
        network = convcalc.parse(text)
        if shape is not None:
            network.analyze(shape)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("conv:64,k3", Conv(64, 3)),
        ("conv:64,k3x5", Conv(64, (3, 5))),
        ("conv:64,k3X5x7", Conv(64, (3, 5, 7))),
        ("conv:64,k3,s2,p1,d4,g8", Conv(64, 3, 2, 1, 4, 8)),
        ("conv:64,k=3,s=2x1", Conv(64, 3, (2, 1))),
        ("conv:k3,n64", Conv(64, 3)),
        ("conv:64,g8,k3", Conv(64, 3, groups=8)),
        ("conv:64,k3,p1x2", Conv(64, 3, padding=(1, 2))),
        ("conv:64,k3,p0:1", Conv(64, 3, padding=((0, 1),))),
        ("conv:64,k3,p0:1x2:3", Conv(64, 3, padding=((0, 1), (2, 3)))),
        ("conv:64,k3,p0:1x2", Conv(64, 3, padding=((0, 1), 2))),
        ("conv:64,k3,p=0:1", Conv(64, 3, padding=((0, 1),))),
        ("conv:64,k3,same", Conv(64, 3, padding="same")),
        ("conv:64,k3,p=same", Conv(64, 3, padding="same")),
        ("conv:64,k3,valid", Conv(64, 3, padding="valid")),
        ("conv:64,k3,s2,same-upper", Conv(64, 3, 2, "same-upper")),
        ("conv:64,k3,s2,same_lower", Conv(64, 3, 2, "same-lower")),
        ("conv:64,k3,p1,reflect", Conv(64, 3, padding=1, padding_mode="reflect")),
        ("conv:64,k3,mode=circular", Conv(64, 3, padding_mode="circular")),
        ("conv:64,k3,nobias", Conv(64, 3, bias=False)),
        ("conv:64,k3,bias", Conv(64, 3)),
        ("conv:64,k3,bias=false", Conv(64, 3, bias=False)),
        ("conv:64,k3,bias=True", Conv(64, 3)),
        ("convt:3,k4,s2,op1", ConvTranspose(3, 4, 2, output_padding=1)),
        ("convt:3,k4,s2,op1x0", ConvTranspose(3, 4, 2, output_padding=(1, 0))),
        ("convt:3,k4,s2,size9x8", ConvTranspose(3, 4, 2, output_size=(9, 8))),
        ("dw:k3", Depthwise(3)),
        ("dw:k3,m2", Depthwise(3, multiplier=2)),
        ("pw:64", Pointwise(64)),
        ("pw:64,s2,g4,nobias", Pointwise(64, 2, 4, False)),
        ("sep:64,k3,m2", Separable(3, multiplier=2, out_channels=64)),
        ("CONV:64,K3,NoBias,P=SAME", Conv(64, 3, padding="same", bias=False)),
        ("conv:0064,k03", Conv(64, 3)),
        (
            "conv:out_channels=8,kernel_size=3x5,stride=2,padding=1,dilation=2,groups=1,"
            "bias=false,padding_mode=circular",
            Conv(8, (3, 5), 2, 1, 2, 1, False, "circular"),
        ),
        ("conv:8,Kernel_Size3,STRIDE2", Conv(8, 3, 2)),
        (
            "convt:8,k3,s2,output_padding=1,padding=1",
            ConvTranspose(8, 3, 2, 1, output_padding=1),
        ),
        ("convt:8,k3,s2,output_size=9", ConvTranspose(8, 3, 2, output_size=9)),
        ("dw:k3,multiplier=2", Depthwise(3, multiplier=2)),
        ("leakyrelu:0.2", LeakyReLU(0.2)),
        ("leakyrelu:slope1e-3", LeakyReLU(0.001)),
        ("leakyrelu:-2", LeakyReLU(-2.0)),
        ("slice:0:32", Slice((0, 32))),
        ("maxpool:3,s2,ceil", MaxPool(3, 2, ceil_mode=True)),
    ],
)
def test_every_form_of_argument_is_read(text, expected):
    assert [expected] == layers(text)


@pytest.mark.parametrize(
    "text",
    [
        "pw:8 dw:k3",
        "  pw:8\tdw:k3\r\n",
        "pw:8\n\ndw:k3\n",
        "pw:8;dw:k3",
        ";; pw:8 ; dw:k3 ;",
        "pw:8 # wide: conv:64 ; conv\ndw:k3",
        "# a head\npw:8#no blank is needed\ndw:k3 # and an end",
        "pw:8\u00a0dw:k3\u2003",
    ],
)
def test_layers_are_separated_by_blanks_lines_and_semicolons(text):
    assert [Pointwise(8), Depthwise(3)] == layers(text)


def test_each_layer_reads_the_one_before_it():
    nodes = convcalc.parse("pw:8 dw:k3 pw:4").nodes
    assert [((-1,), "0"), ((0,), "1"), ((1,), "2")] == [(n.inputs, n.label) for n in nodes]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("7", 7),
        ("-7", -7),
        ("3x5", (3, 5)),
        ("0:1", ((0, 1),)),
        ("1x0:1", (1, (0, 1))),
        ("0:1x-2:3", ((0, 1), (-2, 3))),
        ("same", "same"),
        ("same-upper", "same-upper"),
        ("x", "x"),
        ("9" * 18, 10**18 - 1),
        ("3.0", 3.0),
        ("-0.25", -0.25),
        ("1e-20", 1e-20),
        ("(1+2)*3", 9),
        ("2*2x(7//2)", (4, 3)),
    ],
)
def test_a_value_by_itself(text, value):
    assert value == read_constant(text)


@pytest.mark.parametrize(
    "text", ["", "3x", "3xx5", "0:1:", "3:", ":3", "1:2:3", "3.", ".5", "3 5", "+3"]
)
def test_what_is_no_value_says_what_one_is(text):
    with pytest.raises(ValueError, match=r"expected a value such as 7, 3x5, 0:1 \(begin:end\)"):
        read_constant(text)


def test_a_call_knows_its_places():
    (call,), problems = read_tree("\n  conv:64,k=3")
    assert ("conv", 3, 14, 1, []) == (
        call.kind,
        call.place.start,
        call.place.end,
        call.place.breaks,
        problems,
    )
    assert (Argument(None, 64), Argument("k", 3)) == call.arguments
    assert [(8, 10), (11, 14)] == [(a.place.start, a.place.end) for a in call.arguments]


@pytest.mark.parametrize(
    ("printed", "text"),
    [
        ("conv:64,k7,s2,p3", "conv:k7,p3,s2,n64,g1,bias,zeros"),
        ("conv:64,k3x3", "conv:64,k3x3"),
        ("conv:64,k3,p1x0:2", "conv:64,k3,p1:1x0:2"),
        ("conv:64,k3,same,nobias", "conv:64,k3,nobias,padding=SAME"),
        ("conv:64,k3,p1,reflect", "conv:64,k3,mode=reflect,p1"),
        ("convt:3,k4,s2,op1x0", "convt:3,k4,s2,op=1x0"),
        ("convt:3,k4,s2,size9", "convt:3,k4,s2,output_size=9"),
        ("dw:k3,m2", "dw:m2,k3"),
        ("sep:64,k3,s2", "sep:s2,k3,n64"),
        ("pw:8 dw:k3", "pw:8;\n dw:k3 # twice"),
        ("leakyrelu:0.2", "LeakyReLU:negative_slope=0.20"),
        ("leakyrelu", "leakyrelu:0.01"),
        ("slice:0:32", "slice:c=0:32"),
        ("avgpool:3,p1", "avgpool:3,p1,include"),
        ("avgpool:3,p1,noinclude", "avgpool:3,p1,noinclude"),
        ("avgpool:3,same-upper", "avgpool:3,SAME_UPPER,noinclude"),
        ("avgpool:3,same-upper,include", "avgpool:3,same-upper,include"),
        # What `p` will be is not known in a definition, so that nothing is left out.
        (
            "define f(q) {avgpool:3,p$q,include} f:1",
            "define f(q) {avgpool:3,p$q,include} f:1",
        ),
    ],
)
def test_a_network_prints_short(printed, text):
    assert printed == convcalc.parse(text).spec()


def axes_of(low, high=30):
    number = st.integers(low, high)
    return st.one_of(number, st.lists(number, min_size=1, max_size=3).map(tuple))


ENDS = st.one_of(st.integers(0, 9), st.tuples(st.integers(0, 9), st.integers(0, 9)))
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
PARAMETERS = {
    "affine": st.booleans(),
    "alpha": NUMBERS,
    "bias": st.booleans(),
    "ceil_mode": st.booleans(),
    "channels": st.tuples(st.integers(0, 9), st.integers(10, 30)),
    "count_include_pad": st.booleans(),
    "dilation": axes_of(1),
    "eps": NUMBERS,
    "groups": st.integers(1, 99),
    "kernel_size": axes_of(1),
    "max_val": NUMBERS,
    "min_val": NUMBERS,
    "mode": st.sampled_from(["nearest", "bilinear"]),
    "multiplier": st.integers(1, 9),
    "negative_slope": NUMBERS,
    "num_groups": st.integers(1, 9),
    "num_parameters": st.integers(1, 9),
    "out_channels": st.integers(1, 2**31 - 1),
    "out_features": st.integers(1, 2**31 - 1),
    "output_padding": axes_of(0),
    "output_size": axes_of(1),
    "p": st.floats(0, 1),
    "padding": st.one_of(
        st.sampled_from(["valid", "same", "same-upper", "same-lower"]),
        st.integers(0, 9),
        st.lists(ENDS, min_size=1, max_size=3).map(tuple),
    ),
    "padding_mode": st.sampled_from(["zeros", "reflect", "replicate", "circular"]),
    "scale_factor": axes_of(1),
    "size": axes_of(1),
    "stride": axes_of(1),
    "upscale_factor": st.integers(1, 9),
}
PLAIN_KINDS = sorted(name for name, kind in KINDS.items() if not kind.joins)


@st.composite
def drawn_layers(draw, kinds=PLAIN_KINDS):
    kind = KINDS[draw(st.sampled_from(kinds))]
    needed = {f.name for f in dataclasses.fields(kind) if f.default is dataclasses.MISSING}
    names = [f.name for f in dataclasses.fields(kind) if f.name in needed or draw(st.booleans())]
    try:
        return kind(**{name: draw(PARAMETERS[name]) for name in names})
    except ParameterError:
        # Two parameters that exclude each other, as `same` and a stride.
        assume(False)


@pytest.mark.parametrize("kind", PLAIN_KINDS)
@settings(max_examples=20)
@given(st.data())
def test_every_kind_reads_back_as_itself(kind, data):
    network = Network.chain([data.draw(drawn_layers([kind]))])
    assert network == convcalc.parse(network.spec())


@given(st.lists(drawn_layers(), min_size=1, max_size=4))
def test_a_network_reads_back_as_itself(drawn):
    network = Network.chain(drawn)
    assert network == convcalc.parse(network.spec())


@pytest.mark.parametrize(
    ("message", "column", "width", "text"),
    [
        ("expected a layer, as conv:64,k3,p1; found none", 1, 1, ""),
        ("expected a layer, as conv:64,k3,p1; found none", 1, 1, " # conv:64,k3"),
        ("unknown kind 'conx'; did you mean 'conv'?", 1, 4, "conx:64,k3"),
        ("unknown kind 'zzz'; `convcalc layers` lists the kinds", 3, 3, "  zzz"),
        ("expected a layer, as conv:64,k3,p1: a kind, then ':' and its", 6, 2, "pw:8 64"),
        ("expected a layer, as conv:64,k3,p1: a kind, then ':' and its", 4, 1, "pw=8"),
        ("expected a layer, as conv:64,k3,p1: a kind, then ':' and its", 1, 3, ":64"),
        ("expected an argument here, as 64, k3 or p=same", 6, 1, "conv:"),
        ("expected an argument here, as 64, k3 or p=same", 9, 1, "conv:64,"),
        ("expected an argument here, as 64, k3 or p=same", 9, 1, "conv:64,,k3"),
        ("expected an argument here, as 64, k3 or p=same", 6, 1, "conv:,k3"),
        ("expected a value such as 7, 3x5, 0:1 (begin:end) or a word", 9, 3, "conv:64,k3x"),
        ("expected a value such as 7, 3x5, 0:1 (begin:end) or a word", 9, 2, "conv:64,k="),
        ("expected a value such as 7, 3x5, 0:1 (begin:end) or a word", 9, 2, "conv:64,=3"),
        ("kernel_size: expected a whole number or one per axis", 9, 4, "conv:64,k3.5"),
        ("negative_slope: expected a finite number, got inf", 11, 5, "leakyrelu:1e999"),
        ("channels: the end must lie behind the begin, got 3:3", 7, 3, "slice:3:3"),
        ("a number of more than 18 digits", 9, 20, "conv:64,k" + "1" * 19),
        ("kernel_size: must be at most 2147483647", 9, 11, "conv:64,k2147483648"),
        ("kernel_size: must be at least 1, got 0", 9, 4, "conv:64,k3x0"),
        ("kernel_size: must be at least 1, got -3", 9, 3, "conv:64,k-3"),
        ("kernel_size: expected a whole number or one per axis", 9, 6, "conv:64,k=same"),
        ("kernel_size: expected a whole number, got (3, 4)", 9, 4, "conv:64,k3:4"),
        (
            "kernel_size: expected one value for each of 1 to 3 axes, got 4",
            9,
            8,
            "conv:64,k3x3x3x3",
        ),
        ("out_channels: expected a whole number, got (64, 2)", 6, 4, "conv:64x2,k3"),
        ("kernel_size: is given twice", 12, 13, "conv:64,k3,kernel_size=3"),
        ("out_channels: is given twice", 12, 3, "conv:64,k3,n64"),
        ("bias: is given twice", 19, 6, "conv:64,k3,nobias,nobias"),
        ("padding: is given twice", 14, 4, "conv:8,k3,p1,same"),
        ("conv needs kernel_size, written k3", 1, 7, "conv:64"),
        ("conv needs out_channels, written conv:64", 1, 7, "conv:k3"),
        ("pw needs out_channels, written pw:64", 1, 2, "pw"),
        ("dw needs kernel_size, written k3", 1, 5, "dw:m2"),
        ("conv: a bare number has no meaning here; name it: n, k, s, p, d,", 9, 1, "conv:64,3"),
        ("conv: a bare number has no meaning here; name it: n, k, s, p, d,", 9, 2, "conv:k3,64"),
        ("dw: a bare number has no meaning here; name it: k, s, p, d, m,", 4, 1, "dw:3"),
        ("conv: has no parameter 'q'; it has n, k, s, p, d, g, bias, mode", 12, 2, "conv:64,k3,q4"),
        ("pw: has no parameter 'k'; it has n, s, g, bias", 6, 2, "pw:8,k3"),
        ("conv: has no parameter 'strid'; did you mean 'stride'?", 12, 7, "conv:64,k3,strid=2"),
        ("conv: does not know the word 'sme'; did you mean 'same'?", 12, 3, "conv:64,k3,sme"),
        (
            "conv: does not know the word 'nobais'; did you mean 'nobias'?",
            12,
            6,
            "conv:64,k3,nobais",
        ),
        ("pw: does not know the word 'zz'; expected a key and a value", 6, 2, "pw:8,zz"),
        ("padding_mode: expected one of zeros, reflect", 12, 8, "conv:64,k3,mode=odd"),
        ("bias: expected true or false, got 3", 12, 6, "conv:64,k3,bias=3"),
        ("padding: 'same' goes with stride 1 only", 15, 4, "conv:64,k3,s2,same"),
        ("padding: must be at least 0, got -1", 12, 5, "conv:64,k3,p-1:0"),
        ("output_size: decides output_padding", 19, 5, "convt:8,k3,s2,op1,size9"),
    ],
)
def test_a_fault_is_named_and_pointed_at(message, column, width, text):
    first, line, pointer = fault(text).split("\n")
    assert first.startswith(message)
    assert first.endswith(f" (column {column})")
    assert f"  {text}" == line
    assert "  " + " " * (column - 1) + "^" * width == pointer


def test_the_whole_text_of_a_fault():
    expected = (
        "conv: does not know the word 'sme'; did you mean 'same'? (column 17)\n"
        "  pw:8 conv:64,k3,sme dw:k3\n"
        "                  ^^^"
    )
    assert expected == fault("pw:8 conv:64,k3,sme dw:k3")


def test_all_faults_are_shown_in_the_order_of_the_text():
    expected = (
        "conv needs out_channels, written conv:64 (column 1)\n"
        "  conv 64 pw:8,q1,q2 wp:8\n"
        "  ^^^^\n"
        "conv needs kernel_size, written k3 (column 1)\n"
        "  conv 64 pw:8,q1,q2 wp:8\n"
        "  ^^^^\n"
        "expected a layer, as conv:64,k3,p1: a kind, then ':' and its arguments (column 6)\n"
        "  conv 64 pw:8,q1,q2 wp:8\n"
        "       ^^\n"
        "pw: has no parameter 'q'; it has n, s, g, bias (column 14)\n"
        "  conv 64 pw:8,q1,q2 wp:8\n"
        "               ^^\n"
        "pw: has no parameter 'q'; it has n, s, g, bias (column 17)\n"
        "  conv 64 pw:8,q1,q2 wp:8\n"
        "                  ^^\n"
        "unknown kind 'wp'; `convcalc layers` lists the kinds (column 20)\n"
        "  conv 64 pw:8,q1,q2 wp:8\n"
        "                     ^^"
    )
    assert expected == fault("conv 64 pw:8,q1,q2 wp:8")


def test_at_most_ten_faults_are_shown():
    with pytest.raises(SpecError) as caught:
        convcalc.parse(" ".join(f"dw:k{n},q" for n in range(1, 13)))
    starts = [problem.start for problem in caught.value.problems]
    assert [6, 14, 22, 30, 38, 46, 54, 62, 70, 79] == starts
    assert "and more; only the first 10 faults are shown" == str(caught.value).split("\n")[-1]


def test_ten_faults_are_all_there_are():
    text = " ".join(f"dw:k{n},q" for n in range(1, 11))
    assert 10 == fault(text).count("(column") and "and more" not in fault(text)


def test_lines_are_counted_in_a_text_of_several():
    expected = (
        "unknown kind 'conx'; did you mean 'conv'? (line 3, column 3)\n"
        "    conx:8 # here\n"
        "    ^^^^\n"
        "pw needs out_channels, written pw:64 (line 5, column 1)\n"
        "  pw\n"
        "  ^^"
    )
    assert expected == fault("# head\npw:8\n  conx:8 # here\n\npw\n")


def test_a_long_line_is_cut_around_the_fault():
    text = "pw:8 " * 40 + "pw:8,zz" + " pw:8" * 40
    first, line, pointer = fault(text).split("\n")
    assert first.endswith("(column 206)")
    assert 2 + 76 == len(line)
    assert "zz" == "".join(c for c, mark in zip(line, pointer, strict=False) if mark == "^")
    assert line[2:] in text


@pytest.mark.parametrize(("text", "column"), [("pw:8 " * 40 + "zz", 201), ("zz" + " pw:8" * 40, 1)])
def test_a_fault_at_either_end_of_a_long_line_is_shown(text, column):
    first, line, pointer = fault(text).split("\n")
    assert first.endswith(f"(column {column})")
    assert 2 + 76 == len(line)
    assert "zz" == "".join(c for c, mark in zip(line, pointer, strict=False) if mark == "^")


@pytest.mark.parametrize(
    "text", ["\x1b[31m", "pw:\x07", "pw:8,\u202ek3", "conv:\x00,k3", "pw:8 \x9b"]
)
def test_characters_that_command_a_terminal_are_shown_as_question_marks(text):
    line = fault(text).split("\n")[1]
    assert "".join(c if c.isprintable() else "?" for c in f"  {text}") == line


def test_a_text_without_end_is_refused_unread():
    expected = "a spec of 4194305 characters; at most 4194304 are read (column 1)"
    assert expected == fault("#" * (2**22 + 1)).split("\n")[0]


@pytest.mark.parametrize(
    "text",
    ["conv:8,k=" + "a" * 5000, "conv:8,k3,mode=" + "a" * 5000, "z" * 5000, "pw:8," + "z" * 5000],
)
def test_a_message_stays_readable_whatever_is_typed(text):
    assert all(len(line) <= 500 for line in fault(text).split("\n"))


@pytest.mark.parametrize(
    ("message", "column", "width", "text", "shape"),
    [
        (
            "the kernel spans 9 elements, the padded input 4 (4 + 0 + 0)",
            6,
            9,
            "pw:8 conv:8,k9",
            (3, 4),
        ),
        ("3 input channels do not divide by groups=2", 1, 12, "conv:8,k1,g2", (3, 4)),
        ("kernel_size: 2 values given, but the input has 1", 8, 4, "conv:8,k3x3", (3, 9)),
        ("stride: 2 values given, but the input has 3", 6, 4, "pw:8,s1x2", (3, 9, 9, 9)),
        ("output_padding: must be smaller", 12, 3, "convt:8,k3,op1", (3, 9)),
        ("padding: 2 values given", 7, 4, "dw:k3,p1x1", (3, 9)),
    ],
)
def test_a_layer_that_does_not_fit_is_pointed_at(message, column, width, text, shape):
    first, line, pointer = fault(text, shape).split("\n")
    assert first.startswith(message)
    assert first.endswith(f" (column {column})")
    assert f"  {text}" == line
    assert "  " + " " * (column - 1) + "^" * width == pointer


PARTS = "conv convt dw pw sep same nobias bias mode reflect op size k3 s2 p0:1 p1x2 k=3 k0 64 0 -1"
WORDS = st.sampled_from([*PARTS.split(), *"x:,= ;#\n"])
ALMOST_SPECS = st.lists(st.one_of(WORDS, st.sampled_from(string.printable)), max_size=14).map(
    "".join
)


@given(st.one_of(st.text(), ALMOST_SPECS))
def test_any_text_is_a_network_or_a_spec_error(text):
    try:
        network = convcalc.parse(text)
    except SpecError as error:
        assert 1 <= len(error.problems) <= 10
        assert all(line.isprintable() for line in str(error).split("\n"))
        assert 3 * len(error.problems) == len(str(error).split("\n"))
    else:
        assert network == convcalc.parse(network.spec())


@given(
    st.lists(drawn_layers(), min_size=1, max_size=3),
    st.lists(st.integers(1, 60), min_size=2, max_size=4),
)
def test_any_network_on_any_input_has_a_report_or_a_spec_error(drawn, shape):
    network = convcalc.parse(Network.chain(drawn).spec())
    try:
        report = network.analyze(shape)
    except SpecError as error:
        assert 1 == len(error.problems)
        return
    assert all(size >= 1 for layer in report.layers for size in layer.output_shape)
    assert all(
        0 <= unread <= size
        for layer in report.layers
        for unread, size in zip(layer.unread, layer.input_shapes[0][1:], strict=True)
    )
