"""Blocks of neighbouring outputs of one channel as the channels of a convolution with a stride.

A library's convolution is fast where there are many channels, and slow where there is one. The
outputs u*B ... u*B + B - 1 of a row are B sums over the same (B - 1)*s + e elements: B output
channels of a convolution with stride B*s, whose kernels are the rows of a Toeplitz matrix,

    T[b, b*s + d*t] = w[t]        b = 0 ... B - 1, t = 0 ... k - 1, zero elsewhere.

With channels last in memory its result IS the row of outputs. The zeros of T multiply elements that
the definition leaves out: finite ones, or a NaN would spread to its neighbours; so a result that is
not finite is thrown away and computed plainly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcalc.execute.arrays.padding import unpadded
from convcalc.execute.fitted_costs import FITTED
from convcalc.window import Window

if TYPE_CHECKING:
    from convcalc.execute.arrays.array import A
    from convcalc.execute.backends.protocol import ArrayBackend
    from convcalc.execute.problem import ConvProblem


def refusal(problem: ConvProblem) -> str | None:
    """Why the algorithm does not apply, in words; None where it does."""
    if problem.transposed:
        return "blocks of outputs are for forward convolutions"
    if not problem.floating:
        return "integers are computed tap by tap"
    if problem.channels != 1 or problem.out_channels != 1:
        return "blocks of outputs are for a single channel"
    return None


def block_size(problem: ConvProblem) -> int:
    """Outputs per block: 16 fill a vector register; wide kernels on long rows take 32."""
    extent = problem.windows[-1].extent
    long = problem.out_sizes[-1] >= FITTED["wide_blocks_row"]
    size = 32 if long and extent >= FITTED["wide_blocks"] else 16
    while size > 4 and size > problem.out_sizes[-1]:
        size //= 2
    return size


def macs(problem: ConvProblem) -> int:
    """Multiply-accumulates with the zeros of the Toeplitz matrix."""
    size, last = block_size(problem), problem.windows[-1]
    width = (size - 1) * last.stride + last.extent
    return problem.macs // last.kernel * width


def working_bytes(problem: ConvProblem) -> int:
    """Bytes beside input and result: the input, padded to whole blocks, and the result before."""
    return problem.itemsize * (2 * problem.elements_in + problem.elements_out)


def run(ops: ArrayBackend[A], problem: ConvProblem, array: A, weight: A) -> A | None:
    """The result (N, 1, *out) of a padded `array`; None where it is not finite."""
    size = block_size(problem)
    last = problem.windows[-1]
    count = -(-problem.out_sizes[-1] // size)
    width = (size - 1) * last.stride + last.extent
    wide = Window(width, size * last.stride)
    array = ops.lengthened(array, (count - 1) * wide.stride + width)
    kernel = _toeplitz(ops, weight, size, last)
    out = ops.channels_last_conv(array, kernel, (*unpadded(problem.windows[:-1]), wide))
    out = out.reshape(problem.batch, 1, *problem.out_sizes[:-1], count * size)
    out = out[..., : problem.out_sizes[-1]]
    return out if ops.is_finite(out) else None


def _toeplitz(ops: ArrayBackend[A], weight: A, size: int, last: Window) -> A:
    """(B, 1, *k, (B - 1)*s + e) of a weight (1, 1, *k, k)."""
    width = (size - 1) * last.stride + last.extent
    matrix = ops.zeros((size, *weight.shape[1:-1], width), weight)
    for b in range(size):
        start = b * last.stride
        matrix[b, ..., start : start + last.extent : last.dilation] = weight[0]
    return matrix
