"""Signals that wait for the end of something that none of them may tear in two."""

from __future__ import annotations

import signal
import sys
from contextlib import contextmanager
from threading import current_thread, main_thread

TYPE_CHECKING = False  # the module behind it takes longer than all of this one
if TYPE_CHECKING:
    from collections.abc import Iterator

ENDINGS = tuple(
    getattr(signal, name) for name in ("SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name)
)
"""By which a process is asked to end: SIGHUP is of Unix, SIGBREAK (Ctrl-Break) of Windows."""


@contextmanager
def blocked(*numbers: int) -> Iterator[None]:
    """The system itself holds signals back: from this thread, and from what it starts meanwhile.

    Windows cannot: there this process alone hears of them at the end, the first of them.
    """
    if sys.platform == "win32":
        with held_back(*numbers):
            yield
    else:
        before = signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def held_back(*numbers: int) -> Iterator[None]:
    """Signals that come meanwhile are heard at the end, the first of them alone."""
    came: list[int] = []
    heard = {n: signal.getsignal(n) for n in numbers if current_thread() is main_thread()}
    heard = {n: heeded for n, heeded in heard.items() if callable(heeded)}
    try:
        for number in heard:
            signal.signal(number, lambda number, _: came.append(number))
        yield
    finally:
        for number, heeded in heard.items():
            signal.signal(number, heeded)
        if came:
            signal.raise_signal(came[0])
