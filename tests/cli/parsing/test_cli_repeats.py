"""An option that is given again, and two that contradict each other."""

from __future__ import annotations

import pytest

from convcalc.cli.catalog.commands import COMMANDS
from convcalc.cli.parsing.option_types import Option
from convcalc.cli.parsing.repeats import MANY

SIZES = ("shape", "conv:8,k3")


def text_options():
    """Every option that takes a value, of every command, by all its names."""
    for command, listed in COMMANDS.items():
        for name, option in listed.options.items():
            if isinstance(option, Option) and option.metavar and name not in MANY:
                yield pytest.param(command, option.names, id=f"{command} {option.names[0]}")


@pytest.mark.parametrize(("command", "names"), list(text_options()))
def test_of_two_values_neither_wins(inside, command, names):
    words = {"run": ["x.npy"], "fmt": ["-"], "diff": ["relu", "bn"], "compare": ["relu"]}.get(
        command, []
    )
    done = inside(command, *words, names[0], "3", names[-1], "4")
    assert (2, "") == (done.code, done.out)
    assert f"convcalc: error: {names[0]} is given as '3' and as '4'; give it once\n" == done.err


def test_every_command_with_options_was_tried():
    tried = {case.values[0] for case in text_options()}
    assert {"shape", "flops", "rf", "memory", "summary", "diff", "roofline", "run"} <= tried
    assert {"devices", "layers", "networks", "calibrate", "weights"} <= tried


@pytest.mark.parametrize(
    "again",
    [
        ["-i", "3x8x8", "-i", "3x8x8"],
        ["-i3x8x8", "--input=3x8x8"],
        ["-i", "3x8x8", "-q", "-q", "--quiet"],
        ["-i", "3x8x8", "--no-color", "--no-color", "--color", "never"],
    ],
)
def test_the_same_value_again_changes_nothing(inside, again):
    assert inside(*SIZES, "-i", "3x8x8").out == inside(*SIZES, *again).out != ""


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        ("--bias --no-bias", "--bias and --no-bias exclude each other; give one"),
        ("--no-bias --bias --bias", "--no-bias exclude each other; give one"),
        ("--no-color --color always", "--no-color and --color always exclude each other"),
        ("--color auto --no-color", "--no-color and --color auto exclude each other"),
        ("-k 3 -k 3 -k 5", "--kernel-size is given as '3' and as '5'; give it once"),
        ("-k 3 --kernel-size=", "--kernel-size is given as '3' and as ''; give it once"),
    ],
)
def test_contradictions_are_refused(inside, flags, told):
    done = inside("shape", *flags.split())
    assert (2, "", 1) == (done.code, done.out, done.err.count("\n"))
    assert told in done.err


def test_an_optional_value_counts_as_one(inside):
    done = inside("run", "x.npy", "-k", "k.npy", "--verify", "--verify", "7")
    assert (2, "") == (done.code, done.out)
    assert "--verify is given as '1000' and as '7'" in done.err


@pytest.mark.parametrize("value", ["garbage", "bash_source", "complete_zsh"])
def test_a_request_for_completions_is_answered_in_one_line(convcalc, value):
    done = convcalc("shape", env={"_CONVCALC_COMPLETE": value})
    assert (2, "", 1) == (done.code, done.out, done.err.count("\n"))
    assert f"_CONVCALC_COMPLETE='{value}'" in done.err
    assert "unset it" in done.err


def test_an_empty_request_for_completions_is_none(convcalc):
    assert 0 == convcalc("shape", "-q", env={"_CONVCALC_COMPLETE": ""}).code
