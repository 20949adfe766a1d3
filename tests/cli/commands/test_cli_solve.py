"""`solve` as a user meets it."""

from __future__ import annotations

import pytest
from cli_support import loaded_by, strict

STEM = ("solve", "-i", "3x224x224", "--output", "64x112x112", "-k", "7", "-s", "2")

SHOWN = """\
conv from 3x224x224 to 64x112x112

#  layer               output      unused  why
--------------------------------------------------------------------------------------------------
1  conv:64,k7,s2,p3    64x112x112       0  half of an odd kernel at both ends: windows are centred
2  conv:64,k7,s2,p2:3  64x112x112       0  'same-upper': TensorFlow's and ONNX's SAME
3  conv:64,k7,s2,p3:2  64x112x112       0  'same-lower': ONNX's SAME_LOWER
"""


def test_a_stem_is_padded_by_3(inside):
    assert (0, SHOWN, "") == inside(*STEM)[:3]


def test_its_json(inside):
    data = strict(inside(*STEM, "--format", "json").out)
    assert ("solve", "conv", 3) == (data["command"], data["kind"], data["count"])
    assert "conv:64,k7,s2,p3" == data["solutions"][0]["spec"]


def test_what_is_shown_of_many(inside):
    few = inside("solve", "-i", "3x224x224", "--output", "64x14x14", "--format", "csv")
    assert 21 == few.out.count("\n")
    told = inside("solve", "-i", "3x224x224", "--output", "64x14x14").out
    assert "more; --all shows every one" in told
    every = inside("solve", "-i", "3x224x224", "--output", "64x14x14", "--format", "csv", "--all")
    assert every.out.startswith(few.out)
    assert every.out.count("\n") > 1000


def test_none_ends_with_1_and_the_nearest(inside):
    done = inside("solve", "-i", "3x224x224", "--output", "64x80x80", "-k", "7")
    assert 1 == done.code
    assert "conv:64,k7,s3,p3  64x75x75" in done.out
    assert done.err == (
        "convcalc: error: no layer found: no stride makes 80 of 224: stride 2 gives 109 to 112, "
        "stride 3 gives 73 to 75\n"
    )


def test_only_layers_that_use_every_element(inside):
    words = ("solve", "-i", "3x9x9", "-k", "2", "-s", "2", "--unused", "0")
    padded = inside(*words, "--output", "8x5x5", "-p", "0..1")
    assert (0, True) == (padded.code, "conv:8,k2,s2,p0:1" in padded.out)
    none = inside(*words, "--output", "8x4x4", "-p", "0")
    assert 1 == none.code
    assert "leaves 1 or more elements of an axis unused" in none.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("", "say what goes in and what is to come out, as -i 3x224x224 --output 64x112x112"),
        ("-i 3x8x8", "say what goes in"),
        ("-i 784 --output 10", "there are none: give channels and sizes"),
        ("-i 3x8x8 --output 4x4x4 -k 3..", "--kernel-size: a range needs both ends"),
        ("-i 3x8x8 --output 4x4x4 -k 7..3", "the range is empty: 7 is above 3; write 3..7"),
        ("-i 3x8x8 --output 4x4x4 -k 3..9:0", "the step of a range must be at least 1"),
        ("-i 3x8x8 --output 4x4x4 -k 0..3", "--kernel-size: must be at least 1, got 0"),
        ("-i 3x8x8 --output 4x4x4 -k three", "expected numbers or a range, as 7 or 1,2 or 3..7"),
        ("-i 3x8x8 --output 4x4x4 -k 1..999999999", "more than 100,000 values"),
        ("-i 3x8x8 --output 4x4x4 -k 3x3x3", "3 values given, but the input has 2 spatial axes"),
        ("-i 3x8x8 --output 4x4x4 -p same", "--padding: expected numbers or a range"),
        ("-i 3x8x8 --output 4x4x4 -p 1:2:3", "--padding: expected begin:end, as 2:3"),
        ("-i 3x8x8 --output 4x4x4 --kind relu", "--kind: expected one of conv, dw, convt"),
        ("-i 3x8x8 --output 4x4x4 --kind dw --transposed", "--transposed and --kind dw exclude"),
        ("-i 3x8x8 --output 4x4x4 --output-padding 1", "--output-padding needs --transposed"),
        ("-i 3x8x8 --output 3x4x4 --kind avgpool -d 2", "--dilation: avgpool has none"),
        ("-i 3x8x8 --output 4x4x4 --ceil", "--ceil belongs to poolings"),
        ("-i 3x8x8 --output 4x4", "as many axes as the input"),
        ("-i 3x8x8 --output 4x4x4 --unused -1", "--unused"),
    ],
)
def test_wrong_arguments_are_told_in_a_line_or_two(inside, words, told):
    done = inside("solve", *words.split())
    assert (2, "") == (done.code, done.out)
    assert told in done.err
    assert len(done.err.splitlines()) <= 3


def test_it_needs_no_library():
    assert set() == loaded_by(*STEM) & {"numpy", "torch", "rich"}


def test_it_fits_a_narrow_terminal(on_terminal):
    done = on_terminal(*STEM, env={"NO_COLOR": "1"})
    assert 0 == done.code
    assert max(map(len, done.out.splitlines())) <= 80


def test_a_receptive_field_of_70(inside):
    done = inside("solve", "--field", "70")
    assert (0, "") == (done.code, done.err)
    assert "1       5     70  64x24x24    3x{conv:64,k4,s2} 2x{conv:64,k4,s1}" in done.out
    data = strict(inside("solve", "--field", "70", "--format", "json").out)
    assert "3x{conv:64,k4,s2} 2x{conv:64,k4,s1}" == data["chains"][0]["spec"]
    none = inside("solve", "--field", "70", "Nx{conv:64,k3}")
    assert (1, True) == (none.code, "34x{conv:64,k3}" in none.out)
    assert "convcalc: error: no chain found with a receptive field of 70\n" == none.err


def test_the_field_of_a_network(inside):
    # conv1 7 with stride 2, the pooling 3 with stride 2, three convolutions of 3: 7 + 4 + 3 * 8.
    done = inside("solve", "--field-of", "resnet50", "--until", "layer1")
    assert (0, True) == (done.code, "a receptive field of 35" in done.out)


def test_the_inputs_of_a_network(inside):
    done = inside("solve", "unet", "--input-for", "64x64")
    assert (0, True) == (done.code, "1x64x64  64x64" in done.out)
    none = inside("solve", "unet", "--input-for", "65x65", "--format", "csv")
    assert (1, "input,output,dropped\n1x64x64,64x64,\n1x80x80,80x80,\n") == (none.code, none.out)
    assert "gives an output of 65x65" in none.err
    words = ("solve", "a=conv:8,k1,s32 gap", "--until", "a", "--input-for", "7x7", "-q")
    assert "12 more; --all shows every one" in inside(*words).out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--field", "70", "-k", "3"], "--kernel-size has no place beside --field"),
        (["Nx{conv:8,k3}"], "say what the pattern is to give: --field 70"),
        (["Nx{conv:8,k3}", "--field", "9", "-s", "2"], "--stride has no place beside a pattern"),
        (["--field", "9", "--field-of", "unet"], "--field and --field-of both say"),
        (["--until", "layer1"], "--until needs --field-of NET, or --input-for"),
        (["--input-for", "64x64"], "say of which network"),
        (["unet", "--input-for", "64x64", "--field", "3"], "--field has no place beside"),
        (["resnet18", "--input-for", "7x7"], "the output is 1000, which has no 2 spatial axes"),
        (["unet", "--input-for", "7x7", "--until", "nothing"], "no layer or block is called"),
        (["--field-of", "conv:8,k3x5"], "--field-of: its axes have fields of 3, 5"),
        (["--field", "many"], "--field"),
        (["--field", "9", "-i", "784"], "a receptive field is one of spatial axes"),
    ],
)
def test_wrong_questions_are_told_in_a_line_or_two(inside, words, told):
    done = inside("solve", *words, "-q")
    assert (2, "") == (done.code, done.out)
    assert told in done.err
    assert len(done.err.splitlines()) <= 3
