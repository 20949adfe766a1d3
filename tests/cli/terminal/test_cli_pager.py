"""What a terminal adds: a pager for long answers, red for errors, lines that break at blanks."""

from __future__ import annotations

import os

import pytest
from cli_support import COMMAND, environment

from unix import pty

LONG = ("summary", "resnet18", "--color", "never")
"""69 layers, on a terminal of 24 lines."""

PAGER = 'cat > paged.txt; printf %s "$LESS" > less.txt'


def test_what_is_longer_than_the_terminal_goes_to_the_pager(on_terminal, folder):
    done = on_terminal(*LONG, env={"PAGER": PAGER})
    assert (0, "", "") == (done.code, done.out, done.err)
    lines = (folder / "paged.txt").read_text(encoding="utf-8").splitlines()
    assert "input 3x224x224" == lines[0]
    assert any(line.startswith("layer4.2.0") for line in lines)
    assert "FRX" == (folder / "less.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "env"),
    [
        (("summary", "relu"), {}),
        ((*LONG, "--no-pager"), {}),
        (LONG, {"TERM": "dumb"}),
        (LONG, {"PAGER": ""}),
        (LONG, {"PAGER": "cat"}),
        (LONG, {"PAGER": "no-such-pager -x"}),
        (LONG, {"LINES": "999"}),
    ],
)
def test_there_is_no_pager_otherwise(on_terminal, folder, words, env):
    done = on_terminal(*words, env={"PAGER": PAGER, **env})
    assert 0 == done.code
    assert done.out.startswith("input 3x224x224\n")
    assert not (folder / "paged.txt").exists()


def test_a_pipe_has_no_pager(convcalc, folder):
    assert 0 == convcalc(*LONG, env={"PAGER": PAGER, "TERM": "xterm"}).code
    assert not (folder / "paged.txt").exists()


def test_options_of_less_are_those_of_the_environment(on_terminal, folder):
    on_terminal(*LONG, env={"PAGER": PAGER, "LESS": "-S"})
    assert "-S" == (folder / "less.txt").read_text(encoding="utf-8")


def test_a_pager_that_ends_early_is_no_failure(on_terminal):
    done = on_terminal(*LONG, env={"PAGER": "head -1"})
    assert (0, "input 3x224x224\n", "") == (done.code, done.out, done.err)


# -- errors ----------------------------------------------------------------------------------------


def said(*arguments, env=None):
    """What a command writes to a standard error that is a terminal."""
    import subprocess

    master, screen = pty.openpty()
    variables = environment(**{"TERM": "xterm", **(env or {})})
    subprocess.run(
        [*COMMAND, *arguments], env=variables, stdout=subprocess.DEVNULL, stderr=screen, check=False
    )
    os.close(screen)
    with open(master, "rb", buffering=0) as reading:
        return reading.read(65536).decode().replace("\r\n", "\n")


WRONG = ("shape", "conv:8,q3")
RED = "convcalc: \x1b[1;31merror:\x1b[0m conv: has no parameter"


@pytest.mark.parametrize(
    ("more", "env", "red"),
    [
        ((), {}, True),
        (("--color", "always"), {"NO_COLOR": "1"}, True),
        ((), {"NO_COLOR": "1"}, False),
        ((), {"TERM": "dumb"}, False),
        (("--no-color",), {}, False),
        (("--color=never",), {}, False),
    ],
)
def test_an_error_is_red_where_there_are_colours(more, env, red):
    shown = said(*WRONG, *more, env=env)
    assert red == shown.startswith(RED)
    assert red == ("\x1b" in shown)


def test_an_error_in_a_pipe_has_no_colour(convcalc):
    assert "\x1b" not in convcalc(*WRONG).err


def test_a_message_on_a_terminal_breaks_between_words():
    shown = said("shape", "--depth", "none", "x" * 30, env={"COLUMNS": "40", "NO_COLOR": "1"})
    assert max(map(len, shown.splitlines())) <= 41
    assert " ".join(shown.split()).startswith("convcalc: error: --depth")
    assert shown.splitlines()[1].startswith("  ")


# -- --width ---------------------------------------------------------------------------------------


def test_a_width_draws_for_so_many_columns_in_a_pipe(convcalc):
    done = convcalc("summary", "resnet18", "--width", "60", env={"COLUMNS": "200"})
    assert 60 == max(map(len, done.out.splitlines()))
    assert "left out for the width" in done.out


@pytest.mark.parametrize("width", ["0", "39", "x", ""])
def test_a_width_is_a_number_from_40_on(inside, width):
    done = inside("summary", "resnet18", "--width", width)
    assert (2, "") == (done.code, done.out)
    assert "--width" in done.err


def test_machine_forms_have_no_width(inside):
    for form in ("csv", "json", "md"):
        words = ("summary", "resnet18", "--format", form)
        assert inside(*words).out == inside(*words, "--width", "40").out


def test_wide_characters_stand_in_their_columns(inside):
    from convcalc.widths import display_width

    label = "\u5377\u79ef"
    done = inside("summary", "-i", "3x8x8", f"{label}=conv:8,k3", "relu", "--width", "80")
    first, second = done.out.splitlines()[4:6]
    assert first.startswith(f"{label}  ")
    assert display_width(first[: first.index("8x6x6")]) == second.index("8x6x6")
