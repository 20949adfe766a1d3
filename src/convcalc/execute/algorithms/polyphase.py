"""A transposed convolution as interleaved forward ones of stride 1: its phases.

Along one axis output v gathers x[j] * w[t] with j*s - pb + d*t = v. Let g = gcd(s, d). Of the phase
p = v mod s, v = p + s*q, the taps with d*t = p + pb (mod s) take part: none if g does not divide
p + pb, else every (s/g)-th, t = t0 + (s/g)*i for i = 0 ... n - 1. There

    j = q + c - D*i,        c = (p + pb - d*t0) / s,        D = d/g,

and with the taps in reverse, i' = n - 1 - i, that is j = q - (D*(n - 1) - c) + D*i': a forward
convolution of stride 1, dilation D and D*(n - 1) - c elements of padding. Where that, or what
follows at the other end, is below 0, elements of the input are not read, and are left out instead.
Over all axes there are as many phases as combinations; one without taps or elements holds
the bias alone.

Source: derived; for d = 1 the polyphase form of interpolation, Crochiere and Rabiner, "Multirate
Digital Signal Processing", section 3.3.
"""

from __future__ import annotations

from itertools import product
from math import gcd
from typing import TYPE_CHECKING, NamedTuple

from convcalc.window import Window

if TYPE_CHECKING:
    from collections.abc import Iterator

    from convcalc.execute.problem import ConvProblem


class Side(NamedTuple):
    """One phase of one axis.

    Attributes:
        outputs: The outputs that belong to it.
        taps: The taps that reach them, in order; the forward kernel has them in reverse.
        read: The elements of the input that are read.
        window: Of the forward convolution, or None where nothing is read.
    """

    outputs: slice
    taps: slice
    elements: slice
    window: Window | None


class Phase(NamedTuple):
    """A side per axis, and the forward convolution; None where the phase holds the bias alone."""

    sides: tuple[Side, ...]
    problem: ConvProblem | None


def phases_of(problem: ConvProblem) -> Iterator[Phase]:
    """The phases of a transposed problem, those without outputs left out."""
    axes = zip(problem.windows, problem.sizes, problem.out_sizes, strict=True)
    for sides in product(*(list(_sides(*axis)) for axis in axes)):
        windows = tuple(side.window for side in sides if side.window is not None)
        if len(windows) < len(sides):
            yield Phase(sides, None)
            continue
        forward = problem._replace(
            sizes=tuple(side.elements.stop - side.elements.start for side in sides),
            windows=windows,
            out_sizes=tuple(
                len(range(size)[side.outputs])
                for size, side in zip(problem.out_sizes, sides, strict=True)
            ),
            transposed=False,
        )
        yield Phase(sides, forward)


def _sides(window: Window, size: int, out: int) -> Iterator[Side]:
    for first in range(min(window.stride, out)):
        yield _side(window, size, out, first)


def _side(window: Window, size: int, out: int, first: int) -> Side:
    """The phase of the outputs `first`, first + s, ... of an axis."""
    common = gcd(window.stride, window.dilation)
    step, dilation = window.stride // common, window.dilation // common
    outputs, shift = slice(first, out, window.stride), first + window.before
    starts = (t for t in range(min(step, window.kernel)) if not _rest(window, shift, t))
    start = next(starts, None)
    if start is None:
        return Side(outputs, slice(0, 0), slice(0, 0), None)
    taps = slice(start, window.kernel, step)
    kernel, count = len(range(window.kernel)[taps]), len(range(out)[outputs])
    reach = dilation * (kernel - 1)
    before = reach - (shift - window.dilation * start) // window.stride
    after = count + reach - before - size
    elements = slice(max(0, -before), size + min(0, after))
    if elements.start >= elements.stop:
        return Side(outputs, taps, slice(0, 0), None)
    return Side(outputs, taps, elements, Window(kernel, 1, max(0, before), max(0, after), dilation))


def _rest(window: Window, shift: int, tap: int) -> int:
    return (shift - window.dilation * tap) % window.stride
