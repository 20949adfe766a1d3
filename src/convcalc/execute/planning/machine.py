"""How fast this machine is at what the algorithms are made of: a few rates, with defaults."""

from __future__ import annotations

import sys
from contextlib import suppress
from functools import lru_cache
from typing import NamedTuple

from convcalc.errors import printable
from convcalc.execute.backends import opencv, thread_pool
from convcalc.execute.fitted_costs import FITTED
from convcalc.execute.planning.kept_rates import (
    VERSION,
    KeptRatesError,
    cache_path,
    plausible,
    plausible_rates,
    read_kept,
)

NAMES = ("numpy", "torch")


class Rates(NamedTuple):
    """One backend's rates on all threads, in float32 unless said otherwise.

    Attributes:
        products: Floating-point operations per second of its best convolution or matrix product.
        spectra: The same of complex matrix products in float64, many small ones at a time.
        transforms: Elements times log2(elements) per second of a real transform in float64.
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
        transforms: Elements times log2(elements) per second of a real transform in float64.
        call: Seconds of one call.
        threads: How many threads there are.
    """

    sums: float
    transforms: float
    call: float
    threads: float = 2


def _ordinary(backend: str) -> Rates:
    """The rates of a backend on an ordinary machine."""
    return Rates(*(FITTED[f"{backend}_{name}"] for name in Rates._fields))


ORDINARY_PLANES = PlaneRates(
    FITTED["opencv_sums"], FITTED["opencv_transforms"], FITTED["opencv_call"]
)


class CostRates(NamedTuple):
    """How fast a machine is.

    Attributes:
        numpy: The rates of numpy.
        torch: The rates of torch.
        torch_import: Seconds that importing torch takes.
        planes: The rates of OpenCV; None where it is not installed.
        threads: The threads that torch's rates are those of.
    """

    numpy: Rates = _ordinary("numpy")
    torch: Rates = _ordinary("torch")
    torch_import: float = FITTED["torch_import"]
    planes: PlaneRates | None = None
    threads: int = 2

    def on(self, threads: int) -> CostRates:
        """The rates with another number of threads; numpy's are those it was started with.

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

DEFAULT = CostRates()
"""An ordinary processor with two cores."""


def this_machine(threads: int | None = None) -> CostRates:
    """The rates that were measured here; those of an ordinary machine where there are none.

    Args:
        threads: That will compute; None for as many as torch is set to, if it has been imported,
            and otherwise for all processors.
    """
    if threads is None:
        torch = sys.modules.get("torch")
        threads = torch.get_num_threads() if torch else thread_pool.processors()
    return _kept()[0].on(threads)


def complaint() -> str | None:
    """Why the rates that are kept here are passed over, in one line; None if they are not."""
    fault = _kept()[1]
    if fault is None:
        return None
    where = printable(str(cache_path()))
    return f"passed over the rates in {where}: {fault}; `convcalc calibrate` measures them again"


@lru_cache(maxsize=1)
def _kept() -> tuple[CostRates, str | None]:
    """The rates as they are kept, or an ordinary machine's and what is wrong with those kept.

    OpenCV is what is installed now.
    """
    found, fault = DEFAULT, None
    with suppress(FileNotFoundError):
        try:
            found = _machine(read_kept(cache_path()))
        except KeptRatesError as error:
            fault = str(error)
    installed = (found.planes or ORDINARY_PLANES) if opencv.is_installed() else None
    return found._replace(planes=installed), fault


def forget() -> None:
    """Lets the rates be read again."""
    _kept.cache_clear()


def as_data(machine: CostRates) -> dict[str, object]:
    """The rates as they are kept in the file."""
    return {
        "version": VERSION,
        "numpy": machine.numpy._asdict(),
        "torch": machine.torch._asdict(),
        "torch_import": machine.torch_import,
        "planes": machine.planes._asdict() if machine.planes else None,
        "threads": machine.threads,
    }


def _machine(data: dict[str, object]) -> CostRates:
    """The machine that a calibration describes.

    Raises:
        KeptRatesError: a rate is missing or not plausible.
    """
    numpy, torch = (Rates(*plausible_rates(data, name, Rates._fields)) for name in NAMES)
    own = None
    if data.get("planes") is not None:
        own = PlaneRates(*plausible_rates(data, "planes", ("sums", "transforms", "call")))
    seconds = plausible("torch_import", data.get("torch_import"))
    threads = int(plausible("threads", data.get("threads")))
    return CostRates(numpy, torch, seconds, own, threads)
