"""The layers' primitives: convolutions by plans on a backend, everything else by the backend."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Generic, NamedTuple

from convcalc.execute.arrays.array import A
from convcalc.execute.executor.run_plan import (
    Arrays,
    prepared_plan,
    prepared_transposed,
    run_first,
    run_transposed,
)
from convcalc.execute.planning.planner import Planner
from convcalc.execute.problem import problem_of_arrays

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from convcalc.execute.backends.protocol import ArrayBackend
    from convcalc.execute.planning.machine import CostRates
    from convcalc.execute.planning.planner import Plan
    from convcalc.execute.problem import ConvProblem
    from convcalc.window import Window


class Measured(NamedTuple):
    """A convolution that was computed: what it was, how, and in how many seconds."""

    problem: ConvProblem
    plan: Plan
    seconds: float


class Executor(Generic[A]):
    """What layers ask for, `convcalc.layers.operations.Operations`, on the arrays of one library.

    Args:
        backend: The library.
        machine: The rates to plan with.
        algorithm: How to convolve, or "auto" for the fastest.

    Attributes:
        planner: What chooses the algorithms.
        done: Every convolution so far, with its plan and its seconds.
    """

    def __init__(
        self, backend: ArrayBackend[A], machine: CostRates, algorithm: str = "auto"
    ) -> None:
        self.backend = backend
        self.planner = Planner(backend.name, machine, algorithm if backend.plans else "library")
        self.done: list[Measured] = []
        self.load, self.unload = backend.load, backend.unload
        # Everything but convolutions is the library's own.
        self.linear, self.pool, self.pad = backend.linear, backend.pool, backend.pad
        self.unpool = backend.unpool
        self.reduce, self.take, self.concat = backend.reduce, backend.take, backend.concat
        self.permute, self.add, self.multiply = backend.permute, backend.add, backend.multiply
        self.clip, self.where, self.apply = backend.clip, backend.where, backend.apply
        self.vector, self.lookup = backend.vector, backend.lookup

    def prepared(self, problem: ConvProblem) -> Iterator[Callable[[A, A, A | None], A | None]]:
        """What computes arrays of one problem, in the order in which it is tried."""
        planner = self.planner._replace(explains=False)
        if problem.transposed:
            yield prepared_transposed(self.backend, planner, problem)
            return
        for chosen in planner.candidates(problem):
            yield prepared_plan(self.backend, planner, chosen, problem)

    def conv(
        self,
        array: A,
        weight: A,
        bias: A | None,
        windows: Sequence[Window],
        groups: int,
        padding_mode: str,
    ) -> A:
        """Cross-correlation of (N, C, *sizes) with (O, C/groups, *k), one window per axis."""
        start = perf_counter()
        problem = problem_of_arrays(array, weight, windows, groups, padding_mode)
        arrays = Arrays(array, weight, bias)
        chosen, result = run_first(self.backend, self.planner, None, problem, arrays)
        self.done.append(Measured(problem, chosen, perf_counter() - start))
        return result

    def conv_transpose(
        self,
        array: A,
        weight: A,
        bias: A | None,
        windows: Sequence[Window],
        groups: int,
        out_sizes: Sequence[int],
    ) -> A:
        """Transposed convolution of (N, C, *sizes) with (C, O/groups, *k) onto `out_sizes`.

        Raises:
            UsageError: an algorithm was asked for that does not apply.
        """
        start = perf_counter()
        problem = problem_of_arrays(array, weight, windows, groups, out_sizes=out_sizes)
        arrays = Arrays(array, weight, bias)
        chosen, result = run_transposed(self.backend, self.planner, problem, arrays)
        self.done.append(Measured(problem, chosen, perf_counter() - start))
        return result
