"""Commands in processes that are forked, not started: what each of them imports is there already.

`Forks` and `Forked` are for the tests, and `serve` is what the process of a `Forks` does: it has
the program loaded and no thread, and forks for every command. The child takes over arguments,
folder, variables, and the three streams, which it opens as Python does at its start; from there on
it is the program's own `main`, whose end is that of a process as well.

What Python or its libraries look at when they start has to be the same: `starts_alike` tells.
"""

from __future__ import annotations

import atexit
import gc
import io
import os
import pickle
import select
import selectors
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

LENGTH = struct.Struct("!q")
END = struct.Struct("!qd")
"""An exit code, and seconds of computing."""

PIPE = 1 << 16
"""Bytes that a pipe takes before somebody reads."""

READ_AT_START = (
    *("PYTHON", "LANG", "LC_", "LD_", "OMP_", "OPENBLAS_", "MKL_", "MALLOC", "TYPER_"),
    *("TORCH", "PYTORCH", "DASK_"),
)
"""How the variables begin that are read when Python or a library is loaded."""

LOADED = (
    *("numpy", "typer", "csv", "json", "convcalc.cli.main", "convcalc.cli.app"),
    *("convcalc.analysis.report", "convcalc.zoo.catalog", "convcalc.language.parse"),
    *("convcalc.execute.in_memory", "convcalc.execute.convolve", "convcalc.arrayfile.stored"),
)
"""What most commands import; no module of them may look at the environment or the streams."""


class Order(NamedTuple):
    """One command.

    Attributes:
        words: Of its command line.
        folder: Where it runs.
        environment: Its variables.
        before: What its process does first, as the `preexec_fn` of `subprocess`. It is pickled.
        script: What runs in the process before the command, which it may change.
    """

    words: tuple[str | bytes, ...]
    folder: str
    environment: dict[str, str]
    before: Callable[[], object] | None = None
    script: str = ""


class Forks:
    """The process that forks: it starts with the first command and ends with `close`.

    Args:
        environment: The variables that it starts with, whatever the first command's are.
        more: Modules that it loads on top of `LOADED`.
    """

    def __init__(self, environment: dict[str, str], *more: str) -> None:
        self.environment, self.more = environment, more
        self.process: subprocess.Popen | None = None
        self.user = os.geteuid()

    def starts_alike(self, environment: dict[str, str]) -> bool:
        """Whether a process with these variables begins as one that is forked here does."""
        same = read_at_start(environment) == read_at_start(self.environment)
        if not same or os.geteuid() != self.user:
            return False
        if self.process is None:
            self._start()
        return True

    def _start(self) -> None:
        self.ours, theirs = socket.socketpair()
        own = {**self.environment, "OPENBLAS_NUM_THREADS": "1"}  # who forks has one thread
        with theirs:
            command = [sys.executable, __file__, *self.more]
            self.process = subprocess.Popen(command, env=own, cwd="/", stdin=theirs)

    def start(self, order: Order, streams: tuple[int, ...]) -> int:
        """The process that a command has become, with these streams: three, or one more."""
        content = pickle.dumps(tuple(order))
        socket.send_fds(self.ours, [LENGTH.pack(len(content))], streams)
        self.ours.sendall(content)
        (pid,) = LENGTH.unpack(exactly(self.ours, LENGTH.size))
        return pid

    def ends_within(self, seconds: float | None) -> bool:
        """Whether the process that was started last ends in so many seconds."""
        return bool(select.select([self.ours], [], [], seconds)[0])

    def ended(self) -> tuple[int, float]:
        """How the process that was started last ended.

        Its exit code, or minus the signal that ended it; and the seconds of computing that it took.
        """
        return END.unpack(exactly(self.ours, END.size))

    def close(self) -> None:
        """Ends the process, if there is one."""
        if self.process is not None:
            self.ours.close()
            self.process.wait()
            self.process = None


class Forked:
    """A command in a process that was forked, with what `subprocess` has for one that was started.

    There is one at a time of each `Forks`.

    Args:
        forks: What it is forked from.
        order: The command.
        streams: What it reads from, and what it writes to (None: a pipe that is read here); they
            are closed here. A fourth stays open.
    """

    def __init__(self, forks: Forks, order: Order, streams: tuple[int | None, ...]) -> None:
        pipes = [os.pipe() if stream is None else None for stream in streams]
        ends = tuple(
            pipe[1] if pipe else stream for pipe, stream in zip(pipes, streams, strict=True)
        )
        self.forks, self.pipes = forks, [pipe and pipe[0] for pipe in pipes[1:3]]
        self.returncode: int | None = None
        self.seconds = 0.0
        self.pid = forks.start(order, ends)
        for descriptor in ends:
            os.close(descriptor)

    def wait(self, timeout: float | None = None) -> int:
        """The exit code."""
        if self.returncode is None:
            if not self.forks.ends_within(timeout):
                raise subprocess.TimeoutExpired("convcalc", timeout)
            self.returncode, self.seconds = self.forks.ended()
        return self.returncode

    def communicate(self, timeout: float = 60) -> tuple[bytes | None, bytes | None]:
        """What it writes into pipes, to its end; if that takes longer, it is killed."""
        pipes, self.pipes = self.pipes, [None, None]
        said = self._contents({pipe: b"" for pipe in pipes if pipe is not None}, timeout)
        self.wait(timeout)
        return tuple(said.get(pipe) for pipe in pipes)

    def _contents(self, found: dict[int, bytes], seconds: float) -> dict[int, bytes]:
        end = time.monotonic() + seconds
        with selectors.DefaultSelector() as waiting:
            for descriptor in found:
                waiting.register(descriptor, selectors.EVENT_READ)
            while waiting.get_map():
                ready = waiting.select(end - time.monotonic())
                if not ready:
                    self.kill()
                    raise subprocess.TimeoutExpired("convcalc", seconds)
                for key, _ in ready:
                    part = os.read(key.fd, PIPE)
                    found[key.fd] += part
                    if not part:
                        waiting.unregister(key.fd)
                        os.close(key.fd)
        return found

    def send_signal(self, number: int) -> None:
        """Nothing where it has ended."""
        if self.returncode is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Ends it in any case."""
        self.send_signal(signal.SIGKILL)


def held(content: bytes) -> int:
    """A pipe that holds so many bytes."""
    reading, writing = os.pipe()
    os.write(writing, content)
    os.close(writing)
    return reading


def read_at_start(environment: dict[str, str]) -> dict[str, str]:
    """The variables that a running process cannot take over."""
    return {n: value for n, value in environment.items() if value and n.startswith(READ_AT_START)}


def exactly(connection: socket.socket, count: int) -> bytes:
    """So many bytes."""
    content = b""
    while len(content) < count:
        part = connection.recv(count - len(content))
        if not part:
            raise EOFError
        content += part
    return content


def serve(connection: socket.socket, more: list[str]) -> None:
    """Fork for every order that arrives, one after the other, until nobody is there."""
    for name in (*LOADED, *more):
        import_module(name)
    gc.collect()
    gc.freeze()
    while True:
        head, streams, _, _ = socket.recv_fds(connection, LENGTH.size, 4)
        if not head:
            return
        content = exactly(connection, *LENGTH.unpack(head))
        child = os.fork()
        if not child:
            connection.close()
            _become(Order(*pickle.loads(content)), streams)
        for stream in streams:
            os.close(stream)
        connection.sendall(LENGTH.pack(child))
        _, status, used = os.wait4(child, 0)
        seconds = used.ru_utime + used.ru_stime
        connection.sendall(END.pack(os.waitstatus_to_exitcode(status), seconds))


def _become(order: Order, streams: list[int]) -> None:
    """Be the command, from its start to its end."""
    gc.unfreeze()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    os.closerange(len(streams), max(streams) + 1)
    os.chdir(order.folder)
    os.environ.clear()
    os.environ.update(order.environment)
    tempfile.tempdir = None  # which depends on them
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    if order.before is not None:
        order.before()
    _open_streams()
    sys.argv = [PROGRAM, *map(os.fsdecode, order.words)]
    program = import_module("convcalc.__main__")
    sys.modules["__main__"] = program  # which processes that are started from here ask for
    exec(order.script, {})
    _leave(program.main)


PROGRAM = "__main__.py"


def _open_streams() -> None:
    """The three streams as Python makes them: lines at once on a terminal and for errors."""
    sys.stdin = sys.__stdin__ = _stream(0, "r", sys.stdin)
    sys.stdout = sys.__stdout__ = _stream(1, "w", sys.stdout)
    sys.stderr = sys.__stderr__ = _stream(2, "w", sys.stderr)


def _stream(number: int, mode: str, old: io.TextIOWrapper) -> io.TextIOWrapper | None:
    try:
        os.fstat(number)
    except OSError:  # it is closed
        return None
    lines = mode == "w" and (number == 2 or os.isatty(number))
    raw = io.FileIO(number, mode, closefd=False)
    new = io.BufferedReader(raw) if mode == "r" else io.BufferedWriter(raw)
    return io.TextIOWrapper(new, old.encoding, old.errors, "\n", line_buffering=lines)


def _leave(main) -> None:
    """What the end of a process does, but for taking the libraries apart."""
    code: object = 1
    try:
        code = main()
    except SystemExit as end:
        code = end.code
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        atexit._run_exitfuncs()
        if sys.stdout is not None:
            sys.stdout.flush()
        os._exit(code if isinstance(code, int) else int(code is not None))


if __name__ == "__main__":
    with socket.socket(fileno=os.dup(0)) as orders:
        serve(orders, sys.argv[1:])
