"""Files whose names look like layers or like options, wherever a network or an array is named."""

from __future__ import annotations

import os

import numpy as np
import pytest

NET = "# input 3x9x9\nbn\n"

AS_TYPED = [
    "./a:b.spec",
    "a:b.spec",
    "a{b.spec",
    "./conv:8,k3",
    "./2x{relu}",
    "./a=b.spec",
    "f:g/net",
    "../here/a:b.spec",
    "=x",
    "=cmd|' x'!A1",
    "./=x",
    "./-n.spec",
    "./--quiet",
    "./-",
]


@pytest.fixture
def here(folder, monkeypatch):
    """A folder whose files all hold one bn."""
    inner = folder / "here"
    (inner / "f:g").mkdir(parents=True)
    monkeypatch.chdir(inner)
    for name in AS_TYPED:
        (inner / name).write_text(NET)
    return inner


@pytest.mark.parametrize("word", AS_TYPED)
@pytest.mark.parametrize("command", ["shape", "summary", "fmt", "diff", "weights"])
def test_a_file_is_found_under_any_name(inside, here, command, word):
    done = inside(command, word, *(["bn"] if command == "diff" else []), "-q")
    assert (0, "") == (done.code, done.err)
    assert {"weights": "0.weight", "diff": "A: "}.get(command, "bn") in done.out


@pytest.mark.parametrize("word", ["./a:b.spec", "a:b.spec", "./=x", "./-n.spec"])
def test_run_finds_it_as_a_network(inside, here, save, word):
    np.save(here / "x.npy", np.ones((3, 9, 9), "f4"))
    done = inside("run", "x.npy", "--network", word, "--random-weights", "1", "-q", "-o", "y.npy")
    assert (0, "") == (done.code, done.err)


@pytest.mark.parametrize("word", ["./missing:x", "./m=1", "/missing:x.spec", "../m{n"])
def test_a_path_that_is_not_there_is_no_layer(inside, folder, word):
    done = inside("shape", word)
    assert (3, "") == (done.code, done.out)
    assert f"convcalc: error: cannot read '{word}': No such file or directory\n" == done.err


@pytest.mark.parametrize("word", ["conv:8,k3", "dropout:0.5", "a=dropout:0.5", "se:1"])
def test_a_layer_wins_over_a_file_of_its_name(inside, folder, word):
    (folder / word).write_text("bn\n")
    done = inside("shape", "-q", "-i", "3x9x9", word, "--format", "csv")
    assert 0 == done.code
    assert "bn" not in done.out


def test_layers_with_such_signs_need_no_file(inside):
    done = inside("shape", "-q", "-i", "8x9x9", "a=conv:8,k3", "2x{relu}", "pw:in//2")
    assert (0, "") == (done.code, done.err)


OPTIONS = ["--quiet.spec", "-n.spec", "--nothing"]


@pytest.mark.parametrize("command", ["shape", "fmt", "diff", "run"])
@pytest.mark.parametrize("word", OPTIONS)
def test_a_file_taken_for_an_option_is_named_rightly(inside, folder, command, word):
    (folder / word).write_text(NET)
    done = inside(command, word, "x")
    assert (2, "") == (done.code, done.out)
    assert f"\nthe file '{word}' is './{word}', or stands after '--'\n" in done.err
    assert len(done.err.splitlines()) <= 3


@pytest.mark.parametrize("word", OPTIONS)
def test_that_advice_is_right(inside, folder, word):
    (folder / word).write_text(NET)
    expected = inside("shape", f"./{word}")
    assert (0, "") == (expected.code, expected.err)
    assert expected == inside("shape", "--", word)


def test_an_option_without_such_a_file_gets_no_such_advice(inside, folder):
    (folder / "x.spec").write_text(NET)
    assert "./" not in inside("shape", "--nothing", "x.spec").err
    assert "./" not in inside("shape", "--nothing", "--", "-x.spec").err


def test_a_value_that_begins_like_an_equation_names_the_file(inside, folder, image):
    os.rename("kernel.npy", "=k.npy")
    done = inside("run", "image.npy", "--kernel", "=k.npy")
    assert (2, "") == (done.code, done.out)
    assert done.err == (
        "convcalc: error: --kernel: got '=k.npy'; write --kernel=k.npy or leave a blank instead "
        "of '='; the file '=k.npy' is './=k.npy'\n"
    )
    assert 0 == inside("run", "image.npy", "--kernel", "./=k.npy").code
    assert "the file" not in inside("run", "image.npy", "--kernel", "=other.npy").err


def test_the_input_of_run_is_never_an_option(inside, image):
    os.rename("image.npy", "=cmd|x.npy")
    assert 0 == inside("run", "=cmd|x.npy", "--kernel", "kernel.npy", "-q").code
    missing = inside("run", "=x.npy", "--kernel", "kernel.npy")
    assert (3, "convcalc: error: cannot read '=x.npy': No such file or directory\n") == (
        missing.code,
        missing.err,
    )
    empty = inside("run", "", "--kernel", "kernel.npy")
    assert (2, "convcalc: error: INPUT.npy: the name is empty\n") == (empty.code, empty.err)
