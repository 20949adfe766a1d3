"""The file of a calibration, read without trust: small, regular, of plausible numbers, or none.

Whoever can write into the cache could otherwise stop every plan, with a pipe that nobody fills, a
device without an end, or a number that overflows further on.
"""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from convcalc.errors import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

VERSION = 3
"""The version of the file; rates of another version are not read."""

MAX_FILE_BYTES = 2**16
"""A calibration takes less than one KiB."""

PER_SECOND = (1e5, 1e18)
"""Plausible rates: from an interpreter on a slow processor to a thousand accelerators."""

PLAUSIBLE = {"call": (1e-9, 1.0), "torch_import": (1e-3, 1e4), "threads": (1, 2**16)}
"""Plausible seconds of a call, seconds of importing torch, and threads."""


class KeptRatesError(Exception):
    """The file is not a calibration; the message says why, in words that follow its path."""


def cache_path() -> Path:
    """Where the rates of this machine are kept."""
    root = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(root) / "convcalc" / "machine.json"


def read_kept(path: Path) -> dict[str, object]:
    """What the file at `path` says, by key, as `execute.machine.as_data` writes it.

    Raises:
        FileNotFoundError: there is no such file.
        KeptRatesError: it cannot be read, or is no JSON object of this version.
    """
    try:
        data = json.loads(_small_file(path).decode("utf-8"))
    except FileNotFoundError:
        raise
    except OSError as error:
        raise KeptRatesError(os.strerror(error.errno or 0)) from None
    except (ValueError, RecursionError):
        raise KeptRatesError("it is no JSON") from None
    if not isinstance(data, dict) or data.get("version") != VERSION:
        raise KeptRatesError(f"it is no calibration of version {VERSION}")
    return data


def _small_file(path: Path) -> bytes:
    """The bytes of a small regular file; a pipe is opened without waiting for its other end."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags)
    with open(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise KeptRatesError("it is no regular file")
        data = file.read(MAX_FILE_BYTES + 1)
    if len(data) > MAX_FILE_BYTES:
        raise KeptRatesError(f"it has more than {MAX_FILE_BYTES:,} bytes")
    return data


def plausible_rates(data: Mapping[str, object], key: str, names: Iterable[str]) -> list[float]:
    """The numbers `names` of the object under `key`.

    Raises:
        KeptRatesError: there is no such object, or one of them is missing or not plausible.
    """
    found = data.get(key)
    if not isinstance(found, dict):
        raise KeptRatesError(f"it has no rates of {key}")
    return [plausible(f"{key}.{name}", found.get(name)) for name in names]


def plausible(name: str, value: object) -> float:
    """The number that `value` is, if it lies where the last word of `name` can.

    Raises:
        KeptRatesError: it is no number, or one that no machine reaches.
    """
    least, most = PLAUSIBLE.get(name.rpartition(".")[2], PER_SECOND)
    # Compared before it is converted: an integer of 400 digits is too large for a float.
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        shown = printable(_shown(value), 40)
        raise KeptRatesError(f"{name} is {shown}, expected {least:g} to {most:g}")
    return float(value)


def _shown(value: object) -> str:
    """The value in JSON, however long its digits are."""
    try:
        return json.dumps(value)
    except ValueError:  # Python writes no more than some thousand digits
        return "a number of thousands of digits"
