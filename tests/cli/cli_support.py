"""The command line as a user meets it: a process of its own, a terminal, or (quicker) a call."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import struct
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import NamedTuple

from forking import PIPE, Forked, Forks, Order, held, read_at_start
from valid_json import check_document

import convcalc
from unix import Missing, pty, resource

SOURCES = Path(convcalc.__file__).resolve().parents[1]
COMMAND = [sys.executable, "-m", "convcalc"]

CLEANED = (
    "CLICOLOR",
    "CLICOLOR_FORCE",
    "COLUMNS",
    "CONVCALC_TRACEBACK",
    "FORCE_COLOR",
    "GITHUB_ACTIONS",
    "LESS",
    "LINES",
    "NO_COLOR",
    "PAGER",
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


BEGINNING = read_at_start(dict(os.environ))
"""Before a library is imported that changes such a variable (OpenCV: LD_LIBRARY_PATH)."""


def environment(**more: str) -> dict[str, str]:
    """What every process starts with: nothing that changes the looks unless a test asks for it."""
    now = dict(os.environ)
    kept = {name: now[name] for name in now.keys() - read_at_start(now).keys()} | BEGINNING
    clean = {name: value for name, value in kept.items() if name not in CLEANED}
    return {**clean, "PYTHONPATH": str(SOURCES), **more}


LOADED = {
    "": (),
    # Whoever runs a model of torch imports torch._dynamo: a second for every command.
    "torch": ("torch", "torch._dynamo", "convcalc.importers.torch_model"),
    "dask": ("convcalc.execute.cluster.submit", "convcalc.execute.cluster.client", "zarr"),
}
FORKS = {name: Forks(environment(), *more) for name, more in LOADED.items() if hasattr(os, "fork")}
"""What commands are forked from, by what is loaded beside numpy; nothing where nothing forks."""

STARTED = COMMAND
ONLY_AT_START = ("--threads", "--scheduler")
"""Options that tell libraries something before they are loaded, or that start Python again."""


def call(
    *arguments: str | bytes,
    stdin: bytes | int = b"",
    env=None,
    fresh: bool | None = None,
    loaded: str = "",
    **options,
) -> Done:
    """One command in a process of its own, its output captured unless `options` say otherwise.

    The process is forked from one that has the program loaded, unless it has to be `fresh`, which
    some options ask for.

    Args:
        arguments: The words of the command line.
        stdin: What the command may read, or the descriptor that it reads from.
        env: Variables on top of `environment()`.
        fresh: Whether the test is about how a process starts; None: as the options say.
        loaded: "torch" or "dask" for a command that imports it in any case, which takes seconds.
        options: Of `subprocess.run`.
    """
    variables = environment(**(env or {}))
    piped = isinstance(stdin, bytes) and len(stdin) > PIPE
    forks = None if piped else forks_of(arguments, variables, loaded, fresh=fresh)
    before = options.get("preexec_fn")
    told = isinstance(before, partial | None)
    if forks is None or not told or {*options} - {"stdout", "stderr", "preexec_fn"}:
        return started(*arguments, stdin=stdin, env=env, **options)
    outputs = (options.get(name) for name in ("stdout", "stderr"))
    streams = (
        held(stdin) if isinstance(stdin, bytes) else os.dup(stdin),
        *(os.dup(getattr(to, "fileno", lambda to=to: to)()) if to else None for to in outputs),
    )
    process = Forked(forks, Order(arguments, os.getcwd(), variables, before), streams)
    out, err = process.communicate()
    return ended(process.returncode, out, err)


def forks_of(arguments, variables, loaded="", *, fresh: bool | None = None) -> Forks | None:
    """What a command is forked from, if that is what it would be when it is started."""
    if fresh is None:
        fresh = bool(set(ONLY_AT_START) & set(arguments))
    forks = FORKS.get(loaded)
    alike = COMMAND is STARTED and not fresh
    return forks if alike and forks and forks.starts_alike(variables) else None


def started(*arguments: str | bytes, stdin: bytes | int = b"", env=None, **options) -> Done:
    """The same in a process that is started anew."""
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
    check_document(texts[0])
    return Done(code, *texts, out or b"")


TELLING = """
import os, sys

def look(frame, event, argument):
    called = frame.f_code.co_name if event == "call" else event == "c_call" and argument.__name__
    if called == {function!r}:
        sys.setprofile(None)
        os.write(3, b"!")

sys.setprofile(look)
"""
"""What a command does besides: it tells when a function of that name is first called."""


def at_work(*arguments: str, function: str = "direct", loaded: str = "") -> Forked:
    """A command in the middle of its work: it has just called that function of a backend."""
    reading, writing = os.pipe()
    script = TELLING.format(function=function)
    process = forked(*arguments, loaded=loaded, script=script, more=(writing,))
    with open(reading, "rb") as sign:
        assert b"!" == sign.read(1), process.communicate()
    return process


def forked(*arguments: str, env=None, loaded: str = "", more=(), **options) -> Forked:
    """A command that has begun, with no input and its output in pipes.

    Args:
        arguments: The words of the command line.
        env: Variables on top of `environment()`.
        loaded: As in `call`.
        more: A descriptor that it has beside its streams, as its number 3.
        options: Of its `Order`.
    """
    forks = FORKS[loaded] if FORKS else Missing("os").fork
    variables = environment(**(env or {}))
    assert forks.starts_alike(variables)
    order = Order(arguments, os.getcwd(), variables, **options)
    return Forked(forks, order, (held(b""), None, None, *more))


def appears(
    process: subprocess.Popen | Forked, pattern: str, count: int = 1, seconds: float = 60
) -> None:
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
    variables = environment(**{"TERM": "xterm", "PAGER": "cat", **(env or {})})
    if forks := forks_of(arguments, variables):
        order = Order(arguments, os.getcwd(), variables)
        return _on_screen(forks, order, master, screen, keyboard)
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        env=variables,
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


def _on_screen(forks: Forks, order: Order, master: int, screen: int, keyboard: bool) -> Done:
    """What a process that is forked shows on a terminal, of which both ends are closed then."""
    process = Forked(forks, order, (os.dup(screen) if keyboard else held(b""), screen, None))
    with open(master, "rb", buffering=0):
        shown = _everything(master)
        _, err = process.communicate()
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
    return partial(resource.setrlimit, kind, (value, value))


def closed(number):
    """What a child process does first: close a stream."""
    return partial(os.close, number)


def heed_signals():
    """What a child does first: in the background, and under nohup, these two are ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


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
