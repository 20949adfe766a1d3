"""The rates of a machine, measured in some ten seconds and kept in a file.

Each rate is the best of several short runs: what else the machine does makes a run slower, never
faster. They are taken on the very algorithms that they price, at sizes for which one term prevails.
All of it is done in rounds until two of them agree: a machine that is busy for as long as a round
takes would otherwise be taken for a slow one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from math import log2
from operator import itemgetter
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from convcalc.arrayfile.whole_file import failure, write_bytes
from convcalc.arrayfile.wording import quoted
from convcalc.execute.algorithms.banded import passes
from convcalc.execute.algorithms.opencv.correlate import correlate
from convcalc.execute.backends import opencv
from convcalc.execute.fitted_costs import FITTED
from convcalc.execute.planning.kept_rates import cache_path
from convcalc.execute.planning.machine import (
    DEFAULT,
    CostRates,
    PlaneRates,
    Rates,
    as_data,
    forget,
)
from convcalc.window import Window

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from convcalc.execute.arrays.array import A
    from convcalc.execute.backends.protocol import ArrayBackend

RUNS = 40
MAX_RATE_SECONDS = 0.4
"""Seconds after which a rate is taken as it is."""

AGREEMENT = 1.5
"""Rounds agree if no rate of the best two differs by a larger factor: plans bear that much."""

MOST_ROUNDS = 4

SECONDS = ("call", "import")
"""The last words of numbers that are better when they are smaller."""

R = TypeVar("R", Rates, PlaneRates)


class Calibration(NamedTuple):
    """What was measured, and how far it can be trusted.

    Attributes:
        machine: The best of each rate.
        spread: By how much the best two rounds differ, as a factor, in the rate in which they
            differ most: 1 is none.
        widest: The name of that rate.
        rounds: How often everything was measured.
    """

    machine: CostRates
    spread: float
    widest: str
    rounds: int

    @property
    def trusted(self) -> bool:
        """Whether two rounds agreed on every rate."""
        return self.spread <= AGREEMENT


def calibrate(measure_round: Callable[[], CostRates] | None = None) -> Calibration:
    """The rates of this machine, measured until two rounds agree, or some rounds are over.

    Args:
        measure_round: Measures every rate once; `measure` if it is left out.
    """
    rounds: list[dict[str, float]] = []
    while True:
        machine = (measure_round or measure)()
        rounds.append(_named(machine))
        ranked = {name: sorted(map(itemgetter(name), rounds)) for name in rounds[0]}
        best = {name: _best_two(name, found) for name, found in ranked.items()}
        spreads = {name: max(pair) / min(pair) for name, pair in best.items()}
        widest = max(spreads, key=spreads.__getitem__)
        agreed = len(rounds) > 1 and spreads[widest] <= AGREEMENT
        if agreed or len(rounds) == MOST_ROUNDS:
            own = _from_named(machine, {name: pair[0] for name, pair in best.items()})
            return Calibration(own, spreads[widest], widest, len(rounds))


def _best_two(name: str, found: list[float]) -> list[float]:
    """The best and the next of the sorted numbers: the shortest times, the highest rates."""
    return found[:2] if name.endswith(SECONDS) else found[:-3:-1]


def _named(machine: CostRates) -> dict[str, float]:
    """Every number that was measured, under a name such as "numpy products"."""
    parts = {"numpy": machine.numpy, "torch": machine.torch, "OpenCV": machine.planes}
    named = {
        f"{part} {name}": value
        for part, rates in parts.items()
        if rates is not None
        for name, value in rates._asdict().items()
        if name != "threads"
    }
    return {**named, "torch import": machine.torch_import}


def _from_named(machine: CostRates, named: Mapping[str, float]) -> CostRates:
    """The machine with the numbers that `_named` gave names to."""

    def own(part: str, rates: R) -> R:
        found = {
            name: named.get(f"{part} {name}", value) for name, value in rates._asdict().items()
        }
        return rates._replace(**found)

    return machine._replace(
        numpy=own("numpy", machine.numpy),
        torch=own("torch", machine.torch),
        planes=machine.planes and own("OpenCV", machine.planes),
        torch_import=named["torch import"],
    )


def measure() -> CostRates:
    """One round: the rates of this machine, an ordinary one's for torch where it is missing."""
    from convcalc.execute.backends.numpy_backend import NumpyBackend

    has_torch = find_spec("torch") is not None
    # First: a process may be refused, and nobody shall have waited for that.
    seconds = _import_seconds() if has_torch else DEFAULT.torch_import
    numpy = _rates(NumpyBackend())
    planar = _plane_rates() if opencv.is_installed() else None
    if not has_torch:
        return CostRates(numpy, DEFAULT.torch, seconds, planar)
    from convcalc.execute.backends.torch_backend import TorchBackend

    ops = TorchBackend()
    return CostRates(numpy, _rates(ops), seconds, planar, ops.threads)


def keep(machine: CostRates) -> None:
    """The rates written to the cache, as a whole or not at all.

    Raises:
        OutputError: the folder or the file cannot be written.
    """
    path = str(cache_path())
    text = json.dumps(as_data(machine), indent=1).encode()
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
    except OSError as error:
        raise failure(quoted(path), error) from None
    write_bytes(path, text)
    forget()


def _rates(ops: ArrayBackend[A]) -> Rates:
    draw = np.random.default_rng(0)

    def array(*shape: int, dtype: str = "float32") -> A:
        return ops.load(draw.standard_normal(shape).astype(dtype), dtype)

    image, kernel = array(1, 64, 56, 56), array(64, 64, 3, 3)
    matrix = array(576, 512)
    weight = array(64, 576)
    window = (Window(3, 1, 1, 1),) * 2
    direct = _best(lambda: ops.direct(image, kernel, None, window, 1, "contiguous"))
    product = _best(lambda: weight @ matrix)
    conv = 2 * 64 * 576 * 56 * 56 / direct if ops.name == "torch" else 0
    products = max(conv, 2 * 64 * 576 * 512 / product)
    blocks = array(16, 160, 160, dtype="float64")
    spectra = ops.rfftn(blocks, (160, 160))
    both = _best(lambda: ops.irfftn(ops.rfftn(blocks, (160, 160)), (160, 160)))
    one = spectra.reshape(-1, 16, 16)[:2048]
    mixed = _best(lambda: one @ one)
    plane, taps = array(1, 1, 512, 512), array(1, 1, 5, 5)
    five = (Window(5),) * 2
    passing = _best(lambda: passes(ops, plane, taps, five, (508, 508)))
    large = array(1, FRESH)
    copying = _best(lambda: large + large)
    small = array(1, 4)
    return Rates(
        products=products,
        spectra=8 * len(one) * 16**3 / mixed,
        transforms=2 * blocks.shape[0] * 160**2 * log2(160**2) / both,
        passes=25 * 508**2 / passing,
        copies=4 * FRESH / copying,
        call=_best(lambda: [small + small for _ in range(100)]) / 100 * CALLS,
    )


def _plane_rates() -> PlaneRates:
    """OpenCV's, on one thread."""
    draw = np.random.default_rng(0)
    plane = draw.standard_normal((512, 512)).astype(np.float32)
    taps = draw.standard_normal((7, 7)).astype(np.float32)
    out = np.empty_like(plane)
    summed = _best(lambda: correlate(plane, taps, (3, 3), out))
    small, few = plane[:8, :8].copy(), taps[:3, :3].copy()
    calling = _best(lambda: correlate(small, few, (1, 1), out[0, :64].reshape(8, 8)))
    transform = opencv.Transform((256, 256))
    kernel = transform.spectrum(taps).copy()
    block = plane[:256, :256].astype(np.float64)
    both = _best(lambda: transform.correlated(transform.spectrum(block), kernel, 256))
    return PlaneRates(
        sums=(taps.size + FITTED["sum_setup"]) * plane.size / summed,
        transforms=2 * 256**2 * log2(256**2) / both,
        call=calling,
    )


FRESH = 2**24
"""Elements of an array that no allocator keeps: its memory is new each time."""

CALLS = 3
"""A step of an algorithm counts as so many of the smallest calls: the unit of every count."""


def _best(function: Callable[[], object]) -> float:
    """The shortest time of several runs, in seconds."""
    function()
    begin, best = perf_counter(), float("inf")
    for _ in range(RUNS):
        start = perf_counter()
        function()
        best = min(best, perf_counter() - start)
        if perf_counter() - begin > MAX_RATE_SECONDS:
            break
    return max(best, 1e-9)


def _import_seconds() -> float:
    """What `import torch` takes in a process of its own, beyond what numpy takes."""
    program = (
        "import numpy, time; start = time.perf_counter(); import torch;"
        "print(time.perf_counter() - start)"
    )
    # -P: a torch.py of the current folder is not torch.
    done = subprocess.run(
        [sys.executable, "-P", "-c", program], capture_output=True, text=True, check=False
    )
    try:
        return max(float(done.stdout), 1e-3)
    except ValueError:
        return DEFAULT.torch_import
