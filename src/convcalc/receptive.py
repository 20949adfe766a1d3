"""The receptive field along ONE axis: which input elements an output element depends on.

The words are those of Araujo, Norris and Sim, "Computing Receptive Fields of Convolutional
Neural Networks" (Distill, 2019): output `u` sees input elements from `start + u*effective_stride`
on, `size` of them.

Two things that this interval hides are kept beside it:

- holes: a kernel of one tap with stride 3, then one of two taps, spans 4 elements and touches 2;
- phases: after a transposed convolution of stride s, outputs u and u + s see the same pattern one
  element apart, but u and u + 1 may see intervals of different sizes.

So a field holds the exact set of touched elements of each phase, as runs (first, last), while they
are few; past `WORK_LIMIT` it keeps the interval alone, which the same relations bound.
Elements in the padding are counted like any others, so near a border a field is an upper bound.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from math import floor, gcd, lcm
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from convcalc.window import Window

Runs: TypeAlias = tuple[tuple[int, int], ...]

WORK_LIMIT = 20_000
"""Runs that one layer may produce before the exact elements are given up for the interval."""


@dataclass(frozen=True, slots=True)
class Field:
    """The receptive field of one axis.

    Attributes:
        effective_stride: Input elements from one output to the next, on average.
        start: First input element of output 0's interval; minus the effective padding. With several
            phases the largest value for which no output `u` sees an element before
            `start + u*effective_stride`.
        end: Likewise the last element: outputs lie in `start + u*stride ... end + u*stride`.
        phases: Touched elements of outputs 0, 1, ..., which then repeat, moved on by
            `effective_stride * len(phases)`; None where they are too many to list.
        whole: Whether some other path, such as a global pooling, sees the whole input.
        longest: Elements of the longest interval where branches with different strides meet, so
            that no such line bounds it; None where they are aligned.
    """

    effective_stride: Fraction
    start: Fraction
    end: Fraction
    phases: tuple[Runs, ...] | None
    whole: bool = False
    longest: int | None = None

    @property
    def size(self) -> int:
        """Elements of the longest interval of any output, holes included; 0 if none sees any."""
        if self.longest is not None:
            return self.longest
        if self.phases is None:
            return floor(self.end - self.start) + 1
        return max((runs[-1][1] - runs[0][0] + 1 for runs in self.phases if runs), default=0)

    @property
    def touched(self) -> int | None:
        """Elements that an output really reads, at most; None where they were not followed."""
        if self.phases is None:
            return None
        return max(sum(last - first + 1 for first, last in runs) for runs in self.phases)

    @property
    def aligned(self) -> bool:
        """Whether all branches that met so far move by the same stride."""
        return self.longest is None

    def seeing_all(self) -> Field:
        """The field beside a path that sees the whole input."""
        return self if self.whole else replace(self, whole=True)

    def through(self, window: Window) -> Field:
        """The field after a convolution or pooling with this window.

        Output u reads the elements u*s - pb + d*t, t = 0 ... k - 1, of the layer before, so that
        `size` grows by (e - 1)*stride, `start` moves back by pb*stride, and the stride becomes
        stride*s.

        Source: derived; Araujo et al., relations 1 to 3, with dilation.
        """
        if window.kernel == 1 and window.stride == 1 and not window.before:
            return self
        stride = self.effective_stride * window.stride
        phases = self._exact(
            count=len(self.phases or ()) // gcd(len(self.phases or ()), window.stride),
            taps=lambda u: (u * window.stride - window.before, window.dilation, window.kernel),
            most=window.kernel,
        )
        if phases is not None:
            return _from_phases(stride, phases, self.whole)
        start = self.start - window.before * self.effective_stride
        end = self.end + (window.extent - 1 - window.before) * self.effective_stride
        return self._interval(stride, start, end)

    def through_transposed(self, window: Window) -> Field:
        """The field after a transposed convolution with this window.

        Input element j is spread over the outputs j*s - pb + d*t, so output u reads
        j = (u + pb - d*t) / s for those taps t that make it whole: between (u + pb - e + 1)/s and
        (u + pb)/s, at most ceil(e/s) elements, and the stride becomes stride/s.

        Source: derived, by turning the relation of `Window.transposed_size` round.
        """
        stride = self.effective_stride / window.stride
        phases = self._exact(
            count=len(self.phases or ()) * window.stride,
            taps=lambda u: _transposed_taps(window, u),
            most=-(-window.kernel // window.stride),
        )
        if phases is not None:
            return _from_phases(stride, phases, self.whole)
        start = self.start + (window.before - window.extent + 1) * stride
        end = self.end + window.before * stride
        return self._interval(stride, start, end)

    def _interval(self, stride: Fraction, start: Fraction, end: Fraction) -> Field:
        """The field of which only the bounds are known."""
        longest = None if self.longest is None else floor(end - start) + 1
        return Field(stride, start, end, None, self.whole, longest)

    def _exact(
        self, count: int, taps: Callable[[int], tuple[int, int, int]], most: int
    ) -> tuple[Runs, ...] | None:
        """The touched elements of `count` phases.

        `taps(u)` are the first element, the step and the number of elements that output u reads.
        """
        if self.phases is None:
            return None
        longest = max(len(runs) for runs in self.phases)
        if count * min(most, len(self.phases)) * longest > WORK_LIMIT:
            return None
        advance = int(self.effective_stride * len(self.phases))
        phases = []
        budget = WORK_LIMIT
        for u in range(count):
            runs = _union(self.phases, advance, *taps(u), budget)
            if runs is None:
                return None
            budget -= len(runs)
            phases.append(runs)
        return tuple(phases)


IDENTITY = Field(Fraction(1), Fraction(0), Fraction(0), (((0, 0),),))
"""The field of the input itself: every element sees itself."""

UNSEEN = Field(Fraction(0), Fraction(0), Fraction(-1), ((),))
"""The field of what depends on no input: a learned array."""


def through_windows(fields: Sequence[Field], windows: Sequence[Window]) -> tuple[Field, ...]:
    """The field of each axis through its window; axes that are alike are followed once."""
    found: list[Field] = []
    for field, window in zip(fields, windows, strict=True):
        alike = found and field is fields[0] and window == windows[0]
        found.append(found[0] if alike else field.through(window))
    return tuple(found)


def united(fields: Sequence[Field], out_size: int) -> Field:
    """The field of an output that depends on several branches: the union of their elements.

    Branches that move by the same stride are aligned: the union is the same for every output. Where
    the strides differ, the branches drift apart: the interval is then given for all `out_size`
    outputs together, its size for the one that sees most.
    """
    fields = [field for field in fields if field != UNSEEN] or fields
    first = fields[0]
    if all(field == first for field in fields):
        return first
    whole = any(field.whole for field in fields)
    if all(field.effective_stride == first.effective_stride for field in fields):
        phases = _united_phases(fields)
        if phases is not None:
            return _from_phases(first.effective_stride, phases, whole)
        start, end = min(field.start for field in fields), max(field.end for field in fields)
        longest = max((field.longest or 0 for field in fields), default=0)
        size = max(longest, floor(end - start) + 1) if longest else None
        return Field(first.effective_stride, start, end, None, whole, size)
    # Both ends are made of straight lines in u, so that the extremes are at the first or last u.
    lows, highs, lengths = [], [], []
    for u in (0, max(0, out_size - 1)):
        low = min(field.start + u * field.effective_stride for field in fields)
        high = max(field.end + u * field.effective_stride for field in fields)
        lows.append(low - u * first.effective_stride)
        highs.append(high - u * first.effective_stride)
        lengths.append(floor(high - low) + 1)
    return Field(first.effective_stride, min(lows), max(highs), None, whole, max(lengths))


def _united_phases(fields: Sequence[Field]) -> tuple[Runs, ...] | None:
    """The touched elements of all fields, phase by phase; None where one does not know its own."""
    known = [field.phases for field in fields if field.phases is not None]
    if len(known) < len(fields):
        return None
    period = lcm(*(len(phases) for phases in known))
    if period * sum(max(map(len, phases)) for phases in known) > WORK_LIMIT:
        return None
    stride = fields[0].effective_stride
    united_phases = []
    for u in range(period):
        pieces = []
        for phases in known:
            turns, phase = divmod(u, len(phases))
            moved = int(stride * len(phases)) * turns
            pieces += [(low + moved, high + moved) for low, high in phases[phase]]
        united_phases.append(_merged(pieces))
    return tuple(united_phases)


def _from_phases(stride: Fraction, phases: tuple[Runs, ...], whole: bool) -> Field:
    if not any(phases):
        # Every path falls between the elements of a transposed convolution: nothing is seen.
        return Field(stride, Fraction(0), Fraction(-1), phases, whole)
    # first - u*stride, stride = above/below, in units of 1/below: fractions are slow.
    above, below = stride.numerator, stride.denominator
    start = min(runs[0][0] * below - u * above for u, runs in enumerate(phases) if runs)
    end = max(runs[-1][1] * below - u * above for u, runs in enumerate(phases) if runs)
    return Field(stride, Fraction(start, below), Fraction(end, below), phases, whole)


def _transposed_taps(window: Window, u: int) -> tuple[int, int, int]:
    """First, step and number of the input elements that output u of a transposed window reads."""
    common = gcd(window.stride, window.dilation)
    place = u + window.before
    if place % common:
        return 0, 1, 0
    # d*t = place (mod s), divided by the common factor: one solution modulo s / common.
    modulus = window.stride // common
    tap = place // common * pow(window.dilation // common, -1, modulus) % modulus
    number = max(0, -(-(window.kernel - tap) // modulus))
    step = window.dilation // common
    highest = (place - window.dilation * tap) // window.stride
    return highest - step * (number - 1), step, number


def _union(
    phases: tuple[Runs, ...], advance: int, first: int, step: int, number: int, budget: int
) -> Runs | None:
    """The input elements behind first, first + step, ... (`number` of them) of a layer.

    Element j shows phase j mod P, moved by advance*(j div P). Elements that share a phase come
    round every P / gcd(P, step) steps, so each group is one pattern repeated at equal distances.
    """
    period = len(phases)
    group = period // gcd(period, step)
    distance = advance * (step * group // period)
    pieces: list[tuple[int, int]] = []
    for t in range(min(group, number)):
        element = first + t * step
        moved = advance * (element // period)
        times = -(-(number - t) // group)
        for low, high in phases[element % period]:
            if distance <= high - low + 1:
                pieces.append((low + moved, high + moved + (times - 1) * distance))
                continue
            if len(pieces) + times > budget:
                return None
            pieces.extend(
                (low + moved + n * distance, high + moved + n * distance) for n in range(times)
            )
    return _merged(pieces)


def _merged(pieces: Iterable[tuple[int, int]]) -> Runs:
    """The elements as disjoint runs in ascending order, none touching the next."""
    runs: list[tuple[int, int]] = []
    for low, high in sorted(pieces):
        if runs and low <= runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], max(runs[-1][1], high))
        else:
            runs.append((low, high))
    return tuple(runs)
