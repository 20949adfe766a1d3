"""Which backend computes, when the user leaves it open.

Importing torch costs seconds, numpy a fraction of one; so numpy computes whatever it finishes
before torch would have started. Both times are those of the plans, which may be wrong by a factor:
the import of torch counts twice, unless it has been imported already.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager, nullcontext
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from convcalc.errors import UsageError
from convcalc.execute.backends import opencv
from convcalc.execute.backends.thread_pool import processors
from convcalc.execute.executor.executor import Executor
from convcalc.execute.planning.machine import this_machine
from convcalc.execute.planning.planner import plan

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from convcalc.execute.planning.machine import CostRates
    from convcalc.execute.problem import ConvProblem

BACKENDS = ("auto", "numpy", "torch")


def open_executor(
    name: str,
    device: str | None,
    problems: Sequence[ConvProblem],
    algorithm: str = "auto",
    threads: int | None = None,
    machine: CostRates | None = None,
) -> Executor[Any]:
    """The executor on the backend of that name, for "auto" on the one that should finish first.

    Args:
        threads: What `limited_threads` will be told, to plan with and for what is no library's own
            choice.
        machine: The rates to plan with; those of this machine if there are none.

    Raises:
        UsageError: torch was asked for and is not installed, or the device is not torch's.
    """
    if name == "numpy" and device is not None:
        raise UsageError("--device belongs to torch; the numpy backend computes on the CPU")
    if name == "auto":
        name = "torch" if device is not None else choose_backend(problems)
    if name == "numpy":
        from convcalc.execute.backends.numpy_backend import NumpyBackend

        return Executor(NumpyBackend(threads), machine or this_machine(threads), algorithm)
    check_torch()
    from convcalc.execute.backends.torch_backend import TorchBackend

    backend = TorchBackend(device or "cpu")
    return Executor(backend, machine or this_machine(threads), algorithm)


def check_torch() -> None:
    """Raises where torch is not installed.

    Raises:
        UsageError: it is not; the message says what brings it.
    """
    if find_spec("torch") is None:
        raise UsageError("torch is not installed; pip install 'convcalc[torch]' brings it")


def choose_backend(problems: Sequence[ConvProblem]) -> str:
    """The backend that should finish the problems first, the import of torch included."""
    floating = all(problem.floating for problem in problems)
    if not problems or not floating or find_spec("torch") is None:
        return "numpy"
    start = 0.0 if torch_is_loaded() else 2 * this_machine().torch_import
    return "torch" if seconds(problems, "numpy") > seconds(problems, "torch") + start else "numpy"


def torch_is_loaded() -> bool:
    """Whether torch has been imported, so that it costs nothing more."""
    return "torch" in sys.modules


def seconds(problems: Sequence[ConvProblem], backend: str) -> float:
    """About how long a backend takes for the convolutions of a network."""
    machine = this_machine()
    return sum(plan(problem, backend, machine).predicted_seconds for problem in problems)


@contextmanager
def limited_threads(count: int | None, backend: str) -> Iterator[None]:
    """The threads of torch and OpenCV for a while; numpy takes its own from the environment."""
    if count is None:
        yield
        return
    count = min(count, processors())  # torch dies of some ten thousand threads
    with opencv.limited(count), _of_torch(count) if backend == "torch" else nullcontext():
        yield


@contextmanager
def _of_torch(count: int) -> Iterator[None]:
    check_torch()
    from convcalc.execute.backends.torch_backend import TorchBackend  # noqa: F401 - brings torch

    torch = sys.modules["torch"]
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
