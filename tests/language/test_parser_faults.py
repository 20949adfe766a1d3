"""The spec language: how it points at a fault."""

from __future__ import annotations

import pytest
from faults import fault

import convcalc
from convcalc.errors import SpecError


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
        ("relu: a bare number has no meaning here; it has no parameters", 6, 1, "relu:3"),
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


def test_the_first_faults_are_shown_in_the_order_of_the_text():
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
        "and 3 more"
    )
    assert expected == fault("conv 64 pw:8,q1,q2 wp:8")


def test_at_most_ten_faults_are_kept_and_three_shown():
    with pytest.raises(SpecError) as caught:
        convcalc.parse(" ".join(f"dw:k{n},q" for n in range(1, 13)))
    starts = [problem.start for problem in caught.value.problems]
    assert [6, 14, 22, 30, 38, 46, 54, 62, 70, 79] == starts
    assert "and at least 8 more" == str(caught.value).split("\n")[-1]


@pytest.mark.parametrize(
    ("count", "shown", "last"), [(3, 3, "  "), (4, 3, "and 1 more"), (10, 3, "and 7 more")]
)
def test_faults_beyond_the_third_are_counted(count, shown, last):
    text = " ".join(f"dw:k{n},q" for n in range(1, count + 1))
    assert shown == fault(text).count("(column")
    assert fault(text).split("\n")[-1].startswith(last)


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
