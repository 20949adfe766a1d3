"""Signals, however many and wherever they are heard: one line, and the exit code of the first."""

import subprocess
import sys
import textwrap
from pathlib import Path

from cli_support import ended, environment, heed_signals


def script(body):
    """A process in which `body` takes the place of a command."""
    program = (
        "import os, signal, sys\n"
        "import convcalc.__main__ as program\n"
        "from convcalc.cli import main, signals\n"
        "def interrupt():\n"
        "    os.kill(os.getpid(), signal.SIGINT)\n"
        f"def body(arguments):\n{textwrap.indent(textwrap.dedent(body), '    ')}\n"
        "main._answer = body\n"
        "sys.exit(program.main())\n"
    )
    Path("replaced.py").write_text(program, "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "replaced", "shape"],
        env=environment(),
        capture_output=True,
        check=False,
        timeout=60,
        preexec_fn=heed_signals,
    )
    return ended(done.returncode, done.stdout, done.stderr)


INTERRUPTED = (130, "", "convcalc: interrupted\n")


def test_a_second_interrupt_while_files_are_taken_away_is_ignored():
    body = """
        try:
            interrupt()
        finally:
            interrupt()
            sys.stdout.write("taken away")
            sys.stdout.flush()
    """
    assert (130, "taken away", "convcalc: interrupted\n") == script(body)[:3]


def test_an_interrupt_that_a_library_made_an_error_of_is_an_interrupt():
    body = """
        try:
            interrupt()
        except KeyboardInterrupt as cause:
            raise RuntimeError("error in a callback") from cause
    """
    assert INTERRUPTED == script(body)[:3]


def test_an_interrupt_in_a_destructor_is_raised_again():
    body = """
        class Owner:
            def __del__(self):
                interrupt()
        Owner()
        while True:
            pass
    """
    assert INTERRUPTED == script(body)[:3]


def test_an_interrupt_in_code_that_c_compiled_ends_with_130():
    # Python would end by the signal itself, although the exception is caught.
    body = """
        import ctypes
        run = ctypes.pythonapi.PyRun_SimpleString
        run(b"raise KeyboardInterrupt")
        raise KeyboardInterrupt
    """
    assert 130 == script(body).code


def test_a_request_to_end_after_an_interrupt_is_ignored():
    body = """
        try:
            interrupt()
        finally:
            os.kill(os.getpid(), signal.SIGTERM)
    """
    assert INTERRUPTED == script(body)[:3]


def test_signals_that_were_turned_off_stay_off():
    body = """
        signals.ignore_signals()
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        signals.leave_on_signals()
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
            os.kill(os.getpid(), number)
        return 0
    """
    assert (0, "", "") == script(body)[:3]


def test_what_does_not_let_itself_be_ended_is_ended_after_a_while():
    body = """
        signals.PATIENCE_SECONDS = 0.0
        try:
            interrupt()
        finally:
            interrupt()
            sys.stdout.write("not reached")
    """
    assert (130, "", "") == script(body)[:3]
