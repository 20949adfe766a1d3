"""`--max-memory`: how many bytes, and what it goes with."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from convcalc.cli.parsing.values import text_of
from convcalc.cli.terminal.progress import ProgressLine
from convcalc.errors import UsageError, printable
from convcalc.execute.out_of_core.run import Bounds

if TYPE_CHECKING:
    from collections.abc import Mapping

_BYTES = re.compile(r"([0-9]{1,12})\s*([kmgt]?)(i?b)?", re.IGNORECASE)
_UNITS = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}


def check_bounds(given: Mapping[str, Any]) -> None:
    """Whether --max-memory is a number of bytes, and has a file to write into.

    Raises:
        UsageError: it is not, or is given with a network.
    """
    if given["max_memory"] is None:
        return
    memory_of(given)
    if given["scheduler"] is not None:
        return  # of each tile, whose result goes wherever the workers write it
    if given["network"] is not None:
        raise UsageError(
            "--max-memory goes with --kernel: the layers of a network hand whole arrays on; "
            "run it on fewer samples at a time, or its convolutions one by one"
        )
    if given["output"] in (None, "-") and not given["dry_run"]:
        raise UsageError("--max-memory writes the result piece by piece; give a file with -o")


def bounds_of(given: Mapping[str, Any]) -> Bounds:
    """The bounds that a command line gives."""
    quiet = bool(given["quiet"]) or given["format"] == "json"

    def progress(total: int) -> ProgressLine:
        return ProgressLine(total, wanted=not quiet)

    return Bounds(memory_of(given), given["output"], progress, bool(given["force"]))


def memory_of(given: Mapping[str, Any]) -> int:
    """The bytes of --max-memory: 512M, 2GiB or 1000000; k, M, G and T are powers of 1024."""
    text = given["max_memory"]
    match = _BYTES.fullmatch(text_of("max_memory", text).strip())
    size = int(match[1]) * _UNITS[match[2].lower()] if match else 0
    if not size:
        raise UsageError(f"--max-memory: expected bytes, as 512M or 2G; got '{printable(text)}'")
    return size
