"""How far a long computation is: a line on standard error, for those who watch a terminal."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Self

from convcalc.cli.terminal.streams import is_terminal

if TYPE_CHECKING:
    from types import TracebackType

    from rich.progress import Progress, TaskID

PATIENCE = 0.5
"""Seconds that nothing is drawn: what is done by then needs no bar."""


class ProgressLine:
    """A bar with the share done, the rate and the time left; gone when it is left.

    Args:
        total: Bytes in all, or whatever is counted.
        wanted: Whether it may be drawn; on a terminal only, it then is.
        unit: What is counted, if not bytes.
    """

    def __init__(self, total: int, *, wanted: bool, unit: str = "") -> None:
        self._total = total
        self._unit = unit
        self._done = 0
        self._wanted = wanted and is_terminal(sys.stderr)
        self._began = time.monotonic()
        self._drawn: tuple[Progress, TaskID] | None = None

    def __enter__(self) -> Self:
        return self

    def advance(self, count: int) -> None:
        """So many more are done."""
        self._done += count
        if self._drawn is None and self._wanted and time.monotonic() - self._began > PATIENCE:
            self._drawn = _line(self._total, self._unit)
        if self._drawn is not None:
            line, task = self._drawn
            line.update(task, completed=self._done)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._drawn is not None:
            self._drawn[0].stop()


def _line(total: int, unit: str) -> tuple[Progress, TaskID]:
    """A Rich progress line that has begun, and its task."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    line = Progress(
        BarColumn(),
        TaskProgressColumn(),
        TextColumn(f"{{task.completed:,}} {unit}") if unit else TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True, markup=False, emoji=False, highlight=False),
        transient=True,
    )
    line.start()
    return line, line.add_task("", total=total)
