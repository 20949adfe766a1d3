"""What other systems have otherwise, as far as this one can show it."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
from functools import cache
from pathlib import Path

import pytest

from convcalc import held_signals
from convcalc.arrayfile.target import check_output
from convcalc.arrayfile.windows_memory import free_memory
from convcalc.cli.terminal.windows_streams import write_utf8
from convcalc.errors import SpecError
from convcalc.language.parse import parse

on_unix = pytest.mark.skipif(sys.platform == "win32", reason="about other systems than Windows")

ROOT = Path(__file__).parents[1]

UNIX = ("fcntl", "grp", "pty", "pwd", "resource", "termios", "tty")
"""Modules of Python that Windows has not."""

EXTRAS = ("torch", "onnx", "cv2", "dask", "distributed", "zarr", "h5py", "tflite", "google", "PIL")

IMPORT_ALL = f"""
import sys
for name in {UNIX + EXTRAS}:
    sys.modules[name] = None
from pkgutil import walk_packages
import convcalc
for found in walk_packages(convcalc.__path__, "convcalc."):
    try:
        __import__(found.name)
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in {EXTRAS}:
            raise
"""


TESTS = f"""
import sys, warnings
from importlib import import_module
from pathlib import Path
import _pytest.outcomes, hypothesis, multiprocessing, scipy.signal, scipy.stats, socket, subprocess
warnings.simplefilter("error")
for name in {UNIX + EXTRAS}:
    sys.modules[name] = None
sys.path[:0] = sorted({{str(path.parent) for path in Path("tests").rglob("*.py")}})
for path in sorted(Path("tests").rglob("test_*.py")):
    try:
        import_module(path.stem)
    except _pytest.outcomes.Skipped as skipped:
        print(path.stem, skipped.msg)
"""
"""Imports every module of the tests; those that are skipped are printed, with what they lack."""


@on_unix
def test_every_module_of_the_tests_is_imported_without_those_of_unix():
    done = subprocess.run([sys.executable, "-c", TESTS], capture_output=True, cwd=ROOT, check=False)
    assert (0, "") == (done.returncode, done.stderr.decode())
    skipped = done.stdout.decode().splitlines()
    assert [] == [line for line in skipped if "only Unix has" in line]


@on_unix
def test_every_module_is_imported_without_those_of_unix():
    done = subprocess.run([sys.executable, "-c", IMPORT_ALL], capture_output=True, check=False)
    assert (0, b"") == (done.returncode, done.stderr)


@on_unix
def test_the_memory_of_windows_is_not_asked_for_elsewhere():
    assert free_memory() is None


def piped(environment):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="cp1252")
    write_utf8(stream, environment)
    return stream.encoding


def test_a_pipe_of_windows_is_utf8_as_specs_are():
    assert "utf-8" == piped({})


def test_an_encoding_that_somebody_asks_for_is_taken():
    assert "cp1252" == piped({"PYTHONIOENCODING": "cp1252"})


def test_a_signal_that_is_held_back_is_heard_at_the_end():
    heard = []
    before = signal.signal(signal.SIGINT, lambda number, _: heard.append(number))
    try:
        with held_signals.held_back(signal.SIGINT, signal.SIGTERM):
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)
            assert [] == heard
    finally:
        signal.signal(signal.SIGINT, before)
    assert [signal.SIGINT] == heard


def test_only_the_main_thread_holds_signals_back():
    failed = []

    def work():
        try:
            with held_signals.held_back(signal.SIGINT):
                pass
        except ValueError as error:
            failed.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert [] == failed


def recipe(**more):
    """What `make test-core` would run, here or on Windows."""
    words = ["make", "-n", "test-core", *(f"{name}={value}" for name, value in more.items())]
    return subprocess.run(words, cwd=ROOT, capture_output=True, check=True, text=True).stdout


@pytest.mark.parametrize(("system", "folder"), [("Windows_NT", "Scripts"), ("", "bin")])
def test_make_finds_the_programs_of_an_environment(system, folder):
    assert f".venv/{folder}/python -m pytest" in recipe(OS=system)


def test_a_line_that_ends_as_on_windows_is_pointed_at_as_any_other():
    with pytest.raises(SpecError) as caught:
        parse("conv:4,q3\r\nrelu\r\n")
    assert ["  conv:4,q3", "         ^^"] == str(caught.value).splitlines()[1:]


def test_a_spec_whose_lines_end_as_on_windows_is_read():
    assert parse("# n\r\nconv:4,k3\r\nrelu\r\n") == parse("# n\nconv:4,k3\nrelu\n")


def test_what_holds_nothing_is_no_terminal():
    check_output(os.devnull, force=False)


COMMANDS = {
    words[0]: words
    for words in (
        ("summary", "resnet18", "--depth", "1"),
        ("explain", "-i", "3x8x8", "conv:4,k3", "relu"),
        ("graph", "resnet18", "--depth", "1"),
        ("roofline", "-i", "3x8x8", "conv:4,k3", "--device", "a100-40gb"),
        ("sweep", "-i", "3x32x32", "conv:{8,16},k{3,5}"),
        ("memory", "-i", "3x8x8", "conv:4,k3"),
        ("layers",),
    )
}

ANSWERS = f"""
import sys
from convcalc.cli.main import run
for words in {[*COMMANDS.values()]}:
    code = run([*words])
    for stream in sys.stdout, sys.stderr:
        print("\\0", code, "\\0", sep="", end="", file=stream, flush=True)
"""
"""Gives all answers; after each of them both streams have the exit code, between two zeros."""


@cache
def answers(encoding):
    """(exit code, output, errors) of each of the commands, in one process."""
    done = subprocess.run(
        [sys.executable, "-c", ANSWERS],
        env={**os.environ, "PYTHONIOENCODING": encoding},
        capture_output=True,
        check=False,
    )
    assert 0 == done.returncode, done.stderr
    out, errors = (
        stream.decode(encoding).split("\0")[:-1] for stream in (done.stdout, done.stderr)
    )
    told = zip(out[1::2], out[::2], errors[::2], strict=True)
    return dict(zip(COMMANDS, told, strict=True))


@on_unix
@pytest.mark.parametrize("encoding", ["cp1252", "cp437", "ascii"])
@pytest.mark.parametrize("command", COMMANDS)
def test_no_answer_needs_more_than_a_legacy_encoding_has(command, encoding):
    code, out, errors = answers(encoding)[command]
    assert ("0", "") == (code, errors)
    assert len(out) > 100
    assert "\\u" not in out
