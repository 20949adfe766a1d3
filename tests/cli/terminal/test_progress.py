"""The line about long work: after a second, on a terminal, and gone whenever others write."""

from __future__ import annotations

import io
import sys
from typing import NamedTuple

import numpy as np
import pytest

from convcalc.cli.terminal import progress, streams
from convcalc.cli.terminal.progress import PATIENCE, ProgressLine, told
from convcalc.cli.terminal.streams import note, write_out

CLEARED = "\x1b[2K"
"""What takes the line away."""


class Screen(io.StringIO):
    """A terminal."""

    def isatty(self):
        return True


class Mirror(Screen):
    """Another stream of a terminal."""

    def __init__(self, screen):
        super().__init__()
        self.write = screen.write


class Clock(NamedTuple):
    """What a line is drawn by: the test says when its time has come."""

    waiting: list

    def start(self, seconds, function):
        assert seconds == PATIENCE == 1.0
        self.waiting.append(function)
        return self

    def ring(self):
        for function in self.waiting:
            function()
        self.waiting.clear()

    def cancel(self):
        self.waiting.clear()


@pytest.fixture
def clock(monkeypatch):
    made = Clock([])
    monkeypatch.setattr(progress, "start_clock", made.start)
    return made


@pytest.fixture
def look(monkeypatch):
    """`look()` makes standard output and standard error one terminal, from then on."""

    def made():
        screen = Screen()
        monkeypatch.setattr(sys, "stderr", screen)
        monkeypatch.setattr(sys, "stdout", Mirror(screen))
        monkeypatch.setenv("TERM", "xterm")
        return screen

    return made


def shown(screen):
    """What was written since the last time."""
    text = screen.getvalue()
    screen.seek(0)
    screen.truncate()
    return text


def test_nothing_is_drawn_within_a_second(clock, look):
    screen = look()
    with ProgressLine(wanted=True, about="work") as line:
        line.say("1 of 2 layers")
    assert "" == screen.getvalue()
    assert [] == clock.waiting


def test_what_is_done_is_said_after_it(clock, look):
    screen = look()
    with ProgressLine(wanted=True, about="convcalc run"):
        told("layers")(3, 1200)
        clock.ring()
        assert "convcalc run: 3 of 1,200 layers" in shown(screen)
    assert shown(screen).endswith(CLEARED)


def test_of_what_is_counted_the_share_is_drawn(clock, look):
    screen = look()
    with ProgressLine(200, wanted=True, unit="rows") as line:
        line.advance(50)
        clock.ring()
        line.advance(100)
    assert "75%" in shown(screen)


@pytest.mark.parametrize(("stream", "wanted"), [(io.StringIO, True), (Screen, False)])
def test_none_is_drawn_in_a_pipe_or_where_nobody_wants_it(clock, monkeypatch, stream, wanted):
    monkeypatch.setattr(sys, "stderr", stream())
    with ProgressLine(wanted=wanted):
        clock.ring()
    assert "" == sys.stderr.getvalue()


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_it_is_gone_however_the_work_ends(clock, look, error):
    screen = look()

    def fail():
        raise error

    with pytest.raises(error), ProgressLine(wanted=True, about="work"):
        clock.ring()
        fail()
    assert shown(screen).endswith(CLEARED)
    assert ProgressLine.innermost is None
    assert [] == streams.Overlay._all


def test_a_clock_that_rings_too_late_draws_nothing(clock, look):
    screen = look()
    with ProgressLine(wanted=True, about="work"):
        late = list(clock.waiting)
    late[0]()
    assert "" == screen.getvalue()


def test_a_note_takes_its_place_and_it_comes_back(clock, look):
    screen = look()
    with ProgressLine(wanted=True, about="work"):
        clock.ring()
        shown(screen)
        note("something")
        before, _, after = shown(screen).partition("convcalc: note: something\n")
        assert before.endswith(CLEARED)
        assert "work" in after


def test_the_answer_ends_it(clock, look):
    screen = look()
    with ProgressLine(wanted=True, about="work") as line:
        clock.ring()
        shown(screen)
        write_out("answer\n")
        assert shown(screen).endswith(f"{CLEARED}answer\n")
        line.say("more")
    assert "" == shown(screen)


def test_the_innermost_is_drawn(clock, look):
    screen = look()
    with ProgressLine(wanted=True, about="outer"):
        clock.ring()
        with ProgressLine(10, wanted=True, about="inner", unit="rows"):
            shown(screen)
            clock.ring()
            drawn = shown(screen)
            assert ("inner" in drawn, "outer" in drawn) == (True, False)
        assert "outer" in shown(screen)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("shape", "conv:8,k3"), "convcalc shape"),
        (("sizes", "conv:8,k3", "--range", "5..9"), "convcalc sizes: 4 of 5 sizes"),
        (("run", "x.npy", "--network", "relu relu", "-o", "y.npy"), "run: 2 of 2 layers"),
        (
            ("run", "x.npy", "-k", "box:3", "--each-channel", "-o", "y.npy", "--verify", "7"),
            "run: 7 of 7 outputs verified",
        ),
        (("shape", "conv:8,k3", "-q"), None),
        (("shape", "conv:8,k3", "--format", "json"), None),
    ],
)
def test_every_command_has_one(inside, monkeypatch, save, words, expected):
    save("x.npy", np.ones((3, 6, 6)), "f4")
    seen = []

    class Watched(ProgressLine):
        def __exit__(self, *ended):
            seen.append((self._about + self._detail) if self._asked else None)
            super().__exit__(*ended)

        def __init__(self, *counts, wanted, **words):
            super().__init__(*counts, wanted=wanted, **words)
            self._asked = wanted

    monkeypatch.setattr("convcalc.cli.app.ProgressLine", Watched)
    assert 0 == inside(*words).code
    assert (expected is None) == (seen == [None])
    assert expected is None or seen[-1].endswith(expected)
