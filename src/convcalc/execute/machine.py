"""How fast this machine is at what the algorithms are made of: a few rates, with defaults."""

from __future__ import annotations

import json
import os
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

VERSION = 1
"""Of the file; rates of another version are not read."""


class Rates(NamedTuple):
    """One backend's rates, in float32 unless said otherwise.

    Attributes:
        products: Floating-point operations per second of its best convolution or matrix product.
        spectra: The same of complex matrix products in float64, many small ones at a time.
        transforms: Cells times log2(cells) per second of a real transform in float64.
        passes: Products per second that are added to a band in the caches, tap by tap.
        copies: Bytes per second that are written to fresh memory.
        call: Seconds of one call into the library.
    """

    products: float
    spectra: float
    transforms: float
    passes: float
    copies: float
    call: float


class Machine(NamedTuple):
    """The rates of both backends, and what the import of torch costs in seconds."""

    numpy: Rates = Rates(1.2e11, 8e9, 1.2e9, 1.2e9, 3e9, 3e-6)
    torch: Rates = Rates(1.8e11, 1.8e10, 3e9, 7e9, 6e9, 1.2e-5)
    torch_import: float = 2.5

    def of(self, backend: str) -> Rates:
        """The rates of a backend by its name."""
        return self.torch if backend == "torch" else self.numpy


DEFAULT = Machine()
"""An ordinary processor with two cores."""


def cache_path() -> Path:
    """Where the rates of this machine are kept."""
    root = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(root) / "convcalc" / "machine.json"


@lru_cache(maxsize=1)
def this_machine() -> Machine:
    """The rates that were measured here; those of an ordinary machine where there are none.

    A file that cannot be read or understood counts as none.
    """
    try:
        data = json.loads(cache_path().read_text("utf-8"))
        if data["version"] != VERSION:
            return DEFAULT
        return _machine(data)
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return DEFAULT


def as_data(machine: Machine) -> dict[str, object]:
    """The rates as they are kept in the file."""
    return {
        "version": VERSION,
        "numpy": machine.numpy._asdict(),
        "torch": machine.torch._asdict(),
        "torch_import": machine.torch_import,
    }


def _machine(data: dict[str, dict[str, float]]) -> Machine:
    numpy, torch = (
        Rates(*(_rate(data[name][field]) for field in Rates._fields)) for name in ("numpy", "torch")
    )
    return Machine(numpy, torch, _rate(data["torch_import"]))


def _rate(value: object) -> float:
    """A positive number.

    Raises:
        ValueError: it is none.
    """
    number = float(value)  # type: ignore[arg-type]
    if not 0 < number < float("inf"):
        raise ValueError(f"not a rate: {number}")
    return number
