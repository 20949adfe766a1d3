"""The kinds of experiments by which fitted constants are measured.

Most are found by inversion: a convolution in which the constant prevails is computed in one stated
way, and the constant is what makes the model foretell the time that it took, at the rates of this
machine and with all other constants as they are in use. A limit is the step in the time of a
product (`Step`), or where one way overtakes the other (`Overtaking`).
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise
from math import inf, log, prod
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
import torch

from convcalc.execute.algorithms.fft import blocks
from convcalc.execute.backends.numpy_backend import NumpyBackend
from convcalc.execute.backends.torch_backend import TorchBackend
from convcalc.execute.executor.run_plan import Arrays, run_plan
from convcalc.execute.fitted_costs import FITTED
from convcalc.execute.planning import cost, cost_fft, cost_opencv
from convcalc.execute.planning.machine import DEFAULT
from convcalc.execute.planning.planner import Plan, Planner
from convcalc.execute.problem import ConvProblem
from convcalc.window import Window

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from convcalc.execute.planning.machine import CostRates

    Functions = dict[str, Callable[[], Any]]
    Times = dict[str, float]

LEAST_WEIGHT = 0.15
"""A constant that a time depends on less than with this power cannot be read off it."""


class Experiment(Protocol):
    """What is timed, and how a number comes out of the times."""

    def prepare(self) -> Functions:
        """The functions to be timed, by name."""

    def conclude(self, name: str, times: Times, machine: CostRates) -> float | None:
        """The constant from the seconds of each; None where they do not tell."""

    def __str__(self) -> str:
        """The experiment in words."""


class Case(NamedTuple):
    """A convolution with padding that keeps its size, and the way in which it is computed.

    Attributes:
        tiles: Elements per axis of the transforms of an FFT.
        threads: Of OpenCV's planes.
    """

    backend: str
    way: str
    channels: int
    out: int
    sizes: tuple[int, ...]
    kernel: int
    groups: int = 1
    dtype: str = "float32"
    tiles: int = 0
    batch: int = 1
    threads: int = 1

    def __str__(self) -> str:
        named = " ".join(f"{key}={self[6 + i]}" for i, key in enumerate(self._fields[6:]))
        sides = "x".join(map(str, self.sizes))
        return (
            f"{self.backend} {self.way} {self.channels}->{self.out} {sides} k{self.kernel} {named}"
        )

    @property
    def problem(self) -> ConvProblem:
        """The convolution in whole numbers."""
        before = self.kernel // 2
        windows = (Window(self.kernel, 1, before, self.kernel - 1 - before),) * len(self.sizes)
        shapes = self.batch, self.channels, self.out, self.groups
        return ConvProblem(*shapes, self.sizes, windows, self.sizes, self.dtype)

    @property
    def plan(self) -> Plan:
        """The way as a plan."""
        algorithm, _, layout = self.way.partition(" ")
        tiles = None
        if self.tiles:
            elements = tuple(blocks.good_size(self.tiles) for _ in self.sizes)
            tiles = blocks.tiles_of(self.problem, elements)
        return Plan(algorithm, self.backend, layout, tiles, 0, 0.0, "")

    def function(self) -> Callable[[], Any]:
        """What computes it once, on random numbers; kernels of `lowrank` have factors."""
        draw, problem, plan = np.random.default_rng(0), self.problem, self.plan
        ops: Any = TorchBackend() if self.backend == "torch" else NumpyBackend(threads=self.threads)

        def array(*shape: int) -> Any:
            if self.dtype == "int64":
                return ops.load(draw.integers(-9, 9, shape), self.dtype)
            return ops.load(draw.standard_normal(shape).astype(self.dtype), self.dtype)

        x = array(self.batch, self.channels, *self.sizes)
        w = array(self.out, problem.in_channels_per_group, *(self.kernel,) * problem.spatial_dims)
        if plan.algorithm == "lowrank":
            w = ops.load(np.ones(w.shape, self.dtype), self.dtype)
        planner = Planner(self.backend, DEFAULT)
        return lambda: run_plan(ops, planner, plan, problem, Arrays(x, w))

    def foretold(self, machine: CostRates) -> float:
        """The seconds of it by the cost model."""
        problem, plan = self.problem, self.plan
        rates = machine.of(self.backend)
        planes = machine.planes and machine.planes._replace(threads=self.threads)
        if plan.layout == "planes":
            assert planes is not None
            if plan.algorithm == "direct":
                return cost_opencv.sums(problem, planes, rates.copies)
            if plan.tiles is not None:
                return cost_fft.transforms(problem, plan.tiles, planes, rates.copies)
            return cost_opencv.separable(problem, planes)
        if plan.tiles is not None:
            return cost_fft.spectral(problem, plan.tiles, self.backend, rates)
        if plan.algorithm == "direct":
            swaps = planes is not None
            return cost.direct(problem, plan.layout, self.backend, rates, swaps=swaps)
        return (cost.im2col if plan.algorithm == "im2col" else cost.separable)(problem, rates)


class Inversion(NamedTuple):
    """The value with which the model foretells the time of a case; of several, the mean of logs.

    Attributes:
        fresh: Whether the case writes fresh memory; the others write memory that has been kept, and
            are told at the rate of that.
    """

    cases: tuple[Case, ...]
    fresh: bool = False

    def __str__(self) -> str:
        return "foretells the time of " + ", and of ".join(map(str, self.cases))

    def prepare(self) -> Functions:
        return {str(case): case.function() for case in self.cases}

    def conclude(self, name: str, times: Times, machine: CostRates) -> float | None:
        rates = machine if self.fresh else with_kept_memory(machine)
        found = [solved(name, case, times[str(case)], rates) for case in self.cases]
        known = [value for value in found if value is not None]
        return prod(known) ** (1 / len(known)) if len(known) == len(found) else None


@lru_cache
def with_kept_memory(machine: CostRates) -> CostRates:
    """The machine with the rate at which torch writes memory that is not fresh."""
    kept, other = torch.ones(KEPT), torch.ones(KEPT)
    shortest = inf
    for _ in range(100):
        start = perf_counter()
        torch.add(kept, kept, out=other)
        shortest = min(shortest, perf_counter() - start)
    rate = max(machine.torch.copies, machine.numpy.copies, 4 * KEPT / shortest)
    numpy, torch_rates = machine.numpy._replace(copies=rate), machine.torch._replace(copies=rate)
    return machine._replace(numpy=numpy, torch=torch_rates)


KEPT = 2**22
"""Numbers of an array of 16 MiB, whose memory is kept."""


def with_value(name: str, value: float, case: Case, machine: CostRates) -> float:
    """The seconds that are foretold with another value of one constant."""
    before = FITTED[name]
    FITTED[name] = value
    try:
        return case.foretold(machine)
    finally:
        FITTED[name] = before


def weight(name: str, case: Case, machine: CostRates) -> float:
    """The power of the constant with which the foretold seconds grow, where it is in use."""
    value = FITTED[name]
    ends = (with_value(name, value * factor, case, machine) for factor in (0.8, 1.25))
    low, high = map(log, ends)
    return (high - low) / log(1.25 / 0.8)


def solved(name: str, case: Case, seconds: float, machine: CostRates) -> float | None:
    """The constant, looked for within a factor of 32, by halving the interval of its logarithm."""
    power = weight(name, case, machine)
    if abs(power) < LEAST_WEIGHT:
        return None
    low, high = FITTED[name] / 32, FITTED[name] * 32
    for _ in range(40):
        middle = (low * high) ** 0.5
        if (with_value(name, middle, case, machine) < seconds) == (power > 0):
            low = middle
        else:
            high = middle
    inside = FITTED[name] / 30 < low < FITTED[name] * 30
    return low if inside else None


class Step(NamedTuple):
    """The number at which the time of a product changes most, from one candidate to the next.

    Attributes:
        case: Of a candidate.
        before: Whether the last candidate before the step is meant, and not the first behind it.
    """

    candidates: Sequence[int]
    case: Callable[[int], Case]
    before: bool = False

    def __str__(self) -> str:
        tried = ", ".join(map(str, self.candidates))
        first = self.case(self.candidates[0])
        return f"where the time of a product changes most among {tried}: {first} and so on"

    def prepare(self) -> Functions:
        return {str(number): self.case(number).function() for number in self.candidates}

    def conclude(self, name: str, times: Times, machine: CostRates) -> float | None:
        del name, machine
        each = [times[str(n)] / self._work(n) for n in self.candidates]
        changes = [max(a / b, b / a) for a, b in pairwise(each)]
        most = max(changes)
        place = changes.index(most) + (0 if self.before else 1)
        return self.candidates[place] if most > CLEAR else None

    def _work(self, number: int) -> float:
        """Products, or steps of transforms."""
        case = self.case(number)
        if case.plan.tiles is None:
            return case.problem.macs
        elements, count = prod(case.plan.tiles.transform), prod(case.plan.tiles.counts)
        return count * elements * log(elements)


CLEAR = 1.2
"""The least factor that is taken for a step."""


class Overtaking(NamedTuple):
    """The first candidate from which on one function is faster than another, by some factor.

    Attributes:
        words: The two in words.
        make: The two for a candidate, first the one that overtakes.
        factor: How many times faster it must be.
        value: The constant that belongs to a candidate and the seconds of the other function.
    """

    words: str
    candidates: Sequence[float]
    make: Callable[[float], tuple[Callable[[], Any], Callable[[], Any]]]
    factor: float = 1.0
    value: Callable[[float, float], float] = lambda candidate, _: candidate
    paused: bool = False

    def __str__(self) -> str:
        tried = ", ".join(f"{candidate:g}" for candidate in self.candidates)
        after = ", after a pause" if self.paused else ""
        return f"{self.words}: at least {self.factor:g} times as fast{after}, among {tried}"

    def prepare(self) -> Functions:
        pairs = {candidate: self.make(candidate) for candidate in self.candidates}
        return {f"{c:g} {i}": pair[i] for c, pair in pairs.items() for i in (0, 1)}

    def conclude(self, name: str, times: Times, machine: CostRates) -> float | None:
        del name, machine
        found = None
        for candidate in reversed(self.candidates):
            one, other = times[f"{candidate:g} 0"], times[f"{candidate:g} 1"]
            if self.factor * one > other:
                break
            found = self.value(candidate, other)
        return found


class Formula(NamedTuple):
    """A number that is computed from the seconds of a few functions."""

    words: str
    make: Callable[[], Functions]
    formula: Callable[[Times, CostRates], float | None]

    def __str__(self) -> str:
        return self.words

    def prepare(self) -> Functions:
        return self.make()

    def conclude(self, name: str, times: Times, machine: CostRates) -> float | None:
        del name
        return self.formula(times, machine)
