"""Terminals: no number is cut at any width, colours, and nothing binary."""

from __future__ import annotations

import os
import re
import time

import pytest
from shown import ESCAPE, EXACT, FLOPS, RUN

SHORT = ("9,472", "118,013,952", "0.236", "1,010,122,752", "2.020")
"""FLOPs in G, where all digits of all columns would not fit."""

NARROW = ("9,472", "118.01", "1,010.12")
"""MACs in M."""


def plain(text):
    """The text without colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def test_a_terminal_of_80_columns_shows_no_number_cut(on_terminal):
    done = on_terminal(*FLOPS)
    assert 0 == done.code
    assert "─" in done.out
    assert ESCAPE in done.out
    assert "…" not in done.out
    assert all(number in plain(done.out) for number in SHORT)
    assert max(map(len, plain(done.out).splitlines())) <= 80


@pytest.mark.parametrize(
    ("columns", "env", "widest", "shown"),
    [
        (80, {"COLUMNS": "40"}, 40, NARROW),
        (80, {"COLUMNS": "200"}, 200, EXACT),
        (200, {}, 200, EXACT),
        (40, {}, 40, NARROW),
        (80, {"COLUMNS": "0"}, 80, SHORT),
        (80, {"COLUMNS": "-5"}, 80, SHORT),
        (80, {"COLUMNS": "abc"}, 80, SHORT),
        (80, {"COLUMNS": ""}, 80, SHORT),
        (0, {}, 80, SHORT),
    ],
)
def test_a_terminal_of_any_width_shows_every_number(on_terminal, columns, env, widest, shown):
    done = on_terminal(*FLOPS, columns=columns, env=env)
    assert 0 == done.code
    text = plain(done.out)
    assert [number for number in shown if number not in text] == []
    assert max(map(len, text.splitlines())) <= widest


def test_a_narrow_terminal_gets_one_field_per_line(on_terminal):
    lines = on_terminal(*FLOPS, "--detail", columns=40).out.splitlines()
    assert sum(line.split() == ["MACs", "118,013,952"] for line in lines) == 1


def test_numbers_on_a_terminal_are_flush_right(on_terminal):
    lines = plain(on_terminal(*FLOPS, columns=200).out).splitlines()
    ends = {line.index(n) + len(n) for line in lines for n in EXACT[1:4:2] if n in line}
    assert 1 == len(ends)


@pytest.mark.parametrize(
    ("arguments", "env"),
    [
        ([], {"NO_COLOR": "1"}),
        ([], {"NO_COLOR": "1", "FORCE_COLOR": "1"}),
        ([], {"TERM": "dumb"}),
        ([], {"TERM": "unknown"}),
        (["--no-color"], {}),
        (["--color", "never"], {}),
        (["--color", "NEVER"], {}),
        (["--no-color"], {"FORCE_COLOR": "1"}),
        ([], {"FORCE_COLOR": "0"}),
    ],
)
def test_colours_can_be_turned_off(on_terminal, arguments, env):
    done = on_terminal(*FLOPS, *arguments, env=env)
    assert 0 == done.code
    assert ESCAPE not in done.out
    assert all(number in done.out for number in SHORT)


@pytest.mark.parametrize("env", [{}, {"NO_COLOR": ""}, {"GITHUB_ACTIONS": "1"}])
def test_a_terminal_has_colours_otherwise(on_terminal, env):
    assert ESCAPE in on_terminal(*FLOPS, env=env).out


@pytest.mark.parametrize("env", [{}, {"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_colours_can_be_turned_on_in_a_pipe(convcalc, env):
    done = convcalc(*FLOPS, "--color", "always", env=env)
    assert ESCAPE in done.out
    assert all(number in plain(done.out) for number in EXACT)


def test_machine_forms_on_a_terminal_are_those_in_a_pipe(convcalc, on_terminal):
    for form in ("json", "csv", "md"):
        wanted = (*FLOPS, "--format", form)
        assert convcalc(*wanted).out == on_terminal(*wanted, columns=40).out


def test_a_terminal_without_unicode_gets_ascii_lines(on_terminal):
    done = on_terminal(*FLOPS, env={"PYTHONIOENCODING": "ascii"})
    assert done.out.isascii()
    assert all(number in plain(done.out) for number in SHORT)


@pytest.mark.usefixtures("image")
def test_a_terminal_is_no_place_for_binary(on_terminal):
    done = on_terminal(*RUN, "-o", "-")
    assert (2, "") == (done.code, done.out)
    assert all(word in done.err for word in ("terminal", "binary", "-o FILE"))


@pytest.mark.usefixtures("image")
def test_a_terminal_is_no_input_and_nothing_waits_for_it(on_terminal):
    started = time.monotonic()
    done = on_terminal("run", "-", "--kernel", "kernel.npy", keyboard=True)
    assert time.monotonic() - started < 10
    assert (2, "") == (done.code, done.out)
    assert all(word in done.err for word in ("standard input", "terminal", "file"))


@pytest.mark.usefixtures("image")
def test_standard_input_is_not_read_unless_asked(convcalc):
    reading, writing = os.pipe()
    try:
        assert 0 == convcalc("shape", "-q", stdin=reading).code
        assert 0 == convcalc(*RUN, stdin=reading).code
    finally:
        os.close(reading)
        os.close(writing)
