"""Whether there are colours: what an option says, then the variables, then the terminal."""

from __future__ import annotations

import pytest

from convcalc.cli.terminal.streams import wants_colour


class Screen:
    """A stream that is a terminal, or is none."""

    def __init__(self, terminal):
        self.terminal = terminal

    def isatty(self):
        return self.terminal


@pytest.mark.parametrize(
    ("variables", "in_a_pipe", "on_a_terminal"),
    [
        ("", False, True),
        ("NO_COLOR=", False, True),
        ("NO_COLOR=0", False, False),
        ("NO_COLOR=1 FORCE_COLOR=1 CLICOLOR_FORCE=1", False, False),
        ("FORCE_COLOR=", False, True),
        ("FORCE_COLOR=1", True, True),
        ("FORCE_COLOR=3", True, True),
        ("FORCE_COLOR=true TERM=dumb", True, True),
        ("FORCE_COLOR=0", False, False),
        ("CLICOLOR_FORCE=1", True, True),
        ("CLICOLOR_FORCE=yes CLICOLOR=0", True, True),
        ("CLICOLOR_FORCE=0", False, True),
        ("CLICOLOR_FORCE=", False, True),
        ("CLICOLOR=0", False, False),
        ("CLICOLOR=1", False, True),
        ("TERM=dumb", False, False),
        ("TERM=unknown", False, False),
        ("TERM=xterm", False, True),
    ],
)
def test_variables(variables, in_a_pipe, on_a_terminal):
    environment = dict(pair.split("=") for pair in variables.split())
    found = [wants_colour("auto", Screen(terminal), environment) for terminal in (False, True)]
    assert [in_a_pipe, on_a_terminal] == found
    assert wants_colour("always", Screen(False), environment)
    assert not wants_colour("never", Screen(True), environment)


@pytest.mark.parametrize("env", [{"FORCE_COLOR": "1"}, {"CLICOLOR_FORCE": "1"}])
def test_errors_and_tables_are_coloured_alike(convcalc, env):
    assert "\x1b[" in convcalc("shape", "conv:8,k3", env=env).out
    assert "\x1b[" in convcalc("shape", "nonsense", env=env).err
