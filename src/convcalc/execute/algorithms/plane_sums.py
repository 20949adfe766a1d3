"""Sums plane by plane: every channel is a plane with kernels of its own, for OpenCV to add.

A stride takes some of the outputs of stride 1; a dilated kernel has zeros between its taps, which
cost nothing because OpenCV leaves them out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from convcalc.execute import planes

if TYPE_CHECKING:
    from convcalc.execute.problem import Problem
    from convcalc.window import Window

Array = np.ndarray


def refusal(problem: Problem) -> str | None:
    """Why OpenCV does not apply, in words; None where it does."""
    if problem.transposed:
        return "planes are for forward convolutions"
    if not problem.floating:
        return "OpenCV would round integers"
    if problem.depth != 1:
        return "the kernel mixes channels"
    if problem.rank > 2:
        return "a plane has two axes"
    return None


def working_bytes(problem: Problem) -> int:
    """Bytes beside input and result: a padded plane and the results of parts of the kernel."""
    whole = problem.cells_out
    for window in problem.windows:
        whole *= window.stride
    return problem.itemsize * (problem.cells_in + 2 * whole)


def run(ops: Any, problem: Problem, array: Any, weight: Any) -> Any:
    """The result (N, O, *out) of an `array` (N, C, *sizes), which zeros surround as asked for.

    None where a tap is 0 and a cell is not finite: their product is NaN, and is left out.
    """
    taps = ops.unload(weight)[:, 0]
    if not taps.all() and not ops.is_finite(array):
        return None
    cells = _as_planes(np.ascontiguousarray(ops.unload(array)), problem.rank)
    windows = problem.windows
    kernels = _as_planes(spread(taps[:, None], windows), problem.rank)[:, 0]
    before = (windows[0].before if problem.rank == 2 else 0, windows[-1].before)
    sizes = tuple((o - 1) * w.stride + 1 for o, w in zip(problem.out_sizes, windows, strict=True))
    out = np.empty(
        (problem.batch, problem.out_channels, *(1,) * (2 - len(sizes)), *sizes), cells.dtype
    )
    seconds = cells.size * problem.taps * (problem.out_channels / problem.channels) / SUMS
    correlate_all(cells, kernels, before, out, ops.threads, seconds)
    out = out.reshape(*out.shape[:2], *sizes)
    if sizes == problem.out_sizes:
        return ops.adopt(out)
    strided: Any = (..., *(slice(None, None, w.stride) for w in windows))
    return ops.adopt(out[strided])


SUMS = 2e10
"""Products per second that are counted on when the work is shared among threads."""


def correlate_all(
    cells: Array,
    kernels: Array,
    before: tuple[int, int],
    out: Array,
    workers: int,
    seconds: float,
) -> None:
    """Every plane (N, C, H, W) correlated with its kernels (O, kh, kw), into (N, O, rows, columns).

    Args:
        cells: C planes per sample, of which each has O/C kernels.
        kernels: All finite.
        before: Zeros before the first row and column.
        out: The result.
        workers: The most threads; a plane may be cut into bands for them.
        seconds: What the work should take on one thread.
    """
    samples, outputs = out.shape[:2]
    maps = outputs // cells.shape[1]
    bands = max(1, min(-(-workers // (samples * outputs)), int(seconds / planes.WORTH_A_THREAD)))
    rows = out.shape[2]
    height = -(-rows // bands)

    def work(begin: int, end: int) -> None:
        for job in range(begin, end):
            plane, band = divmod(job, bands)
            sample, output = divmod(plane, outputs)
            planes.correlate_run(
                cells[sample, output // maps],
                kernels[output],
                before,
                out[sample, output],
                0,
                (min(band * height, rows), min((band + 1) * height, rows)),
            )

    planes.shared(work, samples * outputs * bands, workers, seconds)


def spread(kernels: Array, windows: tuple[Window, ...]) -> Array:
    """Kernels (..., *k) with the zeros of their dilation between the taps."""
    if all(w.dilation == 1 for w in windows):
        return np.ascontiguousarray(kernels)
    lead = kernels.shape[: kernels.ndim - len(windows)]
    wide = np.zeros((*lead, *(w.extent for w in windows)), kernels.dtype)
    taps: Any = (..., *(slice(None, None, w.dilation) for w in windows))
    wide[taps] = kernels
    return wide


def _as_planes(array: Array, rank: int) -> Array:
    """(..., *sizes) with a row as a plane of one row."""
    return array if rank == 2 else array[..., None, :]
