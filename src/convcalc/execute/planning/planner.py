"""Which algorithm computes a convolution, how, and why: whole numbers and rates, no arrays."""

from __future__ import annotations

from functools import lru_cache
from math import prod
from typing import TYPE_CHECKING, NamedTuple

from convcalc.errors import UsageError
from convcalc.execute.algorithms import ALGORITHMS, im2col, toeplitz
from convcalc.execute.algorithms import separable as lowrank
from convcalc.execute.algorithms.fft import fitness
from convcalc.execute.algorithms.opencv import planes as plane_sums
from convcalc.execute.algorithms.polyphase import phases_of
from convcalc.execute.backends.layouts import channels_may_be_last
from convcalc.execute.fitted_costs import FITTED
from convcalc.execute.planning import cost, cost_fft, cost_opencv

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcalc.execute.algorithms.fft.blocks import Tiles
    from convcalc.execute.planning.machine import CostRates
    from convcalc.execute.problem import ConvProblem

REFUSALS = {"im2col": im2col.refusal, "fft": fitness.refusal, "lowrank": lowrank.refusal}
"""What says why an algorithm does not apply; the direct one always does."""

MOST_PHASES = 256
"""Phases beyond which a transposed convolution is not looked at as forward ones."""


class Plan(NamedTuple):
    """How a convolution is computed.

    Attributes:
        algorithm: "direct", "im2col", "fft" or "lowrank".
        backend: "numpy" or "torch".
        layout: Of a direct convolution: "contiguous", "channels-last", "product" (a kernel of one
            tap as a matrix), "blocks" (blocks of outputs as channels), "passes" (tap by tap in
            bands) or "planes" (by OpenCV).
        tiles: The blocks of an FFT, or None.
        working_bytes: Bytes beside input, kernel and result.
        predicted_seconds: By the rates of the machine.
        reason: Why, in words.
        alternatives: (algorithm, seconds or None, why it does not apply) of the others.
    """

    algorithm: str
    backend: str
    layout: str
    tiles: Tiles | None
    working_bytes: int
    predicted_seconds: float
    reason: str
    alternatives: tuple[tuple[str, float | None, str], ...] = ()

    def times(self, count: float) -> Plan:
        """The plan with all its seconds for so many convolutions of the same kind."""
        others = tuple((name, s and s * count, why) for name, s, why in self.alternatives)
        seconds = self.predicted_seconds * count
        return self._replace(predicted_seconds=seconds, alternatives=others)


@lru_cache(maxsize=512)
def plan(
    problem: ConvProblem,
    backend: str,
    machine: CostRates,
    algorithm: str = "auto",
    separable: bool | None = None,
) -> Plan:
    """The plan of one convolution on one backend, with its reason and what the others would take.

    Args:
        algorithm: One that is asked for, or "auto".
        separable: Whether the kernel is known to be a product of one kernel per axis; where that
            is not known, no plan is built on it.

    Raises:
        UsageError: the algorithm that is asked for does not apply.
    """
    chosen = choose(problem, backend, machine, algorithm, separable)
    if chosen.reason:
        return chosen
    refusals = {name: _refusal(name, problem, separable) for name in ALGORITHMS}
    best = {
        name: min(plans, key=_seconds)
        for name in ALGORITHMS
        if not refusals[name] and (plans := _plans(name, problem, backend, machine))
    }
    speculative = algorithm == "auto" and separable is None and best.get("lowrank")
    explained = _explained(chosen, best, refusals, asked=algorithm != "auto")
    if not speculative or speculative.predicted_seconds >= chosen.predicted_seconds:
        return explained
    return explained._replace(reason=f"{explained.reason}; lowrank if the kernel has factors")


@lru_cache(maxsize=512)
def choose(
    problem: ConvProblem,
    backend: str,
    machine: CostRates,
    algorithm: str = "auto",
    separable: bool | None = None,
) -> Plan:
    """`plan` without looking at what cannot be chosen: its reason is empty unless it needs none.

    Raises:
        UsageError: the algorithm that is asked for does not apply.
    """
    if algorithm == "library":
        only = _direct(problem, backend, machine, plain=True)
        return only._replace(reason="the device has convolutions of its own")
    if algorithm == "auto" and problem.macs < FITTED["fewest_planned"]:
        only = _direct(problem, backend, machine, plain=True)
        return only._replace(reason="so few products that any other way would cost more")
    if problem.transposed and algorithm != "direct":
        return _transposed(problem, backend, machine, algorithm)
    if algorithm == "auto":
        return _fastest(problem, backend, machine, separable)
    refusal = _refusal(algorithm, problem, separable)
    if refusal:
        raise UsageError(f"--algorithm {algorithm}: {refusal}; use auto or direct")
    plans = _plans(algorithm, problem, backend, machine)
    if not plans:
        raise UsageError(f"--algorithm {algorithm}: its blocks would not fit into memory")
    return min(plans, key=_seconds)


def _fastest(
    problem: ConvProblem, backend: str, machine: CostRates, separable: bool | None
) -> Plan:
    """The fastest plan that is sure to apply.

    An algorithm is priced only if the least that it can take is less than the best so far takes:
    of small convolutions that leaves the direct one, and pricing takes longer than computing.
    """
    best = _direct(problem, backend, machine)
    for name in ("im2col", "lowrank", "fft") if separable else ("im2col", "fft"):
        if cost.at_least(name, problem, backend, machine) >= best.predicted_seconds:
            continue
        if not _refusal(name, problem):
            best = min((best, *_plans(name, problem, backend, machine)), key=_seconds)
    return best


class Planner(NamedTuple):
    """Plans for one backend at the rates of one machine.

    Attributes:
        backend: "numpy" or "torch".
        machine: Its rates.
        algorithm: What is asked for, or "auto".
        explains: Whether plans come with their reasons, for which every algorithm is priced.
    """

    backend: str
    machine: CostRates
    algorithm: str = "auto"
    explains: bool = True

    def plan(self, problem: ConvProblem) -> Plan:
        """The plan of a convolution, on which its numbers have no influence.

        Raises:
            UsageError: the algorithm that is asked for does not apply.
        """
        return self._plan(problem, self.algorithm)

    def direct(self, problem: ConvProblem) -> Plan:
        """The fastest of the direct plans."""
        return self._plan(problem, "direct")

    def of_phase(self, problem: ConvProblem) -> Plan:
        """The plan of a phase: phases differ by a tap, and one may be for direct sums alone."""
        return plan_of_phase(problem, self.backend, self.machine, self.algorithm)

    def candidates(self, problem: ConvProblem, first: Plan | None = None) -> Iterator[Plan]:
        """The plans in the order in which they are tried, until the values of the arrays allow one.

        Args:
            first: What is planned where the kernel has no factors, if that is known.
        """
        if self.algorithm == "auto":
            speculative = self._plan(problem, "auto", True)
            if speculative.algorithm == "lowrank":
                yield speculative
        first = first or self.plan(problem)
        yield first
        direct = self.direct(problem)
        direct = direct._replace(reason=f"{first.algorithm} is not applicable to these values")
        if (first.algorithm, first.layout) != ("direct", direct.layout):
            yield direct
        yield direct._replace(layout="contiguous")

    def _plan(self, problem: ConvProblem, algorithm: str, separable: bool | None = None) -> Plan:
        planned = plan if self.explains else choose
        return planned(problem, self.backend, self.machine, algorithm, separable)


def _transposed(problem: ConvProblem, backend: str, machine: CostRates, algorithm: str) -> Plan:
    """The plan of a transposed convolution: the library's own, or phases by their plans.

    Raises:
        UsageError: the algorithm that is asked for applies to none of them.
    """
    own = _direct(problem, backend, machine)
    cut = prod(window.stride for window in problem.windows)
    if cut > MOST_PHASES:
        reason = f"{cut} phases would be too many small convolutions"
        if algorithm != "auto":
            raise UsageError(f"--algorithm {algorithm}: {reason}; use auto or direct")
        return own._replace(reason=reason)
    forward = [phase.problem for phase in phases_of(problem) if phase.problem is not None]
    parts = _parts(forward, backend, machine, algorithm)
    if not parts or (algorithm == "auto" and not problem.floating):
        return own._replace(reason="nothing else applies")
    seconds = sum(map(_seconds, parts)) + cost.interleaved(problem, machine.of(backend))
    needed = max(
        part.working_bytes + piece.itemsize * piece.elements_out
        for part, piece in zip(parts, forward, strict=True)
    )
    phases = max(parts, key=_seconds)._replace(
        layout="phases", working_bytes=needed, predicted_seconds=seconds
    )
    best = {"direct": own, phases.algorithm: phases}
    if phases.algorithm == "direct":
        best = {"direct": min(own, phases, key=_seconds)}
    if algorithm != "auto":
        return _explained(phases, best, {}, asked=True)
    chosen, other = sorted((own, phases), key=_seconds)
    ratio = other.predicted_seconds / chosen.predicted_seconds
    name = "its phases" if chosen is own else "the library's own convolution"
    reason = f"{ratio:.2g} times faster than {name}, by the rates of this machine"
    return _explained(chosen, best, {}, asked=False)._replace(reason=reason)


def _parts(
    forward: list[ConvProblem], backend: str, machine: CostRates, algorithm: str
) -> list[Plan]:
    """The plans of the phases.

    Raises:
        UsageError: the algorithm that is asked for applies to none of them.
    """
    parts = [plan_of_phase(part, backend, machine, algorithm) for part in forward]
    if parts and algorithm != "auto" and all(part.algorithm != algorithm for part in parts):
        choose(forward[0], backend, machine, algorithm)  # which says why
    return parts


def plan_of_phase(problem: ConvProblem, backend: str, machine: CostRates, algorithm: str) -> Plan:
    """The plan of a phase; phases differ by a tap, and what an algorithm is not for is direct."""
    try:
        return choose(problem, backend, machine, algorithm)
    except UsageError:
        return choose(problem, backend, machine, "direct")


def _seconds(candidate: Plan) -> float:
    return candidate.predicted_seconds


def _refusal(algorithm: str, problem: ConvProblem, separable: bool | None = None) -> str | None:
    """Why an algorithm does not apply, None where it does."""
    refusal = REFUSALS[algorithm](problem) if algorithm in REFUSALS else None
    if algorithm == "lowrank" and separable is False:
        return refusal or "the kernel is no product of one kernel per axis"
    return refusal


@lru_cache(maxsize=256)
def _plans(
    algorithm: str, problem: ConvProblem, backend: str, machine: CostRates
) -> tuple[Plan, ...]:
    """The ways of an algorithm that applies, one plan each; none where its blocks are too large."""
    direct = _direct(problem, backend, machine)
    rates, needed = machine.of(backend), 0
    if algorithm == "direct":
        return (direct,)
    if algorithm == "im2col":
        needed, seconds = im2col.working_bytes(problem), cost.im2col(problem, rates)
        return (Plan("im2col", backend, "columns", None, needed, seconds, ""),)
    if algorithm == "lowrank":
        return tuple(_lowrank(problem, backend, machine))
    priced = cost_fft.priced(problem, backend, machine, direct.predicted_seconds)
    return tuple(
        Plan("fft", backend, layout, tiles, needed, seconds, "")
        for tiles, layout, needed, seconds in priced
    )


def _lowrank(problem: ConvProblem, backend: str, machine: CostRates) -> Iterator[Plan]:
    """Passes along the axes, in both layouts."""
    rates, needed = machine.of(backend), lowrank.working_bytes(problem)
    testing = cost.factors_test(rates)
    seconds = cost.separable(problem, rates) + testing
    yield Plan("lowrank", backend, "passes", None, needed, seconds, "")
    if machine.planes and problem.spatial_dims == 2:
        seconds = cost_opencv.separable(problem, machine.planes) + testing
        yield Plan("lowrank", backend, "planes", None, needed, seconds, "")


@lru_cache(maxsize=64)
def _direct(problem: ConvProblem, backend: str, machine: CostRates, *, plain: bool = False) -> Plan:
    """The fastest layout of the direct convolution."""
    rates = machine.of(backend)
    layouts = ["contiguous"] if plain else _layouts(problem, backend, machine)
    seconds, layout = min(
        (cost_opencv.sums(problem, machine.planes, rates.copies), layout)
        if layout == "planes" and machine.planes
        else (
            cost.direct(problem, layout, backend, rates, swaps=machine.planes is not None),
            layout,
        )
        for layout in layouts
    )
    return Plan("direct", backend, layout, None, _direct_bytes(problem, layout), seconds, "")


def _layouts(problem: ConvProblem, backend: str, machine: CostRates) -> list[str]:
    layouts = ["contiguous"]
    if problem.transposed:
        return layouts
    if machine.planes and plane_sums.refusal(problem) is None:
        layouts.append("planes")
    if backend == "torch" and problem.dtype == "float32" and _may_be_last(problem):
        layouts.append("channels-last")
    if backend == "torch" and _is_product(problem):
        layouts.append("product")
    if toeplitz.refusal(problem) is None:
        layouts.append("blocks")
    if problem.depthwise and (problem.floating or backend == "numpy"):
        layouts.append("passes")
    return layouts


def _may_be_last(problem: ConvProblem) -> bool:
    """Whether torch has a convolution with the channels last that is right."""
    prepared = problem.in_channels_per_group, problem.groups, problem.windows, problem.sizes
    return problem.spatial_dims > 1 and channels_may_be_last(*prepared)


def _is_product(problem: ConvProblem) -> bool:
    """Whether one matrix product is all of it."""
    alone = problem.batch == problem.groups == problem.taps == 1
    whole = problem.sizes == problem.out_sizes and all(w.stride == 1 for w in problem.windows)
    return problem.floating and alone and whole


def _direct_bytes(problem: ConvProblem, layout: str) -> int:
    if layout == "blocks":
        return toeplitz.working_bytes(problem)
    if layout == "planes":
        return plane_sums.working_bytes(problem)
    padded = problem.batch * problem.channels * prod(problem.padded_sizes)
    return problem.itemsize * (padded + (problem.elements_in if layout == "channels-last" else 0))


def _explained(
    chosen: Plan, best: dict[str, Plan], refusals: dict[str, str | None], *, asked: bool
) -> Plan:
    """The plan with its reason, and the others in the order of their seconds."""
    others = sorted((p for p in best.values() if p.algorithm != chosen.algorithm), key=_seconds)
    slower = [p for p in others if p.predicted_seconds >= chosen.predicted_seconds]
    listed: list[tuple[str, float | None, str]] = [
        (p.algorithm, p.predicted_seconds, "") for p in others
    ]
    listed += [(name, None, why) for name, why in refusals.items() if why]
    if asked:
        reason = "it was asked for"
    elif not slower:
        reason = "nothing else applies"
    else:
        ratio = slower[0].predicted_seconds / chosen.predicted_seconds
        reason = (
            f"{ratio:.2g} times faster than {slower[0].algorithm}, by the rates of this machine"
        )
    return chosen._replace(reason=reason, alternatives=tuple(listed))
