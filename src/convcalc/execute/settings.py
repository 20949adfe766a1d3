"""How to compute, what came of it, and what would: the words between running and showing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from convcalc.analysis import Report
    from convcalc.execute.arrays.dtypes import DtypePlan
    from convcalc.execute.arrays.statistics import Figures
    from convcalc.execute.executor.executor import Measured
    from convcalc.execute.planning.planner import Plan
    from convcalc.execute.problem import ConvProblem
    from convcalc.execute.tiling import Tiling
    from convcalc.execute.verify import Verification


@dataclass(frozen=True)
class Settings:
    """How to compute, apart from what.

    Attributes:
        backend: "auto", "numpy" or "torch".
        device: A torch device such as "cuda", or None.
        dtype: The dtype of the result, or None for what the inputs give.
        channels_last: Whether the channels are the last axis of input and result.
        spatial_dims: The number of spatial axes, or None to tell from the arrays.
        algorithm: How convolutions are computed, "auto" for the fastest way.
        threads: Threads of torch; numpy takes its threads from the environment.
        until: The label of the node or block whose output is the result; None is the last one.
        fold_norms: Whether `bn` become part of the convolutions before them.
        verify: How many outputs of a single convolution are computed again, or "all"; None none.
    """

    backend: str = "auto"
    device: str | None = None
    dtype: str | None = None
    channels_last: bool = False
    spatial_dims: int | None = None
    algorithm: str = "auto"
    threads: int | None = None
    until: str | None = None
    fold_norms: bool = False
    verify: int | Literal["all"] | None = None


@dataclass(frozen=True)
class Result:
    """The array, and how it came about.

    Attributes:
        array: The result, with the axes of the input.
        analyse: Gives the shapes and costs of the layers, which few ask for.
        backend: The library that computed it.
        dtypes: Of the arithmetic and of the result.
        threads: Threads that the library may use.
        versions: Of every library that took part.
        notes: What was assumed.
        overflowed: Values that left the range of the dtype although every input was finite.
        verification: What came of computing outputs again, if that was asked for.
        convolutions: Each convolution with its plan and the seconds that it took.
        figures: The key figures of the array, where they were taken as it was made.
        tiling: The boxes that it was computed in, where it was; the plan is that of one box, its
            seconds are those of all.
    """

    array: np.ndarray
    analyse: Callable[[], Report]
    backend: str
    dtypes: DtypePlan
    threads: int
    versions: dict[str, str]
    notes: tuple[str, ...]
    overflowed: int
    verification: Verification | None = None
    convolutions: tuple[Measured, ...] = ()
    figures: Figures | None = None
    tiling: Tiling | None = None

    @cached_property
    def report(self) -> Report:
        """Shapes and costs of the layers."""
        return self.analyse()


@dataclass(frozen=True)
class DryRun:
    """What would be computed: the convolutions with their plans, and what was assumed.

    A single convolution may be cut into boxes: then the plan is that of one box, its seconds are
    those of all.
    """

    report: Report
    backend: str
    convolutions: tuple[tuple[ConvProblem, Plan], ...]
    notes: tuple[str, ...]
    tiling: Tiling | None = None
