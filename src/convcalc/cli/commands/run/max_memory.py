"""`--max-memory`: how many bytes, and what it goes with."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from convcalc.cli.parsing.values import text_of
from convcalc.errors import UsageError, printable

if TYPE_CHECKING:
    from convcalc.cli.commands.run.request import RunRequest
    from convcalc.execute.out_of_core.run import Bounds

_BYTES = re.compile(r"([0-9]{1,12})\s*([kmgt]?)(i?b)?", re.IGNORECASE)
_UNITS = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}


def check_bounds(request: RunRequest) -> None:
    """Whether --max-memory is a number of bytes, and has a file to write into.

    Raises:
        UsageError: it is not, or is given with a network.
    """
    memory_of(request)
    if request.scheduler is not None:
        return  # of each tile, whose result goes wherever the workers write it
    if request.network is not None:
        raise UsageError(
            "--max-memory goes with --kernel: the layers of a network hand whole arrays on; "
            "run it on fewer samples at a time, or its convolutions one by one"
        )
    if request.output in (None, "-") and not request.dry_run:
        raise UsageError("--max-memory writes the result piece by piece; give a file with -o")


def bounds_of(request: RunRequest) -> Bounds:
    """The bounds that a command line gives."""
    from convcalc.cli.terminal.progress import ProgressLine
    from convcalc.execute.out_of_core.run import Bounds

    assert request.output is not None

    def progress(total: int) -> ProgressLine:
        return ProgressLine(total, wanted=request.shows_progress)

    return Bounds(memory_of(request), request.output, progress, bool(request.force))


def memory_of(request: RunRequest) -> int:
    """The bytes of --max-memory: 512M, 2GiB or 1000000; k, M, G and T are powers of 1024."""
    text = request.max_memory or ""
    match = _BYTES.fullmatch(text_of("max_memory", text).strip())
    size = int(match[1]) * _UNITS[match[2].lower()] if match else 0
    if not size:
        raise UsageError(f"--max-memory: expected bytes, as 512M or 2G; got '{printable(text)}'")
    return size
