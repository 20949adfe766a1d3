"""The command line as a user meets it: a process of its own, a terminal, or (quicker) a call."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import resource
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import convcalc

SOURCES = Path(convcalc.__file__).resolve().parents[1]
COMMAND = [sys.executable, "-m", "convcalc"]

CLEANED = (
    "CLICOLOR",
    "COLUMNS",
    "CONVCALC_TRACEBACK",
    "FORCE_COLOR",
    "GITHUB_ACTIONS",
    "LINES",
    "NO_COLOR",
    "OPENBLAS_NUM_THREADS",
    "PYTHONIOENCODING",
    "PYTHONUNBUFFERED",
    "TERMINAL_WIDTH",
)
"""Variables that the command line or its libraries listen to."""


class Done(NamedTuple):
    """How a command ended: its exit code, and what it wrote to each stream."""

    code: int
    out: str
    err: str
    raw: bytes = b""


UNCOMPILED = {"PYTHONDONTWRITEBYTECODE": "1"}
"""For processes whose files may not grow: Python would leave half a compiled module behind."""


def environment(**more: str) -> dict[str, str]:
    """What every process starts with: nothing that changes the looks unless a test asks for it."""
    kept = {name: value for name, value in os.environ.items() if name not in CLEANED}
    return {**kept, "PYTHONPATH": str(SOURCES), **more}


def call(*arguments: str | bytes, stdin: bytes | int = b"", env=None, **options) -> Done:
    """One command in a process of its own, its output captured unless `options` say otherwise.

    `stdin` is what the command may read, or the descriptor that it reads from.
    """
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    streams["input" if isinstance(stdin, bytes) else "stdin"] = stdin
    finished = subprocess.run(
        [*COMMAND, *arguments],
        env=environment(**(env or {})),
        check=False,
        timeout=60,
        **{**streams, **options},
    )
    return ended(finished.returncode, finished.stdout, finished.stderr)


def ended(code: int, out: bytes | None, err: bytes | None) -> Done:
    """The streams as text; `raw` keeps the bytes of standard output."""
    texts = [(stream or b"").decode("utf-8", "surrogateescape") for stream in (out, err)]
    return Done(code, *texts, out or b"")


TELLING = """
import os, sys
from convcalc.__main__ import main

sign, name = int(sys.argv.pop(1)), sys.argv.pop(1)

def look(frame, event, argument):
    called = frame.f_code.co_name if event == "call" else event == "c_call" and argument.__name__
    if called == name:
        sys.setprofile(None)
        os.write(sign, b"!")

sys.setprofile(look)
sys.exit(main())
"""
"""The command line in a process that tells when a function of that name is first called."""


def at_work(*arguments: str, function: str = "direct", env=None) -> subprocess.Popen:
    """A command in the middle of its work: it has just called that function of a backend."""
    reading, writing = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-c", TELLING, str(writing), function, *arguments],
        env=environment(**(env or {})),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=heed_interrupts,
        pass_fds=[writing],
    )
    os.close(writing)
    with open(reading, "rb") as sign:
        assert b"!" == sign.read(1), process.communicate()
    return process


def appears(process: subprocess.Popen, pattern: str, count: int = 1, seconds: float = 60) -> None:
    """Waits until so many files fit a pattern, the process ends, or the seconds are over."""
    end = time.monotonic() + seconds
    while len(list(Path.cwd().glob(pattern))) < count and time.monotonic() < end:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.005)
            return


def terminal(*arguments: str, columns: int = 80, keyboard: bool = False, env=None) -> Done:
    """One command whose standard output (and with `keyboard` its input) is a terminal."""
    master, screen = pty.openpty()
    _resize(screen, columns)
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        env=environment(**{"TERM": "xterm", **(env or {})}),
        stdin=screen if keyboard else subprocess.DEVNULL,
        stdout=screen,
        stderr=subprocess.PIPE,
    )
    os.close(screen)
    try:
        shown = _everything(master)
        _, err = process.communicate(timeout=30)
    finally:
        os.close(master)
        process.kill()
        process.wait()
    return ended(process.returncode, shown.replace(b"\r\n", b"\n"), err)


def _resize(screen: int, columns: int) -> None:
    import fcntl
    import termios

    fcntl.ioctl(screen, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))


def _everything(master: int) -> bytes:
    shown = b""
    with contextlib.suppress(OSError):  # EIO: nobody holds the other side any more
        while part := os.read(master, 65536):
            shown += part
    return shown


def loaded_by(*arguments: str) -> set[str]:
    """The modules that a process has loaded when the command is done; it must end with 0."""
    script = (
        "import os, sys\n"
        "from convcalc.__main__ import main\n"
        "code = main()\n"
        "os.write(2, ('\\n@' + ' '.join(sys.modules)).encode())\n"
        "sys.exit(code)\n"
    )
    finished = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        env=environment(),
        capture_output=True,
        check=True,
        timeout=60,
    )
    return set(finished.stderr.decode().rpartition("\n@")[2].split())


def limited(kind, value):
    """What a child process does first: give itself a limit."""

    def limit():
        resource.setrlimit(kind, (value, value))

    return limit


def heed_interrupts():
    """What a child does first: whoever runs the tests in the background ignores interrupts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def listing() -> dict[str, bytes]:
    """Every file of the current folder with its contents, as far as it can be read."""
    found = {}
    for path in sorted(Path.cwd().rglob("*")):
        big = path.is_file() and path.stat().st_size > 1 << 24
        found[str(path)] = path.read_bytes() if path.is_file() and not big else b""
    return found


def refuse(word):
    raise AssertionError(f"{word} is not JSON")


def strict(text):
    """The one JSON document that a text is; NaN and Infinity are none."""
    assert text.endswith("}\n")
    return json.loads(text, parse_constant=refuse)
