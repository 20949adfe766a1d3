"""A label as long as one may be: a terminal shows its ends, machines get the whole."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest
from cli_support import strict

LONG = "a" * 450 + "z" * 450
SHOWN = "a" * 48 + "..." + "z" * 48
NET = ("-q", "-i", "3x8x8", f"{LONG}=conv:8,k3,p1", "relu")
COMMANDS = [("summary",), ("weights",), ("memory",), ("shape",), ("rf",), ("flops",)]


@pytest.mark.parametrize("command", [*COMMANDS, ("diff", f"{LONG}=conv:8,k3", "relu", "-q")])
@pytest.mark.parametrize("colour", ["never", "always"])
def test_a_terminal_shows_no_screens_of_one_label(on_terminal, command, colour):
    words = command if len(command) > 1 else (*command, *NET)
    done = on_terminal(*words, "--color", colour)
    assert 0 == done.code
    assert len(done.out) < 4000
    assert "a" * 101 not in done.out
    if command[0] == "diff":
        assert SHOWN in done.out
    if command[0] == "summary":  # its name is broken behind the dots, and goes on below
        names = [line.split()[0] for line in done.out.splitlines() if line[:2] in ("aa", "zz")]
        assert [SHOWN[:51], SHOWN[51:]] == names


def test_what_stands_behind_a_label_stays(on_terminal):
    out = on_terminal("weights", *NET, "--color", "never").out
    assert "a" * 48 + "..." + "z" * 41 + ".weight" in out
    assert "a" * 48 + "..." + "z" * 43 + ".bias" in out


@pytest.mark.parametrize(("length", "cut"), [(100, False), (101, True)])
def test_labels_of_a_hundred_characters_are_whole(on_terminal, length, cut):
    done = on_terminal("summary", "-q", "-i", "3x8x8", "b" * length + "=relu", "--color", "never")
    assert cut == ("..." in done.out)
    assert cut != ("b" * length in done.out)


def test_machines_get_the_whole_label(on_terminal):
    out = on_terminal("summary", *NET, "--format", "csv").out
    (first, *_) = csv.DictReader(io.StringIO(out))
    assert LONG == first["label"]
    told = strict(on_terminal("summary", *NET, "--format", "json").out)
    assert LONG == told["layers"][0]["label"]
    assert LONG in on_terminal("summary", *NET, "--format", "md").out


def test_a_pipe_gets_the_whole_label(convcalc):
    assert LONG in convcalc("summary", *NET).out


def test_numbers_are_never_cut(on_terminal):
    done = on_terminal("weights", "-q", "-i", "3x8x8", f"{LONG}=pw:1000000007")
    assert "3,000,000,021" in done.out  # 3 * 1,000,000,007 numbers of its kernel


def test_messages_show_its_ends_too(inside, folder):
    np.save(folder / "x.npy", np.ones((3, 8, 8), "f4"))
    done = inside("run", "x.npy", "--network", f"{LONG}=conv:8,k3")
    assert 2 == done.code
    assert "a" * 198 + "..." + "z" * 191 + ".weight 8x3x3x3" in done.err
    assert len(done.err) < 1200
