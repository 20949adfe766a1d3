"""Interrupts and requests to end: the first one unwinds the stack, the others do not disturb it.

Python raises an exception for every interrupt: a second one, while files are being taken away after
the first, leaves them behind, and one while the interpreter ends prints its own lines or kills it.
"""

from __future__ import annotations

import signal
import sys
from time import monotonic

TYPE_CHECKING = False  # the module behind it takes longer than all of this one
if TYPE_CHECKING:
    from types import FrameType
    from typing import NoReturn

NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
"""The last but one is of Unix, the last, Ctrl-Break, of Windows."""

PATIENCE_SECONDS = 5.0
"""After so long another signal ends the process at once: something does not let itself be ended."""

RETRY_SECONDS = 0.02


class _Leaving:
    """The first signal that was heard, and when; nothing yet."""

    number: int | None = None
    since: float = 0.0


def leave_on_signals() -> None:
    """Lets the first interrupt or request to end raise, once, and the later ones wait.

    A signal that whoever started the process has turned off (`nohup`, a background job) stays off.
    """
    for number in _known():
        if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
            signal.signal(number, _leave)
    sys.unraisablehook = _not_raised


def ignore_signals() -> None:
    """Nothing is left to be interrupted: the interpreter ends, for which it needs no exception."""
    for number in _known():
        if signal.getsignal(number) in (_leave, signal.default_int_handler):
            signal.signal(number, signal.SIG_IGN)


def end_now(code: int) -> NoReturn:
    """Ends the process after what libraries want done at its end, but without taking them apart.

    Threads that were interrupted in C may abort a process that is taken apart, and CPython ends
    with the signal itself where the exception went through code that C had compiled (torch's
    import), although it was caught further out (`unhandled_keyboard_interrupt`, as of 3.11).
    """
    import atexit
    import os

    atexit._run_exitfuncs()
    os._exit(code)


def _known() -> list[int]:
    return [getattr(signal, name) for name in NAMES if hasattr(signal, name)]


def raise_heard() -> None:
    """Raises for the signal that was heard, if there was one.

    Called where another exception arrives: libraries turn an interrupt into their own errors.
    """
    if _Leaving.number is not None:
        raise _exception(_Leaving.number)


def _exception(number: int) -> BaseException:
    return KeyboardInterrupt() if number == signal.SIGINT else SystemExit(128 + number)


def _leave(number: int, _frame: FrameType | None) -> None:
    """Raises for the first signal.

    Raises:
        KeyboardInterrupt: it is an interrupt.
        SystemExit: it asks the process to end.
    """
    if _Leaving.number is None:
        _Leaving.number, _Leaving.since = number, monotonic()
        raise _exception(number)
    if monotonic() - _Leaving.since > PATIENCE_SECONDS:
        import os

        os._exit(128 + _Leaving.number)


def _not_raised(found: sys.UnraisableHookArgs) -> None:
    """Raises again what came out in a place that nothing can be raised from, as a destructor."""
    number = _Leaving.number
    if number is None or not issubclass(found.exc_type, KeyboardInterrupt | SystemExit):
        sys.__unraisablehook__(found)
        return

    def again(_number: int, _frame: FrameType | None) -> None:
        signal.signal(number, _leave)
        _Leaving.number = None
        _leave(number, None)

    if sys.platform == "win32":  # which has no such alarm
        from threading import Timer

        signal.signal(number, again)
        Timer(RETRY_SECONDS, signal.raise_signal, [number]).start()
    else:
        signal.signal(signal.SIGALRM, again)
        signal.setitimer(signal.ITIMER_REAL, RETRY_SECONDS)
