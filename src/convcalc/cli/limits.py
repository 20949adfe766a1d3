"""What this process may have: threads, and room for a library that is about to be imported.

OpenBLAS ends the process itself, with 1 and lines of its own, where it gets no memory (numpy 2.4);
so whoever has a limit is told before numpy is imported.
"""

from __future__ import annotations

import os

from convcalc.cli.parsing.values import count_of
from convcalc.cli.terminal.streams import note
from convcalc.errors import ResourceError
from convcalc.resource_limits import limit_of

MIB = 2**20

NUMPY_MIB = 100
"""Address space that numpy takes with one thread: 85 MiB were measured (numpy 2.4, x86-64)."""

THREAD_MIB = 44
"""And with each thread more: the 32 MiB of its buffer, its stack; 42 MiB were measured."""

THREAD_VARIABLES = ("OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "OMP_NUM_THREADS")
"""What OpenBLAS looks at, the first that is set."""


COMPUTING_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""What the libraries that compute look at when they are loaded."""


def limit_threads(text: str, *, quiet: bool) -> str:
    """The threads that will compute: as many as asked for, but no more than there are processors.

    They are also told to libraries that read the environment once, when they are loaded.
    """
    from convcalc.execute.backends.thread_pool import processors  # not needed to count anything

    asked, most = count_of("threads", text), processors()
    count = min(asked, most)
    if asked > most and not quiet:
        note(f"--threads {asked}: {most} used, as many as there are processors")
    os.environ.update(dict.fromkeys(COMPUTING_VARIABLES, str(count)))
    return str(count)


def check_room_for_numpy() -> None:
    """Does nothing where the address space is not limited.

    Raises:
        ResourceError: numpy would not fit into what is left of it.
    """
    limit = limit_of("AS")
    if limit is None:
        return
    needed = (NUMPY_MIB + THREAD_MIB * (_threads() - 1)) * MIB
    if not _fits(needed):
        raise ResourceError(
            f"not enough memory to load numpy: it takes about {needed // MIB} MiB of address "
            f"space, of which this process may have {limit // MIB} MiB in all (ulimit -v)"
        )


FEW_PROCESSES = 1024
"""A limit on the processes and threads of a user from which on it is not looked at."""


def use_threads_to_be_had() -> None:
    """Tells libraries that are about to be loaded to use one thread where few may be started.

    OpenBLAS and libgomp end the process themselves, with 130 and 1, where they cannot start one.
    """
    spare = 2 * _threads()  # ended threads count for a moment, and others may be started meanwhile
    if _few_processes() and _started(spare) < spare:
        os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))


def _few_processes() -> bool:
    limit = limit_of("NPROC")
    return limit is not None and limit < FEW_PROCESSES


def _started(count: int) -> int:
    """How many of so many threads can be started; they have ended when it is known."""
    from threading import Event, Thread

    done = Event()
    threads: list[Thread] = []
    try:
        for _ in range(count):
            thread = Thread(target=done.wait)
            thread.start()
            threads.append(thread)
    except RuntimeError:  # can't start new thread
        pass
    done.set()
    for thread in threads:
        thread.join()
    return len(threads)


def _fits(size: int) -> bool:
    """Whether so many bytes are to be had: they are asked for, and given back untouched."""
    import mmap

    try:
        mmap.mmap(-1, size).close()
    except (OSError, MemoryError):
        return False
    return True


def _threads() -> int:
    """The threads that OpenBLAS starts."""
    count = os.cpu_count() or 1
    for name in THREAD_VARIABLES:
        text = os.environ.get(name, "")
        if text.isdecimal() and int(text):
            return min(int(text), count)
    return count
