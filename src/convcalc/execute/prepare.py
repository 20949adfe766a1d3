"""What is prepared before anything is computed: shapes, dtypes, problems, backend and plans.

The command in memory, in bounded memory and on a cluster prepares here, so that what one of them
takes and plans, all of them do.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from convcalc.execute.arrays.axes import batch_first
from convcalc.execute.arrays.dtypes import plan_dtypes
from convcalc.execute.executor.open_executor import open_executor
from convcalc.execute.planning.select_backend import planner_of
from convcalc.execute.problem import problems_of

if TYPE_CHECKING:
    import numpy as np

    from convcalc.execute.arrays.dtypes import DtypePlan
    from convcalc.execute.executor.executor import Executor
    from convcalc.execute.job import Work
    from convcalc.execute.planning.planner import Plan, Planner
    from convcalc.execute.problem import ConvProblem
    from convcalc.execute.settings import Settings
    from convcalc.network.graph import Network, Step


@dataclass(frozen=True)
class Prepared:
    """Work that is prepared but for the values of its arrays.

    Attributes:
        steps: The layers with the shapes around them; a convolution with its own kernel is one.
        samples: The input as (N, C, *sizes), or a placeholder of that shape.
        dtypes: Of the arithmetic and of the result.
        settings: How to compute.
    """

    steps: tuple[Step, ...]
    samples: np.ndarray
    dtypes: DtypePlan
    settings: Settings

    @cached_property
    def problems(self) -> tuple[ConvProblem, ...]:
        """The convolutions in the order of the layers; none of an empty batch."""
        batch = len(self.samples)
        return tuple(problems_of(self.steps, batch, self.dtypes.compute)) if batch else ()

    @cached_property
    def planner(self) -> Planner:
        """What plans them; torch is not imported.

        Raises:
            UsageError: there is no such backend, or it has no devices.
        """
        how = self.settings
        return planner_of(how.backend, how.device, self.problems, how.algorithm, how.threads)

    def plans(self) -> tuple[tuple[ConvProblem, Plan], ...]:
        """Every convolution with its plan.

        Raises:
            UsageError: the algorithm that is asked for does not apply.
        """
        return tuple((problem, self.planner.plan(problem)) for problem in self.problems)

    def open(self) -> Executor[Any]:
        """What computes them.

        Raises:
            UsageError: the library is not installed, or has no such device.
        """
        return open_executor(self.planner, self.settings.device, self.settings.threads)

    def bytes_of(self, part: ConvProblem, copies: int = 1) -> int:
        """Bytes that computing a part of a convolution takes: its arrays, and what its plan needs.

        Args:
            part: The part.
            copies: How often what it reads is held in the dtype of the input.
        """
        read = copies * part.elements_in * self.samples.itemsize
        own = self.planner.plan(part).working_bytes
        return own + read + part.bytes + part.elements_out * part.itemsize

    def of(self, network: Network) -> Prepared:
        """Other layers in place of these, prepared alike."""
        return replace(self, steps=tuple(network.walk(self.samples.shape[1:])))


def prepare(work: Work, settings: Settings, *, read_in_parts: bool = False) -> Prepared:
    """The work prepared but for the values of its arrays.

    Args:
        work: Layers and arrays that fit each other.
        settings: How to compute.
        read_in_parts: Whether the input is a placeholder, whose elements are looked at when they
            are there.

    Raises:
        ShapeError, SpecError: a layer does not fit on what arrives at it.
        DataError: the arrays are of dtypes that cannot be computed, or not exactly.
    """
    samples = batch_first(work.named["the input"], work.axes)
    steps = tuple(work.network.walk(samples.shape[1:]))
    given = work.named["the input"]
    if read_in_parts:
        given = given[(slice(1),) * given.ndim]  # one element stands for all
    dtypes = plan_dtypes({**work.named, "the input": given}, settings.dtype)
    return Prepared(steps, samples, dtypes, settings)
