"""Executors on the backends, by their names, and the threads that their libraries use."""

from __future__ import annotations

import sys
from contextlib import contextmanager, nullcontext
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from convcalc.errors import UsageError
from convcalc.execute.backends import opencv
from convcalc.execute.backends.numpy_backend import NumpyBackend
from convcalc.execute.backends.thread_pool import processors
from convcalc.execute.executor.executor import Executor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcalc.execute.planning.planner import Planner


def open_executor(
    planner: Planner, device: str | None = None, threads: int | None = None
) -> Executor[Any]:
    """The executor of what a planner plans.

    Args:
        planner: Names the backend.
        device: A torch device, None for the processor.
        threads: What `limited_threads` will be told, for what is no library's own choice.

    Raises:
        UsageError: torch was asked for and is not installed, or the device is not torch's.
    """
    if planner.backend == "numpy":
        return Executor(NumpyBackend(threads), planner.machine, planner.algorithm)
    check_torch()
    from convcalc.execute.backends.torch_backend import TorchBackend

    return Executor(TorchBackend(device or "cpu"), planner.machine, planner.algorithm)


def check_torch() -> None:
    """Raises where torch is not installed.

    Raises:
        UsageError: it is not; the message says what brings it.
    """
    if find_spec("torch") is None:
        raise UsageError("torch is not installed; pip install 'convcalc[torch]' brings it")


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
    if before == count:  # being told again takes torch some time
        yield
        return
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
