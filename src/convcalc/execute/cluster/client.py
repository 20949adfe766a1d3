"""One convolution on a Dask cluster: connect or start, hand out the tiles, see them through."""

from __future__ import annotations

import logging
import os
import signal
import tempfile
from concurrent.futures import CancelledError
from contextlib import ExitStack, contextmanager, suppress
from importlib.util import find_spec
from multiprocessing.resource_tracker import ensure_running
from pkgutil import resolve_name
from queue import Empty, SimpleQueue
from time import monotonic, sleep
from typing import TYPE_CHECKING

import dask
import distributed
from distributed.scheduler import KilledWorker

from convcalc import __version__
from convcalc.errors import ClusterError, DataError, ResourceError, printable
from convcalc.execute.arrays.statistics import Figures
from convcalc.execute.cluster.contact import Address, check_contact, security_of
from convcalc.execute.cluster.graph import tile_tasks
from convcalc.execute.cluster.options import LOCAL
from convcalc.execute.cluster.worker import check_whole, tiles_at_work
from convcalc.execute.out_of_core.stream import Streamed
from convcalc.held_signals import ENDINGS, blocked, held_back
from convcalc.resource_limits import limit_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from convcalc.arrayfile.stored import Stored
    from convcalc.execute.cluster.options import ClusterOptions
    from convcalc.execute.cluster.worker import TileJob, TileResult

WORKER_SECONDS = 10
"""How long a scheduler may take to find a first worker."""

LOOK_SECONDS = 5
CLOSE_SECONDS = 10
LINGER_SECONDS = 0.1

LEAST_FILES = 64
"""Files that this process must be allowed to open for workers; two of them start with 48."""

SILENT = logging.CRITICAL + 1

ABSENT_SECONDS = 60
"""How long there may be no worker at all before the work is given up."""

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@contextmanager
def connected(order: ClusterOptions, threads: int | None) -> Iterator[distributed.Client]:
    """A client of the cluster at an address, or of one that is started here for a while.

    Args:
        order: Where the work is done.
        threads: Threads of each computation; local workers are fewer for it.

    Raises:
        ClusterError: no scheduler answers at the address, or workers cannot be started.
        DataError: a file with a certificate or a key is none.
        UsageError: certificates are missing.
    """
    address, security = order.address, None
    with ExitStack() as stack:
        _quiet()
        stack.enter_context(dask.config.set(_configuration(threads, order.seconds)))
        if address == LOCAL:
            stack.enter_context(_safe_path())
            folder = stack.enter_context(_scratch())
            # The scheduler makes a folder, too, which no option of its own says where.
            stack.enter_context(dask.config.set({"temporary-directory": folder}))
            cluster = stack.enter_context(_workers(folder, threads))
            address = cluster.scheduler_address
        else:
            security = security_of(address, order.certificates)
            check_contact(Address(address, order.seconds, security))
        try:
            client = distributed.Client(
                address,
                timeout=order.seconds,
                security=security,
                set_as_default=False,
                name="convcalc",
            )
        except (OSError, ValueError, ImportError) as error:
            raise ClusterError(_no_answer(address, error)) from None
        stack.callback(client.close, timeout=CLOSE_SECONDS)
        yield client


def check_workers(client: distributed.Client, stored: Stored, backend: str) -> None:
    """Whether every worker has what the tiles need: this version, the library, the input.

    Raises:
        ClusterError: a worker has not; the message names it and what it lacks.
        DataError: a worker does not see the input.
    """
    try:
        client.wait_for_workers(1, timeout=WORKER_SECONDS)
    except (TimeoutError, OSError):
        raise ClusterError(
            f"the scheduler has no workers (waited {WORKER_SECONDS} s); start some, as "
            f"dask worker {client.scheduler.address}"
        ) from None
    found = client.run(resolve_name, "convcalc:__version__", on_error="return")
    for worker, version in found.items():
        if isinstance(version, Exception):
            raise ClusterError(f"the worker {worker} has no convcalc: {printable(str(version))}")
        if version != __version__:
            raise ClusterError(f"the worker {worker} has convcalc {version}; this is {__version__}")
    if backend == "torch":
        for worker, spec in client.run(_has_torch).items():
            if not spec:
                raise ClusterError(
                    f"the worker {worker} has no torch; install it there, or --backend numpy"
                )
    elements = (slice(0, 1),) * len(stored.shape)
    for worker, seen in client.run(stored.read, elements, on_error="return").items():
        if isinstance(seen, Exception):
            raise DataError(f"the worker {worker}: {seen}")


def run_tiles(
    client: distributed.Client,
    job: TileJob,
    stored: Stored,
    advance: Callable[[int], None],
    *,
    shared: bool,
) -> Streamed:
    """Computes every tile into the job's output; what is known of the result.

    A worker that is lost takes no tile with it: the scheduler hands its tiles to others, and a tile
    that is written twice is the same.

    Args:
        client: Of the cluster.
        job: What is computed.
        stored: The input.
        advance: Called with the number of values of each tile that is done.
        shared: Whether the workers go on when this process ends. After a failure it then takes as
            long as they need to leave the output alone.

    Raises:
        ConvcalcError: the first failure of a tile.
        ClusterError: workers die of a tile, or there are none left.
    """
    tiles = {future.key: future for future in client.compute(tile_tasks(job, stored))}
    try:
        seen = _gathered(client, job, dict(tiles), advance)
    except BaseException:
        if shared:
            _stop(client, list(tiles.values()), job.output)
        raise
    return _together([seen[key] for key in tiles])


def _gathered(
    client: distributed.Client,
    job: TileJob,
    waiting: dict[str, distributed.Future],
    advance: Callable[[int], None],
) -> dict[str, TileResult]:
    """What is known of each tile, by its key."""
    seen: dict[str, TileResult] = {}
    magnitude = 0
    done: SimpleQueue[distributed.Future] = SimpleQueue()
    for future in waiting.values():
        future.add_done_callback(done.put)
    while waiting:
        future = waiting.pop(_next(client, done).key)
        known = seen[future.key] = _outcome(future)
        future.release()  # what is held would be computed again if its worker died
        if known.magnitude > magnitude:
            magnitude = known.magnitude
            check_whole(job, magnitude)
        advance(known.figures.finite + known.figures.nonfinite)
    return seen


def _stop(client: distributed.Client, tiles: list[distributed.Future], output: str) -> None:
    """Takes back what is not begun, and waits for tiles at work: they would still be written."""
    end = monotonic() + CLOSE_SECONDS
    with suppress(Exception):
        client.cancel(tiles)
        # Twice: a worker may have begun another tile before it heard of the end.
        idle_polls = 0
        while idle_polls < 2 and monotonic() < end:
            idle_polls = 0 if any(client.run(tiles_at_work, output).values()) else idle_polls + 1
            sleep(LINGER_SECONDS)


def _together(tiles: Sequence[TileResult]) -> Streamed:
    """What is known of the result; the sum of floats depends on the order of the tiles."""
    figures = Figures()
    for tile in tiles:
        figures.merge(tile.figures)
    return Streamed(figures, sum(tile.overflowed for tile in tiles))


def _next(client: distributed.Client, done: SimpleQueue[distributed.Future]) -> distributed.Future:
    """The next tile that is done or has failed.

    Raises:
        ClusterError: there have been no workers for long.
    """
    no_workers_since: float | None = None
    while True:
        try:
            return done.get(timeout=LOOK_SECONDS)
        except Empty:
            now = monotonic()
        if client.status != "running":
            raise ClusterError("the scheduler is gone; nothing was written") from None
        if client.scheduler_info(n_workers=1)["workers"]:
            no_workers_since = None
        elif no_workers_since is None:
            no_workers_since = now
        elif now - no_workers_since > ABSENT_SECONDS:
            raise ClusterError(
                f"there have been no workers for {ABSENT_SECONDS} s; nothing was written"
            ) from None


def _outcome(future: distributed.Future) -> TileResult:
    """What is known of a tile; its failure is raised as it was on the worker."""
    try:
        known: TileResult = future.result()
    except KilledWorker as error:
        raise ClusterError(
            f"a tile killed {error.allowed_failures + 1} workers, one after another; "
            f"they may be short of memory: give less with --max-memory"
        ) from None
    except CancelledError:
        raise ClusterError("the scheduler is gone; nothing was written") from None
    return known


@contextmanager
def _workers(folder: str, threads: int | None) -> Iterator[distributed.LocalCluster]:
    """Workers of this machine's own, as many as the processors that this process may use."""
    count = max(1, processors() // (threads or 1))
    allowed = limit_of("NOFILE")
    if allowed is not None and allowed < LEAST_FILES:  # with 16 Dask waits for ever
        raise ClusterError(
            f"cannot start workers: {allowed} files may be open, {LEAST_FILES} are needed; "
            f"ulimit -n {LEAST_FILES} or more"
        )
    with ExitStack() as stack:
        try:
            with _uninterrupted():
                cluster: distributed.LocalCluster = distributed.LocalCluster(
                    n_workers=count,
                    threads_per_worker=1,
                    processes=True,
                    host="127.0.0.1",
                    # Dask serves a port in any case: not that of a user's own cluster.
                    scheduler_kwargs={"dashboard": False, "dashboard_address": "127.0.0.1:0"},
                    worker_dashboard_address=None,
                    local_directory=folder,
                    silence_logs=SILENT,
                )
                stack.callback(_close, cluster)
        except (OSError, RuntimeError, TimeoutError) as error:
            raise ClusterError(f"cannot start workers: {printable(str(error))}") from None
        yield cluster


def _close(cluster: distributed.LocalCluster) -> None:
    """Ends workers; those that do not answer end with this process.

    Workers that are left in the middle of their end would go on and write into folders that have
    been taken away.
    """
    with held_back(signal.SIGINT, *ENDINGS), suppress(Exception):
        cluster.close(timeout=CLOSE_SECONDS)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Signals wait until workers have been started: they would end workers half-started.

    What is started meanwhile never hears of an interrupt, nor do the workers that take its place.
    That this process is to end they may hear.
    """
    ensure_running()  # which would let interrupts through to whatever is started after it
    with blocked(signal.SIGINT), held_back(*ENDINGS):
        yield


def processors() -> int:
    """The processors that this process may use."""
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed else os.cpu_count() or 1


def _configuration(threads: int | None, seconds: int) -> dict[str, object]:
    """What Dask is told, for this process and for workers that it starts."""
    environment = dict.fromkeys(THREAD_VARIABLES, str(threads or 1))
    return {
        "distributed.comm.timeouts.connect": f"{seconds}s",
        "distributed.nanny.pre-spawn-environ": environment,
        "distributed.scheduler.dashboard.tasks.task-stream-length": 0,
        "distributed.admin.large-graph-warning-threshold": "1TB",
        "logging": {"distributed": "critical"},
    }


def _quiet() -> None:
    """Dask's own log is about Dask: what matters to a user is said in one line."""
    for name in ("distributed", "tornado", "asyncio"):
        logging.getLogger(name).setLevel(SILENT)


@contextmanager
def _safe_path() -> Iterator[None]:
    """Processes that are started take no module of the current folder for one of Python's."""
    before = os.environ.get("PYTHONSAFEPATH")
    os.environ["PYTHONSAFEPATH"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONSAFEPATH"]
        else:
            os.environ["PYTHONSAFEPATH"] = before


@contextmanager
def _scratch() -> Iterator[str]:
    """A folder for what workers put aside."""
    try:
        folder = tempfile.TemporaryDirectory(prefix="convcalc-", ignore_cleanup_errors=True)
    except OSError as error:
        raise ResourceError(f"cannot make a temporary folder: {error.strerror}") from None
    with folder as name:
        yield name


def _has_torch() -> bool:
    return find_spec("torch") is not None


def _no_answer(address: str, error: Exception) -> str:
    cause = "" if isinstance(error, OSError) else f" ({printable(str(error), 120)})"
    return (
        f"--scheduler: no scheduler answers at {printable(address)}{cause}; "
        f"'local' starts workers on this machine"
    )
