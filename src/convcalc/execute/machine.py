"""How fast this machine is at what the algorithms are made of: a few rates, with defaults."""

from __future__ import annotations

import json
import os
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from convcalc.execute import planes, sharing

VERSION = 3
"""Of the file; rates of another version are not read."""


class Rates(NamedTuple):
    """One backend's rates on all threads, in float32 unless said otherwise.

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


class PlaneRates(NamedTuple):
    """What OpenCV reaches on single planes, on one thread.

    Attributes:
        sums: Products per second of float32 that are added tap by tap.
        transforms: Cells times log2(cells) per second of a real transform in float64.
        call: Seconds of one call.
        threads: How many threads there are.
    """

    sums: float
    transforms: float
    call: float
    threads: float = 2


ORDINARY_PLANES = PlaneRates(2.8e10, 6e9, 3e-6)


class Machine(NamedTuple):
    """How fast a machine is.

    Attributes:
        numpy: The rates of numpy.
        torch: The rates of torch.
        torch_import: Seconds that importing torch takes.
        planes: The rates of OpenCV; None where it is not installed.
        threads: The threads that torch's rates are those of.
    """

    numpy: Rates = Rates(1.2e11, 8e9, 3e9, 1.2e9, 4e9, 3e-6)
    torch: Rates = Rates(2.2e11, 1.8e10, 4e9, 7e9, 6e9, 1.2e-5)
    torch_import: float = 2.5
    planes: PlaneRates | None = None
    threads: int = 2

    def on(self, threads: int) -> Machine:
        """The same with another number of threads; numpy's are those it was started with.

        Memory is not faster for more threads, and a call is not shorter.
        """
        own = self.planes and self.planes._replace(threads=threads)
        if threads == self.threads:
            return self._replace(planes=own)
        more = threads / self.threads
        shared = {name: more * getattr(self.torch, name) for name in SHARED}
        return self._replace(torch=self.torch._replace(**shared), planes=own, threads=threads)

    def of(self, backend: str) -> Rates:
        """The rates of a backend by its name."""
        return self.torch if backend == "torch" else self.numpy


SHARED = ("products", "spectra", "transforms")
"""The rates of torch that more threads make higher."""

DEFAULT = Machine()
"""An ordinary processor with two cores."""


def cache_path() -> Path:
    """Where the rates of this machine are kept."""
    root = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(root) / "convcalc" / "machine.json"


def this_machine(threads: int | None = None) -> Machine:
    """The rates that were measured here; those of an ordinary machine where there are none.

    Args:
        threads: That will compute; None for as many as torch is set to, if it has been imported,
            and otherwise for all processors.
    """
    if threads is None:
        torch = sys.modules.get("torch")
        threads = torch.get_num_threads() if torch else sharing.processors()
    return _measured().on(threads)


@lru_cache(maxsize=1)
def _measured() -> Machine:
    """The rates as they are kept.

    A file that cannot be read or understood counts as none. OpenCV is what is installed now.
    """
    try:
        data = json.loads(cache_path().read_text("utf-8"))
        found = _machine(data) if data["version"] == VERSION else DEFAULT
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        found = DEFAULT
    installed = (found.planes or ORDINARY_PLANES) if planes.is_installed() else None
    return found._replace(planes=installed)


def forget() -> None:
    """Lets the rates be read again."""
    _measured.cache_clear()


def as_data(machine: Machine) -> dict[str, object]:
    """The rates as they are kept in the file."""
    return {
        "version": VERSION,
        "numpy": machine.numpy._asdict(),
        "torch": machine.torch._asdict(),
        "torch_import": machine.torch_import,
        "planes": machine.planes._asdict() if machine.planes else None,
        "threads": machine.threads,
    }


def _machine(data: dict[str, Any]) -> Machine:
    numpy, torch = (
        Rates(*(_rate(data[name][field]) for field in Rates._fields)) for name in ("numpy", "torch")
    )
    own = data["planes"]
    found = None
    if own:
        found = PlaneRates(*(_rate(own[field]) for field in ("sums", "transforms", "call")))
    threads = int(_rate(data["threads"]))
    return Machine(numpy, torch, _rate(data["torch_import"]), found, max(1, threads))


def _rate(value: object) -> float:
    """A positive number.

    Raises:
        ValueError: it is none.
    """
    number = float(value)  # type: ignore[arg-type]
    if not 0 < number < float("inf"):
        raise ValueError(f"not a rate: {number}")
    return number
