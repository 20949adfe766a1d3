"""`--scheduler`: whose workers compute, and what it goes with."""

from __future__ import annotations

import re
from importlib.util import find_spec
from typing import TYPE_CHECKING

from convcalc.arrayfile.member_names import is_zarr
from convcalc.arrayfile.new_folder import check_new_folder
from convcalc.arrayfile.stored import open_stored, placeholder
from convcalc.arrayfile.target import check_output
from convcalc.cli.commands.run.max_memory import memory_of
from convcalc.cli.commands.run.request import CONTACT
from convcalc.cli.parsing.endings import check_ending
from convcalc.cli.parsing.values import count_of, flag, text_of
from convcalc.cli.terminal.progress import ProgressLine
from convcalc.errors import UsageError, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from convcalc.cli.commands.run.request import RunRequest
    from convcalc.execute.cluster.options import ClusterOptions

_ADDRESS = re.compile(
    r"(?:tcp|tls)://[^\s/:]+:[0-9]{1,5}|(?:tcp|tls)://\[[0-9a-fA-F:]+\]:[0-9]{1,5}"
)
_ELSEWHERE = ("network", "verify", "stats")
_EXTRA = ("dask", "distributed", "zarr")


def check_scheduler(request: RunRequest, inputs: Sequence[str]) -> None:
    """Whether --scheduler names one, goes with the rest, and has what it needs.

    Raises:
        UsageError: it does not.
        OutputError: the output exists, or cannot be made.
    """
    output = request.output
    _check_address(request)
    for name in _ELSEWHERE:
        if request.given(name):
            raise UsageError(f"--scheduler and {flag(name)} exclude each other")
    if any(find_spec(name) is None for name in _EXTRA):
        raise UsageError(
            "--scheduler needs dask and zarr; pip install 'convcalc[dask]' brings them"
        )
    if output is not None and not is_zarr(output):
        check_ending("output", output, (".npy", ".zarr"))
    if request.dry_run:
        return
    if output in (None, "-"):
        raise UsageError("--scheduler: the workers write the result; give a file or folder with -o")
    if is_zarr(output):
        check_new_folder(output, force=bool(request.force), inputs=inputs)
    else:
        check_output(output, force=bool(request.force), inputs=inputs)


def _check_address(request: RunRequest) -> None:
    """Whether --scheduler is an address, and the options beside it belong to such a one."""
    address = text_of("scheduler", request.scheduler or "")
    if address != "local" and not (
        _ADDRESS.fullmatch(address) and 0 < int(address.rpartition(":")[2]) < 2**16
    ):
        raise UsageError(
            f"--scheduler: expected local, or an address as tcp://10.0.0.1:8786; "
            f"got '{printable(address)}'"
        )
    for name in CONTACT:
        text = request.text(name)
        if text is None:
            continue
        text_of(name, text)
        wanted = "tls://" if name.startswith("tls") else ("tcp://", "tls://")
        if not address.startswith(wanted):
            example = "tls://10.0.0.1:8786" if wanted == "tls://" else "tcp://10.0.0.1:8786"
            raise UsageError(f"{flag(name)} goes with the address of a scheduler, as {example}")
    _seconds(request)


def _seconds(request: RunRequest) -> int:
    """How long a scheduler may take to answer."""
    from convcalc.execute.cluster.options import ANSWER_SECONDS

    text = request.scheduler_timeout
    return ANSWER_SECONDS if text is None else count_of("scheduler_timeout", text)


def order_of(request: RunRequest) -> ClusterOptions:
    """Whose workers do the work of a request that names a scheduler."""
    assert request.scheduler is not None
    from convcalc.execute.cluster.options import Certificates, ClusterOptions

    def progress(total: int) -> ProgressLine:
        return ProgressLine(total, wanted=request.shows_progress)

    memory = None if request.max_memory is None else memory_of(request)
    return ClusterOptions(
        *(request.scheduler, request.output, memory, progress, bool(request.force)),
        seconds=_seconds(request),
        certificates=Certificates(request.tls_ca, request.tls_cert, request.tls_key),
    )


def read_shape(path: str) -> np.ndarray:
    """An array of the shape and dtype of the input that takes no memory: all its elements are 1."""
    return placeholder(open_stored(path))
