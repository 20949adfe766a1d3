"""Which backend computes, when the user leaves it open.

Importing torch costs seconds, numpy a fraction of one; so numpy computes whatever it finishes
before torch would have started. Both times are those of the plans, which may be wrong by a factor:
the import of torch counts twice, unless it has been imported already.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

from convcalc.errors import UsageError, described
from convcalc.execute.planning.machine import this_machine
from convcalc.execute.planning.planner import Planner, choose

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convcalc.execute.planning.machine import CostRates
    from convcalc.execute.problem import ConvProblem

BACKENDS = ("auto", "numpy", "torch")


def planner_of(
    backend: str,
    device: str | None,
    problems: Sequence[ConvProblem],
    algorithm: str = "auto",
    threads: int | None = None,
    machine: CostRates | None = None,
) -> Planner:
    """What plans for a backend; torch is not imported.

    Args:
        backend: "numpy", "torch", or "auto" for the one that should finish the problems first.
        device: A torch device; other devices than the processor have their own convolutions.
        problems: All that is to be computed.
        algorithm: One that is asked for, or "auto".
        threads: What `limited_threads` will be told, to plan with.
        machine: The rates to plan with; those of this machine if there are none.

    Raises:
        UsageError: there is no backend of that name, or it has no devices.
    """
    if not isinstance(backend, str) or backend not in BACKENDS:
        raise UsageError(f"backend: expected {', '.join(BACKENDS)}; got {described(backend)}")
    if backend == "numpy" and device is not None:
        raise UsageError("--device belongs to torch; the numpy backend computes on the CPU")
    if backend == "auto":
        backend = "torch" if device is not None else choose_backend(problems)
    own = algorithm if device in (None, "cpu") else "library"
    return Planner(backend, machine or this_machine(threads), own)


def choose_backend(problems: Sequence[ConvProblem]) -> str:
    """The backend that should finish the problems first, the import of torch included."""
    floating = all(problem.floating for problem in problems)
    if not problems or not floating:
        return "numpy"
    machine = this_machine()
    start = 0.0 if torch_is_loaded() else 2 * machine.torch_import
    by_numpy = seconds(problems, "numpy", machine)
    if by_numpy <= start:  # torch would be late if it took no time at all: it need not be looked at
        return "numpy"
    if find_spec("torch") is None:
        return "numpy"
    return "torch" if by_numpy > seconds(problems, "torch", machine) + start else "numpy"


def torch_is_loaded() -> bool:
    """Whether torch has been imported, so that it costs nothing more."""
    return "torch" in sys.modules


def seconds(problems: Sequence[ConvProblem], backend: str, machine: CostRates) -> float:
    """About how long a backend takes for the convolutions of a network."""
    return sum(choose(problem, backend, machine).predicted_seconds for problem in problems)
