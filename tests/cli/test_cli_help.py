"""What the help says of options that are easily said wrong by one."""

from __future__ import annotations

import re
from importlib import import_module

import pytest

from convcalc.cli.catalog.commands import COMMANDS, FILES
from convcalc.cli.parsing.option_types import GROUPS, Option
from convcalc.layers import KINDS

STRIDE, DILATION = "from one window to the next", "Spacing of kernel elements"


@pytest.mark.parametrize(
    "command", ["shape", "flops", "rf", "memory", "summary", "roofline", "run"]
)
def test_a_stride_is_a_step_and_a_dilation_a_spacing(inside, command):
    # Stride 2 leaves one element out, and dilation 2 one hole: neither is what lies "between".
    told = " ".join(inside(command, "--help").out.split())
    assert (True, True, False) == (STRIDE in told, DILATION in told, "between" in told.lower())


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_kinds_say_the_same(inside, kind):
    for line in inside("layers", kind).out.splitlines():
        name, *_ = line.split() or [""]
        if name == "stride":
            assert "step from one window to the next" in line
        if name == "dilation":
            assert "spacing of kernel elements" in line
        assert not re.search(r"cells? between", line)


def in_groups(told):
    """The first words of the lines about options, by the heading that they are under."""
    found, heading = {}, ""
    for line in told.splitlines():
        if re.fullmatch(r"\S.*:", line):
            heading = line.removesuffix(":")
        elif line.startswith("  -"):
            words, _, _ = line.strip().partition("  ")
            found.setdefault(heading, []).extend(re.findall(r"(?<!\S)--?[\w-]+", words))
    return found


@pytest.mark.parametrize("file", FILES)
def test_every_command_is_declared_in_the_file_that_is_listed(file):
    declared = import_module(f"convcalc.cli.catalog.{file}").COMMANDS
    assert FILES[file] == tuple(declared)
    assert declared == {name: COMMANDS[name] for name in FILES[file]}


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_option_is_in_one_group_of_the_help(inside, command):
    told = inside(command, "--help").out
    assert 80 >= max(map(len, told.splitlines()))
    groups = in_groups(told)
    assert set(GROUPS) >= groups.keys()
    assert sorted(GROUPS.index(name) for name in groups) == [GROUPS.index(name) for name in groups]
    for option in COMMANDS[command].options.values():
        if isinstance(option, Option):
            where = [
                name for name, words in groups.items() if option.names[-1].split("/")[0] in words
            ]
            assert [option.group] == where, option


def test_the_groups_are_those_that_a_reader_looks_for(inside):
    groups = in_groups(inside("flops", "--help").out)
    assert ["Input", "Layer by flags", "Counting", "View", "Output"] == list(groups)
    assert ["-k", "--kernel-size", "-s", "--stride"] == groups["Layer by flags"][2:6]
    assert ["-f", "--force", "-h", "--help"] == groups["Output"][-4:]
