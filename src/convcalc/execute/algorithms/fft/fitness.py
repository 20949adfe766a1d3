"""Whether an FFT applies to a convolution, and to how much of it: no transform is computed here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.execute.algorithms.fft.blocks import good_size, tiles_of

if TYPE_CHECKING:
    from convcalc.execute.algorithms.fft.blocks import Tiles
    from convcalc.execute.problem import ConvProblem


def refusal(problem: ConvProblem) -> str | None:
    """Why the algorithm does not apply, in words; None where it does."""
    if not problem.floating:
        return "an FFT would round integers"
    if problem.transposed:
        return "transforms are for forward convolutions"
    if problem.dtype == "float32":
        return None
    from convcalc.execute.algorithms.fft.bound_float64 import least_taps

    least = tiles_of(problem, tuple(good_size(window.extent) for window in problem.windows))
    if least_taps(problem, least) > problem.in_channels_per_group * problem.taps:
        return "sums of so few products in float64 have smaller errors than a transform has"
    return None


def direct_share(problem: ConvProblem, tiles: Tiles) -> float:
    """The share of the outputs in float64 that should be computed directly all the same."""
    from convcalc.execute.algorithms.fft import bound_float64

    return bound_float64.direct_share(problem, tiles)


def is_padded(problem: ConvProblem, layout: str) -> bool:
    """Whether `run` takes a padded array; the blocks of planes put the zeros in by themselves."""
    return layout != "planes" or problem.padding_mode != "zeros"
