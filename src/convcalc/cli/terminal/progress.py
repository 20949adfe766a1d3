"""How far a long work is: a line on standard error, for those who watch a terminal.

It is drawn after a second, by a thread of its own, for much of the work is one call into a library.
Whatever else is written to the terminal takes its place for as long; it is gone at the end, however
that comes.
"""

from __future__ import annotations

import sys
from importlib import import_module
from threading import RLock, Timer
from time import monotonic
from typing import TYPE_CHECKING, Protocol, Self

from convcalc.cli.terminal.streams import Overlay, draws_lines, is_terminal, wants_colour

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    from rich.progress import Progress, TaskID

PATIENCE = 1.0
"""Seconds that nothing is drawn: what is done by then needs no line."""


REFRESHED = 4
"""How often in a second a line is drawn: more often would be seen in what is measured."""


class Clock(Protocol):
    """What calls a function later, unless it is cancelled."""

    def cancel(self) -> None:
        """The function is not called any more."""


def start_clock(seconds: float, function: Callable[[], None]) -> Clock:
    """Calls the function after so many seconds, from another thread."""
    timer = Timer(seconds, function)
    timer.daemon = True
    timer.start()
    return timer


class ProgressLine(Overlay):
    """The share done, the rate and the time left; or, of work without parts, the time that it took.

    Lines may be inside one another: the innermost is drawn.

    Args:
        total: Bytes in all, or whatever is counted; None of work that has no parts.
        wanted: Whether it may be drawn; on a terminal only, it then is.
        unit: What is counted, if not bytes.
        about: What is done.
    """

    innermost: ProgressLine | None = None

    def __init__(
        self, total: int | None = None, *, wanted: bool, unit: str = "", about: str = ""
    ) -> None:
        self._total, self._unit, self._about, self._detail = total, unit, about, ""
        self._done = 0
        self._wanted = wanted and is_terminal(sys.stderr)
        self._due, self._began = False, 0.0
        self._lock = RLock()
        self._clock: Clock | None = None
        self._outer: ProgressLine | None = None
        self._drawn: tuple[Progress, TaskID] | None = None

    def __enter__(self) -> Self:
        self._outer, ProgressLine.innermost = ProgressLine.innermost, self
        if self._outer is not None:
            self._outer.hide()
        if self._wanted:
            self._began = monotonic()
            self.put()
            self._clock = start_clock(PATIENCE, self._begin)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._clock is not None:
            self._clock.cancel()
        with self._lock:
            self._wanted = False
            self.hide()
        self.take_away()
        ProgressLine.innermost = self._outer
        if self._outer is not None:
            self._outer.show()

    def advance(self, count: int) -> None:
        """So many more are done."""
        self._done += count
        self._update()

    def say(self, detail: str) -> None:
        """How far it is, in words."""
        self._detail = f": {detail}"
        self._update()

    def hide(self) -> None:
        """Leaves the place where it is drawn to others."""
        with self._lock:
            if self._drawn is not None:
                self._drawn[0].stop()
                self._drawn = None

    def show(self) -> None:
        """Is drawn again, if it would be by now."""
        with self._lock:
            if self._due and self._wanted and ProgressLine.innermost is self:
                if self._drawn is None:
                    self._drawn = line, task = _line(
                        self._total, self._unit, self._about + self._detail
                    )
                    line.tasks[task].start_time = self._began
                self._update()

    def end(self) -> None:
        """Is not drawn any more: the answer has begun."""
        with self._lock:
            self.hide()
            self._wanted = False

    def _begin(self) -> None:
        # Not while the lock is held: the other thread may write while it imports the same modules.
        import_module("rich.progress")
        with self._lock:
            self._due = True
            self.show()

    def _update(self) -> None:
        with self._lock:
            if self._drawn is not None:
                line, task = self._drawn
                line.update(task, completed=self._done, description=self._about + self._detail)


def shows_progress(given: Mapping[str, object]) -> bool:
    """Whether a command line allows a line that says how far the work is."""
    return not given.get("quiet") and given.get("format") != "json"


def say(detail: str) -> None:
    """How far the work is, for the innermost line."""
    if ProgressLine.innermost is not None:
        ProgressLine.innermost.say(detail)


def told(what: str) -> Callable[[int, int], None]:
    """What is told how many of something are done, and how many there are, for that line."""

    def tell(done: int, count: int) -> None:
        say(f"{done:,} of {count:,} {what}")

    return tell


def _line(total: int | None, unit: str, about: str) -> tuple[Progress, TaskID]:
    """A Rich progress line that has begun, and its task."""
    import os

    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        SpinnerColumn,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    text = TextColumn("{task.description}", markup=False)
    if total is None:
        columns = [SpinnerColumn("dots" if draws_lines(sys.stderr) else "line"), text]
        columns.append(TimeElapsedColumn())
    else:
        count = TextColumn(f"{{task.completed:,}} {unit}") if unit else TransferSpeedColumn()
        columns = [text, BarColumn(), TaskProgressColumn(), count, TimeRemainingColumn()]
    console = Console(
        stderr=True,
        markup=False,
        emoji=False,
        highlight=False,
        no_color=not wants_colour("auto", sys.stderr, os.environ),
    )
    # What a model prints belongs where it prints it: Rich would take it to standard error.
    line = Progress(
        *columns,
        console=console,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
        refresh_per_second=REFRESHED,
    )
    line.start()
    return line, line.add_task(about, total=total)
