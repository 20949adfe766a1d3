"""Low rank: a kernel that is a product of one kernel per axis runs as passes along single axes.

A kernel of k x k taps then costs 2k products per output instead of k*k. Whether a kernel is such a
product is tested on its values: w = u[0] (x) u[1] (x) ... is read off the lines through its
largest tap and accepted only if EVERY tap agrees,

    |w - u[0] (x) u[1] (x) ...| <= 2 * eps * |w|        eps = 2^-23 for float32, 2^-52 for float64,

with the factors rounded to the dtype. Two eps are what a kernel loses that was made from its
factors and rounded (1/2), read off by a quotient (1/2) and rounded again (1/2 per factor). A tap of
the wrong size can never be approximated away: the test is relative to each tap.

A sum of several products, such as an unsharp mask, is not taken. Its terms may cancel, so that the
rounding errors of float32 passes exceed the bound, and float64 passes take twice as long. Nor would
it pay: twice the time of one product on one core, in ms, beside the fastest of the others,

    plane(s), kernel             numpy float32  numpy float64  torch float32  torch float64
    1 of 1024 x 1024,  7 x 7       13 (11)        23 (21)        10 (6)         17 (20)
    1 of 1024 x 1024, 31 x 31      46 (36)        90 (44)        33 (27)        53 (36)
    8 of 512 x 512,   15 x 15      50 (49)        96 (207)       38 (23)        71 (201)

leave kernels of 9 to 20 taps in float64, where no transform is proven, as the only gain.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np

from convcalc.execute.algorithms.banded import passes
from convcalc.execute.algorithms.opencv.planes import PlaneSums
from convcalc.execute.arrays.padding import unpadded
from convcalc.window import Window

if TYPE_CHECKING:
    from convcalc.execute.arrays.array import A
    from convcalc.execute.backends.protocol import ArrayBackend
    from convcalc.execute.problem import ConvProblem

SLACK = 2
"""How many eps a tap may differ from the product of the factors."""


def refusal(problem: ConvProblem) -> str | None:
    """Why the algorithm does not apply, in words; None where it may (the values decide)."""
    if problem.transposed:
        return "passes along single axes are for forward convolutions"
    if not problem.floating:
        return "factors of an integer kernel would be fractions"
    if problem.in_channels_per_group != 1 or problem.out_channels != problem.groups:
        return "the kernel mixes channels"
    if sum(w.kernel > 1 for w in problem.windows) < 2:
        return "the kernel has one axis only"
    return None


def working_bytes(problem: ConvProblem) -> int:
    """Bytes beside input and result: the padded input and what the first pass gives."""
    elements = problem.batch * problem.channels * prod(problem.padded_sizes)
    return 3 * elements * problem.itemsize


def factors(weight: np.ndarray) -> list[np.ndarray] | None:
    """One kernel (C, k) per axis, whose product is the weight (C, 1, *k); None if it is none.

    An infinite or NaN weight has no factors.
    """
    if _is_mixed(weight[0, 0]):
        return None
    kernels = weight[:, 0].astype(np.float64)
    if not np.isfinite(kernels).all():
        return None
    lines = [np.stack(lines) for lines in zip(*map(_lines, kernels), strict=True)]
    lines = [line.astype(weight.dtype) for line in lines]
    allowed = SLACK * np.finfo(weight.dtype).eps * np.abs(kernels)
    product = lines[0].astype(np.float64)
    for line in lines[1:]:
        others = (1,) * (product.ndim - 1)
        product = product[..., None] * line.reshape(len(line), *others, -1)
    return lines if bool((np.abs(kernels - product) <= allowed).all()) else None


def _is_mixed(kernel: np.ndarray) -> bool:
    """Whether four taps alone show that a kernel is no product: a look that costs little.

    Of a product w[i, j] * w[m, n] = w[i, n] * w[m, j]. More roundings are allowed than `factors`
    allows, so that nothing is turned away that has factors.
    """
    axes = [axis for axis, size in enumerate(kernel.shape) if size > 1][:2]
    place = [int(i) for i in np.unravel_index(np.abs(kernel).argmax(), kernel.shape)]
    top = float(kernel[tuple(place)])
    if len(axes) < 2 or not top:
        return False
    far, near = list(place), 1.0
    for axis in axes:
        beside = list(place)
        beside[axis] = far[axis] = (place[axis] + 1) % kernel.shape[axis]
        near *= float(kernel[tuple(beside)]) / top
    allowed = 8 * float(np.finfo(kernel.dtype).eps) * abs(near)
    return abs(float(kernel[tuple(far)]) / top - near) > allowed


def _lines(kernel: np.ndarray) -> list[np.ndarray]:
    """The lines through the largest tap, all but one divided by it.

    The one is that of the pass which comes first if the tap is above 1, and otherwise of the last,
    so that the values between the passes do not fall below the range of the dtype.
    """
    place = tuple(map(int, np.unravel_index(np.argmax(np.abs(kernel)), kernel.shape)))
    top = kernel[place]
    whole = kernel.ndim - 1 if abs(top) > 1 else 0
    lines = []
    for axis in range(kernel.ndim):
        index: tuple[int | slice, ...] = (*place[:axis], slice(None), *place[axis + 1 :])
        line = kernel[index]
        lines.append(line if axis == whole or not top else line / top)
    return lines


def run(
    ops: ArrayBackend[A],
    problem: ConvProblem,
    array: A,
    lines: list[np.ndarray],
    layout: str = "passes",
) -> A | None:
    """The result of a padded `array` (N, C, *sizes) by the `factors` of a kernel.

    None where it is not finite: between the passes it may have overflowed.

    The last axis goes first: its pass leaves fewer elements where there is a stride.
    """
    windows = unpadded(problem.windows)
    if layout == "planes":
        return _by_planes(ops, problem, array, lines)
    for axis in reversed(range(problem.spatial_dims)):
        window = windows[axis]
        if window.kernel == 1 and window.stride == 1 and bool((lines[axis] == 1).all()):
            continue
        shape = [1] * problem.spatial_dims
        shape[axis] = window.kernel
        kernel = ops.load(lines[axis], problem.dtype).reshape(-1, 1, *shape)
        single = [Window(1)] * problem.spatial_dims
        single[axis] = window
        sizes = [w.out_size(n) for w, n in zip(single, array.shape[2:], strict=True)]
        array = passes(ops, array, kernel, single, sizes)
    return array if ops.is_finite(array) else None


def _by_planes(
    ops: ArrayBackend[A], problem: ConvProblem, array: A, lines: list[np.ndarray]
) -> A | None:
    """Passes by OpenCV, which leaves out taps of 0: all elements must be finite then."""
    if not all(line.all() for line in lines) and not ops.is_finite(array):
        return None
    rows, columns = unpadded(problem.windows)
    for own, line in (
        ((Window(1), columns), lines[1][:, None]),
        ((rows, Window(1)), lines[0][..., None]),
    ):
        elements = tuple(w.out_size(n) for w, n in zip(own, array.shape[2:], strict=True))
        taps = line[:, None]
        part = problem._replace(
            sizes=tuple(array.shape[2:]), windows=own, out_sizes=elements, padding_mode="zeros"
        )
        made = PlaneSums(ops, part)(array, ops.adopt(np.ascontiguousarray(taps)))
        if made is None:
            return None
        array = made
    return array if ops.is_finite(array) else None
