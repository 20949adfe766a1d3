"""`--scheduler`: whose workers compute, and what it goes with."""

from __future__ import annotations

import re
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from convcalc.arrayfile.new_folder import check_new_folder
from convcalc.arrayfile.stored import open_stored, placeholder
from convcalc.arrayfile.target import check_output
from convcalc.arrayfile.zarr_metadata import is_zarr
from convcalc.cli.commands.run.max_memory import memory_of
from convcalc.cli.parsing.endings import check_ending
from convcalc.cli.parsing.values import count_of, flag, text_of
from convcalc.cli.terminal.progress import ProgressLine
from convcalc.errors import UsageError, printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

    from convcalc.arrayfile.stored import Stored
    from convcalc.execute.cluster.options import ClusterOptions
    from convcalc.execute.job import Work
    from convcalc.execute.settings import DryRun, Result, Settings

_ADDRESS = re.compile(
    r"(?:tcp|tls)://[^\s/:]+:[0-9]{1,5}|(?:tcp|tls)://\[[0-9a-fA-F:]+\]:[0-9]{1,5}"
)
_ELSEWHERE = ("network", "verify", "stats")
_CONTACT = ("scheduler_timeout", "tls_ca", "tls_cert", "tls_key")
_EXTRA = ("dask", "distributed", "zarr")


def check_scheduler(given: Mapping[str, Any], inputs: Sequence[str]) -> None:
    """Whether --scheduler names one, goes with the rest, and has what it needs.

    Raises:
        UsageError: it does not; or a Zarr folder is named and it is missing.
        OutputError: the output exists, or cannot be made.
    """
    output = given["output"]
    if given["scheduler"] is None:
        _refuse_alone(given)
        return
    _check_address(given)
    for name in _ELSEWHERE:
        if given[name]:
            raise UsageError(f"--scheduler and {flag(name)} exclude each other")
    if any(find_spec(name) is None for name in _EXTRA):
        raise UsageError(
            "--scheduler needs dask and zarr; pip install 'convcalc[dask]' brings them"
        )
    if output is not None and not is_zarr(output):
        check_ending("output", output, (".npy", ".zarr"))
    if given["dry_run"]:
        return
    if output in (None, "-"):
        raise UsageError("--scheduler: the workers write the result; give a file or folder with -o")
    if is_zarr(output):
        check_new_folder(output, force=bool(given["force"]), inputs=inputs)
    else:
        check_output(output, force=bool(given["force"]), inputs=inputs)


def _check_address(given: Mapping[str, Any]) -> None:
    """Whether --scheduler is an address, and the options beside it belong to such a one."""
    address = text_of("scheduler", given["scheduler"])
    if address != "local" and not (
        _ADDRESS.fullmatch(address) and 0 < int(address.rpartition(":")[2]) < 2**16
    ):
        raise UsageError(
            f"--scheduler: expected local, or an address as tcp://10.0.0.1:8786; "
            f"got '{printable(address)}'"
        )
    for name in _CONTACT:
        if given[name] is None:
            continue
        text_of(name, given[name])
        wanted = "tls://" if name.startswith("tls") else ("tcp://", "tls://")
        if not address.startswith(wanted):
            example = "tls://10.0.0.1:8786" if wanted == "tls://" else "tcp://10.0.0.1:8786"
            raise UsageError(f"{flag(name)} goes with the address of a scheduler, as {example}")
    _seconds(given)


def _seconds(given: Mapping[str, Any]) -> int:
    """How long a scheduler may take to answer."""
    from convcalc.execute.cluster.options import ANSWER_SECONDS

    text = given["scheduler_timeout"]
    return ANSWER_SECONDS if text is None else count_of("scheduler_timeout", text)


def order_of(given: Mapping[str, Any]) -> ClusterOptions | None:
    """Where the work is done, if not here."""
    if given["scheduler"] is None:
        return None
    from convcalc.execute.cluster.options import Certificates, ClusterOptions

    quiet = bool(given["quiet"]) or given["format"] == "json"

    def progress(total: int) -> ProgressLine:
        return ProgressLine(total, wanted=not quiet)

    memory = None if given["max_memory"] is None else memory_of(given)
    return ClusterOptions(
        *(given["scheduler"], given["output"], memory, progress, bool(given["force"])),
        seconds=_seconds(given),
        certificates=Certificates(given["tls_ca"], given["tls_cert"], given["tls_key"]),
    )


def read_shape(path: str) -> np.ndarray:
    """An array of the shape and dtype of the input that takes no memory: all its elements are 1."""
    return placeholder(open_stored(path))


def plan_tiles(work: Work, settings: Settings, order: ClusterOptions) -> DryRun:
    """The plan and the tiles."""
    from convcalc.execute.cluster.submit import plan_scheduled

    return plan_scheduled(work, settings, order)


def run_tiles(work: Work, stored: Stored, settings: Settings, given: Mapping[str, Any]) -> Result:
    """The convolution, on workers that read the input themselves."""
    from convcalc.execute.cluster.submit import run_scheduled

    order = order_of(given)
    assert order is not None
    return run_scheduled(work, stored, settings, order)


def _refuse_alone(given: Mapping[str, Any]) -> None:
    """What needs --scheduler; Zarr folders are read and written part by part by workers."""
    for name in _CONTACT:
        if given[name] is not None:
            raise UsageError(f"{flag(name)} goes with --scheduler")
    for name in ("array", "output"):
        if given[name] is not None and is_zarr(given[name]):
            raise UsageError(
                f"'{printable(given[name])}' is a zarr folder, which workers read and write; "
                f"--scheduler local starts some on this machine"
            )
