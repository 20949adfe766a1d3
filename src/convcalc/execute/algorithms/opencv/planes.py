"""Sums plane by plane: every channel is a plane with kernels of its own, for OpenCV to add.

A stride takes some of the outputs of stride 1; a dilated kernel has zeros between its taps, which
cost nothing because OpenCV leaves them out. Channels that are mixed are added plane by plane. A
long row and a volume are cut into planes, see `row_sums` and `volume_sums`.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Generic

import numpy as np

from convcalc.execute.algorithms.opencv.correlate import correlate, correlate_run, is_aligned, parts
from convcalc.execute.algorithms.opencv.rows import correlate_row
from convcalc.execute.algorithms.opencv.volumes import correlate_volume, slices_at_once
from convcalc.execute.arrays.array import A
from convcalc.execute.backends import opencv, thread_pool
from convcalc.execute.backends.tap_by_tap import per_channel
from convcalc.execute.fitted_costs import FITTED

if TYPE_CHECKING:
    from types import EllipsisType

    from convcalc.execute.backends.protocol import ArrayBackend
    from convcalc.execute.problem import ConvProblem
    from convcalc.window import Window

Array = np.ndarray

SUMS = FITTED["shared_sums"]
"""Products per second that are counted on when the work is shared among threads."""


def refusal(problem: ConvProblem) -> str | None:
    """Why OpenCV does not apply, in words; None where it does."""
    if problem.transposed:
        return "planes are for forward convolutions"
    if not problem.floating:
        return "OpenCV would round integers"
    return None


def working_bytes(problem: ConvProblem) -> int:
    """Bytes beside input and result: a padded plane and the results of parts of the kernel."""
    outputs = problem.batch * problem.out_channels * prod(problem.whole_sizes)
    return problem.itemsize * (problem.elements_in + 2 * outputs)


class PlaneSums(Generic[A]):
    """Sums of planes for arrays of one problem: what does not depend on the values is prepared.

    Args:
        ops: The backend.
        problem: What is convolved; zeros pad it.
    """

    def __init__(self, ops: ArrayBackend[A], problem: ConvProblem) -> None:
        self._ops, self._problem = ops, problem
        self._sizes = problem.whole_sizes
        self._seconds = problem.batch * problem.out_channels * prod(self._sizes) / SUMS
        self._seconds *= problem.in_channels_per_group * problem.taps
        self._before = tuple(window.before for window in problem.windows)
        self._anchor = (self._before[0], self._before[-1])  # where there are two axes
        self._short = self._seconds < 2 * thread_pool.WORTH_A_THREAD
        self._single = (
            problem.spatial_dims == 2
            and problem.batch == problem.channels == problem.out_channels == 1
            and all(window.stride == window.dilation == 1 for window in problem.windows)
        )
        self._aligned = self._is_aligned()
        self._one_call = self._aligned and self._single
        self._strided: tuple[EllipsisType | slice, ...] | None = None
        if self._sizes != problem.out_sizes:
            self._strided = (..., *(slice(None, None, w.stride) for w in problem.windows))

    def _is_aligned(self) -> bool:
        """Whether every output plane is what a single call of OpenCV gives."""
        problem = self._problem
        if problem.spatial_dims != 2 or problem.in_channels_per_group > 1:
            return False
        extents = [window.extent for window in problem.windows]
        return (
            is_aligned(problem.sizes, extents, self._before, self._sizes)
            and len(parts(extents[0], extents[1], problem.itemsize)) == 1
        )

    def __call__(self, array: A, weight: A, bias: A | None = None) -> A | None:
        """The result (N, O, *out) of an `array` (N, C, *sizes) and a `weight` (O, C/g, *k).

        None where a tap is not finite, or where one is 0 and an element is not finite: their
        product is NaN, and is left out.
        """
        ops = self._ops
        taps, elements = ops.unload(weight), ops.unload(array)
        finite, holes = opencv.finite_and_nonzero(taps)
        if not finite or (holes and not ops.is_finite(array)):
            return None
        if self._one_call and (self._short or self._needs_no_threads()):
            out = opencv.filtered(elements[0, 0], taps[0, 0], self._anchor)[None, None]
        elif self._single and self._short:
            out = np.empty((1, 1, *self._sizes), elements.dtype)
            correlate(elements[0, 0], taps[0, 0], self._anchor, out[0, 0])
        else:
            out = self._summed(np.ascontiguousarray(elements), taps)
        result = ops.adopt(out)
        if bias is not None:
            result += per_channel(bias, self._problem.spatial_dims)
        return result

    def _needs_no_threads(self) -> bool:
        """Whether OpenCV has threads enough of its own, which need no borders between them.

        A call that takes long is cut all the same: nothing interrupts it.
        """
        if self._seconds > thread_pool.LONGEST_RUN:
            return False
        return bool(self._ops.threads <= opencv.own_threads(prod(self._sizes)))

    def _summed(self, elements: Array, taps: Array) -> Array:
        """Sums of planes by as many calls as it takes."""
        kernels = spread(taps, self._problem.windows)
        shape = (self._problem.batch, self._problem.out_channels, *self._sizes)
        out = np.empty(shape, elements.dtype)
        workers, each = self._ops.threads, shape[0] * shape[1]
        if self._aligned and (each >= workers or self._short):
            filter_all(elements, kernels, self._anchor, out, workers, self._seconds)
        else:
            correlate_all(elements, kernels, self._before, out, workers, self._seconds)
        return out if self._strided is None else out[self._strided]


def filter_all(
    elements: Array,
    kernels: Array,
    anchor: tuple[int, int],
    out: Array,
    workers: int,
    seconds: float,
) -> None:
    """`correlate_all` of planes of which each output plane is one call of OpenCV."""
    channels, outputs = elements.shape[1], out.shape[1]
    out_channels_per_group = outputs // channels

    def work(begin: int, end: int) -> None:
        for job in range(begin, end):
            sample, output = divmod(job, outputs)
            plane = elements[sample, output // out_channels_per_group]
            opencv.filtered(plane, kernels[output, 0], anchor, out[sample, output])

    thread_pool.shared(work, len(out) * outputs, workers, seconds)


def correlate_all(
    elements: Array,
    kernels: Array,
    before: tuple[int, ...],
    out: Array,
    workers: int,
    seconds: float,
) -> None:
    """Rows, planes or volumes (N, C, *sizes) correlated with (O, C/g, *k), into (N, O, *out).

    Args:
        read: C channels per sample, in as many groups as the kernels leave.
        kernels: All finite.
        before: Zeros before the first element of each axis.
        out: The result.
        workers: The most threads; an output channel may be cut into bands for them.
        seconds: What the work should take on one thread.
    """
    samples, outputs = out.shape[:2]
    in_channels_per_group = kernels.shape[1]
    out_channels_per_group = outputs // (elements.shape[1] // in_channels_per_group)
    height = _band(out, kernels, workers, seconds)
    bands = -(-out.shape[2] // height)

    def work(begin: int, end: int) -> None:
        for job in range(begin, end):
            place, band = divmod(job, bands)
            sample, output = divmod(place, outputs)
            ends = band * height, min((band + 1) * height, out.shape[2])
            first = output // out_channels_per_group * in_channels_per_group
            own = elements[sample, first : first + in_channels_per_group]
            _band_of(own, kernels[output], before, out[sample, output], ends)

    thread_pool.shared(work, samples * outputs * bands, workers, seconds)


def _band(out: Array, kernels: Array, workers: int, seconds: float) -> int:
    """Elements of the first axis of a result that are worked on by one thread at a time."""
    samples, outputs, rows = (int(size) for size in out.shape[:3])
    bands = 1
    if thread_pool.num_threads(workers, workers, seconds) > 1:
        enough = -(-2 * workers // (samples * outputs))
        bands = max(1, min(enough, rows, int(seconds / thread_pool.WORTH_A_BAND)))
    height = -(-rows // bands)
    if out.ndim == 5:
        height = min(height, slices_at_once(out.shape[3:], kernels.shape[2:]))
    return height


def _band_of(
    elements: Array, kernels: Array, before: tuple[int, ...], out: Array, ends: tuple[int, int]
) -> None:
    """The outputs `begin` ... `end` - 1 of the first axis, the channels (C, ...) added."""
    target = out[ends[0] : ends[1]]
    for index, (channel, kernel) in enumerate(zip(elements, kernels, strict=True)):
        piece = np.empty_like(target) if index else target
        if out.ndim == 1:
            correlate_row(channel, kernel, before[0], piece, ends[0])
        elif out.ndim == 2:
            correlate_run(channel, kernel, (before[0], before[1]), piece, 0, ends[0])
        else:
            correlate_volume(channel, kernel, before, piece, ends[0])
        if index:
            np.add(target, piece, out=target)


def spread(kernels: Array, windows: tuple[Window, ...]) -> Array:
    """Kernels (..., *k) with the zeros of their dilation between the taps."""
    if all(w.dilation == 1 for w in windows):
        return np.ascontiguousarray(kernels)
    lead = kernels.shape[: kernels.ndim - len(windows)]
    wide = np.zeros((*lead, *(w.extent for w in windows)), kernels.dtype)
    taps: tuple[EllipsisType | slice, ...] = (
        ...,
        *(slice(None, None, w.dilation) for w in windows),
    )
    wide[taps] = kernels
    return wide
