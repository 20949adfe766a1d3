"""Texts as they were posted, on the command line: notes, several models, the order of the print."""

from __future__ import annotations

import json

import pytest

PRINTED = """>>> print(net)
Sequential(
  (0): Conv2d(2, 6, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))
  (1): ReLU()
)
"""
PARTS = """SmallNet(
  (stem): Conv2d(3, 8, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))
  (pool): AdaptiveAvgPool2d(output_size=(5, 5))
  (head): Linear(in_features=200, out_features=9, bias=True)
)
"""
TWO = f"first = nn.Linear(7, 3)\n{PARTS}second: nn.Conv2d(2, 6, 3)\n"


@pytest.fixture
def texts(folder):
    """net.txt, parts.txt and two.txt."""
    for name, text in (("net", PRINTED), ("parts", PARTS), ("two", TWO)):
        (folder / f"{name}.txt").write_text(text)


def params(done):
    assert 0 == done.code, done.err
    return json.loads(done.out)["totals"]["params"]


@pytest.mark.usefixtures("texts")
@pytest.mark.parametrize("command", ["shape", "flops", "rf", "summary", "memory", "weights"])
def test_lines_that_are_passed_over_are_said(inside, command):
    done = inside(command, "net.txt", "-i", "2x8x8")
    assert (0, "convcalc: note: passed over: line 1\n") == (done.code, done.err)
    assert "" == inside(command, "net.txt", "-i", "2x8x8", "-q").err


@pytest.mark.usefixtures("texts")
def test_other_commands_say_it_too(inside, save):
    save("x.npy", [[[[1.0] * 8] * 8] * 2], "float32")
    words = ("run", "x.npy", "--network", "net.txt", "--random-weights", "1", "-o", "y.npy")
    assert "passed over: line 1\n" in inside(*words).err
    assert "passed over: line 1\n" in inside("diff", "net.txt", "net.txt", "-i", "2x8x8").err


@pytest.mark.usefixtures("texts")
@pytest.mark.parametrize("command", ["shape", "flops", "summary"])
def test_parts_are_read_in_the_order_of_their_print_where_that_is_asked_for(inside, command):
    refused = inside(command, "parts.txt", "-i", "3x32x32")
    assert (2, True) == (refused.code, "--in-order reads them so" in refused.err)
    done = inside(command, "parts.txt", "-i", "3x32x32", "--in-order", "--format", "json")
    # 3*8*9 + 8, and 200*9 + 9
    assert 2033 == params(done)
    assert "SmallNet is read in the order of its print: stem, pool, head" in done.err
    assert "flatten is added before head, whose input has axes" in done.err


@pytest.mark.usefixtures("texts")
@pytest.mark.parametrize(
    ("name", "shape", "expected"),
    [
        ("two.txt", "7", 24),
        ("two.txt:1", "7", 24),
        ("two.txt:first", "7", 24),
        ("two.txt:3", "2x8x8", 114),
        ("two.txt:second", "2x8x8", 114),
        ("net.txt:0", "2x8x8", 114),
        ("parts.txt:stem", "3x9x9", 224),
        ("./parts.txt:head", "200", 1809),
    ],
)
def test_a_model_or_a_module_of_a_file_is_named_behind_a_colon(inside, name, shape, expected):
    assert expected == params(inside("shape", name, "-i", shape, "--format", "json"))


@pytest.mark.usefixtures("texts")
def test_a_model_that_is_not_there_is_said(inside):
    done = inside("shape", "two.txt:third", "-i", "7")
    assert (2, True) == (done.code, "no module is called 'third'" in done.err)


@pytest.mark.usefixtures("texts")
def test_a_file_of_that_whole_name_comes_first(inside, folder):
    (folder / "two.txt:second").write_text("conv:1,k1")
    assert 3 == params(inside("shape", "./two.txt:second", "-i", "2x8x8", "--format", "json"))


@pytest.mark.parametrize("command", ["shape", "flops", "rf", "summary", "memory", "weights"])
def test_the_text_decides_what_input_is_assumed(inside, command):
    done = inside(command, "nn.Conv2d(1, 6, 3)")
    note = "convcalc: note: not given, so assumed: input 1x224x224 (-i): 1 channel as in the text\n"
    assert (0, note) == (done.code, done.err)
    assert "1x224x224" in done.out or command == "weights"


def test_two_networks_are_compared_on_what_one_of_them_says(inside):
    done = inside("diff", "pw:6", "nn.Conv2d(1, 6, 1)")
    assert (0, True) == (done.code, "input 1x224x224 (-i): 1 channel as in the text" in done.err)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("shape", "-:second", "-i", "2x8x8"), 114),
        (("shape", "-q", "-:3"), 114),
        (("flops", "-i", "7", "-:first"), 24),
        (("summary", "-:1", "-i", "7"), 24),
        (("shape", "--in-order", "-:2", "-i", "3x32x32"), 2033),
    ],
)
def test_a_model_of_standard_input_is_named_behind_a_colon(inside, typed, words, expected):
    typed(TWO.encode())
    done = inside(*words, "--format", "json")
    assert expected == params(done)


def test_standard_input_has_one_model_of_each_name(inside, typed):
    typed(TWO.encode())
    done = inside("diff", "-:first", "linear:3", "-i", "7")
    assert (0, True) == (done.code, done.out.startswith("A: -:first, "))
    typed(TWO.encode())
    refused = inside("diff", "-:1", "-:2")
    assert (2, True) == (refused.code, "only one of the two networks" in refused.err)
    typed(TWO.encode())
    missing = inside("shape", "-:third")
    assert "no module is called 'third'; the models of the text are first, 2, second" in missing.err


def test_a_configuration_of_darknet_names_its_input(inside, folder):
    (folder / "n.cfg").write_text("[net]\nwidth=8\nheight=6\nchannels=3\n[maxpool]\nstride=2\n")
    done = inside("shape", "n.cfg", "--format", "json")
    assert ([3, 6, 8], [3, 3, 4]) == (
        json.loads(done.out)["input"],
        json.loads(done.out)["layers"][0]["output_shape"],
    )
