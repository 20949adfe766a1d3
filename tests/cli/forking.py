"""Commands in processes that are forked, not started: what each of them imports is there already.

`Forks` is for the tests, and `serve` is what its process does: it has the program loaded and no
thread, and forks for every command. The child takes over arguments, folder, variables, and the
three streams, which it opens as Python does at its start; from there on it is the program's own
`main`, whose end is that of a process as well.

What Python or its libraries look at when they start has to be the same: `starts_alike` tells.
"""

from __future__ import annotations

import atexit
import gc
import io
import os
import pickle
import signal
import socket
import struct
import subprocess
import sys
from importlib import import_module
from typing import NamedTuple

LENGTH = struct.Struct("!q")
READ_AT_START = (
    *("PYTHON", "LANG", "LC_", "LD_", "OMP_", "OPENBLAS_", "MKL_", "MALLOC", "TYPER_"),
    *("TORCH", "PYTORCH"),
)
"""How the variables begin that are read when Python or a library is loaded."""

LOADED = (
    *("numpy", "typer", "csv", "json", "convcalc.cli.main", "convcalc.cli.app"),
    *("convcalc.analysis.report", "convcalc.zoo.catalog", "convcalc.language.parse"),
    *("convcalc.execute.in_memory", "convcalc.execute.convolve", "convcalc.arrayfile.stored"),
)
"""What most commands import; no module of them may look at the environment or the streams."""


class Order(NamedTuple):
    """One command: its words, its folder, its variables."""

    words: tuple[str | bytes, ...]
    folder: str
    environment: dict[str, str]


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

    def start(self, order: Order, streams: tuple[int, int, int]) -> int:
        """The process that a command has become, with these three streams."""
        content = pickle.dumps(tuple(order))
        socket.send_fds(self.ours, [LENGTH.pack(len(content))], streams)
        self.ours.sendall(content)
        return self._number()

    def ended(self) -> int:
        """The exit code of the process that was started last, or minus the signal that ended it."""
        return self._number()

    def _number(self) -> int:
        (number,) = LENGTH.unpack(exactly(self.ours, LENGTH.size))
        return number

    def close(self) -> None:
        """Ends the process, if there is one."""
        if self.process is not None:
            self.ours.close()
            self.process.wait()
            self.process = None


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
        head, streams, _, _ = socket.recv_fds(connection, LENGTH.size, 3)
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
        _, status = os.waitpid(child, 0)
        connection.sendall(LENGTH.pack(os.waitstatus_to_exitcode(status)))


def _become(order: Order, streams: list[int]) -> None:
    """Be the command, from its start to its end."""
    gc.unfreeze()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    os.closerange(3, max(streams) + 1)
    os.chdir(order.folder)
    os.environ.clear()
    os.environ.update(order.environment)
    _open_streams()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv = [PROGRAM, *map(os.fsdecode, order.words)]
    from convcalc.__main__ import main

    _leave(main)


PROGRAM = "__main__.py"


def _open_streams() -> None:
    """The three streams as Python makes them: lines at once on a terminal and for errors."""
    sys.stdin = sys.__stdin__ = _stream(0, "r", sys.stdin)
    sys.stdout = sys.__stdout__ = _stream(1, "w", sys.stdout)
    sys.stderr = sys.__stderr__ = _stream(2, "w", sys.stderr)


def _stream(number: int, mode: str, old: io.TextIOWrapper) -> io.TextIOWrapper:
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
        sys.stdout.flush()
        os._exit(code if isinstance(code, int) else int(code is not None))


if __name__ == "__main__":
    with socket.socket(fileno=os.dup(0)) as orders:
        serve(orders, sys.argv[1:])
